package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// UpgradeBack is the plan that takes a whole cluster back to the minor that it was upgraded
// from, or what is left of that.
func UpgradeBack(in Upgrading) (*Plan, error) {
	u := newUpgrade(in, newBuilder(in.Live, in.Account))
	u.To = BackTo(in.Live)
	if u.To == "" {
		return nil, finding.Findings{u.stop("no-way-back", "cluster "+in.Live.Name, "what fails after an upgrade is mended forward; or make a cluster of the "+
			"version before, and move there",
			"cannot go back: EKS lets a control plane back to the minor that it was upgraded from, for seven days, and knows of no such upgrade")}
	}
	if err := u.backStages(); err != nil {
		return nil, err
	}
	u.plan.WantNodes = wantNodes(in.Live)
	return u.done()
}

// BackTo is the minor that a cluster goes back to: while the control plane can, or where it
// did, and the rest may be left. "": there is no way back.
func BackTo(live *observe.Observed) string {
	switch x := live.Upgrades; {
	case x.Back != nil:
		return x.Back.Version
	case x.WentBack:
		return live.Cluster.Version
	}
	return ""
}

// backStages are the way back's, in its order: what must not be newer than the control plane
// goes before it.
func (u *upgrading) backStages() error {
	if fs := u.readyBack(); len(fs) > 0 {
		return fs
	}
	key := rules.With(rules.BackTo, u.To)
	for _, g := range u.Live.NodeGroups() {
		if _, is := u.Replaced[g.Name]; !is && inPlace(g) && eksfacts.Minor(u.groups[g.Name]) > eksfacts.Minor(u.To) {
			u.groupTo(g, u.To, rules.Step{Kind: rules.GroupVersion, Name: g.Name + "/" + u.To, Labels: []string{key}})
		}
	}
	if err := u.replaced(key, u.To); err != nil {
		return err
	}
	if u.pauses() { // nothing is newer than the control plane once they are at their end
		u.others()
		return nil
	}
	u.addonsBack(rules.First)
	if u.climbs() {
		u.add(part{Step: rules.Step{Kind: rules.Ready, Name: u.To, Labels: []string{key}}, Action: Await, Title: "EKS finds nothing in the way back to " + u.To,
			Typical: 3 * time.Minute, Timeout: timeoutAddon, Run: &steps.UpgradeReady{Version: u.To, Back: true, Force: u.Force}})
		u.add(part{Step: rules.Step{Kind: rules.ClusterVersion, Name: u.To, Labels: []string{key}}, Action: Update, Title: "control plane " + u.at + " → " + u.To,
			Typical: typicalVersion, Timeout: timeoutVersion, Run: &steps.ClusterVersion{Version: u.To, Force: u.Force}})
		u.at = u.To
	}
	u.addonsBack("")
	if len(u.clashes) > 0 {
		return u.clashes
	}
	u.verifiedBack(key)
	if u.plan.Empty() {
		u.plan.Notes = append(u.plan.Notes, fmt.Sprintf("The cluster is back at %s: the control plane, its add-ons and its node groups.", u.To))
	}
	u.others()
	return nil
}

// addonsBack lowers the add-ons that do not fit the minor: before the control plane as far
// as EKS has a version that fits both, else after it. What fits stays.
func (u *upgrading) addonsBack(first string) {
	for _, name := range slices.Sorted(maps.Keys(u.addons)) {
		if u.fits(name, u.addons[name], u.To) {
			continue
		}
		for _, v := range u.Live.Upgrades.AddonVersions[name] { // the newest first
			if slices.Contains(v.Fits, u.To) && slices.Contains(v.Fits, u.at) {
				u.addonTo(name, v.Version, rules.BackTo, u.To, first)
				break
			}
		}
	}
}

func (u *upgrading) verifiedBack(key string) {
	if !u.plan.Empty() {
		u.seen(rules.Step{Kind: rules.Verified, Name: u.To, Labels: []string{key}}, u.To)
	}
}

// readyBack is what would stop the way back.
func (u *upgrading) readyBack() (out finding.Findings) {
	if s := u.Live.Cluster.Status; s != "ACTIVE" && s != "UPDATING" {
		return finding.Findings{u.stop("cluster-not-active", "cluster "+u.Live.Name, "wait until it is ACTIVE: slipway status "+u.Live.Name, "is %s", s)}
	}
	for _, g := range u.Live.NodeGroups() {
		_, replaced := u.Replaced[g.Name]
		if !replaced && !inPlace(g) && g.There() && !g.Going() && eksfacts.Minor(u.groups[g.Name]) > eksfacts.Minor(u.To) && !u.Force {
			out = append(out, u.stop("kubelet-too-new", "node group "+g.Name,
				fmt.Sprintf("replace it first by one with an AMI of %s: slipway nodegroup upgrade %s %s -f FILE", u.To, u.Live.Name, g.Name),
				"runs kubelets of %s, which must not be newer than the control plane, and EKS takes no group with an AMI of your own back", u.groups[g.Name]))
		}
	}
	out = append(out, u.newerNodes()...)
	for _, name := range slices.Sorted(maps.Keys(u.addons)) {
		if u.standard(name, u.To) == "" {
			out = append(out, u.stop("addon-version-not-offered", "add-on "+name, "take it away first: slipway addon remove "+u.Live.Name+" "+name,
				"has no version for Kubernetes %s any more", u.To))
		}
	}
	u.unread()
	return append(out, u.readyPods()...)
}

// newerNodes are nodes of no node group that would be newer than the control plane. EKS takes Auto
// Mode's back itself, before the control plane (facts/eks.md §6); a pod of Fargate's has what the
// control plane was when it was made.
func (u *upgrading) newerNodes() (out finding.Findings) {
	if !u.climbs() || u.Force {
		return nil
	}
	by := map[string][]string{}
	for _, n := range u.ungrouped() {
		if n.Version != "" && eksfacts.Minor(n.Version) > eksfacts.Minor(u.To) {
			keeper := eksfacts.KeeperOf(n.Name, n.Labels)
			by[keeper] = append(by[keeper], n.Name)
		}
	}
	remedies := map[string]string{
		eksfacts.KeptByKarpenter: fmt.Sprintf("name AMIs of %s in its EC2NodeClass (amiSelectorTerms), and wait until its drift has replaced them", u.To),
		eksfacts.KeptByFargate:   "end their pods' Deployments until the control plane is back (kubectl scale --replicas 0), or go on as they are, with --force",
		"":                       fmt.Sprintf("replace them by nodes of %s, with what made them", u.To),
	}
	for _, keeper := range slices.Sorted(maps.Keys(by)) {
		if remedy := remedies[keeper]; remedy != "" {
			out = append(out, u.stop("kubelet-too-new", cmp.Or(keeper, "other")+" nodes", remedy,
				"run kubelets that are newer than %s, and none may be newer than the control plane: %s", u.To, few(by[keeper])))
		}
	}
	return out
}
