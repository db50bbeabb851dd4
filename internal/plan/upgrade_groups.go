package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// kubelets is the minor of a group's nodes: the oldest kubelet's, and of a managed one what EKS
// says where that is older, or where nobody sees them. An update that failed half-way leaves nodes
// of both (ops case 16). "": nobody knows.
func kubelets(live *observe.Observed, g observe.AnyGroup) string {
	oldest := 0
	if g.Managed != nil && g.Managed.AMIType != "CUSTOM" {
		oldest = eksfacts.Minor(g.Managed.Version)
	}
	for _, n := range live.NodesOf(g) {
		if m := eksfacts.Minor(n.Version); m > 0 && (oldest == 0 || m < oldest) {
			oldest = m
		}
	}
	if oldest == 0 {
		return ""
	}
	return eksfacts.OfMinor(oldest)
}

// inPlace tells whether EKS can take a group to another version in place.
func inPlace(g observe.AnyGroup) bool {
	return g.Managed != nil && g.Managed.AMIType != "CUSTOM" && !g.Going() && classOf(g.Managed.Status) != failed
}

// groupVersion is the step that takes a managed group to a release of a minor, in place: both
// in one call, as EKS would take the group to the newest otherwise; "": that is wanted. anew: it
// is asked for though EKS says that the group has it.
func groupVersion(group, minor, release string, force, anew bool) steps.Spec {
	in := eks.UpdateNodegroupVersionInput{NodegroupName: &group, Version: &minor, Force: force}
	if release != "" {
		in.ReleaseVersion = &release
	}
	return &steps.GroupVersion{Input: in, Anew: anew}
}

// groupTo adds that step; key says of which round, or way back, it is.
func (u *upgrading) groupTo(g observe.AnyGroup, minor string, s rules.Step) {
	turn := g.Name + "/" + minor
	s = s.Label(rules.With(rules.For, g.Name), rules.With(rules.Turn, turn), u.slot(turn))
	title, release := fmt.Sprintf("node group %s %s → %s, in place", g.Name, u.groups[g.Name], minor), ""
	if pin := u.pinned(g.Name); pin != nil && *pin != "" && minor == u.To {
		release = *pin
		title += ", AMI release " + release
	}
	u.add(part{Step: s, Action: Update, Title: title, Typical: typicalRoll(g), Timeout: timeoutRoll(g),
		Run: groupVersion(g.Name, minor, release, u.Force, g.Managed.Version == minor)})
	u.groups[g.Name] = minor
	r := &rolling{InPlace: InPlace{Live: u.Live, Group: g}, builder: u.builder}
	r.seenAfter(s)
	if minor == u.To {
		u.rolled[g.Name] = true
		u.says(g, minor)
	}
}

// slot is the label of a group that waits for another, so that no more than --max-parallel
// are under way at once.
func (u *upgrading) slot(turn string) string {
	u.waits = append(u.waits, turn)
	if i := len(u.waits) - 1 - u.MaxParallel; i >= 0 {
		return rules.With(rules.After, u.waits[i])
	}
	return ""
}

// before is the group whose turn the next but n waits for; "": none that is known yet.
func (u *upgrading) before(n int) string {
	if i := len(u.waits) + n - u.MaxParallel; i >= 0 && i < len(u.waits) {
		group, _, _ := strings.Cut(u.waits[i], "/")
		return group
	}
	return ""
}

// groupsFirst raises groups whose kubelets would be too old for the next minor to the one
// that the control plane has.
func (u *upgrading) groupsFirst(minor string) {
	if minor == u.at {
		return
	}
	for _, g := range u.Live.NodeGroups() {
		have := u.groups[g.Name]
		if inPlace(g) && have != "" && have != u.at && eksfacts.Minor(minor)-eksfacts.Minor(have) > eksfacts.Skew {
			u.groupTo(g, u.at, u.of(rules.GroupVersion, g.Name+"/"+u.at, minor, rules.First))
		}
	}
}

// groupsThen takes all groups to the last minor, in the last round.
func (u *upgrading) groupsThen(minor string) error {
	if !u.last(minor) {
		return nil
	}
	for _, g := range u.Live.NodeGroups() {
		if u.goes(g.Name) || !inPlace(g) || u.groups[g.Name] == minor || u.keeps(g.Name) {
			continue
		}
		u.groupTo(g, minor, u.of(rules.GroupVersion, g.Name+"/"+minor, minor))
	}
	for _, w := range u.in.Replaced {
		u.groups[w.Green] = minor
		delete(u.groups, w.Blue.Name)
	}
	return u.replaced(rules.With(rules.Round, minor), minor)
}

