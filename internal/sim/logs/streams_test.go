package logs_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/slipway-eks/slipway/internal/testregion"
)

// A group keeps its tags, key and retention; AWS's periods alone are taken.
func TestAGroupIsWhatItWasMadeAs(t *testing.T) {
	c, ctx := testregion.New(t, testregion.Load(t, testregion.Cluster), 1).AWS.Logs, t.Context()
	name := new("/aws/eks/x/cluster")
	if _, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name, Tags: map[string]string{"a": "1"}}); err != nil {
		t.Fatal(err)
	}
	for days, want := range map[int32]string{2: "InvalidParameterException", 90: ""} {
		if _, err := c.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: &days}); code(err) != want {
			t.Errorf("%d days: %v", days, err)
		}
	}
	arn := new("arn:aws:logs:us-west-2:111122223333:log-group:/aws/eks/x/cluster")
	if _, err := c.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"b": "2"}}); err != nil {
		t.Error(err)
	}
	if _, err := c.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}); err != nil {
		t.Error(err)
	}
	tags, err := c.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn})
	if err != nil || fmt.Sprint(tags.Tags) != "map[b:2]" {
		t.Errorf("%v %v", tags, err)
	}
	key := "arn:aws:kms:us-west-2:111122223333:key/11111111-1111-4111-a111-111111111111"
	if _, err := c.AssociateKmsKey(ctx, &cloudwatchlogs.AssociateKmsKeyInput{LogGroupName: name, KmsKeyId: &key}); code(err) != "InvalidParameterException" {
		t.Errorf("a key that is not there: %v", err)
	}
}

// Events are read from either end of a stream, and through a group.
func TestEventsAreRead(t *testing.T) {
	c, ctx := testregion.New(t, testregion.Load(t, testregion.Cluster), 1).AWS.Logs, t.Context()
	group, stream := new("g"), new("s")
	if _, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}); err != nil {
		t.Fatal(err)
	}
	var events []types.InputLogEvent
	for n := range 5 {
		events = append(events, types.InputLogEvent{Timestamp: new(int64(1000 + n)), Message: new(fmt.Sprintf("event %d of five", n))})
	}
	if _, err := c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events}); err != nil {
		t.Fatal(err)
	}
	in := &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: stream, StartFromHead: new(true), Limit: new(int32(2))}
	n := 0
	for pages := cloudwatchlogs.NewGetLogEventsPaginator(c, in, func(o *cloudwatchlogs.GetLogEventsPaginatorOptions) { o.StopOnDuplicateToken = true }); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n += len(page.Events)
	}
	if n != 5 {
		t.Errorf("%d events", n)
	}
	for pattern, want := range map[string]int{"": 5, "event 3": 1, `"of five"`: 5, "event -3": 4, "none": 0} {
		out, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, FilterPattern: &pattern})
		if err != nil || len(out.Events) != want {
			t.Errorf("%q: %d events, want %d; %v", pattern, len(out.Events), want, err)
		}
	}
	d, err := c.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: group, OrderBy: types.OrderByLastEventTime})
	if err != nil || len(d.LogStreams) != 1 || *d.LogStreams[0].LastEventTimestamp != 1004 {
		t.Errorf("%+v %v", d, err)
	}
}
