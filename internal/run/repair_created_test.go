package run_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A group that EKS could not make (CREATE_FAILED, as EC2 had no capacity) is deleted and made
// again once there is some, and why it failed is said.
func TestAGroupThatWasNotMadeIsRepaired(t *testing.T) {
	r := testregion.Again(t, stood(t, small))
	lift := r.Region.Inject(sim.Fault{Capacity: &sim.CapacityFault{InstanceType: "c5.large"}})
	g := run.NewGroup{Managed: true, Properties: map[string]any{"name": "x", "desiredCapacity": 1, "instanceType": "c5.large"}}
	s, err := run.PrepareGroup(t.Context(), r.AWS, "test", g, run.Wish{})
	must(t, err)
	if rep := drive(t, r, s); rep.OK() {
		t.Fatal("it was made")
	}
	if _, status := releaseOf(t, r, "x"); status != types.NodegroupStatusCreateFailed {
		t.Fatalf("the group is %s", status)
	}
	lift()
	s = repair(t, r, run.Repair{Group: "x"})
	if k := kinds(s); k[rules.DeleteStack] != 1 || k[rules.NodeGroup] != 1 || len(s.Plan.Deletions) != 1 {
		t.Errorf("the plan has %v, %v", k, s.Plan.Deletions)
	}
	if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, "Why: ") || !strings.Contains(notes, "capacity") {
		t.Errorf("the notes are %s", notes)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if now := groupsOf(t, r); now["x"] != 1 || now["w"] != 1 {
		t.Errorf("the groups take pods on %v", now)
	}
}
