package cfn_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// changed are the changes that a change set of stack s finds, one a line: action, resource,
// replacement and what differs.
func (s stacks) changed(in *cloudformation.CreateChangeSetInput) (string, *cloudformation.DescribeChangeSetOutput) {
	s.t.Helper()
	in.StackName, in.Capabilities = new("s"), []types.Capability{types.CapabilityCapabilityNamedIam}
	if _, err := s.AWS.CFN.CreateChangeSet(s.t.Context(), in); err != nil {
		s.t.Fatal(err)
	}
	s.Sim.World.Advance(time.Minute)
	out, err := s.AWS.CFN.DescribeChangeSet(s.t.Context(), &cloudformation.DescribeChangeSetInput{StackName: new("s"), ChangeSetName: in.ChangeSetName})
	if err != nil {
		s.t.Fatal(err)
	}
	var b strings.Builder
	for _, x := range out.Changes {
		c := x.ResourceChange
		fmt.Fprintf(&b, "%s %s %s", c.Action, *c.LogicalResourceId, c.Replacement)
		for _, d := range c.Details {
			fmt.Fprintf(&b, " %s", d.Target.Attribute)
			if d.Target.Name != nil {
				fmt.Fprintf(&b, ".%s(%s)", *d.Target.Name, d.Evaluation)
			}
		}
		b.WriteString("\n")
	}
	return b.String(), out
}

func TestAChangeSetSaysWhatIsReplaced(t *testing.T) {
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		name, body string
		tags       []types.Tag
		want       string
	}{
		{"a block", strings.Replace(role, "CidrBlock: 10.0.0.0/24", "CidrBlock: 10.0.3.0/24", 1), nil, "Modify Subnet True Properties.CidrBlock(Static)\n"},
		{"a block that others refer to", strings.Replace(role, "10.0.0.0/16", "10.0.0.0/17", 1), nil,
			"Modify Subnet Conditional Properties.VpcId(Dynamic)\nModify VPC True Properties.CidrBlock(Static)\n"},
		{"an attribute", strings.Replace(role, "10.0.0.0/24}", "10.0.0.0/24, MapPublicIpOnLaunch: true}", 1), nil,
			"Modify Subnet False Properties.MapPublicIpOnLaunch(Static)\n"},
		{"metadata", strings.Replace(role, "Gate: {", "Gate: {Metadata: {a: b}, ", 1), nil, "Modify Gate False Metadata\n"},
		{"a removal", strings.Replace(role, "  Gate: {Type: 'AWS::EC2::InternetGateway'}\n", "", 1), nil, "Remove Gate \n"},
		{"an output", strings.Replace(role, "!Ref Subnet}}", "subnet-1}}", 1), nil, ""},
		{"a tag of the stack", role, []types.Tag{{Key: new("k"), Value: new("v")}}, "Modify Gate False Tags\nModify Role False Tags\nModify Subnet False Tags\nModify VPC False Tags\n"},
	} {
		name := fmt.Sprint("c", i)
		got, out := s.changed(&cloudformation.CreateChangeSetInput{ChangeSetName: &name, TemplateBody: &c.body, Tags: c.tags})
		if got != c.want || out.ExecutionStatus != types.ExecutionStatusAvailable {
			t.Errorf("%s: %s\n%s", c.name, out.ExecutionStatus, got)
		}
	}
	// One that changes nothing: neither order nor layout nor a description is a change.
	for i, body := range []string{"\n" + role, "Description: other\n" + role} {
		name := fmt.Sprint("n", i)
		if _, out := s.changed(&cloudformation.CreateChangeSetInput{ChangeSetName: &name, TemplateBody: &body}); out.Status != types.ChangeSetStatusFailed {
			t.Errorf("%s", out.Status)
		}
		_, err := s.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: &body,
			Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}})
		if err == nil || !strings.Contains(err.Error(), "No updates are to be performed") {
			t.Errorf("%v", err)
		}
	}
	// What is executed leaves no other set behind, and what stands is only tagged.
	vpc := s.physical("VPC")
	if _, err := s.AWS.CFN.ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{StackName: new("s"), ChangeSetName: new("c6")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	list, err := s.AWS.CFN.ListChangeSets(t.Context(), &cloudformation.ListChangeSetsInput{StackName: new("s")})
	if err != nil || len(list.Summaries) != 1 || list.Summaries[0].ExecutionStatus != types.ExecutionStatusExecuteComplete {
		t.Errorf("%+v %v", list, err)
	}
	if s.describe("s").StackStatus != types.StackStatusUpdateComplete || s.physical("VPC") != vpc {
		t.Errorf("%s %v", s.describe("s").StackStatus, s.unfinished())
	}
}

func (s stacks) physical(logical string) string {
	s.t.Helper()
	out, err := s.AWS.CFN.DescribeStackResource(s.t.Context(), &cloudformation.DescribeStackResourceInput{StackName: new("s"), LogicalResourceId: &logical})
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.StackResourceDetail.PhysicalResourceId
}

// A set that was made before the stack changed is obsolete.
func TestAChangeSetIsOvertaken(t *testing.T) {
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(role, "CidrBlock: 10.0.0.0/24", "CidrBlock: 10.0.3.0/24", 1)
	s.changed(&cloudformation.CreateChangeSetInput{ChangeSetName: new("old"), TemplateBody: &other})
	s.update(strings.Replace(role, "PolicyName: p", "PolicyName: q", 1))
	_, err := s.AWS.CFN.ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{StackName: new("s"), ChangeSetName: new("old")})
	if err == nil || !strings.Contains(err.Error(), "OBSOLETE") {
		t.Errorf("%v", err)
	}
}
