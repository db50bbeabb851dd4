package run_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const recordOf = "eksctl-test-cluster"

// outputs are the cluster stack's.
func outputs(t *testing.T, r *testregion.Region) map[string]string {
	t.Helper()
	d, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: new(recordOf)})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"": string(d.Stacks[0].StackStatus)}
	for _, o := range d.Stacks[0].Outputs {
		out[*o.OutputKey] = *o.OutputValue
	}
	return out
}

// asEksctl reads the record as eksctl before 0.177 does: subnets by the IDs of an output,
// all at once.
func asEksctl(t *testing.T, r *testregion.Region, output string) error {
	t.Helper()
	_, err := r.AWS.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: strings.Split(outputs(t, r)[output], ",")})
	return err
}

func edit(t *testing.T, r *testregion.Region, text string) {
	t.Helper()
	edits, err := sim.ParseEdits([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Region.Apply("test", edits); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(20 * time.Minute)
}

func synced(t *testing.T, r *testregion.Region, o run.SyncOptions) *run.Sync {
	t.Helper()
	s, err := run.PrepareSync(t.Context(), r.AWS, "test", o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Plan.Empty() {
		t.Fatalf("nothing to sync: %+v", s.Correction)
	}
	if rep := drive(t, r, s.Session); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	left, err := s.Left(t.Context())
	if err != nil || len(left) != len(s.Correction.Left) {
		t.Fatalf("left: %v, expected %v (%v)", left, s.Correction.Left, err)
	}
	return s
}

// resources are the cluster stack's, with when each was last touched.
func resources(t *testing.T, r *testregion.Region) string {
	t.Helper()
	d, err := r.AWS.CFN.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: new(recordOf)})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range d.StackResources {
		out = append(out, *x.LogicalResourceId+" "+*x.PhysicalResourceId)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// The second failure: eksctl's reading of the outputs fails before and works after, and no
// resource is touched. A second sync has nothing to do.
func TestTheRecordIsBroughtToWhatIsLive(t *testing.T) {
	r, now := replaced(t)
	if err := asEksctl(t, r, "SubnetsPublic"); err == nil || !strings.Contains(err.Error(), "InvalidSubnetID.NotFound") {
		t.Fatalf("the record is not stale: %v", err)
	}
	before := resources(t, r)
	synced(t, r, run.SyncOptions{})
	if err := asEksctl(t, r, "SubnetsPublic"); err != nil {
		t.Error(err)
	}
	have := strings.Split(outputs(t, r)["SubnetsPublic"], ",")
	slices.Sort(have)
	slices.Sort(now)
	if !slices.Equal(have, now) {
		t.Errorf("recorded %v, live %v", have, now)
	}
	if after := resources(t, r); after != before {
		t.Errorf("resources were touched:\n%s\nbefore:\n%s", after, before)
	}
	s, err := run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{})
	if err != nil || !s.Plan.Empty() {
		t.Errorf("a second one has %+v (%v)", s.Correction, err)
	}
	sets, err := r.AWS.CFN.ListChangeSets(t.Context(), &cloudformation.ListChangeSetsInput{StackName: new(recordOf)})
	if err != nil || slices.ContainsFunc(sets.Summaries, func(c cfntypes.ChangeSetSummary) bool { return c.ExecutionStatus == cfntypes.ExecutionStatusAvailable }) {
		t.Errorf("%+v %v", sets, err)
	}
}

// With --template, what is gone leaves the template, and the next update of the stack does
// not fail at it; what was attached stays attached.
func TestWhatIsGoneLeavesTheTemplate(t *testing.T) {
	r, now := replaced(t)
	before := resources(t, r)
	s := synced(t, r, run.SyncOptions{Template: true})
	if !slices.Contains(s.Correction.Edit.Gone, "SubnetPublicUSWEST2A") || !slices.Contains(s.Correction.Edit.Gone, "RouteTableAssociationPublicUSWEST2A") {
		t.Fatalf("%v", s.Correction.Edit.Gone)
	}
	after := resources(t, r)
	for _, line := range strings.Split(before, "\n") {
		if gone := strings.HasPrefix(line, "SubnetPublic"); gone == strings.Contains(after, line) && (gone || strings.HasPrefix(line, "SubnetPrivate")) {
			t.Errorf("%s:\n%s", line, after)
		}
	}
	d, err := run.Drift(t.Context(), r.AWS, "test", run.DriftOptions{Only: []string{"record", "network", "vpc", "controlPlane"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range d.Drifted() {
		if x.Path != "network.subnets.tags" {
			t.Errorf("still drifted: %s: %s", x.Path, x.What)
		}
	}
	if c := d.Drifted(); len(c) > 0 { // taken in, they have the tags that load balancers find them by
		t.Errorf("%d differences of %d subnets", len(c), len(now))
	}
}

// After that, the live subnets are the stack's, by eksctl's names, and an update as eksctl
// sends it, with a tag of another version that touches every resource, goes through: the
// subnets that the control plane has are those that it has (eksctl#7290, #7720).
func TestAnUpdateByEksctlGoesThroughAfterwards(t *testing.T) {
	asEksctlUpdates := func(r *testregion.Region) string {
		t.Helper()
		d, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: new(recordOf)})
		must(t, err)
		var tags []cfntypes.Tag
		for _, x := range d.Stacks[0].Tags {
			if *x.Key == "alpha.eksctl.io/eksctl-version" {
				x.Value = new(*x.Value + "-next")
			}
			tags = append(tags, x)
		}
		body, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new(recordOf)})
		must(t, err)
		more := strings.Replace(*body.TemplateBody, `"Outputs":{`, `"Outputs":{"FeatureNew":{"Value":"true"},`, 1)
		_, err = r.AWS.CFN.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: new(recordOf), ChangeSetName: new("eksctl-append"),
			TemplateBody: &more, Tags: tags, Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}})
		must(t, err)
		r.Sim.World.Advance(time.Minute)
		_, err = r.AWS.CFN.ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{StackName: new(recordOf), ChangeSetName: new("eksctl-append")})
		must(t, err)
		r.Sim.World.Advance(time.Hour)
		return outputs(t, r)[""]
	}
	stale, _ := replaced(t)
	if status := asEksctlUpdates(stale); status == "UPDATE_COMPLETE" {
		t.Fatal("an update of a stack with resources that are gone went through: this test shows nothing")
	}
	r, now := replaced(t)
	synced(t, r, run.SyncOptions{Template: true})
	after := resources(t, r)
	for _, id := range now {
		if !strings.Contains(after, id) {
			t.Errorf("%s is not in the stack:\n%s", id, after)
		}
	}
	if !strings.Contains(after, "SubnetPublicUSWEST2A ") || !strings.Contains(after, "RouteTableAssociationPublicUSWEST2A ") {
		t.Error(after)
	}
	if status := outputs(t, r)[""]; status != "UPDATE_COMPLETE" { // eksctl lists no stack that is IMPORT_COMPLETE
		t.Error(status)
	}
	if status := asEksctlUpdates(r); status != "UPDATE_COMPLETE" {
		t.Fatal(status)
	}
	c, err := r.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("test")})
	must(t, err)
	have := slices.Sorted(slices.Values(c.Cluster.ResourcesVpcConfig.SubnetIds))
	slices.Sort(now)
	for _, id := range now {
		if !slices.Contains(have, id) {
			t.Errorf("the control plane lost %s: %v", id, have)
		}
	}
}

