package cfn_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
)

const guarded = `
Resources:
  VPC: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  A: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-west-2a}}
  List: {Type: 'AWS::EC2::NetworkAcl', Properties: {VpcId: !Ref VPC}}
  In: {Type: 'AWS::EC2::NetworkAclEntry', Properties: {NetworkAclId: !Ref List, RuleNumber: 100, Protocol: 6, RuleAction: allow, CidrBlock: 0.0.0.0/0,
       PortRange: {From: 443, To: 443}}}
  Held: {Type: 'AWS::EC2::SubnetNetworkAclAssociation', Properties: {SubnetId: !Ref A, NetworkAclId: !Ref List}}
Outputs: {List: {Value: !Ref List}}
`

// An ACL with a rule holds a subnet, and lets it go.
func TestAnACLComesAndGoes(t *testing.T) {
	s := region(t)
	if err := s.create("s", guarded, ""); err != nil {
		t.Fatal(err)
	}
	st := s.describe("s")
	if st.StackStatus != types.StackStatusCreateComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
	out, err := s.AWS.EC2.DescribeNetworkAcls(t.Context(), &ec2sdk.DescribeNetworkAclsInput{NetworkAclIds: []string{*st.Outputs[0].OutputValue}})
	if err != nil || len(out.NetworkAcls[0].Associations) != 1 || len(out.NetworkAcls[0].Entries) != 3 {
		t.Fatalf("%+v: %v", out, err)
	}
	if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe(*st.StackId); st.StackStatus != types.StackStatusDeleteComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
}

const letsOut = `
Resources:
  VPC: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  All: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: g, VpcId: !Ref VPC, SecurityGroupEgress: [{IpProtocol: '-1', CidrIp: 0.0.0.0/0}]}}
  One: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: g, VpcId: !Ref VPC,
        SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}]}}
Outputs: {All: {Value: !Ref All}, One: {Value: !Ref One}}
`

// The rule that lets everything out goes where a template says rules, which may be the same.
func TestEgressOfATemplateTakesTheDefaultsPlace(t *testing.T) {
	s := region(t)
	if err := s.create("s", letsOut, ""); err != nil {
		t.Fatal(err)
	}
	st := s.describe("s")
	if st.StackStatus != types.StackStatusCreateComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
	for i, want := range []string{"-1", "tcp"} {
		out, err := s.AWS.EC2.DescribeSecurityGroups(t.Context(), &ec2sdk.DescribeSecurityGroupsInput{GroupIds: []string{*st.Outputs[i].OutputValue}})
		if err != nil || len(out.SecurityGroups[0].IpPermissionsEgress) != 1 || *out.SecurityGroups[0].IpPermissionsEgress[0].IpProtocol != want {
			t.Errorf("%s: %+v: %v", want, out, err)
		}
	}
}
