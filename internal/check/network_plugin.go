package check

import (
	"context"
	"slices"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

var networkPlugin = Check{
	Name:   "network-plugin",
	Title:  "Something brings the nodes of new groups a network plugin: the file, or what stands in the cluster",
	Source: "eks:DescribeAddon; the DaemonSets and nodes of a cluster that exists",
	Codes:  []string{"no-network-plugin", "not-checked"},
	When:   Preflight | Doctor,
	Run: func(_ context.Context, in *Input) finding.Findings {
		at := in.firstGroup()
		if at == "" || in.Config.CNI != nil || in.hasAddon(eksfacts.VPCCNI) {
			return nil
		}
		why := in.insideUnread("the DaemonSets", "the nodes")
		switch {
		case why == "" && pluginIn(in.Live.Kubernetes):
			return nil
		case why != "":
			f := unchecked("whether the cluster has a network plugin: the file brings none, and "+why,
				"add {name: vpc-cni} to addons, or declare the plugin that you installed: cni: {daemonSet: kube-system/cilium}")
			f.Breaks = "without one the new nodes stay NotReady"
			return finding.Findings{f}
		}
		f := in.at("no-network-plugin", at, "add {name: vpc-cni} to addons, or declare the plugin that you install: cni: {daemonSet: kube-system/cilium}",
			"nothing brings the nodes a network plugin: the file lists no vpc-cni add-on and declares no other plugin%s", in.norInside())
		f.Breaks = "they would stay NotReady (cni plugin not initialized)"
		return finding.Findings{f}
	},
}

// firstGroup is where the first node group stands that is still to be made, or "".
func (in *Input) firstGroup() string {
	at := ""
	in.groups(func(g config.Group) {
		if at == "" {
			at = g.Path + ".name"
		}
	})
	return at
}

// hasAddon tells whether the file lists an add-on, or the cluster has it.
func (in *Input) hasAddon(name string) bool {
	live := in.Live.Addons[name]
	return in.Config.Addon(name) != nil || live != nil && live.Status != "DELETING"
}

// insideUnread says why some things inside a cluster that exists are unknown; "": they
// were read, or there is no cluster.
func (in *Input) insideUnread(what ...string) string {
	if in.Live.Cluster == nil {
		return ""
	}
	for _, n := range in.Live.Missed(observe.Inside) {
		if in.Live.Kubernetes == nil || slices.Contains(what, n.What) {
			return n.What + " could not be read: " + n.Why
		}
	}
	if in.Live.Kubernetes == nil {
		return "its Kubernetes API cannot be asked while it is " + in.Live.Cluster.Status
	}
	return ""
}

func (in *Input) norInside() string {
	if in.Live.Cluster == nil {
		return ""
	}
	return ", nor has the cluster one"
}

// pluginIn tells whether a network plugin stands in a cluster: a known one's DaemonSet,
// or a node that is Ready, which none is without.
func pluginIn(k *observe.Kubernetes) bool {
	if k == nil {
		return false
	}
	if slices.ContainsFunc(eksfacts.NetworkPlugins(), func(ds string) bool { return k.DaemonSets[ds] != nil }) {
		return true
	}
	for _, n := range k.Nodes {
		if n.Ready && n.Labels[eksfacts.ComputeType] == "" {
			return true
		}
	}
	return false
}