// An output that a stack imports stays, and is named with the stack; the others go on.
func TestWhatIsImportedStays(t *testing.T) {
	r, _ := replaced(t)
	body := `{"Resources": {"G": {"Type": "AWS::EC2::InternetGateway", "Properties": {"Tags": [{"Key": "subnets",
		"Value": {"Fn::ImportValue": "eksctl-test-cluster::SubnetsPrivate"}}]}}}}`
	if _, err := r.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("old-group"), TemplateBody: &body}); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(time.Hour)
	was := outputs(t, r)["SubnetsPrivate"]
	edit(t, r, `edits: [{service: ec2, operation: DeleteSubnet, parameters: {SubnetId: "${SubnetPrivateUSWEST2A}"}}]`)
	s := synced(t, r, run.SyncOptions{})
	if left := strings.Join(s.Correction.Left, "\n"); !strings.Contains(left, "SubnetsPrivate stays as it is: old-group imports it") {
		t.Error(left)
	}
	if now := outputs(t, r); now["SubnetsPrivate"] != was || asEksctl(t, r, "SubnetsPublic") != nil {
		t.Errorf("%v", now)
	}
}

// Kinds of records: each is repaired, or refused by name (facts/eksctl.md §2).
func TestRecordsOfEveryKind(t *testing.T) {
	for _, c := range []struct {
		name, text, edits string
		changes           map[string]bool // outputs
	}{
		{"IPv6", testregion.Cluster + "iam: {withOIDC: true}\nkubernetesNetworkConfig: {ipFamily: IPv6}\naddons: [{name: vpc-cni}, {name: coredns}, {name: kube-proxy}]\n",
			`edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds:
				["${PublicSubnetUSWEST2A}", "${PublicSubnetUSWEST2B}", "${PublicSubnetUSWEST2C}"]}}},
				{wait: 20m, service: ec2, operation: DeleteSubnet, parameters: {SubnetId: "${PrivateSubnetUSWEST2A}"}}]`,
			map[string]bool{"SubnetsPrivate": true}},
		{"imported VPC", testregion.Cluster + `vpc: {id: vpc-0123456789abcdef0, subnets: {public: {a: {id: subnet-0123456789abcdef0}, b: {id: subnet-0123456789abcdef1}},
			private: {a: {id: subnet-0123456789abcdef2}, b: {id: subnet-0123456789abcdef3}}}}` + "\n",
			`edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: [subnet-0123456789abcdef0, subnet-0123456789abcdef1, subnet-0123456789abcdef2]}}},
				{wait: 20m, service: ec2, operation: DeleteSubnet, parameters: {SubnetId: subnet-0123456789abcdef3}}]`,
			map[string]bool{"SubnetsPrivate": true}},
		{"another security group", withoutNAT,
			`edits: [{service: ec2, operation: CreateSecurityGroup, parameters: {GroupName: other, Description: other, VpcId: "${VPC}"}, save: {g: GroupId}},
				{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {securityGroupIds: ["${g}"]}}}]`,
			map[string]bool{"SecurityGroup": true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testregion.New(t, testregion.Load(t, c.text), 1)
			if rep := drive(t, r, prepare(t, r, c.text)); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			edit(t, r, c.edits)
			before := outputs(t, r)
			synced(t, r, run.SyncOptions{})
			for k, v := range outputs(t, r) {
				if k != "" && (v != before[k]) != c.changes[k] {
					t.Errorf("%s was %s and is %s", k, before[k], v)
				}
			}
		})
	}
}

