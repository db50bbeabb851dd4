package cfn_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
)

// A subnet that somebody deleted can neither be changed nor have its old properties back:
// the rollback fails until it is skipped.
func TestARollbackFailsAtWhatIsGone(t *testing.T) {
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	// The subnet is changed in place, then goes; the role that depends on it fails after.
	body := strings.NewReplacer("10.0.0.0/24}", "10.0.0.0/24, MapPublicIpOnLaunch: true}",
		"  Gate:", "  Bad: {Type: 'AWS::EC2::Subnet', DependsOn: [Subnet, Slow], Properties: {VpcId: !Ref VPC, CidrBlock: 192.168.0.0/24}}\n"+
			"  Slow: {Type: 'AWS::EC2::InternetGateway', DependsOn: Subnet}\n  Gate:").Replace(role)
	if _, err := s.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: &body,
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(10 * time.Second)
	if _, err := s.Region.Region.EC2.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: new(s.physical("Subnet"))}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe("s"); st.StackStatus != types.StackStatusUpdateRollbackFailed || !strings.Contains(*st.StackStatusReason, "[Subnet]") {
		t.Fatalf("%s: %s", st.StackStatus, *st.StackStatusReason)
	}
	if _, err := s.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: new(role),
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}}); err == nil || !strings.Contains(err.Error(), "can not be updated") {
		t.Errorf("%v", err)
	}
	again := func(skip ...string) error {
		_, err := s.AWS.CFN.ContinueUpdateRollback(t.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: new("s"), ResourcesToSkip: skip})
		s.Sim.World.Advance(time.Hour)
		return err
	}
	if err := again("VPC"); err == nil {
		t.Error("what did not fail is skipped")
	}
	if err := again(); err != nil || s.describe("s").StackStatus != types.StackStatusUpdateRollbackFailed {
		t.Errorf("%s %v", s.describe("s").StackStatus, err)
	}
	if err := again("Subnet"); err != nil || s.describe("s").StackStatus != types.StackStatusUpdateRollbackComplete {
		t.Errorf("%s %v", s.describe("s").StackStatus, err)
	}
	if _, gates, _ := s.state(); len(gates) != 1 {
		t.Errorf("gateways of the failed update are left: %v", gates)
	}
}

func TestAnUpdateIsCancelled(t *testing.T) {
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	body := strings.Replace(role, "  Gate:", "  More: {Type: 'AWS::EC2::InternetGateway'}\n  Gate:", 1)
	cancel := &cloudformation.CancelUpdateStackInput{StackName: new("s")}
	if _, err := s.AWS.CFN.CancelUpdateStack(t.Context(), cancel); err == nil {
		t.Error("an update that is not there is cancelled")
	}
	if _, err := s.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: &body,
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(5 * time.Second) // the gateway is being made
	if _, err := s.AWS.CFN.CancelUpdateStack(t.Context(), cancel); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	subnets, gates, _ := s.state()
	if st := s.describe("s"); st.StackStatus != types.StackStatusUpdateRollbackComplete || len(gates) != 1 || !slices.Equal(subnets, []string{"10.0.0.0/24"}) {
		t.Errorf("%s %v %v", st.StackStatus, subnets, gates)
	}
}
