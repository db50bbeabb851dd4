package cfn_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/testregion"
)

type stacks struct {
	*testregion.Region
	t *testing.T
}

func region(t *testing.T) stacks {
	return stacks{testregion.New(t, testregion.Load(t, testregion.Cluster), 1), t}
}

// create makes a stack and lets an hour pass.
func (s stacks) create(name, body string, on types.OnFailure) error {
	_, err := s.AWS.CFN.CreateStack(
		s.t.Context(),
		&cloudformation.CreateStackInput{
			StackName:    &name,
			TemplateBody: &body,
			OnFailure:    on,
			Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam},
		},
	)
	s.Sim.World.Advance(time.Hour)
	return err
}

func (s stacks) describe(name string) types.Stack {
	s.t.Helper()
	out, err := s.AWS.CFN.DescribeStacks(s.t.Context(), &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		s.t.Fatal(err)
	}
	return out.Stacks[0]
}

const network = `
Parameters: {Block: {Type: String, Default: 10.0.0.0/16}}
Mappings: {Zones: {first: {letter: a}}}
Conditions:
  Wide: !Equals [!Ref Block, 10.0.0.0/16]
  Narrow: !Not [!Condition Wide]
Resources:
  VPC: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !Ref Block, Tags: [{Key: Name, Value: !Sub '${AWS::StackName}/VPC'}]}}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !GetAtt VPC.VpcId
      CidrBlock: !Select [1, !Cidr [!Ref Block, 4, 8]]
      AvailabilityZone: !Join ['', [!Ref 'AWS::Region', !FindInMap [Zones, first, letter]]]
      MapPublicIpOnLaunch: !If [Wide, true, !Ref 'AWS::NoValue']
  Never: {Type: 'AWS::EC2::InternetGateway', Condition: Narrow}
Outputs:
  VPC: {Value: !Ref VPC, Export: {Name: !Sub '${AWS::StackName}::VPC'}}
  Zones: {Value: !Join [',', !GetAZs '']}
  Gone: {Value: x, Condition: Narrow}
`

func TestIntrinsicsConditionsAndShortTags(t *testing.T) {
	s := region(t)
	if err := s.create("net", network, ""); err != nil {
		t.Fatal(err)
	}
	st := s.describe("net")
	if st.StackStatus != types.StackStatusCreateComplete || len(st.Outputs) != 2 {
		t.Fatalf("%s %s, %d outputs", st.StackStatus, *st.StackStatusReason, len(st.Outputs))
	}
	out, err := s.AWS.EC2.DescribeSubnets(t.Context(), ofStacks)
	if err != nil || len(out.Subnets) != 1 {
		t.Fatal(err)
	}
	if x := out.Subnets[0]; *x.CidrBlock != "10.0.1.0/24" || *x.AvailabilityZone != "us-west-2a" || !*x.MapPublicIpOnLaunch {
		t.Errorf("%+v", x)
	}
}

const broken = `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
 "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "192.168.0.0/24"}}}}`

func TestFailuresRollBackOrStand(t *testing.T) {
	for on, want := range map[types.OnFailure]types.StackStatus{
		"":                       types.StackStatusRollbackComplete,
		types.OnFailureDoNothing: types.StackStatusCreateFailed,
		types.OnFailureDelete:    types.StackStatusDeleteComplete,
	} {
		t.Run(string(want), func(t *testing.T) {
			s := region(t)
			if err := s.create("bad", broken, on); err != nil {
				t.Fatal(err)
			}
			list, err := s.AWS.CFN.ListStacks(t.Context(), &cloudformation.ListStacksInput{})
			if err != nil || list.StackSummaries[0].StackStatus != want {
				t.Fatalf("%s, expected %s", list.StackSummaries[0].StackStatus, want)
			}
			vpcs, err := s.AWS.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: new("is-default"),
				Values: []string{"false"}}}})
			if left := len(vpcs.Vpcs); err != nil || left > 0 != (on == types.OnFailureDoNothing) {
				t.Errorf("%d VPCs are left", left)
			}
			events, err := s.AWS.CFN.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: list.StackSummaries[0].StackId})
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			for _, e := range events.StackEvents {
				if e.ResourceStatus == types.ResourceStatusCreateFailed && *e.LogicalResourceId == "Subnet" {
					said = *e.ResourceStatusReason
				}
			}
			if !strings.Contains(said, "Resource handler returned message:") || !strings.Contains(said, "192.168.0.0/24") {
				t.Errorf("the event says %q", said)
			}
		})
	}
}