// A stack policy that denies every update, and protection against deletion, stop no change of
// outputs alone: no resource is touched. What takes resources out is refused by name before.
func TestWhatTouchesNoResourceIsAllowed(t *testing.T) {
	r, _ := replaced(t)
	policy := `{"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}`
	if _, err := r.AWS.CFN.SetStackPolicy(t.Context(), &cloudformation.SetStackPolicyInput{StackName: new(recordOf), StackPolicyBody: &policy}); err != nil {
		t.Fatal(err)
	}
	protect := &cloudformation.UpdateTerminationProtectionInput{StackName: new(recordOf), EnableTerminationProtection: new(true)}
	if _, err := r.AWS.CFN.UpdateTerminationProtection(t.Context(), protect); err != nil {
		t.Fatal(err)
	}
	_, err := run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{Template: true})
	if fs, _ := finding.Of(err); len(fs) != 1 || fs[0].Code != "stack-policy-denies" || !strings.Contains(err.Error(), "Update:Delete of ") ||
		!strings.Contains(err.Error(), "Update:Modify of ControlPlane") {
		t.Errorf("%v", err)
	}
	synced(t, r, run.SyncOptions{})
	if err := asEksctl(t, r, "SubnetsPublic"); err != nil {
		t.Error(err)
	}
	allow := `{"Statement": [{"Effect": "Allow", "Action": ["Update:Delete", "Update:Modify"], "Principal": "*", "Resource": "LogicalResourceId/*"}]}`
	if _, err := r.AWS.CFN.SetStackPolicy(t.Context(), &cloudformation.SetStackPolicyInput{StackName: new(recordOf), StackPolicyBody: &allow}); err != nil {
		t.Fatal(err)
	}
	if _, err := run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{Template: true}); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

