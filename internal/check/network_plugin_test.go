package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// one runs one check for a file and an observation; the region is only asked about IAM.
func one(t *testing.T, name, text string, live *observe.Observed) finding.Findings {
	t.Helper()
	f := testregion.Load(t, text)
	r := testregion.New(t, f, 1)
	if live == nil {
		live = &observe.Observed{Parts: read.Planning().Parts}
	}
	for _, c := range check.All() {
		if c.Name == name {
			return c.Run(t.Context(), check.NewInput(r.AWS, f, vpc.Network{}, live))
		}
	}
	t.Fatalf("there is no check %s", name)
	return nil
}

// stands is a cluster that exists, with what is inside it.
func stands(k *observe.Kubernetes) *observe.Observed {
	return &observe.Observed{Parts: read.Planning().Parts, Cluster: &observe.Cluster{Name: "test", Status: "ACTIVE"}, Kubernetes: k}
}

func TestNetworkPlugin(t *testing.T) {
	const bare = testregion.Cluster + "addonsConfig: {disableDefaultAddons: true}\n"
	const group = bare + "managedNodeGroups: [{name: g}]\n"
	finds(t, one(t, "network-plugin", group, nil), "no-network-plugin", "test.yaml:5:", "managedNodeGroups[0].name", "vpc-cni")
	finds(t, one(t, "network-plugin", bare+"nodeGroups: [{name: g}]\n", nil), "no-network-plugin", "nodeGroups[0].name")
	finds(t, one(t, "network-plugin", group, stands(&observe.Kubernetes{})), "no-network-plugin", "nor has the cluster one")
	fargate := map[string]string{"eks.amazonaws.com/compute-type": "fargate"}
	finds(t, one(t, "network-plugin", group, stands(&observe.Kubernetes{Nodes: map[string]*observe.Node{"f": {Ready: true, Labels: fargate}, "g": {}}})), "no-network-plugin")
	deleting := stands(&observe.Kubernetes{})
	deleting.Addons = map[string]*observe.Addon{"vpc-cni": {Name: "vpc-cni", Status: "DELETING"}}
	finds(t, one(t, "network-plugin", group, deleting), "no-network-plugin")

	active := stands(nil)
	active.Addons = map[string]*observe.Addon{"vpc-cni": {Name: "vpc-cni", Status: "ACTIVE"}}
	made := stands(&observe.Kubernetes{})
	made.Groups = map[string]*observe.Nodegroup{"g": {}}
	for what, x := range map[string]struct {
		text string
		live *observe.Observed
	}{
		"the default add-ons":           {testregion.Cluster + "managedNodeGroups: [{name: g}]\n", nil},
		"no group":                      {bare, nil},
		"a plugin of the user's":        {group + "cni: {daemonSet: kube-system/cilium}\n", nil},
		"a copy that manages itself":    {group, stands(&observe.Kubernetes{DaemonSets: map[string]*observe.Workload{"kube-system/aws-node": {}}})},
		"Cilium, undeclared":            {group, stands(&observe.Kubernetes{DaemonSets: map[string]*observe.Workload{"kube-system/cilium": {}}})},
		"a node that is Ready":          {group, stands(&observe.Kubernetes{Nodes: map[string]*observe.Node{"n": {Ready: true}}})},
		"the live add-on":               {group, active},
		"a group that is there already": {group, made},
	} {
		if fs := one(t, "network-plugin", x.text, x.live); len(fs) > 0 {
			t.Errorf("%s: %v", what, fs)
		}
	}
}

// What cannot be read is said, and stops nothing.
func TestNetworkPluginUnread(t *testing.T) {
	const group = testregion.Cluster + "addonsConfig: {disableDefaultAddons: true}\nmanagedNodeGroups: [{name: g}]\n"
	private := stands(nil)
	private.NotRead = []observe.NotRead{{Part: observe.Inside, What: "the cluster's inside", Why: "the endpoint of the Kubernetes API is private"}}
	creating := stands(nil)
	creating.Cluster.Status = "CREATING"
	forbidden := stands(&observe.Kubernetes{})
	forbidden.NotRead = []observe.NotRead{{Part: observe.Inside, What: "the DaemonSets", Why: "forbidden"}}
	for _, live := range []*observe.Observed{private, creating, forbidden} {
		fs := one(t, "network-plugin", group, live)
		if len(fs) != 1 || fs[0].Code != "not-checked" || fs[0].Severity != finding.Warning || fs[0].Remedy == "" || fs.Err() != nil {
			t.Errorf("%v", fs)
		}
	}
}
