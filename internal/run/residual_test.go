package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// What eksctl of today still gets wrong where a record is stale (facts/eksctl.md §2), each
// point by its number, and what Slipway does there. The first and the ninth, an update of
// the stack whose template owns what is gone and puts removed subnets back, are
// TestAnUpdateByEksctlGoesThroughAfterwards; the second, an imported VPC, is of
// TestRecordsOfEveryKind.
func TestWhatEksctlStillGetsWrong(t *testing.T) {
	t.Run("3: another group of the file is in a subnet that is gone", func(t *testing.T) {
		r, _ := replaced(t)
		f := testregion.Load(t, withoutNAT+`managedNodeGroups:
  - {name: old, desiredCapacity: 1, subnets: [subnet-0123456789abcdef0]}
  - {name: fresh, desiredCapacity: 1}
`)
		one, err := f.Only("fresh")
		must(t, err)
		s := groupsOnly(t, r, one, run.Wish{})
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
	})
	t.Run("4: subnets of local zones and of further kinds", func(t *testing.T) {
		r, _ := replaced(t)
		gone := strings.Split(outputs(t, r)["SubnetsPublic"], ",")[0]
		rewritten(t, r, nil, `"Outputs":{`, `"Outputs":{"SubnetsPublicExtended":{"Value":"`+gone+`"},"SubnetsLocalZonePublic":{"Value":"`+gone+`"},`)
		for _, output := range []string{"SubnetsPublicExtended", "SubnetsLocalZonePublic"} {
			if err := asEksctl(t, r, output); err == nil {
				t.Fatalf("%s is not stale", output)
			}
		}
		synced(t, r, run.SyncOptions{})
		for _, output := range []string{"SubnetsPublicExtended", "SubnetsLocalZonePublic"} {
			if is := outputs(t, r)[output]; strings.Contains(is, gone) {
				t.Errorf("%s is %s", output, is)
			}
		}
	})
	t.Run("5: a subnet that was added, by its ID", func(t *testing.T) {
		r, now := replaced(t)
		if rep := drive(t, r, fromFlags(t, r, true, map[string]any{"name": "m", "desiredCapacity": 1, "subnets": now[:1]}, run.Wish{})); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		if got := subnetsOf(t, r, "m"); !slices.Equal(got, now[:1]) {
			t.Errorf("the group is in %v, and %v was asked for", got, now[:1])
		}
	})
	t.Run("6: two subnets of one zone", func(t *testing.T) {
		r := up(t, withoutNAT)
		edit(t, r, `edits: [
			{service: ec2, operation: CreateSubnet, parameters: {VpcId: "${VPC}", CidrBlock: 192.168.192.0/20, AvailabilityZone: us-west-2a}, save: {s: Subnet.SubnetId}},
			{service: ec2, operation: AssociateRouteTable, parameters: {RouteTableId: "${PublicRouteTable}", SubnetId: "${s}"}},
			{service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${s}", MapPublicIpOnLaunch: {Value: true}}},
			{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds:
				["${SubnetPublicUSWEST2A}", "${s}", "${SubnetPublicUSWEST2B}", "${SubnetPublicUSWEST2C}"]}}}]`)
		if rep := drive(t, r, fromFlags(t, r, true, map[string]any{"name": "m", "desiredCapacity": 1}, run.Wish{})); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		if got := subnetsOf(t, r, "m"); len(got) != 4 {
			t.Errorf("the group is in %v, and the control plane has four public subnets", got)
		}
	})
	t.Run("7: one subnet of a kind is left", func(t *testing.T) {
		r := up(t, withoutNAT)
		edit(t, r, `edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds:
				["${SubnetPublicUSWEST2A}", "${SubnetPrivateUSWEST2B}", "${SubnetPrivateUSWEST2C}"]}}},
			{wait: 20m, service: ec2, operation: DeleteSubnet, parameters: {SubnetId: "${SubnetPublicUSWEST2B}"}},
			{service: ec2, operation: DeleteSubnet, parameters: {SubnetId: "${SubnetPublicUSWEST2C}"}}]`)
		if d := ofRecord(t, r, "SubnetsPublic"); !strings.Contains(strings.Join(d.Breaks, "\n"), "after it has upgraded the control plane") {
			t.Errorf("%v", d.Breaks)
		}
	})
	t.Run("8: another security group, of which a stack imports the old one", func(t *testing.T) {
		r := up(t, withoutNAT)
		body := `{"Resources": {"G": {"Type": "AWS::EC2::InternetGateway", "Properties": {"Tags": [{"Key": "group",
			"Value": {"Fn::ImportValue": "eksctl-test-cluster::SecurityGroup"}}]}}}}`
		_, err := r.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("old-group"), TemplateBody: &body})
		must(t, err)
		edit(t, r, `edits: [{service: ec2, operation: CreateSecurityGroup, parameters: {GroupName: other, Description: other, VpcId: "${VPC}"}, save: {g: GroupId}},
				{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {securityGroupIds: ["${g}"]}}}]`)
		if d := ofRecord(t, r, "SecurityGroup"); !strings.Contains(strings.Join(d.Breaks, "\n"), "self-managed node groups import the recorded one") {
			t.Errorf("%v", d.Breaks)
		}
		s, err := run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{})
		must(t, err)
		if left := strings.Join(s.Correction.Left, "\n"); !strings.Contains(left, "SecurityGroup stays as it is: old-group imports it") {
			t.Error(left)
		}
	})
}