// A stack whose rollback failed at what is gone is refused by name, and goes on, skipping
// it, where that is wanted; then the record is brought to what is live.
func TestAStuckStackGoesOnFirst(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, withoutNAT), 1)
	if rep := drive(t, r, prepare(t, r, withoutNAT)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	edit(t, r, `edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds:
		["${SubnetPrivateUSWEST2A}", "${SubnetPrivateUSWEST2B}", "${SubnetPrivateUSWEST2C}"]}}}]`)
	body, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new(recordOf)})
	if err != nil {
		t.Fatal(err)
	}
	// The subnet is changed in place, then goes; what fails after it makes the stack roll back.
	broken := strings.Replace(*body.TemplateBody, `"MapPublicIpOnLaunch":true`, `"MapPublicIpOnLaunch":false`, 1)
	broken = strings.Replace(broken, `"Resources":{`, `"Resources":{"Bad":{"Type":"AWS::EC2::Subnet","DependsOn":["SubnetPublicUSWEST2A","Slow"],
		"Properties":{"VpcId":{"Ref":"VPC"},"CidrBlock":"10.0.0.0/24"}},"Slow":{"Type":"AWS::EC2::InternetGateway","DependsOn":"SubnetPublicUSWEST2A"},`, 1)
	if _, err := r.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new(recordOf), TemplateBody: &broken,
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}}); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(10 * time.Second)
	if err := r.Region.Apply("test", []sim.Edit{{Service: "ec2", Operation: "DisassociateRouteTable",
		Parameters: map[string]any{"AssociationId": "${RouteTableAssociationPublicUSWEST2A}"}},
		{Service: "ec2", Operation: "DeleteSubnet", Parameters: map[string]any{"SubnetId": "${SubnetPublicUSWEST2A}"}}}); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(time.Hour)
	if status := outputs(t, r)[""]; status != "UPDATE_ROLLBACK_FAILED" {
		t.Fatal(status)
	}
	_, err = run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{})
	if fs, ok := finding.Of(err); !ok || fs[0].Code != "stack-stuck" || !strings.Contains(err.Error(), "skips SubnetPublicUSWEST2A") {
		t.Fatal(err)
	}
	synced(t, r, run.SyncOptions{Continue: true})
	if err := asEksctl(t, r, "SubnetsPublic"); err != nil {
		t.Error(err)
	}
}

