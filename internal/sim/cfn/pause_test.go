package cfn_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// bad adds a gateway and replaces the subnet by one outside its VPC.
var bad = strings.NewReplacer("10.0.0.0/24", "192.168.0.0/24", "  Gate:", "  More: {Type: 'AWS::EC2::InternetGateway'}\n  Gate:").Replace(role)

// paused is a stack whose update failed with rollback disabled.
func paused(t *testing.T) stacks {
	t.Helper()
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	s.pausing(bad, types.StackStatusUpdateFailed)
	return s
}

func (s stacks) pausing(body string, want types.StackStatus) {
	s.t.Helper()
	in := &cloudformation.UpdateStackInput{
		StackName:       new("s"),
		TemplateBody:    &body,
		DisableRollback: new(true),
		Capabilities:    []types.Capability{types.CapabilityCapabilityNamedIam},
	}
	if _, err := s.AWS.CFN.UpdateStack(s.t.Context(), in); err != nil {
		s.t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe("s"); st.StackStatus != want {
		s.t.Fatalf("%s: %v", st.StackStatus, st.StackStatusReason)
	}
}

func TestAFailedUpdateStaysAsItIsWhereRollbackIsDisabled(t *testing.T) {
	s := paused(t)
	subnets, gates, _ := s.state()
	if !slices.Equal(subnets, []string{"10.0.0.0/24"}) || len(gates) != 2 {
		t.Errorf("%v %v", subnets, gates)
	}
	out, err := s.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new("s")})
	if err != nil || *out.TemplateBody != bad {
		t.Errorf("the template is not the one that failed: %v", err)
	}
}

// What failed is made again by the next update: the same template is one, too.
func TestAPausedStackGoesOnWithAnUpdate(t *testing.T) {
	s := paused(t)
	s.pausing(bad, types.StackStatusUpdateFailed)
	s.pausing(strings.Replace(bad, "192.168.0.0/24", "10.0.9.0/24", 1), types.StackStatusUpdateComplete)
	subnets, gates, _ := s.state()
	if !slices.Equal(subnets, []string{"10.0.9.0/24"}) || len(gates) != 2 {
		t.Errorf("%v %v", subnets, gates)
	}
}

func TestAPausedStackRollsBackToItsLastCompleteState(t *testing.T) {
	s := paused(t)
	s.pausing(bad, types.StackStatusUpdateFailed) // twice: the last complete state is the first one
	if _, err := s.AWS.CFN.RollbackStack(t.Context(), &cloudformation.RollbackStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	subnets, gates, policies := s.state()
	if st := s.describe("s"); st.StackStatus != types.StackStatusUpdateRollbackComplete || len(gates) != 1 || len(policies) != 3 ||
		!slices.Equal(subnets, []string{"10.0.0.0/24"}) {
		t.Errorf("%s %v %v %v", st.StackStatus, subnets, gates, policies)
	}
	if _, err := s.AWS.CFN.RollbackStack(t.Context(), &cloudformation.RollbackStackInput{StackName: new("s")}); err == nil {
		t.Error("a complete stack is rolled back")
	}
}

func TestAPausedStackIsDeletedWhole(t *testing.T) {
	s := paused(t)
	if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if _, err := s.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: new("s")}); err == nil {
		t.Error("the stack is still there")
	}
	out, err := s.AWS.EC2.DescribeSubnets(t.Context(), ofStacks)
	if err != nil || len(out.Subnets) != 0 {
		t.Errorf("%v %v", out, err)
	}
}

// A stack that was left standing after its creation failed is completed by an update,
// or goes when it is rolled back.
func TestAFailedCreationIsCompletedByAnUpdate(t *testing.T) {
	for _, mended := range []bool{true, false} {
		s := region(t)
		if err := s.create("s", bad, types.OnFailureDoNothing); err != nil {
			t.Fatal(err)
		}
		if st := s.describe("s"); st.StackStatus != types.StackStatusCreateFailed {
			t.Fatal(st.StackStatus)
		}
		if mended {
			s.pausing(role, types.StackStatusUpdateComplete)
			if subnets, gates, _ := s.state(); len(subnets) != 1 || len(gates) != 1 {
				t.Errorf("%v %v", subnets, gates)
			}
			continue
		}
		if st := s.update(bad); st.StackStatus != types.StackStatusRollbackComplete {
			t.Errorf("%s: nothing was ever complete to go back to", st.StackStatus)
		}
	}
}
