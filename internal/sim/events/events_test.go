package events_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/sim/events"
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

// Patterns compare as EventBridge's do ("Comparison operators" in its user guide).
func TestPatterns(t *testing.T) {
	e := testregion.New(t, testregion.Load(t, testregion.Cluster), 1).Region.Events
	event := `{"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "resources": ["arn:a", "arn:b"],
		"detail": {"state": "running", "count": 5, "ip": "10.0.0.7", "none": null, "on": true, "list": [{"k": 1}, {"k": 2}]}}`
	for pattern, want := range map[string]bool{
		`{"source": ["aws.ec2"]}`:                                                true,
		`{"source": ["aws.eks", "aws.ec2"]}`:                                     true,
		`{"source": ["aws.eks"]}`:                                                false,
		`{"source": ["aws.ec2"], "detail": {"state": ["stopped"]}}`:              false,
		`{"resources": ["arn:b"]}`:                                               true,
		`{"resources": ["arn:c"]}`:                                               false,
		`{"detail": {"state": [{"prefix": "run"}]}}`:                             true,
		`{"detail": {"state": [{"suffix": "ING"}]}}`:                             false,
		`{"detail": {"state": [{"suffix": {"equals-ignore-case": "ING"}}]}}`:     true,
		`{"detail": {"state": [{"equals-ignore-case": "RUNNING"}]}}`:             true,
		`{"detail": {"state": [{"anything-but": "stopped"}]}}`:                   true,
		`{"detail": {"state": [{"anything-but": ["stopped", "running"]}]}}`:      false,
		`{"detail": {"state": [{"anything-but": {"prefix": "run"}}]}}`:           false,
		`{"detail": {"state": [{"wildcard": "r*i*g"}]}}`:                         true,
		`{"detail": {"count": [{"numeric": [">", 0, "<=", 5]}]}}`:                true,
		`{"detail": {"count": [{"numeric": ["<", 5]}]}}`:                         false,
		`{"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}`:                          true,
		`{"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}}`:                          false,
		`{"detail": {"none": [null], "on": [true]}}`:                             true,
		`{"detail": {"gone": [{"exists": false}], "state": [{"exists": true}]}}`: true,
		`{"detail": {"state": [{"exists": false}]}}`:                             false,
		`{"detail": {"list": {"k": [2]}}}`:                                       true,
		`{"detail": {"list": {"k": [3]}}}`:                                       false,
		`{"$or": [{"source": ["aws.eks"]}, {"detail": {"state": ["running"]}}]}`: true,
		`{"$or": [{"source": ["aws.eks"]}, {"detail": {"state": ["stopped"]}}]}`: false,
	} {
		out, err := e.TestEventPattern(nil, &events.TestEventPatternInput{EventPattern: &pattern, Event: &event})
		if err != nil || out.Result != want {
			t.Errorf("%s: %+v %v, want %v", pattern, out, err, want)
		}
	}
	for _, pattern := range []string{`x`, `{}`, `{"source": "aws.ec2"}`, `{"source": []}`, `{"detail": {}}`, `{"source": [{"pre": "x"}]}`,
		`{"count": [{"numeric": [">"]}]}`, `{"source": [["x"]]}`, `{"ip": [{"cidr": "x"}]}`, `{"$or": ["x"]}`} {
		if _, err := e.TestEventPattern(nil, &events.TestEventPatternInput{EventPattern: &pattern, Event: &event}); code(err) != "InvalidEventPatternException" {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

// What happens to an instance reaches the queue of a rule that wants it, if the queue
// lets EventBridge in.
func TestTheRegionsEventsReachQueues(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	e, q := r.Region.Events, r.Region.SQS
	made, err := q.CreateQueue(nil, &sqs.CreateQueueInput{QueueName: new("interruptions")})
	if err != nil {
		t.Fatal(err)
	}
	arn := "arn:aws:sqs:us-west-2:111122223333:interruptions"
	rule, err := e.PutRule(nil, &events.PutRuleInput{Name: new("states"), EventPattern: new(`{"source": ["aws.ec2"], "detail": {"state": ["terminated"]}}`)})
	if err != nil || *rule.RuleArn != "arn:aws:events:us-west-2:111122223333:rule/states" {
		t.Fatalf("%+v %v", rule, err)
	}
	if _, err := e.PutTargets(nil, &events.PutTargetsInput{Rule: new("states"), Targets: []events.Target{{Id: new("q"), Arn: &arn}}}); err != nil {
		t.Fatal(err)
	}
	tell := func() []sqs.Message {
		t.Helper()
		for _, state := range []string{"running", "terminated"} {
			e.Emit("aws.ec2", "EC2 Instance State-change Notification", nil, map[string]string{"instance-id": "i-1", "state": state})
		}
		out, err := q.ReceiveMessage(nil, &sqs.ReceiveMessageInput{QueueUrl: made.QueueUrl, MaxNumberOfMessages: new(int32(10))})
		if err != nil {
			t.Fatal(err)
		}
		return out.Messages
	}
	if l := tell(); len(l) != 0 {
		t.Errorf("a queue that lets nobody in got %+v", l)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage",` +
		`"Resource":"` + arn + `"}]}`
	if _, err := q.SetQueueAttributes(nil, &sqs.SetQueueAttributesInput{QueueUrl: made.QueueUrl, Attributes: map[string]string{"Policy": policy}}); err != nil {
		t.Fatal(err)
	}
	l := tell()
	if len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	var got struct {
		Source, Region string
		Detail         map[string]string
	}
	if json.Unmarshal([]byte(*l[0].Body), &got) != nil || got.Source != "aws.ec2" || got.Region != "us-west-2" || got.Detail["state"] != "terminated" {
		t.Errorf("%s", *l[0].Body)
	}
	if _, err := e.DeleteRule(nil, &events.DeleteRuleInput{Name: new("states")}); code(err) != "ValidationException" {
		t.Errorf("a rule with targets: %v", err)
	}
	if _, err := e.DisableRule(nil, &events.DisableRuleInput{Name: new("states")}); err != nil {
		t.Error(err)
	}
	if l := tell(); len(l) != 0 {
		t.Errorf("disabled: %+v", l)
	}
	gone, err := e.RemoveTargets(nil, &events.RemoveTargetsInput{Rule: new("states"), Ids: []string{"q", "none"}})
	if err != nil || gone.FailedEntryCount != 1 {
		t.Errorf("%+v %v", gone, err)
	}
	if _, err := e.DeleteRule(nil, &events.DeleteRuleInput{Name: new("states")}); err != nil {
		t.Error(err)
	}
	put, err := e.PutEvents(nil, &events.PutEventsInput{Entries: []events.PutEventsEntry{{Source: new("mine"), DetailType: new("d"), Detail: new(`{"a":1}`)},
		{Source: new("aws.ec2"), DetailType: new("d"), Detail: new(`{}`)}}})
	if err != nil || put.FailedEntryCount != 1 || put.Entries[0].EventId == nil || !strings.HasPrefix(*put.Entries[1].ErrorCode, "NotAuthorized") {
		t.Errorf("%+v %v", put, err)
	}
}