// What cannot be repaired is refused by name, and nothing is changed.
func TestWhatCannotBeSyncedIsRefused(t *testing.T) {
	r, _ := replaced(t)
	refused := func(name, code, words string) {
		t.Helper()
		_, err := run.PrepareSync(t.Context(), r.AWS, name, run.SyncOptions{})
		fs, ok := finding.Of(err)
		if !ok || fs[0].Code != code || !strings.Contains(err.Error(), words) {
			t.Errorf("%v", err)
		}
	}
	refused("nobody", "cluster-absent", "there is no cluster nobody")
	body, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new(recordOf)})
	if err != nil {
		t.Fatal(err)
	}
	update := func(template string) {
		t.Helper()
		if _, err := r.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new(recordOf), TemplateBody: &template,
			Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}}); err != nil {
			t.Fatal(err)
		}
	}
	// A text that CloudFormation keeps elsewhere is had back; another is not.
	lost := strings.Replace(*body.TemplateBody, `"Metadata":{`, `"Metadata":{"Note":"für ann",`, 1)
	lost = strings.Replace(lost, `"VPC":{"Export"`, `"VPC":{"Description":"größer","Export"`, 1)
	update(lost)
	refused("test", "stack-busy", "UPDATE_IN_PROGRESS")
	r.Sim.World.Advance(time.Hour)
	refused("test", "template-lost", "Metadata/Note")
	update(strings.NewReplacer(`"Note":"für ann",`, "", "größer", "am größten").Replace(lost))
	r.Sim.World.Advance(time.Hour)
	synced(t, r, run.SyncOptions{})
	d, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: new(recordOf)})
	if err != nil || !slices.ContainsFunc(d.Stacks[0].Outputs, func(o cfntypes.Output) bool { return o.Description != nil && *o.Description == "am größten" }) {
		t.Errorf("a description was lost: %+v %v", d.Stacks[0].Outputs, err)
	}
}

// The script that --print writes does the same with the plain aws CLI, the import of live
// subnets too.
func TestThePrintedScriptDoesTheSame(t *testing.T) {
	testregion.Need(t, "aws")
	slipway := filepath.Join(t.TempDir(), "slipway")
	if out, err := exec.Command("go", "build", "-o", slipway, "../../cmd/slipway").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(slipway, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	t.Setenv("SLIPWAY_SYNC_SLEEP", "0.2")
	ways := []bool{true}
	if os.Getenv("SLIPWAY_CASES") != "" { // the aws CLI takes a second to start: CI alone has the time for both
		ways = append(ways, false)
	}
	for _, template := range ways {
		r, _ := replaced(t)
		state, dir := filepath.Join(t.TempDir(), "state.json"), filepath.Join(t.TempDir(), "sync")
		must(t, r.Sim.SaveFile(state))
		cmd("sync", "test", "--sim", "--state", state, "--print", dir, fmt.Sprintf("--template=%v", template))
		said := cmd("sim", "--state", state, "--speed", "60", "--", "sh", filepath.Join(dir, "sync.sh"))
		if !strings.Contains(said, "SubnetsPublic") {
			t.Errorf("%s", said)
		}
		must(t, r.Sim.LoadFile(state))
		if err := asEksctl(t, r, "SubnetsPublic"); err != nil {
			t.Error(err)
		}
		s, err := run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{Template: template})
		must(t, err)
		for _, o := range s.Wanted() { // a region that was served has another endpoint
			if !strings.HasPrefix(o, "Endpoint=") {
				t.Errorf("after the script: %s", o)
			}
		}
		if e := s.Correction.Edit; len(e.Gone)+len(s.Correction.Import) > 0 || outputs(t, r)[""] != "UPDATE_COMPLETE" {
			t.Errorf("after the script: %v are gone, %v to be taken in, and the stack is %s", e.Gone, s.Correction.Import, outputs(t, r)[""])
		}
	}
}

