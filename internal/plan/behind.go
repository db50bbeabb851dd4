package plan

import (
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
)

// Behind are what the file has at its version of Kubernetes and is older, where the control
// plane has that version: a launch that took the cluster there may have been ended before. What
// the file keeps older by name (a pinned release, an AMI of its own, an add-on's version) is not.
func (in Input) Behind() (out []string) {
	to := in.File.Cluster.Metadata.Version
	if c := in.Live.Cluster; c == nil || c.Version != to {
		return nil
	}
	older := func(version string) bool { m := eksfacts.Minor(version); return m > 0 && m < eksfacts.Minor(to) }
	in.File.Cluster.EachGroup(func(n config.Group) {
		g, there := in.Live.NodeGroup(n.Name)
		held := n.AMI != ""
		if m := n.Managed; m != nil && g.Managed != nil && !held {
			held = m.LaunchTemplate != nil || m.ReleaseVersion != "" && m.ReleaseVersion == g.Managed.ReleaseVersion
		}
		if there && g.There() && !g.Going() && !held && (n.Managed == nil || inPlace(g)) && older(kubelets(in.Live, g)) {
			out = append(out, "node group "+n.Name)
		}
	})
	named := in.File.Cluster.Addon(eksfacts.KubeProxy)
	if a := in.Live.Addons[eksfacts.KubeProxy]; a != nil && older(a.Version) && (named == nil || named.Version == "") {
		out = append(out, "add-on kube-proxy")
	}
	return out
}
