package logs_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func code(err error) string {
	if e := smithy.APIError(nil); errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

// A group is made once, found by prefix, keeps what it is told, and is gone once.
func TestALogGroupsLife(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	c, ctx := r.AWS.Logs, t.Context()
	create := func(name string) error {
		_, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name})
		return err
	}
	keep := func(name string, days int32) error {
		_, err := c.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &name, RetentionInDays: &days})
		return err
	}
	remove := func(name string) error {
		_, err := c.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &name})
		return err
	}
	for i, x := range []struct {
		err  error
		code string
	}{
		{create("/aws/eks/a/cluster"), ""}, {create("/aws/eks/a/cluster"), "ResourceAlreadyExistsException"}, {create("/aws/eks/ab/cluster"), ""},
		{keep("/aws/eks/a/cluster", 7), ""}, {keep("/aws/eks/b/cluster", 7), "ResourceNotFoundException"},
		{remove("/aws/eks/b/cluster"), "ResourceNotFoundException"},
	} {
		if code(x.err) != x.code || (x.err == nil) != (x.code == "") {
			t.Errorf("call %d: %v, want %q", i, x.err, x.code)
		}
	}
	r.Region.Logs.Ensure("/aws/eks/a/cluster") // EKS finds the group and leaves it as it is
	find := func(prefix string) map[string]int32 {
		t.Helper()
		out, err := c.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &prefix})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int32{}
		for _, g := range out.LogGroups {
			days := int32(0)
			if g.RetentionInDays != nil {
				days = *g.RetentionInDays
			}
			got[*g.LogGroupName] = days
		}
		return got
	}
	if got := find("/aws/eks/a/"); len(got) != 1 || got["/aws/eks/a/cluster"] != 7 {
		t.Errorf("by prefix: %v", got)
	}
	if got := find("/aws/eks/a"); len(got) != 2 || got["/aws/eks/ab/cluster"] != 0 {
		t.Errorf("by a prefix of both: %v", got)
	}
	if err := remove("/aws/eks/a/cluster"); err != nil {
		t.Error(err)
	}
	if got := find("/aws/eks/a/"); len(got) != 0 {
		t.Errorf("after it was deleted: %v", got)
	}
	if err := remove("/aws/eks/a/cluster"); code(err) != "ResourceNotFoundException" {
		t.Errorf("deleted twice: %v", err)
	}
}