// Where CloudFormation takes no change of outputs alone, the script touches a metadata, too.
// The aws CLI is the real one; its first answer about the set is the one that AWS gives then.
func TestThePrintedScriptTouchesMetadataWhereItMust(t *testing.T) {
	testregion.Need(t, "aws")
	slipway, shim := filepath.Join(t.TempDir(), "slipway"), t.TempDir()
	if out, err := exec.Command("go", "build", "-o", slipway, "../../cmd/slipway").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	real, err := exec.LookPath("aws")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(shim, "aws"), []byte(`#!/bin/sh
said=`+filepath.Join(shim, "said")+`
case "$*" in
*describe-change-set*StatusReason*) echo "The submitted information didn't contain changes. Submit different information to create a change set."; exit 0 ;;
*describe-change-set*"query Status "*) if [ ! -f "$said" ]; then touch "$said"; echo FAILED; exit 0; fi ;;
esac
exec `+real+` "$@"
`), 0o755))
	t.Setenv("SLIPWAY_SYNC_SLEEP", "0.2")
	t.Setenv("PATH", shim+string(os.PathListSeparator)+os.Getenv("PATH"))
	r, _ := replaced(t)
	state, dir := filepath.Join(t.TempDir(), "state.json"), filepath.Join(t.TempDir(), "sync")
	must(t, r.Sim.SaveFile(state))
	for _, args := range [][]string{{"sync", "test", "--sim", "--state", state, "--print", dir},
		{"sim", "--state", state, "--speed", "60", "--", "sh", filepath.Join(dir, "sync.sh")}} {
		if out, err := exec.Command(slipway, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	must(t, r.Sim.LoadFile(state))
	if err := asEksctl(t, r, "SubnetsPublic"); err != nil {
		t.Error(err)
	}
	body, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new(recordOf)})
	must(t, err)
	if !strings.Contains(*body.TemplateBody, "sync-by-hand") {
		t.Error("the metadata was not touched")
	}
}

// "Subnets" is what old stacks call the public ones: it is brought to what is live under its
// own name (facts/eksctl.md §2, point 4).
func TestTheOutputOfOldStacksIsSynced(t *testing.T) {
	r, now := replaced(t)
	body, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new(recordOf)})
	must(t, err)
	old := strings.NewReplacer(`"SubnetsPublic":{`, `"Subnets":{`, "::SubnetsPublic", "::Subnets").Replace(*body.TemplateBody)
	_, err = r.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new(recordOf), TemplateBody: &old,
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}})
	must(t, err)
	r.Sim.World.Advance(time.Hour)
	if err := asEksctl(t, r, "Subnets"); err == nil {
		t.Fatal("the record is not stale")
	}
	synced(t, r, run.SyncOptions{})
	have := strings.Split(outputs(t, r)["Subnets"], ",")
	slices.Sort(have)
	slices.Sort(now)
	if !slices.Equal(have, now) {
		t.Errorf("recorded %v, live %v", have, now)
	}
}

// A stack without outputs, which every command of eksctl's that reads the record ends at,
// gets those that eksctl cannot do without, exported as eksctl's are.
func TestAStackWithoutOutputsGetsThem(t *testing.T) {
	r := standingOne(t)
	before := outputs(t, r)
	body, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new(recordOf)})
	must(t, err)
	var template map[string]any
	must(t, json.Unmarshal([]byte(*body.TemplateBody), &template))
	delete(template, "Outputs")
	bare, err := json.Marshal(template)
	must(t, err)
	_, err = r.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new(recordOf), TemplateBody: new(string(bare)),
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}})
	must(t, err)
	r.Sim.World.Advance(time.Hour)
	need := []string{"VPC", "SecurityGroup", "SharedNodeSecurityGroup", "SubnetsPublic", "SubnetsPrivate"}
	var named []string
	for _, d := range drifted(t, r, run.DriftOptions{}).Drifted() {
		named = append(named, strings.TrimPrefix(d.Path, "record."))
	}
	if !slices.Equal(named, need) {
		t.Errorf("drift names %v", named)
	}
	synced(t, r, run.SyncOptions{})
	now := outputs(t, r)
	for _, k := range need {
		if have, had := strings.Split(now[k], ","), strings.Split(before[k], ","); !slices.Equal(slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(had))) {
			t.Errorf("%s was %s and is %s", k, before[k], now[k])
		}
	}
	if d := drifted(t, r, run.DriftOptions{}).Drifted(); len(d) > 0 {
		t.Errorf("%+v", d)
	}
}
