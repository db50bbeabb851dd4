package cfn_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

const role = `
Resources:
  VPC: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.0.0/24}}
  Gate: {Type: 'AWS::EC2::InternetGateway'}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: r
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: ec2.amazonaws.com}}]}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy', 'arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy']
  Policy: {Type: 'AWS::IAM::Policy', Properties: {PolicyName: p, Roles: [!Ref Role], PolicyDocument: {Version: '2012-10-17', Statement: []}}}
Outputs: {Subnet: {Value: !Ref Subnet}}
`

func (s stacks) update(body string) types.Stack {
	s.t.Helper()
	in := &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: &body, Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}}
	if _, err := s.AWS.CFN.UpdateStack(s.t.Context(), in); err != nil {
		s.t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	return s.describe("s")
}

// ofStacks asks for subnets but those of the default VPC.
var ofStacks = &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: new("default-for-az"), Values: []string{"false"}}}}

// state is what the stack's resources are like, as their own services answer.
func (s stacks) state() (subnets, gates, policies []string) {
	s.t.Helper()
	sub, err := s.AWS.EC2.DescribeSubnets(s.t.Context(), ofStacks)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, x := range sub.Subnets {
		subnets = append(subnets, *x.CidrBlock)
	}
	g, err := s.AWS.EC2.DescribeInternetGateways(s.t.Context(), &ec2.DescribeInternetGatewaysInput{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, x := range g.InternetGateways {
		if len(x.Attachments) == 0 { // the default VPC's has one
			gates = append(gates, *x.InternetGatewayId)
		}
	}
	at, err := s.AWS.IAM.ListAttachedRolePolicies(s.t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: new("r")})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, x := range at.AttachedPolicies {
		policies = append(policies, *x.PolicyName)
	}
	in, err := s.AWS.IAM.ListRolePolicies(s.t.Context(), &iam.ListRolePoliciesInput{RoleName: new("r")})
	if err != nil {
		s.t.Fatal(err)
	}
	policies = append(policies, in.PolicyNames...)
	slices.Sort(policies)
	return subnets, gates, policies
}

func TestUpdatesChangeReplaceAndRemove(t *testing.T) {
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	body := strings.NewReplacer(
		"10.0.0.0/24", "10.0.1.0/24",
		", 'arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy'", "",
		"  Gate: {Type: 'AWS::EC2::InternetGateway'}\n", "",
		"PolicyName: p", "PolicyName: q",
	).Replace(role)
	st := s.update(body)
	if st.StackStatus != types.StackStatusUpdateComplete {
		t.Fatalf("%s: %v", st.StackStatus, st.StackStatusReason)
	}
	subnets, gates, policies := s.state()
	if !slices.Equal(subnets, []string{"10.0.1.0/24"}) || len(gates) != 0 || !slices.Equal(policies, []string{"AmazonEKSWorkerNodePolicy", "q"}) {
		t.Errorf("%v %v %v", subnets, gates, policies)
	}
	if !strings.HasPrefix(*st.Outputs[0].OutputValue, "subnet-") {
		t.Errorf("%+v", st.Outputs)
	}
	events, err := s.AWS.CFN.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: new("s")})
	if err != nil || !slices.ContainsFunc(events.StackEvents, func(e types.StackEvent) bool {
		return string(e.ResourceStatus) == string(types.StackStatusUpdateCompleteCleanupInProgress)
	}) {
		t.Errorf("no clean-up phase: %v", err)
	}
}

func TestAFailedUpdateIsRolledBack(t *testing.T) {
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	body := strings.NewReplacer(
		"10.0.0.0/24", "192.168.0.0/24",
		", 'arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy'", "",
		"  Gate:", "  More: {Type: 'AWS::EC2::InternetGateway'}\n  Gate:",
	).Replace(role)
	if st := s.update(body); st.StackStatus != types.StackStatusUpdateRollbackComplete {
		t.Fatalf("%s: %v", st.StackStatus, st.StackStatusReason)
	}
	subnets, gates, policies := s.state()
	if !slices.Equal(subnets, []string{"10.0.0.0/24"}) || len(gates) != 1 ||
		!slices.Equal(policies, []string{"AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "p"}) {
		t.Errorf("after the rollback: %v %v %v", subnets, gates, policies)
	}
	// the old template is the stack's again: a good update goes through
	if st := s.update(strings.Replace(role, "10.0.0.0/24", "10.0.2.0/24", 1)); st.StackStatus != types.StackStatusUpdateComplete {
		t.Errorf("%s", st.StackStatus)
	}
}
