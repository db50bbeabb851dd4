package cli_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/cli"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A stack that is stuck in a rollback is refused, with the option that goes on with it; that
// says what it skips, asks, goes on, and brings the record to what is live.
func TestAStuckStackGoesOnByTheOptionThatTheRefusalNames(t *testing.T) {
	const text = testregion.Cluster + "vpc: {nat: {gateway: Disable}}\n"
	state := filepath.Join(t.TempDir(), "region.json")
	command := func(want int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if code := cli.Main(append(args, "--sim", "--state", state), strings.NewReader(text), &out, &out); code != want {
			t.Fatalf("%v: exit code %d\n%s", args, code, out.String())
		}
		return out.String()
	}
	command(outcome.ExitDone, "up", "-f", "-", "--yes")
	stick(t, state)
	if said := command(outcome.ExitFailed, "sync", "test", "--yes"); !strings.Contains(said, "stack-stuck") ||
		!strings.Contains(said, "slipway sync test --continue-rollback goes on with it first, and skips SubnetPublicUSWEST2A") {
		t.Error(said)
	}
	if said := command(outcome.ExitFailed, "sync", "test", "--continue-rollback"); !strings.Contains(said,
		"note: The rollback of stack eksctl-test-cluster goes on first, and skips SubnetPublicUSWEST2A: ") ||
		!strings.Contains(said, "nothing was changed: confirm with --yes") {
		t.Error(said)
	}
	if said := command(outcome.ExitDone, "sync", "test", "--continue-rollback", "--yes"); !strings.Contains(said,
		"read again: every output of eksctl-test-cluster is as the cluster is") {
		t.Error(said)
	}
	if said := command(outcome.ExitDone, "sync", "test", "--yes"); !strings.Contains(said, "there is nothing to write") {
		t.Error(said)
	}
	if said := command(outcome.ExitDone, "history", "show", "test", "2"); !strings.Contains(said, "cloudformation:ContinueUpdateRollback") {
		t.Error(said)
	}
}

// stick makes the stack of a saved region's cluster stuck: a subnet that an update changed is
// gone when it rolls back.
func stick(t *testing.T, state string) {
	t.Helper()
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(r.Sim.LoadFile(state))
	stack := new("eksctl-test-cluster")
	edit := func(service, operation string, parameters map[string]any) {
		t.Helper()
		must(r.Region.Apply("test", []sim.Edit{{Service: service, Operation: operation, Parameters: parameters}}))
	}
	edit("eks", "UpdateClusterConfig", map[string]any{"name": "test", "resourcesVpcConfig": map[string]any{
		"subnetIds": []any{"${SubnetPrivateUSWEST2A}", "${SubnetPrivateUSWEST2B}", "${SubnetPrivateUSWEST2C}"}}})
	r.Sim.World.Advance(time.Hour)
	body, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: stack})
	must(err)
	broken := strings.NewReplacer(`"MapPublicIpOnLaunch":true`, `"MapPublicIpOnLaunch":false`, `"Resources":{`, `"Resources":{
		"Bad":{"Type":"AWS::EC2::Subnet","DependsOn":["SubnetPublicUSWEST2A","Slow"],"Properties":{"VpcId":{"Ref":"VPC"},"CidrBlock":"10.0.0.0/24"}},
		"Slow":{"Type":"AWS::EC2::InternetGateway","DependsOn":"SubnetPublicUSWEST2A"},`).Replace(*body.TemplateBody)
	_, err = r.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: stack, TemplateBody: &broken,
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}})
	must(err)
	r.Sim.World.Advance(10 * time.Second)
	edit("ec2", "DisassociateRouteTable", map[string]any{"AssociationId": "${RouteTableAssociationPublicUSWEST2A}"})
	edit("ec2", "DeleteSubnet", map[string]any{"SubnetId": "${SubnetPublicUSWEST2A}"})
	r.Sim.World.Advance(time.Hour)
	d, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: stack})
	must(err)
	if status := d.Stacks[0].StackStatus; status != types.StackStatusUpdateRollbackFailed {
		t.Fatal(status)
	}
	must(r.Sim.SaveFile(state))
}