// goes tells whether a group is replaced, by the plan of the versions or by a launch that it
// is part of.
func (u *upgrading) goes(group string) bool {
	_, is := u.Replaced[group]
	return is || u.isBlue(group)
}

// joined puts the replacements of a launch where they belong in an upgrade that it makes: new
// nodes start with the version that the control plane has by then, and as many groups are at
// it at once as --max-parallel says.
func (u *upgrading) joined() {
	if u == nil {
		return
	}
	for _, w := range u.in.Replaced {
		turn := w.Blue.Name + "/" + u.To
		labels := []string{rules.With(rules.Round, u.To), rules.With(rules.Turn, turn), u.slot(turn)}
		for i, s := range u.draft.Steps {
			if s.Has(rules.With(rules.Replaces, w.Blue.Name)) {
				u.draft.Steps[i] = s.Label(labels...)
			}
		}
	}
}

// pauses tells whether a replacement of the plan stops for a person, before its end.
func (u *upgrading) pauses() bool {
	for _, x := range u.Replaced {
		if x.waits(u.Live, x.Blue) {
			return true
		}
	}
	return slices.ContainsFunc(u.in.Replaced, func(w Within) bool { return u.in.Watch.waits(u.Live, w.Blue) })
}

// replaced adds the stages of those groups that are replaced.
func (u *upgrading) replaced(label, minor string) error {
	var all []Within
	for _, name := range slices.Sorted(maps.Keys(u.Replaced)) {
		all = append(all, u.Replaced[name].Within)
	}
	for _, w := range all {
		name := w.Blue.Name
		if u.plan.waitsForPerson(name, u.before(0)) {
			continue
		}
		in, turn := u.Replaced[name], name+"/"+minor
		in.Input.Replaced = all
		b := buildOn(in.Input)
		b.draft, b.plan, b.replaces = u.draft, u.plan, name
		b.also = slices.DeleteFunc([]string{label, rules.With(rules.Turn, turn), u.slot(turn)}, func(l string) bool { return l == "" })
		r := &replacing{Replacement: in, builder: b}
		if fs := r.stages(); len(fs) > 0 {
			return fs
		}
		u.groups[in.Green] = minor
		delete(u.groups, name)
	}
	return nil
}

// others says which nodes the plan leaves as they are, and what takes them along.
func (u *upgrading) others() {
	for _, g := range u.Live.NodeGroups() {
		replaced := u.goes(g.Name)
		have := cmp.Or(u.groups[g.Name], kubelets(u.Live, g))
		switch sizes := g.Sizes(); {
		case g.SelfManaged() && g.There() && !g.Going() && !replaced && have == "" && sizes != nil && sizes.DesiredSize == 0:
			u.plan.Notes = append(u.plan.Notes, fmt.Sprintf("Node group %s has no nodes, so that nobody sees which kubelets its AMI has: before it grows, "+
				"slipway nodegroup upgrade %s %s replaces it.", g.Name, u.Live.Name, g.Name))
		case replaced || have == u.To || have == "" || !g.There() || g.Going():
		case g.Managed != nil && g.Managed.AMIType == "CUSTOM" || slices.Contains(u.Own, g.Name):
			u.plan.Notes = append(u.plan.Notes, u.ownImage(g, have))
		case !inPlace(g):
			u.plan.Notes = append(u.plan.Notes, fmt.Sprintf("Node group %s stays at %s: slipway nodegroup upgrade %s %s replaces it.",
				g.Name, have, u.Live.Name, g.Name))
		}
	}
	by := map[string][]string{}
	for _, n := range u.ungrouped() {
		if eksfacts.Minor(n.Version) != eksfacts.Minor(u.To) {
			by[whose(n)] = append(by[whose(n)], n.Name)
		}
	}
	for _, who := range slices.Sorted(maps.Keys(by)) {
		u.plan.Notes = append(u.plan.Notes, fmt.Sprintf(who, few(by[who])))
	}
}

