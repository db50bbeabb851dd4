package cfn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/events"
	"github.com/slipway-eks/slipway/internal/sim/sqs"
)

// queued is what Karpenter's own template makes for interruptions, in short.
const queued = `
Resources:
  Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: q, MessageRetentionPeriod: 300, SqsManagedSseEnabled: true}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: [events.amazonaws.com]}, Action: 'sqs:SendMessage', Resource: !GetAtt Queue.Arn}]}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [a.b]}
      Targets: [{Id: one, Arn: !GetAtt Queue.Arn}]
Outputs:
  Rule: {Value: !Ref Rule}
  URL: {Value: !Ref Queue}
`

// A queue with its policy and the rule that fills it come, change and go; what EventBridge
// matches is in the queue.
func TestQueuesAndRules(t *testing.T) {
	s := region(t)
	if err := s.create("s", queued, ""); err != nil {
		t.Fatal(err)
	}
	st := s.describe("s")
	if st.StackStatus != types.StackStatusCreateComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
	rule, url := st.Outputs[0].OutputValue, st.Outputs[1].OutputValue
	in := &events.PutEventsInput{Entries: []events.PutEventsEntry{{Source: new("a.b"), DetailType: new("x"), Detail: new("{}")}}}
	if _, err := s.Region.Region.Events.PutEvents(nil, in); err != nil {
		t.Fatal(err)
	}
	held := func() string {
		t.Helper()
		out, err := s.Region.Region.SQS.GetQueueAttributes(nil, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []string{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		a := out.Attributes
		return a["ApproximateNumberOfMessages"] + " for " + a["MessageRetentionPeriod"]
	}
	if got := held(); got != "1 for 300" {
		t.Errorf("the queue holds %s", got)
	}
	next := strings.NewReplacer("MessageRetentionPeriod: 300, ", "", "Id: one", "Id: two").Replace(queued)
	if st := s.update(next); st.StackStatus != types.StackStatusUpdateComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
	targets, err := s.Region.Region.Events.ListTargetsByRule(nil, &events.ListTargetsByRuleInput{Rule: rule})
	if err != nil || len(targets.Targets) != 1 || *targets.Targets[0].Id != "two" {
		t.Errorf("the targets are %+v, %v", targets, err)
	}
	if got := held(); got != "1 for 345600" {
		t.Errorf("the queue holds %s", got)
	}
	if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe(*st.StackId); st.StackStatus != types.StackStatusDeleteComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
}
