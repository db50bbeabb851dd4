package cfn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
)

const upgrading = `
Resources:
  VPC: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16, EnableDnsSupport: true, EnableDnsHostnames: true}}
  Gate: {Type: 'AWS::EC2::InternetGateway'}
  Attached: {Type: 'AWS::EC2::VPCGatewayAttachment', Properties: {VpcId: !Ref VPC, InternetGatewayId: !Ref Gate}}
  A: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-west-2a, MapPublicIpOnLaunch: true}}
  B: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-west-2b, MapPublicIpOnLaunch: true}}
  Table: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref VPC}}
  Out: {Type: 'AWS::EC2::Route', DependsOn: Attached, Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gate}}
  RA: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {RouteTableId: !Ref Table, SubnetId: !Ref A}}
  RB: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {RouteTableId: !Ref Table, SubnetId: !Ref B}}
  Address: {Type: 'AWS::EC2::EIP', Properties: {Domain: vpc}}
  NAT: {Type: 'AWS::EC2::NatGateway', Properties: {SubnetId: !Ref A, AllocationId: !GetAtt Address.AllocationId}}
  Plane:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: eks.amazonaws.com}}]}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonEKSClusterPolicy']
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: ec2.amazonaws.com}}]}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy', 'arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy']
  Cluster: {Type: 'AWS::EKS::Cluster', DependsOn: Out, Properties: {Name: c, RoleArn: !GetAtt Plane.Arn, ResourcesVpcConfig: {SubnetIds: [!Ref A, !Ref B]}}}
  Group:
    Type: AWS::EKS::Nodegroup
    Properties:
      ClusterName: !Ref Cluster
      NodegroupName: g
      NodeRole: !GetAtt Role.Arn
      Subnets: [!Ref A, !Ref B]
      ScalingConfig: {MinSize: 1, MaxSize: 2, DesiredSize: 1}
`

// A group follows Version and ReleaseVersion by an upgrade of its nodes, which goes with
// no other change. And whatever order its gateway and NAT gateway are deleted in, the
// stack goes: nothing in a template says that they depend on one another.
func TestANodegroupFollowsItsVersion(t *testing.T) {
	s := region(t)
	if err := s.create("s", upgrading, ""); err != nil {
		t.Fatal(err)
	}
	if st := s.describe("s"); st.StackStatus != types.StackStatusCreateComplete {
		t.Fatalf("%s: %v", st.StackStatus, st.StackStatusReason)
	}
	if _, err := s.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("c"), Version: new("1.35")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	both := strings.Replace(upgrading, "NodegroupName: g\n", "NodegroupName: g\n      Version: '1.35'\n      Labels: {a: b}\n", 1)
	if st := s.update(both); st.StackStatus != types.StackStatusUpdateRollbackComplete {
		t.Fatalf("an upgrade with another change: %s: %v", st.StackStatus, st.StackStatusReason)
	}
	s.happened(t, "Version and ReleaseVersion updates cannot be combined with other updates")
	next := strings.Replace(upgrading, "NodegroupName: g\n", "NodegroupName: g\n      Version: '1.35'\n      ReleaseVersion: 1.35.2-20261101\n", 1)
	if st := s.update(next); st.StackStatus != types.StackStatusUpdateComplete {
		t.Fatalf("%s: %v", st.StackStatus, st.StackStatusReason)
	}
	g, err := s.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("g")})
	if err != nil || *g.Nodegroup.Version != "1.35" || *g.Nodegroup.ReleaseVersion != "1.35.2-20261101" {
		t.Errorf("%+v %v", g, err)
	}
	if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if _, err := s.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: new("s")}); err == nil {
		st := s.describe("s")
		t.Errorf("it is left: %s %v", st.StackStatus, st.StackStatusReason)
	}
}

// happened looks for a reason among the stack's events.
func (s stacks) happened(t *testing.T, reason string) {
	t.Helper()
	out, err := s.AWS.CFN.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: new("s")})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range out.StackEvents {
		if e.ResourceStatusReason != nil && strings.Contains(*e.ResourceStatusReason, reason) {
			return
		}
	}
	t.Errorf("no event says %s", reason)
}
