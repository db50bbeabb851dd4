package record_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/record"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const text = testregion.Cluster + `
vpc: {nat: {gateway: HighlyAvailable}}
managedNodeGroups: [{name: m, desiredCapacity: 1, labels: {a: b}}]
nodeGroups: [{name: s, desiredCapacity: 1}]
`

// What a launch records is what was launched: the outputs are EKS's answer, and the
// config is the file.
func TestALaunchRecordsWhatItMade(t *testing.T) {
	f := testregion.Load(t, text)
	r := testregion.New(t, f, 1)
	s, err := run.Prepare(t.Context(), r.AWS, f)
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := s.Run(t.Context(), r.Clock, 1, nil); err != nil || !rep.OK() {
		t.Fatal(err)
	}
	o, err := read.Cluster(t.Context(), r.AWS, "test", read.Whole())
	if err != nil {
		t.Fatal(err)
	}
	got := record.FromStacks(o)
	rc := o.Cluster.ResourcesVPCConfig
	if got.Outputs.VPC != rc.VPCID || !slices.Equal(got.Outputs.Subnets(), rc.SubnetIDs) || got.Outputs.ClusterSecurityGroupID != rc.ClusterSecurityGroupID {
		t.Errorf("recorded %+v, live %+v", got.Outputs, rc)
	}
	if got.Outputs.FeatureNATMode != "HighlyAvailable" || got.Outputs.ServiceRoleARN != o.Cluster.RoleARN || len(got.Outputs.SubnetsPublic) != 3 {
		t.Errorf("%+v", got.Outputs)
	}
	want := testregion.Load(t, text).Cluster
	if ds := config.Differences(want.Foundation(), got.Config.Foundation()); len(ds) > 0 {
		t.Errorf("the recorded cluster differs from the file: %v", ds)
	}
	if ds := config.Differences(want.ManagedNodeGroups, got.Config.ManagedNodeGroups); len(ds) > 0 {
		t.Errorf("the recorded managed groups differ from the file's: %v", ds)
	}
	if ds := config.Differences(want.NodeGroups, got.Config.NodeGroups); len(ds) > 0 {
		t.Errorf("the recorded self-managed groups differ from the file's: %v", ds)
	}
	if len(got.Filled)+len(got.Foreign)+len(got.Unread) > 0 {
		t.Errorf("a record that was just written lacks %v; foreign %v, unread %v", got.Filled, got.Foreign, got.Unread)
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
}

// stackOf is a stack with a template that carries a config, or any other template.
func stackOf(template string) *observe.Stack {
	return &observe.Stack{Status: "UPDATE_COMPLETE", Template: template}
}

func kept(cfg string) string {
	b, _ := json.Marshal(map[string]any{"Metadata": map[string]any{"Slipway": map[string]any{"Config": cfg}}})
	return string(b)
}

// An old record keeps the defaults of then, and is silent where it is silent: what
// today's defaults fill in is named.
func TestAnOldRecordIsNotReadAsTodays(t *testing.T) {
	o := &observe.Observed{Name: "c", Stacks: map[string]*observe.Stack{
		"eksctl-c-cluster": stackOf(
			kept(`{"metadata":{"name":"c","region":"us-west-2","version":"1.29"},"vpc":{"cidr":"10.0.0.0/16","nat":{"gateway":"Disable"}}}`),
		),
		"eksctl-c-nodegroup-g": stackOf(kept(`{"metadata":{"name":"c"},"managedNodeGroups":[{"name":"g","volumeSize":20,"instanceType":"t3.small"}]}`)),
	}}
	r := record.FromStacks(o)
	g := r.Config.ManagedNodeGroups[0]
	if *g.VolumeSize != 20 || g.InstanceType != "t3.small" || r.Config.VPC.NAT.Gateway != "Disable" || r.Config.Metadata.Version != "1.29" {
		t.Errorf("the record of then reads as %+v", g)
	}
	for path, want := range map[string]bool{"managedNodeGroups.g.volumeType": true, "managedNodeGroups.g.volumeSize": false, "managedNodeGroups.g.minSize": true,
		"vpc.clusterEndpoints.publicAccess": true, "vpc.nat.gateway": false, "accessConfig.authenticationMode": true} {
		if slices.Contains(r.Filled, path) != want {
			t.Errorf("%s is filled in: %t; all: %v", path, !want, r.Filled)
		}
	}
}

// Stacks of another tool, damaged records and stacks under way are told apart.
func TestOtherRecordsAreNamed(t *testing.T) {
	under := stackOf("{}")
	under.Status = "UPDATE_IN_PROGRESS"
	o := &observe.Observed{Name: "c", Stacks: map[string]*observe.Stack{
		"eksctl-c-cluster": {
			Status:   "CREATE_COMPLETE",
			Template: `{"Description":"by eksctl"}`,
			Outputs:  map[string]string{"VPC": "vpc-1", "Subnets": "subnet-b,subnet-a", "Custom": "x"},
		},
		"eksctl-c-nodegroup-d": stackOf(kept("{")),
		"eksctl-c-nodegroup-u": under,
	}}
	r := record.FromStacks(o)
	if !slices.Equal(r.Foreign, []string{"eksctl-c-cluster"}) || len(r.Unread) != 1 || !strings.Contains(r.Unread["eksctl-c-nodegroup-d"], "cannot be read") ||
		r.Config != nil {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(r.Outputs.SubnetsPublic, observe.Set{"subnet-a", "subnet-b"}) || !slices.Equal(r.Outputs.Others, []string{"Custom"}) {
		t.Errorf("%+v", r.Outputs)
	}
	if r := record.FromStacks(&observe.Observed{Name: "c"}); r.Outputs != nil || r.Config != nil {
		t.Errorf("no stacks record %+v", r)
	}
}
