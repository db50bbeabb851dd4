package run_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const oneGroup = testregion.Cluster + "vpc: {nat: {gateway: Disable}}\nmanagedNodeGroups: [{name: m, desiredCapacity: 1}]\n"

func drifted(t *testing.T, r *testregion.Region, o run.DriftOptions) *drift.Report {
	t.Helper()
	rep, err := run.Drift(t.Context(), r.AWS, "test", o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func standingOne(t *testing.T) *testregion.Region {
	t.Helper()
	r := testregion.New(t, testregion.Load(t, oneGroup), 1)
	if rep := drive(t, r, prepare(t, r, oneGroup)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	return r
}

// Who did it is the caller of the call that worked: a refused one is left out, and what
// CloudFormation called is traced to who updated the stack. Of calls that change many things,
// it is the one that names this.
func TestWhoDidItIsNamed(t *testing.T) {
	r := standingOne(t)
	edit(t, r, `edits:
- {by: ann, service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2A}"], Tags: [{Key: kubernetes.io/role/elb}]}}
- {by: deploy/run-7, service: iam, operation: DetachRolePolicy, parameters: {RoleName: "${nodegroup-m/NodeInstanceRole}", PolicyArn: "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"}}
- {by: bob, service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, labels: {addOrUpdateLabels: {team: x}}}}
- {wait: 10m, by: eve, service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, scalingConfig: {maxSize: 9}}}
`)
	// Somebody else's call came later, and was refused.
	if err := r.Region.Apply("test", []sim.Edit{{By: "mallory", Service: "eks", Operation: "UpdateNodegroupConfig",
		Parameters: map[string]any{"clusterName": "test", "nodegroupName": "m", "scalingConfig": map[string]any{"minSize": 9, "maxSize": 1}}}}); err == nil {
		t.Fatal("the call was not refused")
	}
	rep := drifted(t, r, run.DriftOptions{Blame: true})
	who := map[string]string{}
	for _, d := range rep.Drifted() {
		if d.By == nil {
			t.Errorf("nobody did %s: %s", d.Path, d.What)
			continue
		}
		who[d.Path] = d.By.Who + " " + d.By.Call
		if d.By.At.IsZero() || d.By.Event == "" {
			t.Errorf("%+v", d.By)
		}
	}
	for path, want := range map[string]string{"network.subnets.tags": "ann ec2:DeleteTags", "roles.policies": "run-7 (role deploy) iam:DetachRolePolicy",
		"managedNodeGroups.labels.added": "bob eks:UpdateNodegroupConfig", "managedNodeGroups.maxSize": "eve eks:UpdateNodegroupConfig"} {
		if who[path] != want {
			t.Errorf("%s: %q did it, and not %q; %s", path, who[path], want, rep.Blame)
		}
	}
}

// What CloudFormation did is traced to who executed it.
func TestWhatCloudFormationDidIsTraced(t *testing.T) {
	r := standingOne(t)
	body := `{"Resources": {"G": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {"GroupId": "` + outputs(t, r)["SharedNodeSecurityGroup"] +
		`", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "203.0.113.0/24"}}}}`
	b, err := json.Marshal(map[string]any{"edits": []any{map[string]any{"by": "admin", "service": "cloudformation", "operation": "CreateStack",
		"parameters": map[string]any{"StackName": "test-bastion", "TemplateBody": body}}}})
	if err != nil {
		t.Fatal(err)
	}
	edit(t, r, string(b))
	rep := drifted(t, r, run.DriftOptions{Blame: true, Only: []string{"network.rules"}})
	if len(rep.Differences) != 1 || rep.Differences[0].By == nil || rep.Differences[0].By.Who != "admin" || !strings.Contains(rep.Differences[0].By.Via, "CloudFormation (CreateStack") {
		b, _ := json.Marshal(rep.Differences)
		t.Errorf("%s", b)
	}
}

// Where nobody may be asked, the report says so, and is whole otherwise.
func TestWithoutPermissionsTheReportSaysSo(t *testing.T) {
	r := standingOne(t)
	edit(t, r, `edits: [{service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2A}"], Tags: [{Key: kubernetes.io/role/elb}]}}]`)
	r.Region.IAM.Deny("cloudtrail:LookupEvents")
	rep := drifted(t, r, run.DriftOptions{Blame: true})
	if len(rep.Drifted()) != 1 || rep.Drifted()[0].By != nil || !strings.Contains(rep.Blame, "CloudTrail's event history cannot be read") {
		t.Errorf("%+v", rep)
	}
	r.Region.IAM.Deny("ec2:DescribeRouteTables", "iam:GetRole", "cloudformation:GetTemplate")
	rep = drifted(t, r, run.DriftOptions{})
	for _, want := range []string{"record.SubnetsPublic", "network.subnets.tags", "roles.policies"} {
		if !slices.ContainsFunc(rep.NotChecked, func(n drift.NotChecked) bool { return n.Path == want }) {
			t.Errorf("%s is not said to be unchecked: %v", want, rep.NotChecked)
		}
	}
	for _, d := range rep.Drifted() {
		if strings.HasPrefix(d.Path, "roles.") || strings.HasPrefix(d.Path, "record.") {
			t.Errorf("what was not read differs: %s: %s", d.Path, d.What)
		}
	}
	r.Region.IAM.Deny("cloudformation:DescribeStacks")
	rep = drifted(t, r, run.DriftOptions{})
	if rep.Record != "" || !strings.Contains(rep.Unrecorded, "DescribeStacks") || !slices.ContainsFunc(rep.NotChecked, func(n drift.NotChecked) bool { return n.Path == "record" }) {
		t.Errorf("%+v", rep)
	}
	if said := strings.Join(rep.Owners, "\n"); strings.Contains(said, "no stack") || !strings.Contains(said, "not known, as stacks could not be read") {
		t.Errorf("who keeps what: %s", said)
	}
}

// No such cluster; a cluster of the console, which has no record; a cluster whose stack is
// left alone.
func TestClustersWithoutARecord(t *testing.T) {
	r := standingOne(t)
	if _, err := run.Drift(t.Context(), r.AWS, "nobody", run.DriftOptions{}); !strings.Contains(errText(err), "there is no cluster nobody") {
		t.Errorf("%v", err)
	}
	for _, s := range []string{"eksctl-test-nodegroup-m", "eksctl-test-cluster"} {
		in := &cloudformation.UpdateTerminationProtectionInput{StackName: &s, EnableTerminationProtection: new(false)}
		if _, err := r.AWS.CFN.UpdateTerminationProtection(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	// The record goes, and what it made stays, as after a deletion that retains everything.
	retain(t, r, "eksctl-test-nodegroup-m")
	retain(t, r, "eksctl-test-cluster")
	rep := drifted(t, r, run.DriftOptions{})
	if rep.Record != "" || len(rep.Drifted()) > 0 {
		t.Errorf("%+v", rep.Drifted())
	}
	_, err := run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{})
	if fs, ok := finding.Of(err); !ok || fs[0].Code != "no-record" {
		t.Errorf("%v", err)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// retain deletes a stack and leaves what it made.
func retain(t *testing.T, r *testregion.Region, name string) {
	t.Helper()
	ctx := context.Background()
	got, err := r.AWS.CFN.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &name})
	if err != nil {
		t.Fatal(err)
	}
	var tpl map[string]any
	if err := json.Unmarshal([]byte(*got.TemplateBody), &tpl); err != nil {
		t.Fatal(err)
	}
	for _, x := range tpl["Resources"].(map[string]any) {
		x.(map[string]any)["DeletionPolicy"] = "Retain"
		x.(map[string]any)["Metadata"] = map[string]any{"Kept": "yes"}
	}
	b, err := json.Marshal(tpl)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.AWS.CFN.UpdateStack(ctx, &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: new(string(b)),
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}}); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(time.Hour)
	if _, err := r.AWS.CFN.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(time.Hour)
}

// state is a Terraform state of a cluster's network and control plane, as they are now.
func state(t *testing.T, r *testregion.Region) []byte {
	t.Helper()
	o, err := run.Snapshot(t.Context(), r.AWS, "test", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	type m = map[string]any
	var all []any
	add := func(kind, name string, attributes m) {
		all = append(all, m{"mode": "managed", "type": kind, "name": name, "instances": []any{m{"attributes": attributes}}})
	}
	v := o.Cluster.ResourcesVPCConfig
	add("aws_eks_cluster", "this", m{"id": "test", "name": "test", "version": o.Cluster.Version, "role_arn": o.Cluster.RoleARN,
		"vpc_config": []any{m{"subnet_ids": v.SubnetIDs, "security_group_ids": v.SecurityGroupIDs, "endpoint_public_access": true, "endpoint_private_access": false,
			"public_access_cidrs": v.PublicAccessCIDRs}}})
	for id, s := range o.Network.Subnets {
		add("aws_subnet", id, m{"id": id, "vpc_id": v.VPCID, "cidr_block": s.CIDR, "availability_zone": s.Zone, "map_public_ip_on_launch": s.PublicOnLaunch, "tags_all": s.Tags})
	}
	for id, table := range o.Network.RouteTables {
		var routes []any
		for _, x := range table.Routes {
			if x.Gateway != "local" {
				routes = append(routes, m{"cidr_block": x.Destination, "gateway_id": x.Gateway, "nat_gateway_id": x.NATGateway})
			}
		}
		add("aws_route_table", id, m{"id": id, "vpc_id": v.VPCID, "route": routes})
		for _, a := range table.Associations {
			if a.Subnet != "" {
				add("aws_route_table_association", a.ID, m{"id": a.ID, "subnet_id": a.Subnet, "route_table_id": id})
			}
		}
	}
	g := o.Groups["m"]
	add("aws_eks_node_group", "m", m{"cluster_name": "test", "node_group_name": "m", "node_role_arn": g.NodeRole, "subnet_ids": g.Subnets, "labels": g.Labels,
		"scaling_config": []any{m{"min_size": g.ScalingConfig.MinSize, "max_size": g.ScalingConfig.MaxSize, "desired_size": g.ScalingConfig.DesiredSize}}})
	b, err := json.Marshal(m{"version": 4, "terraform_version": "1.9.8", "serial": 7, "resources": all})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A Terraform state is a record as stacks are: what it was is no drift, what somebody
// changed is named, and what is to be done about it is Terraform's.
func TestATerraformStateIsARecord(t *testing.T) {
	r := standingOne(t)
	was := state(t, r)
	subnet := outputs(t, r)["SubnetsPublic"][:24]
	for _, s := range []string{"eksctl-test-nodegroup-m", "eksctl-test-cluster"} {
		in := &cloudformation.UpdateTerminationProtectionInput{StackName: &s, EnableTerminationProtection: new(false)}
		if _, err := r.AWS.CFN.UpdateTerminationProtection(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		retain(t, r, s)
	}
	o := run.DriftOptions{State: stated(t, was)}
	if rep := drifted(t, r, o); len(rep.Drifted()) > 0 || !strings.Contains(rep.Record, "terraform.tfstate (serial 7)") {
		t.Fatalf("%q %+v", rep.Record, rep.Drifted())
	}
	edit(t, r, `edits:
- {service: ec2, operation: DeleteTags, parameters: {Resources: ["`+subnet+`"], Tags: [{Key: kubernetes.io/role/elb}]}}
- {service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, scalingConfig: {maxSize: 9}}}
- {service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {endpointPrivateAccess: true}}}`)
	var named []string
	for _, d := range drifted(t, r, o).Drifted() {
		named = append(named, d.Path)
		if len(d.Repairs) == 0 || !strings.HasPrefix(d.Repairs[0].Command, "terraform plan -target=") {
			t.Errorf("%s is repaired by %+v", d.Path, d.Repairs)
		}
	}
	slices.Sort(named)
	if got := strings.Join(named, " "); got != "managedNodeGroups.maxSize network.subnets.tags vpc.clusterEndpoints.privateAccess" {
		t.Error(got)
	}
	o.State = stated(t, []byte(`{"version": 4, "resources": []}`))
	if _, err := run.Drift(t.Context(), r.AWS, "test", o); !strings.Contains(errText(err), "says nothing of cluster test") {
		t.Errorf("%v", err)
	}
}
