package cfn_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// subnet makes a subnet that no stack knows, in the VPC of stack s.
func (s stacks) subnet(cidr string) string {
	s.t.Helper()
	out, err := s.Region.Region.EC2.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: new(s.physical("VPC")), CidrBlock: &cidr})
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.Subnet.SubnetId
}

func (s stacks) imported(name, body string, ids map[string]string) *cloudformation.DescribeChangeSetOutput {
	s.t.Helper()
	in := &cloudformation.CreateChangeSetInput{ChangeSetName: &name, TemplateBody: &body, ChangeSetType: types.ChangeSetTypeImport}
	for n, id := range ids {
		in.ResourcesToImport = append(in.ResourcesToImport, types.ResourceToImport{LogicalResourceId: new(n), ResourceType: new("AWS::EC2::Subnet"),
			ResourceIdentifier: map[string]string{"SubnetId": id}})
	}
	_, out := s.changed(in)
	return out
}

const second = "  Second: {Type: 'AWS::EC2::Subnet', DeletionPolicy: Retain, Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.7.0/24}}\n"

func TestASubnetIsImported(t *testing.T) {
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	id := s.subnet("10.0.7.0/24")
	with := func(more string) string { return strings.Replace(role, "  Gate:", more+"  Gate:", 1) }
	for i, c := range []struct{ name, body, want string }{
		{"without a policy", with(strings.Replace(second, "DeletionPolicy: Retain, ", "", 1)), "must have DeletionPolicy"},
		{"with a changed output", strings.Replace(with(second), "!Ref Subnet}}", "x}}", 1), "you cannot modify or add [Outputs]"},
		{"with another change", strings.Replace(with(second), "CidrBlock: 10.0.0.0/24", "CidrBlock: 10.0.3.0/24", 1), "You have modified resources [Subnet]"},
		{"with a new resource", with(second + "  Other: {Type: 'AWS::EC2::InternetGateway'}\n"), "You have modified resources [Other]"},
	} {
		out := s.imported(fmt.Sprint("bad", i), c.body, map[string]string{"Second": id})
		if out.Status != types.ChangeSetStatusFailed || !strings.Contains(*out.StatusReason, c.want) {
			t.Errorf("%s: %s %v", c.name, out.Status, out.StatusReason)
		}
	}
	run := func(name, id string) types.Stack {
		t.Helper()
		if out := s.imported(name, with(second), map[string]string{"Second": id}); out.ExecutionStatus != types.ExecutionStatusAvailable {
			t.Fatalf("%s %s", out.Status, *out.StatusReason)
		}
		if _, err := s.AWS.CFN.ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{StackName: new("s"), ChangeSetName: &name}); err != nil {
			t.Fatal(err)
		}
		s.Sim.World.Advance(time.Hour)
		return s.describe("s")
	}
	if st := run("none", "subnet-0000000000000000f"); st.StackStatus != types.StackStatusImportRollbackComplete {
		t.Errorf("a subnet that is not there: %s", st.StackStatus)
	}
	if st := run("it", id); st.StackStatus != types.StackStatusImportComplete || s.physical("Second") != id {
		t.Errorf("%s %v", st.StackStatus, s.unfinished())
	}
	// From then on it is the stack's: it is updated with the rest, and kept by its policy.
	body := strings.Replace(with(second), "10.0.7.0/24}", "10.0.7.0/24, MapPublicIpOnLaunch: true}", 1)
	if st := s.update(body); st.StackStatus != types.StackStatusUpdateComplete {
		t.Errorf("%s %v", st.StackStatus, s.unfinished())
	}
}

var off = &ec2types.AttributeBooleanValue{Value: new(false)}

func TestDriftIsDetected(t *testing.T) {
	s := region(t)
	if err := s.create("s", strings.Replace(role, "10.0.0.0/24}", "10.0.0.0/24, MapPublicIpOnLaunch: true}", 1), ""); err != nil {
		t.Fatal(err)
	}
	look := func() string {
		t.Helper()
		begun, err := s.AWS.CFN.DetectStackDrift(t.Context(), &cloudformation.DetectStackDriftInput{StackName: new("s")})
		if err != nil {
			t.Fatal(err)
		}
		of := &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: begun.StackDriftDetectionId}
		if st, err := s.AWS.CFN.DescribeStackDriftDetectionStatus(t.Context(), of); err != nil ||
			st.DetectionStatus != types.StackDriftDetectionStatusDetectionInProgress {
			t.Errorf("%+v %v", st, err)
		}
		s.Sim.World.Advance(time.Minute)
		st, err := s.AWS.CFN.DescribeStackDriftDetectionStatus(t.Context(), of)
		if err != nil || st.DetectionStatus != types.StackDriftDetectionStatusDetectionComplete {
			t.Fatalf("%+v %v", st, err)
		}
		out, err := s.AWS.CFN.DescribeStackResourceDrifts(t.Context(), &cloudformation.DescribeStackResourceDriftsInput{StackName: new("s"),
			StackResourceDriftStatusFilters: []types.StackResourceDriftStatus{"MODIFIED", "DELETED"}})
		if err != nil {
			t.Fatal(err)
		}
		found := []string{string(st.StackDriftStatus)}
		for _, d := range out.StackResourceDrifts {
			x := *d.LogicalResourceId + " " + string(d.StackResourceDriftStatus)
			for _, p := range d.PropertyDifferences {
				x += " " + *p.PropertyPath + " " + *p.ExpectedValue + "->" + *p.ActualValue
			}
			found = append(found, x)
		}
		return strings.Join(found, "; ")
	}
	if got := look(); got != "IN_SYNC" {
		t.Error(got)
	}
	subnet := s.physical("Subnet")
	if _, err := s.Region.Region.EC2.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: &subnet, MapPublicIpOnLaunch: off}); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != "DRIFTED; Subnet MODIFIED /MapPublicIpOnLaunch true->false" {
		t.Error(got)
	}
	if _, err := s.Region.Region.EC2.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: &subnet}); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != "DRIFTED; Subnet DELETED" {
		t.Error(got)
	}
}

func TestAStackPolicyForbidsUpdates(t *testing.T) {
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	policy := `{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"},
		{"Effect": "Deny", "Principal": "*", "Action": "Update:Replace", "Resource": "LogicalResourceId/Subnet"}]}`
	if _, err := s.AWS.CFN.SetStackPolicy(t.Context(), &cloudformation.SetStackPolicyInput{StackName: new("s"), StackPolicyBody: &policy}); err != nil {
		t.Fatal(err)
	}
	if st := s.update(strings.Replace(role, "CidrBlock: 10.0.0.0/24", "CidrBlock: 10.0.3.0/24", 1)); st.StackStatus != types.StackStatusUpdateRollbackComplete {
		t.Errorf("a replacement that is denied: %s", st.StackStatus)
	}
	if st := s.update(strings.Replace(role, "10.0.0.0/24}", "10.0.0.0/24, MapPublicIpOnLaunch: true}", 1)); st.StackStatus != types.StackStatusUpdateComplete {
		t.Errorf("a modification that is allowed: %s", st.StackStatus)
	}
	got, err := s.AWS.CFN.GetStackPolicy(t.Context(), &cloudformation.GetStackPolicyInput{StackName: new("s")})
	if err != nil || *got.StackPolicyBody != policy {
		t.Errorf("%v %v", got, err)
	}
}