// ungrouped are the nodes that no node group has, in their order.
func (u *upgrading) ungrouped() (out []*observe.Node) {
	if u.Live.Kubernetes == nil {
		return nil
	}
	known := map[string]bool{}
	for _, g := range u.Live.NodeGroups() {
		for _, n := range u.Live.NodesOf(g) {
			known[n.Name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(u.Live.Kubernetes.Nodes)) {
		if !known[name] {
			out = append(out, u.Live.Kubernetes.Nodes[name])
		}
	}
	return out
}

// ownImage says of a group with an AMI of somebody's own how far it is behind then, and asks for
// another: what its kubelets are is read from its nodes, as EKS does not know (ops case 23).
func (u *upgrading) ownImage(g observe.AnyGroup, have string) string {
	behind := eksfacts.Minor(u.To) - eksfacts.Minor(have)
	skew := fmt.Sprintf("Its kubelets are %s behind then, of %d that may be", counted(behind, "minor"), eksfacts.Skew)
	if behind == eksfacts.Skew {
		skew += ": before the next minor it must follow"
	}
	way := fmt.Sprintf("an AMI with kubelet %s in a file of that version (ami, amiFamily): slipway upgrade %s --to %s -f FILE, "+
		"or slipway nodegroup upgrade %s %s -f FILE", u.To, u.Live.Name, u.To, u.Live.Name, g.Name)
	if m := g.Managed; m != nil && m.LaunchTemplate != nil && !ownTemplate(g) {
		way = fmt.Sprintf("an AMI with kubelet %s by a version of its launch template %s: slipway nodegroup upgrade %s %s --strategy in-place --ami AMI, "+
			"or --launch-template-version N", u.To, m.LaunchTemplate.ID, u.Live.Name, g.Name)
	}
	return fmt.Sprintf("Node group %s stays at %s: its AMI is your own. %s. Give it %s.", g.Name, have, skew, way)
}

// whose says who takes a node of no group along.
func whose(n *observe.Node) string {
	switch eksfacts.KeeperOf(n.Name, n.Labels) {
	case eksfacts.KeptByAuto:
		return "Nodes of Auto Mode follow by themselves, as their disruption settings let (--wait-nodes auto waits for them): %s."
	case eksfacts.KeptByKarpenter:
		return "Nodes of Karpenter follow by its own drift, as its disruption settings let, where their AMI is not pinned " +
			"(--wait-nodes karpenter waits for them): %s."
	case eksfacts.KeptByFargate:
		return "Fargate gives a pod the new version when it is made again (kubectl rollout restart): %s."
	}
	return "Nodes of no node group stay as they are: %s."
}

// followed waits for the nodes that others keep, where somebody wants that.
func (u *upgrading) followed(minor string) {
	if len(u.Wait) == 0 || !u.last(minor) || u.pauses() || u.Live.Kubernetes == nil {
		return
	}
	older := 0
	for _, n := range u.Live.Kubernetes.Nodes {
		if slices.Contains(u.Wait, eksfacts.KeeperOf(n.Name, n.Labels)) && eksfacts.Minor(n.Version) < eksfacts.Minor(minor) {
			older++
		}
	}
	if older == 0 {
		return
	}
	u.add(part{Step: u.of(rules.Followed, minor, minor), Action: Await, Title: counted(older, "node") + " of " + strings.Join(u.Wait, " and ") + " at " + minor,
		Typical: time.Duration(older) * 3 * time.Minute, Timeout: cmp.Or(u.WaitFor, time.Hour), Run: &steps.NodesFollowed{Version: minor, Of: u.Wait}})
}

// batches are how often EKS drains nodes of a group, as many at once as may be unavailable.
func batches(g observe.AnyGroup) int {
	nodes, most := 0, 1
	if s := g.Sizes(); s != nil {
		nodes = s.DesiredSize
	}
	if g.Managed != nil {
		most = atOnce(g.Managed, nodes)
	}
	return (nodes + most - 1) / most
}

// typicalRoll is how long EKS takes to replace a group's nodes in place: they come, each
// batch is drained, and is empty for a minute (facts/eks.md §6).
func typicalRoll(g observe.AnyGroup) time.Duration {
	return 4*time.Minute + time.Duration(batches(g))*2*time.Minute
}

// timeoutRoll is past EKS's own: 25 minutes for new nodes, 15 for each batch.
func timeoutRoll(g observe.AnyGroup) time.Duration {
	return 30*time.Minute + time.Duration(batches(g))*20*time.Minute
}
