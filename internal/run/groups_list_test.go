package run_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// The list shows, group by group, what somebody changed behind the record, and of no other.
func TestNodeGroupsAreListedWithTheirDrift(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	drifts := func() map[string][]string {
		t.Helper()
		list, err := run.NodeGroups(t.Context(), r.AWS, "test", r.Sim.World.Date(), nil)
		must(t, err)
		b := new(bytes.Buffer)
		must(t, render.NodeGroups(b, render.Style{}, list))
		out := map[string][]string{}
		for _, g := range list.Groups {
			out[g.Name] = g.Drift
			for _, d := range g.Drift {
				if !strings.Contains(b.String(), d) {
					t.Errorf("it prints\n%s\nwithout %q", b, d)
				}
			}
		}
		return out
	}
	if d := drifts(); len(d["w"])+len(d["s"]) > 0 {
		t.Errorf("as they were made: %v", d)
	}
	_, err := r.AWS.EKS.UpdateNodegroupConfig(t.Context(), &eks.UpdateNodegroupConfigInput{ClusterName: new("test"), NodegroupName: new("w"),
		Labels: &ekstypes.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"pool": "web"}}})
	must(t, err)
	r.Sim.World.Advance(10 * time.Minute)
	has := func(d []string, what string) bool {
		return slices.ContainsFunc(d, func(x string) bool { return strings.Contains(x, what) })
	}
	if d := drifts(); !has(d["w"], "managedNodeGroups.labels") || len(d["s"]) > 0 {
		t.Errorf("a label of w: %q", d)
	}
	s, err := run.PrepareDelete(t.Context(), r.AWS, "test", nil, run.GroupChange{})
	must(t, err)
	g, _ := s.Live.NodeGroup("s")
	_, err = r.AWS.ASG.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &g.Scaling.Name, MaxSize: new(int32(7))})
	must(t, err)
	if d := drifts(); !has(d["s"], "nodeGroups.maxSize") || !has(d["w"], "managedNodeGroups.labels") || has(d["w"], "maxSize") {
		t.Errorf("and the greatest size of s: %q", d)
	}
}