func TestExportsInUseAreGuarded(t *testing.T) {
	s := region(t)
	if err := s.create("net", network, ""); err != nil {
		t.Fatal(err)
	}
	user := `{"Resources": {"G": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "g", "VpcId": {"Fn::ImportValue": "net::VPC"}}}}}`
	if err := s.create("user", user, ""); err != nil {
		t.Fatal(err)
	}
	_, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("net")})
	if err == nil || !strings.Contains(err.Error(), "Export net::VPC cannot be deleted as it is in use by user") {
		t.Errorf("got %v", err)
	}
	by, err := s.AWS.CFN.ListImports(t.Context(), &cloudformation.ListImportsInput{ExportName: new("net::VPC")})
	if err != nil || len(by.Imports) != 1 || by.Imports[0] != "user" {
		t.Errorf("%v %v", by, err)
	}
}

func TestChangeSetsSayWhatChanges(t *testing.T) {
	s := region(t)
	if err := s.create("net", network, ""); err != nil {
		t.Fatal(err)
	}
	set := func(name, body string) *cloudformation.DescribeChangeSetOutput {
		t.Helper()
		in := &cloudformation.CreateChangeSetInput{StackName: new("net"), ChangeSetName: &name, TemplateBody: &body}
		if _, err := s.AWS.CFN.CreateChangeSet(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		s.Sim.World.Advance(time.Minute)
		out, err := s.AWS.CFN.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{StackName: new("net"), ChangeSetName: &name})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := set("same", network); out.Status != types.ChangeSetStatusFailed ||
		!strings.Contains(*out.StatusReason, "The submitted information didn't contain changes") {
		t.Errorf("%s %v", out.Status, out.StatusReason)
	}
	more := strings.Replace(network, "Outputs:", "  Gate: {Type: 'AWS::EC2::InternetGateway'}\nOutputs:", 1)
	out := set("more", more)
	if len(out.Changes) != 1 || *out.Changes[0].ResourceChange.LogicalResourceId != "Gate" || out.Changes[0].ResourceChange.Action != types.ChangeActionAdd {
		t.Fatalf("%+v", out.Changes)
	}
	if _, err := s.AWS.CFN.ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{StackName: new("net"), ChangeSetName: new("more")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe("net"); st.StackStatus != types.StackStatusUpdateComplete {
		t.Error(st.StackStatus)
	}
}

func TestBadTemplatesAreRefused(t *testing.T) {
	s := region(t)
	for body, want := range map[string]string{
		`{"Resources": {"A": {"Type": "AWS::Sea::Ship"}}}`: "Unrecognized resource types: [AWS::Sea::Ship]",

		`{"Resources": {"A": {"Type": "AWS::EC2::VPC", "DependsOn": "B"}}}`:                                                   "Unresolved resource dependencies [B]",
		`{"Resources": {"A": {"Type": "AWS::EC2::VPC", "DependsOn": "B"}, "B": {"Type": "AWS::EC2::VPC", "DependsOn": "A"}}}`: "Circular dependency",
		`{"Parameters": {"P": {"Type": "String"}}, "Resources": {"A": {"Type": "AWS::EC2::VPC"}}}`:                            "Parameters: [P] must have values",
		`{}`: "At least one Resources member must be defined",
	} {
		err := s.create("x", body, "")
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "ValidationError" || !strings.Contains(api.ErrorMessage(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}
