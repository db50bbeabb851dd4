package sqs_test

import (
	"errors"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/sqs"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func code(err error) string {
	if e := new(wire.Error); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// A message is received once, until it is visible again or gone.
func TestAMessagesLife(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	q := r.Region.SQS
	made, err := q.CreateQueue(nil, &sqs.CreateQueueInput{QueueName: new("q"), Attributes: map[string]string{"VisibilityTimeout": "60"}})
	if err != nil {
		t.Fatal(err)
	}
	url := made.QueueUrl
	message := &sqs.SendMessageInput{QueueUrl: url, MessageBody: new("hello"), DelaySeconds: new(int32(10))}
	if _, err := q.SendMessage(&wire.Caller{ARN: "me"}, message); err != nil {
		t.Fatal(err)
	}
	receive := func() []sqs.Message {
		t.Helper()
		out, err := q.ReceiveMessage(nil, &sqs.ReceiveMessageInput{QueueUrl: url, AttributeNames: []string{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Messages
	}
	if len(receive()) != 0 {
		t.Error("it is received before its delay is over")
	}
	r.Sim.World.Advance(11 * time.Second)
	first := receive()
	if len(first) != 1 || *first[0].Body != "hello" || *first[0].MD5OfBody != "5d41402abc4b2a76b9719d911017c592" || first[0].Attributes["SenderId"] != "me" {
		t.Fatalf("%+v", first)
	}
	if len(receive()) != 0 {
		t.Error("it is received twice at once")
	}
	r.Sim.World.Advance(time.Minute)
	again := receive()
	if len(again) != 1 || again[0].Attributes["ApproximateReceiveCount"] != "2" {
		t.Fatalf("%+v", again)
	}
	if _, err := q.ChangeMessageVisibility(nil, &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: again[0].ReceiptHandle,
		VisibilityTimeout: new(int32(0))}); err != nil {
		t.Error(err)
	}
	third := receive()
	if len(third) != 1 {
		t.Fatal("it is not visible at once")
	}
	if _, err := q.DeleteMessage(nil, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: third[0].ReceiptHandle}); err != nil {
		t.Error(err)
	}
	r.Sim.World.Advance(time.Hour)
	if len(receive()) != 0 {
		t.Error("it is received after its end")
	}
}

func TestAQueuesLife(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	q := r.Region.SQS
	create := func(attributes map[string]string) error {
		_, err := q.CreateQueue(nil, &sqs.CreateQueueInput{QueueName: new("q"), Attributes: attributes, Tags: map[string]string{"a": "1"}})
		return err
	}
	for _, x := range []struct {
		attributes map[string]string
		code       string
	}{
		{map[string]string{"VisibilityTimeout": "99999"}, "InvalidAttributeValue"}, {map[string]string{"Colour": "red"}, "InvalidAttributeName"},
		{map[string]string{"FifoQueue": "true"}, "UnsupportedOperation"}, {nil, ""}, {map[string]string{"VisibilityTimeout": "30"}, ""},
		{map[string]string{"VisibilityTimeout": "31"}, "QueueNameExists"},
	} {
		if err := create(x.attributes); code(err) != x.code {
			t.Errorf("%v: %v", x.attributes, err)
		}
	}
	url := new("https://sqs.us-west-2.amazonaws.com/111122223333/q")
	set := &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{"MessageRetentionPeriod": "300"}}
	if _, err := q.SetQueueAttributes(nil, set); err != nil {
		t.Error(err)
	}
	got, err := q.GetQueueAttributes(nil, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []string{"All"}})
	if err != nil || got.Attributes["MessageRetentionPeriod"] != "300" || got.Attributes["QueueArn"] != "arn:aws:sqs:us-west-2:111122223333:q" ||
		got.Attributes["SqsManagedSseEnabled"] != "true" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := q.UntagQueue(nil, &sqs.UntagQueueInput{QueueUrl: url, TagKeys: []string{"a"}}); err != nil {
		t.Error(err)
	}
	if tags, err := q.ListQueueTags(nil, &sqs.ListQueueTagsInput{QueueUrl: url}); err != nil || len(tags.Tags) != 0 {
		t.Errorf("%+v %v", tags, err)
	}
	if _, err := q.DeleteQueue(nil, &sqs.DeleteQueueInput{QueueUrl: url}); err != nil {
		t.Error(err)
	}
	if _, err := q.GetQueueUrl(nil, &sqs.GetQueueUrlInput{QueueName: new("q")}); code(err) != "QueueDoesNotExist" {
		t.Error(err)
	}
	if err := create(nil); code(err) != "QueueDeletedRecently" {
		t.Errorf("at once: %v", err)
	}
	r.Sim.World.Advance(time.Minute)
	if err := create(nil); err != nil {
		t.Error(err)
	}
}