// A stack whose role is gone takes no change, not even of outputs: that is said before
// anything is tried, drift names it, and with the role again the record is repaired.
func TestAStackWhoseRoleIsGoneIsRefused(t *testing.T) {
	r, _ := replaced(t)
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudformation.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	role := func() *string {
		out, err := r.AWS.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: new("hands"), AssumeRolePolicyDocument: new(trust)})
		must(t, err)
		r.Sim.World.Advance(time.Minute)
		return out.Role.Arn
	}
	rewritten(t, r, role(), `"Outputs":{`, `"Outputs":{"Note":{"Value":"by another role"},`)
	_, err := r.AWS.IAM.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: new("hands")})
	must(t, err)
	_, err = run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{})
	if fs, ok := finding.Of(err); !ok || fs[0].Code != "stack-role-gone" || !strings.Contains(err.Error(), "the role hands") {
		t.Fatal(err)
	}
	rep, err := run.Drift(t.Context(), r.AWS, "test", run.DriftOptions{})
	must(t, err)
	if !slices.ContainsFunc(rep.Differences, func(d drift.Difference) bool { return d.Path == "stacks.role" && len(d.Repairs) == 1 }) {
		t.Errorf("drift does not name it: %+v", rep.Differences)
	}
	role()
	synced(t, r, run.SyncOptions{})
	must(t, asEksctl(t, r, "SubnetsPublic"))
}

// rewritten is the cluster stack with another text in its template, by a role if one is
// given.
func rewritten(t *testing.T, r *testregion.Region, role *string, old, text string) {
	t.Helper()
	body, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new(recordOf)})
	must(t, err)
	changed := strings.Replace(*body.TemplateBody, old, text, 1)
	if changed == *body.TemplateBody {
		t.Fatalf("the template has no %s", old)
	}
	_, err = r.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new(recordOf), TemplateBody: &changed, RoleARN: role,
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}})
	must(t, err)
	r.Sim.World.Advance(time.Hour)
}

// subnetsOf are those of a managed node group.
func subnetsOf(t *testing.T, r *testregion.Region, group string) []string {
	t.Helper()
	g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: &group})
	must(t, err)
	return slices.Sorted(slices.Values(g.Nodegroup.Subnets))
}

// ofRecord is the difference of one output.
func ofRecord(t *testing.T, r *testregion.Region, output string) drift.Difference {
	t.Helper()
	rep, err := run.Drift(t.Context(), r.AWS, "test", run.DriftOptions{})
	must(t, err)
	for _, d := range rep.Differences {
		if d.Path == "record."+output {
			return d
		}
	}
	t.Fatalf("drift says nothing of %s", output)
	return drift.Difference{}
}
