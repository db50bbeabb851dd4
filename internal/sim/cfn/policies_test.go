package cfn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
)

// A stack policy is given with the stack; for one update another may stand in for it.
func TestAStackPolicyComesWithTheStack(t *testing.T) {
	s := region(t)
	const open, shut = `{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}]}`,
		`{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "Update:*", "Resource": "*"}]}`
	_, err := s.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("s"), TemplateBody: new(role), StackPolicyBody: new(shut),
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}})
	if err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	public := strings.Replace(role, "10.0.0.0/24}", "10.0.0.0/24, MapPublicIpOnLaunch: true}", 1)
	if st := s.update(public); st.StackStatus != types.StackStatusUpdateRollbackComplete {
		t.Errorf("denied: %s", st.StackStatus)
	}
	_, err = s.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: &public, StackPolicyDuringUpdateBody: new(open),
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}})
	if err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe("s"); st.StackStatus != types.StackStatusUpdateComplete {
		t.Errorf("let for once: %s", st.StackStatus)
	}
	if st := s.update(role); st.StackStatus != types.StackStatusUpdateRollbackComplete {
		t.Errorf("denied again: %s", st.StackStatus)
	}
	_, err = s.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("t"), TemplateBody: new(role), StackPolicyBody: new("{}"),
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}})
	if err == nil || !strings.Contains(err.Error(), "Invalid stack policy") {
		t.Errorf("a policy that is none: %v", err)
	}
}

// What an update replaces stays by its UpdateReplacePolicy, not by its DeletionPolicy; what is
// kept except on creation goes with a creation that fails.
func TestWhatIsReplacedStaysByItsOwnPolicy(t *testing.T) {
	s := region(t)
	body := func(policy, block, more string) string {
		return `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
			"Subnet": {"Type": "AWS::EC2::Subnet", ` + policy + ` "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "` + block + `"}}` + more + `}}`
	}
	subnets := func() int {
		t.Helper()
		l, err := s.AWS.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
		if err != nil {
			t.Fatal(err)
		}
		return len(l.Subnets)
	}
	before := subnets()
	for policy, left := range map[string]int{`"UpdateReplacePolicy": "Retain",`: 2, `"DeletionPolicy": "Retain",`: 1, "": 1} {
		s := stacks{s.Region, t}
		name := "s" + strings.ToLower(strings.NewReplacer(`"`, "", ": ", "", ",", "").Replace(policy))
		if err := s.create(name, body(policy, "10.0.0.0/24", ""), ""); err != nil {
			t.Fatal(err)
		}
		_, err := s.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: new(body(policy, "10.0.1.0/24", ""))})
		if err != nil {
			t.Fatal(err)
		}
		s.Sim.World.Advance(time.Hour)
		if n := subnets() - before; n != left {
			t.Errorf("%s: %d subnets are left", policy, n)
		}
		before = subnets()
	}
	bad := `, "Bad": {"Type": "AWS::EC2::Subnet", "DependsOn": "Subnet", "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "192.168.0.0/24"}}`
	for policy, left := range map[string]int{"Retain": 1, "RetainExceptOnCreate": 0} {
		if err := s.create("f"+strings.ToLower(policy), body(`"DeletionPolicy": "`+policy+`",`, "10.0.0.0/24", bad), ""); err != nil {
			t.Fatal(err)
		}
		if n := subnets() - before; n != left {
			t.Errorf("a creation that failed, %s: %d subnets are left", policy, n)
		}
		before = subnets()
	}
}

// A block that a template no longer has is taken from the VPC, and may be added again.
func TestABlockLeavesTheVPC(t *testing.T) {
	s := region(t)
	body := func(more string) string {
		return `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}` + more + `}}`
	}
	second := `, "Second": {"Type": "AWS::EC2::VPCCidrBlock", "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "10.1.0.0/16"}}`
	if err := s.create("s", body(second), ""); err != nil {
		t.Fatal(err)
	}
	for _, more := range []string{"", second} {
		if st := s.update(body(more)); st.StackStatus != types.StackStatusUpdateComplete {
			t.Errorf("%q: %s", more, st.StackStatus)
		}
	}
}

// A resource tells which stack it is in, and a change set has a template of its own.
func TestAResourceTellsItsStack(t *testing.T) {
	s := region(t)
	if err := s.create("s", `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}}}`, ""); err != nil {
		t.Fatal(err)
	}
	l, err := s.AWS.CFN.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: new("s")})
	if err != nil {
		t.Fatal(err)
	}
	by, err := s.AWS.CFN.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{PhysicalResourceId: l.StackResources[0].PhysicalResourceId})
	if err != nil || *by.StackResources[0].StackName != "s" {
		t.Errorf("%+v %v", by, err)
	}
	_, err = s.AWS.CFN.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{PhysicalResourceId: new("vpc-none")})
	if err == nil || !strings.Contains(err.Error(), "Stack for vpc-none does not exist") {
		t.Error(err)
	}
	next := `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": true}}}}`
	if _, err := s.AWS.CFN.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: new("s"), ChangeSetName: new("c"), TemplateBody: &next}); err != nil {
		t.Fatal(err)
	}
	g, err := s.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new("s"), ChangeSetName: new("c")})
	if err != nil || *g.TemplateBody != next {
		t.Errorf("%+v %v", g, err)
	}
}
