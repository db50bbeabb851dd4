package sim_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
)

// aCluster is a control plane with what it stands on, and an add-on.
const aCluster = `
Resources:
  VPC: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.0.0/20, AvailabilityZone: us-west-2a}}
  B: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.16.0/20, AvailabilityZone: us-west-2b}}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attached: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref VPC, InternetGatewayId: !Ref Gateway}}
  Address: {Type: AWS::EC2::EIP, DependsOn: Attached, Properties: {Domain: vpc}}
  NAT: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: !Ref A, AllocationId: !GetAtt Address.AllocationId}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {Service: eks.amazonaws.com}, Action: "sts:AssumeRole"}]}
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"]
  Cluster:
    Type: AWS::EKS::Cluster
    Properties: {Name: c, RoleArn: !GetAtt Role.Arn, ResourcesVpcConfig: {SubnetIds: [!Ref A, !Ref B]}}
  Proxy: {Type: AWS::EKS::Addon, Properties: {ClusterName: !Ref Cluster, AddonName: kube-proxy, ResolveConflicts: OVERWRITE}}
`

// happened creates the stack at a speed, and says what happened in which order and how
// long after the first: until the stack is complete.
func happened(t *testing.T, speed float64) []string {
	t.Helper()
	s := sim.New(sim.Options{Seed: 3, Speed: speed, Start: noon})
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if speed > 0 {
		go s.World.Run(ctx)
	}
	c := cloudformation.New(cloudformation.Options{Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider(iam.Key, iam.Secret, ""),
		HTTPClient: &http.Client{Transport: s}, Retryer: aws.NopRetryer{}})
	if _, err := c.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: new("s"), TemplateBody: new(aCluster),
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityIam}}); err != nil {
		t.Fatal(err)
	}
	for {
		var out []string
		log := s.World.Log()
		for _, e := range log {
			out = append(out, fmt.Sprintf("%s %s from %v to %v", e.Kind, e.Name, e.Start-log[0].Start, e.End-log[0].Start))
			if e.Kind == "cfn:stack" {
				return out
			}
		}
		if speed == 0 {
			s.World.Advance(time.Second)
		}
		if ctx.Err() != nil {
			t.Fatalf("at speed %v the stack is not complete after %v: %q", speed, s.World.Elapsed(), out)
		}
	}
}

// The speed changes nothing but how long one waits: not the order, and not a duration,
// also when the machine cannot keep up.
func TestEverySpeedGivesTheSameWorld(t *testing.T) {
	want := happened(t, 0)
	for _, speed := range []float64{1000, 1e6} {
		got := happened(t, speed)
		if len(got) != len(want) {
			t.Errorf("at speed %v: %d lines, want %d", speed, len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("at speed %v, line %d: %s, want %s", speed, i, got[i], want[i])
			}
		}
	}
	if len(want) < 10 {
		t.Errorf("%q is too little to mean anything", want)
	}
}
