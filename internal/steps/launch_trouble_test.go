package steps_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Where no node comes as EC2 has none of the type, the step says so within a minute, and not
// that none has registered yet for half an hour.
func TestNodesThatDoNotComeAreExplained(t *testing.T) {
	r, s := standing(t)
	lift := r.Region.Inject(sim.Fault{Capacity: &sim.CapacityFault{InstanceType: "m5.large"}})
	defer lift()
	if _, err := r.AWS.EKS.UpdateNodegroupConfig(t.Context(), &eks.UpdateNodegroupConfigInput{ClusterName: &s.Env.Name, NodegroupName: new("m"),
		ScalingConfig: &types.NodegroupScalingConfig{MaxSize: new(int32(3)), DesiredSize: new(int32(3))}}); err != nil {
		t.Fatal(err)
	}
	step, said := &steps.Nodes{Group: "m", Want: 3, Managed: true}, ""
	for range 12 {
		res, err := step.Run(t.Context(), s.Env, &steps.Memo{})
		if err != nil || res.State != engine.Wait {
			t.Fatalf("%+v %v", res, err)
		}
		said = res.Reason
		r.Sim.World.Advance(10e9)
	}
	if !strings.Contains(said, "have a group without that zone") {
		t.Errorf("it does not say what one can do: %q", said)
	}
	if want := "Auto Scaling: Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have sufficient m5.large capacity"; !strings.Contains(said, want) {
		t.Errorf("it says %q, expected %q", said, want)
	}
}
