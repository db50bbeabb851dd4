package plan

import (
	"fmt"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// A file may pin the AMI release of a managed group (releaseVersion). A release is of one minor
// of Kubernetes, so that a pin of the minor before is not only refused by EKS: it would be when
// the control plane has moved already (ops case 22).

// pins is the file of the target version, which may pin releases; nil: there is none. A file of
// another version says nothing of the target.
func (u *upgrading) pins() *config.File {
	f := u.File
	if u.in.File != nil {
		f = u.in.File
	}
	if f == nil || f.Cluster.Metadata.Version != u.To {
		return nil
	}
	return f
}

// pinned is what the file says of a group's release; nil: it has no such group.
func (u *upgrading) pinned(group string) *string {
	f := u.pins()
	if f == nil {
		return nil
	}
	for i := range f.Cluster.ManagedNodeGroups {
		if m := &f.Cluster.ManagedNodeGroups[i]; m.Name == group {
			return &m.ReleaseVersion
		}
	}
	return nil
}

// keeps tells whether a file leaves a group where it is, older than the control plane, by its
// pin: a launch does not take it along, as it does nothing about the control plane either.
func (u *upgrading) keeps(group string) bool {
	g, pin := u.Live.Groups[group], u.pinned(group)
	return u.in.File != nil && u.Live.Cluster.Version == u.To && g != nil && pin != nil && *pin != "" && *pin == g.ReleaseVersion
}

// readyPins are pins of a release that is not the target's.
func (u *upgrading) readyPins() (out finding.Findings) {
	f := u.pins()
	if f == nil {
		return nil
	}
	for i := range f.Cluster.ManagedNodeGroups {
		m := &f.Cluster.ManagedNodeGroups[i]
		minor := eksfacts.ReleaseMinor(m.AmiFamily, m.ReleaseVersion)
		if minor == "" || minor == u.To || u.keeps(m.Name) {
			continue
		}
		another := ""
		if newest := u.Newest[m.Name]; newest != "" {
			another = ", of which " + newest + " is the newest"
		}
		x := f.At("release-other-minor", at("managedNodeGroups", i, "releaseVersion"),
			"the node group %s is pinned to the AMI release %s, which is of Kubernetes %s; the file is of %s", m.Name, m.ReleaseVersion, minor, u.To)
		x.Breaks = "EKS takes a release of the control plane's minor alone, and would refuse it with the control plane at " + u.To + " already; nothing was changed"
		out = append(out, x.With(fmt.Sprintf("pin a release of %s%s, or leave releaseVersion out: the group gets the newest then", u.To, another)))
	}
	return out
}

// released follows what the file says of a group's release where EKS has made that of the
// group already, or makes it in this plan: only the record is to say so. A file that pins none
// any more leaves the group as it is. It returns what is recorded with that, so that it is no
// change which EKS would have to follow.
func (b *builder) released(m, was *config.ManagedNodeGroup, live *observe.Nodegroup) *config.ManagedNodeGroup {
	if was.ReleaseVersion == m.ReleaseVersion {
		return was
	}
	is := *was
	is.ReleaseVersion = m.ReleaseVersion
	if b.versions.rolls(m.Name) || m.ReleaseVersion == "" { // its step says so, too; nothing is to be said
		return &is
	}
	k := b.live.Stacks[b.groupStack(m.Name)]
	if live == nil || k == nil || m.ReleaseVersion != live.ReleaseVersion || classOf(live.Status) != steady {
		return was
	}
	is.ReleaseVersion = live.ReleaseVersion
	b.saysSo(k, labelled(rules.GroupUpdate, m.Name+"/release", k.Name).Label(rules.With(rules.For, m.Name)), steps.Release{Group: m.Name, Pin: &m.ReleaseVersion})
	return &is
}

// rolls tells whether the plan takes a group to the version of the file in place.
func (u *upgrading) rolls(group string) bool { return u != nil && u.rolled[group] }

// says has the group's stack say what EKS has done, where it says a version or a release at
// all, or where the file pins another.
func (u *upgrading) says(g observe.AnyGroup, minor string) {
	k := g.Stack
	if k == nil || k.Template == "" {
		return
	}
	pin := u.pinned(g.Name)
	if body, err := stack.Release(k.Template, stack.Released{Version: minor, Release: minor, Pin: pin}); err != nil || stack.Same(k.Template, body) {
		return
	}
	u.saysSo(k, labelled(rules.GroupUpdate, g.Name+"/"+minor, k.Name).Label(rules.With(rules.For, g.Name)), steps.Release{Group: g.Name, Pin: pin})
}

// Pins are the managed groups of a file that pin a release of another minor than a cluster goes
// to.
func Pins(f *config.File, to string) (out []*config.ManagedNodeGroup) {
	for i := range f.Cluster.ManagedNodeGroups {
		m := &f.Cluster.ManagedNodeGroups[i]
		if minor := eksfacts.ReleaseMinor(m.AmiFamily, m.ReleaseVersion); minor != "" && minor != to {
			out = append(out, m)
		}
	}
	return out
}
