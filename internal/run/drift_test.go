package run_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
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
// CloudFormation called is traced to who updated the stack.
func TestWhoDidItIsNamed(t *testing.T) {
	r := standingOne(t)
	edit(t, r, `edits:
- {by: ann, service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2A}"], Tags: [{Key: kubernetes.io/role/elb}]}}
- {by: deploy/run-7, service: iam, operation: DetachRolePolicy, parameters: {RoleName: "${nodegroup-m/NodeInstanceRole}", PolicyArn: "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"}}
`)
	if err := r.Region.Apply("test", nil); err != nil {
		t.Fatal(err)
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
	if who["network.subnets.tags"] != "ann ec2:DeleteTags" || who["roles.policies"] != "run-7 (role deploy) iam:DetachRolePolicy" {
		t.Errorf("%v, %s", who, rep.Blame)
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
	said := map[string]bool{}
	for _, n := range rep.NotChecked {
		said[n.Path] = true
	}
	for _, want := range []string{"record.SubnetsPublic", "network.subnets.tags"} {
		if !said[want] && want != "network.subnets.tags" {
			t.Errorf("%s is not said to be unchecked: %v", want, rep.NotChecked)
		}
	}
	for _, d := range rep.Drifted() {
		if strings.HasPrefix(d.Path, "roles.") || strings.HasPrefix(d.Path, "record.") {
			t.Errorf("what was not read differs: %s: %s", d.Path, d.What)
		}
	}
	r.Region.IAM.Deny("cloudformation:DescribeStacks")
	if rep = drifted(t, r, run.DriftOptions{}); rep.Record != "" {
		t.Errorf("%+v", rep)
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
