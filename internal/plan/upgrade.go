package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Upgrading is what the plan of another Kubernetes version of a whole cluster is made from.
type Upgrading struct {
	Account  string
	Live     *observe.Observed // with observe.Versions
	To       string            // the minor; of a way back, it is known
	Versions map[string]string // of add-ons at the end, where somebody names them
	// Replaced are the node groups that are replaced, blue/green, by name; managed ones that
	// are not are updated in place, by EKS.
	Replaced    map[string]Replacement
	MaxParallel int  // node groups at once; 0: three
	Force       bool // what EKS lets pass by force, passes
	// Own are groups with an AMI of somebody's own, of which there is none for the version To.
	Own []string
	// Wait is whose nodes are waited for that follow by themselves (eksfacts.KeptBy…), and how
	// long; 0: an hour.
	Wait    []string
	WaitFor time.Duration
	// File may pin AMI releases, where it is of the version To; nil: nothing does. Of a launch,
	// its own file is asked.
	File   *config.File
	Newest map[string]string // release of the version To for groups that pin another, by name
	// Conflicts is what becomes of fields of add-ons' objects that others set: preserve, overwrite
	// or none; "": as the file says, else preserve. Contested are these fields, by add-on; of one
	// that is not in it, only what a plan of everything reads is known.
	Conflicts string
	Contested map[string][]observe.Contested
}

// Upgrade is the plan that takes a whole cluster to another version, or what of it lags
// behind to the one that the control plane has.
func Upgrade(in Upgrading) (*Plan, error) {
	u := newUpgrade(in, newBuilder(in.Live, in.Account))
	if err := u.stages(); err != nil {
		return nil, err
	}
	u.plan.WantNodes = wantNodes(in.Live)
	return u.done()
}

// upgrade takes a live cluster to the version that a file names, by the same stages.
func (b *builder) upgrade() {
	if !b.upgrades() || b.live.Upgrades == nil { // an observation that was not asked for it has no versions
		return
	}
	in := b.in.Upgrade
	in.Live, in.To, in.Versions, in.Force = b.live, b.cfg.Metadata.Version, b.in.Versions, b.in.Watch.Force
	u := newUpgrade(in, b)
	b.versions = u
	want := b.plan.WantNodes
	defer func() { b.plan.WantNodes = want }() // the launch counts its groups' nodes itself
	if err := u.stages(); err != nil {
		b.refused = append(b.refused, findings(err)...)
		b.versions = nil
	}
}

// upgrades tells whether a file names another version than the control plane has.
func (b *builder) upgrades() bool {
	return b.in.Upgrades()
}

// Upgrades tells whether the file wants another version than the live cluster has, or what of
// it is behind the control plane.
func (in Input) Upgrades() bool {
	return in.Live.Cluster != nil && in.Live.Cluster.Status != "CREATING" && !in.GroupsAlone && in.AddonAlone == "" &&
		in.Live.Cluster.Version != "" && (in.Live.Cluster.Version != in.File.Cluster.Metadata.Version || len(in.Behind()) > 0)
}

// upgrading puts the plan of an upgrade together. It knows what will be as it goes: at is
// the minor that the control plane has by then, addons and groups likewise.
type upgrading struct {
	Upgrading
	*builder
	at     string
	addons map[string]string
	groups map[string]string
	rolled map[string]bool   // groups that are taken to the version To in place
	waits  []string          // what goes on now, one slot of --max-parallel each
	prior  map[string]string // the last step of an add-on
	ailing []string          // add-ons that are not waited for at the end
	// clashes are add-ons that EKS would refuse to update, as others set fields of theirs.
	clashes finding.Findings
}

func newUpgrade(in Upgrading, b *builder) *upgrading {
	if in.MaxParallel < 1 {
		in.MaxParallel = 3
	}
	u := &upgrading{Upgrading: in, builder: b, addons: map[string]string{}, groups: map[string]string{},
		rolled: map[string]bool{}, prior: map[string]string{}}
	if c := in.Live.Cluster; c != nil {
		u.at = c.Version
	}
	for name, a := range in.Live.Addons {
		u.addons[name] = a.Version
	}
	for _, g := range in.Live.NodeGroups() {
		if v := kubelets(in.Live, g); v != "" {
			u.groups[g.Name] = v
		}
	}
	return u
}

// stages are an upgrade's, in its order: a round for each minor, of which the last takes the
// nodes along, as kubelets may stay behind a little and pods need move once only.
func (u *upgrading) stages() error {
	if fs := u.path(); len(fs) > 0 {
		return fs
	}
	if fs := u.ready(); len(fs) > 0 {
		return fs
	}
	for _, minor := range u.rounds() {
		u.addonsFirst(minor)
		u.groupsFirst(minor)
		u.looks(minor)
		u.controlPlaneTo(minor)
		u.addonsThen(minor)
		if err := u.groupsThen(minor); err != nil {
			return err
		}
		u.verified(minor)
		u.followed(minor)
	}
	if len(u.clashes) > 0 {
		return u.clashes
	}
	u.told()
	return nil
}

// rounds are the minors that the control plane goes through; where it has the wanted one
// already, that.
func (u *upgrading) rounds() (out []string) {
	for n := eksfacts.Minor(u.at) + 1; n <= eksfacts.Minor(u.To); n++ {
		out = append(out, eksfacts.OfMinor(n))
	}
	if len(out) == 0 {
		out = []string{u.To}
	}
	return out
}

func (u *upgrading) last(minor string) bool { return minor == u.To }

// of is a step of a round.
func (u *upgrading) of(kind, name, minor string, labels ...string) rules.Step {
	s := rules.Step{Kind: kind, Name: name}.Label(rules.With(rules.Round, minor)).Label(labels...)
	if before := eksfacts.OfMinor(eksfacts.Minor(minor) - 1); u.draft.Graph.Has(rules.ID(rules.Verified, before)) {
		s = s.Label(rules.With(rules.After, before))
	}
	return s
}

// looks has EKS look again where what it found last is not of this round, or is being mended
// in it.
func (u *upgrading) looks(minor string) {
	again := u.draft.Graph.Has(rules.ID(rules.Verified, u.at)) || slices.ContainsFunc(u.draft.Steps, func(s rules.Step) bool {
		return s.Has(rules.First) && s.Has(rules.With(rules.Round, minor))
	})
	if again && minor != u.at {
		u.add(part{Step: u.of(rules.Ready, minor, minor), Action: Await, Title: "EKS finds nothing in the way of " + minor,
			Typical: 3 * time.Minute, Timeout: timeoutAddon, Run: &steps.UpgradeReady{Version: minor, Force: u.Force}})
	}
}

func (u *upgrading) controlPlaneTo(minor string) {
	if minor == u.at {
		return
	}
	u.add(part{Step: u.of(rules.ClusterVersion, minor, minor), Action: Update, Title: "control plane " + u.at + " → " + minor,
		Typical: typicalVersion, Timeout: timeoutVersion, Run: &steps.ClusterVersion{Version: minor, Force: u.Force}})
	u.at = minor
}

const (
	typicalVersion = 10 * time.Minute // facts/eks.md §7
	timeoutVersion = 65 * time.Minute // as eksctl's
)

// addonTo is an add-on's way to a version, step by step.
func (u *upgrading) addonTo(name, to, key, minor string, labels ...string) {
	for _, v := range u.addonPath(name, to) {
		s := rules.Step{Kind: rules.AddonVersion, Name: name + "/" + v}.Label(labels...).
			Label(rules.With(rules.For, name), rules.With(rules.Turn, name+"/"+v))
		if key == rules.Round {
			s = u.of(rules.AddonVersion, name+"/"+v, minor, s.Labels...)
		} else {
			s = s.Label(rules.With(key, minor))
		}
		if p := u.prior[name]; p != "" {
			s = s.Label(rules.With(rules.After, p))
		}
		u.add(part{Step: s, Action: Update, Title: "add-on " + name + " " + u.addons[name] + " → " + v,
			Typical: eksfacts.AddonNamed(name).Typical, Timeout: timeoutAddon,
			Run: &steps.AddonUpdate{Input: eks.UpdateAddonInput{AddonName: &name, AddonVersion: &v, ResolveConflicts: u.conflicts(name)}}})
		u.addons[name], u.prior[name] = v, name+"/"+v
	}
}

// addonPath are the versions that an add-on goes through to another: of some, one minor at a
// time, as far as EKS has one that fits.
func (u *upgrading) addonPath(name, to string) []string {
	return AddonPath(name, u.addons[name], to, u.at, u.Live.Upgrades.AddonVersions[name])
}

// AddonPath are the versions that an add-on goes through from one to another, of a cluster
// of a minor; on offer come newest first.
func AddonPath(name, from, to, minor string, offered []observe.AddonVersion) []string {
	if from == to {
		return nil
	}
	out := []string{to}
	if !eksfacts.OneMinorAtATime(name) {
		return out
	}
	seen := map[string]bool{eksfacts.AddonMinor(from): true, eksfacts.AddonMinor(to): true}
	for _, v := range offered {
		m := eksfacts.AddonMinor(v.Version)
		between := eksfacts.CompareAddons(from, v.Version)*eksfacts.CompareAddons(v.Version, to) > 0
		if between && !seen[m] && slices.Contains(v.Fits, minor) {
			seen[m] = true
			out = append(out, v.Version)
		}
	}
	up := eksfacts.CompareAddons(from, to) < 0
	slices.SortFunc(out, func(a, b string) int {
		if up {
			return eksfacts.CompareAddons(a, b)
		}
		return eksfacts.CompareAddons(b, a)
	})
	return out
}

// addonsFirst raises what would not fit the next minor, and can be raised to what fits both.
// kube-proxy follows the control plane.
func (u *upgrading) addonsFirst(minor string) {
	if minor == u.at {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(u.addons)) {
		if name == eksfacts.KubeProxy || u.fits(name, u.addons[name], minor) {
			continue
		}
		if v := u.both(name, minor); v != "" {
			u.addonTo(name, v, rules.Round, minor, rules.First)
		}
	}
}

// addonsThen raises what does not fit the minor that the control plane has now; in the last
// round each add-on gets the version that it is to have.
func (u *upgrading) addonsThen(minor string) {
	for _, name := range slices.Sorted(maps.Keys(u.addons)) {
		have := u.addons[name]
		switch want := u.wanted(name, minor); {
		case want == "":
		case u.last(minor) && want != have, !u.fits(name, have, minor):
			u.addonTo(name, want, rules.Round, minor)
		}
	}
}

// wanted is the version of an add-on for a minor: the one that somebody names; else EKS's
// default, unless what is there is newer and fits. "": EKS has none.
func (u *upgrading) wanted(name, minor string) string {
	if v := u.Versions[name]; v != "" && u.last(minor) {
		return v
	}
	have, standard := u.addons[name], u.standard(name, minor)
	if u.fits(name, have, minor) && (standard == "" || eksfacts.CompareAddons(have, standard) >= 0) {
		return have
	}
	return standard
}

// fits tells whether a version of an add-on is offered for a minor.
func (u *upgrading) fits(name, version, minor string) bool {
	return slices.ContainsFunc(u.Live.Upgrades.AddonVersions[name], func(v observe.AddonVersion) bool {
		return v.Version == version && slices.Contains(v.Fits, minor)
	})
}

// standard is EKS's default for a minor, or the newest that fits; "": there is none.
func (u *upgrading) standard(name, minor string) string {
	newest := ""
	for _, v := range u.Live.Upgrades.AddonVersions[name] {
		if slices.Contains(v.Default, minor) {
			return v.Version
		}
		if newest == "" && slices.Contains(v.Fits, minor) {
			newest = v.Version
		}
	}
	return newest
}

// both is the best version that fits the minor that the control plane has and another, and
// is no older than what is there; "": there is none.
func (u *upgrading) both(name, minor string) string {
	best := ""
	for _, v := range u.Live.Upgrades.AddonVersions[name] {
		if !slices.Contains(v.Fits, u.at) || !slices.Contains(v.Fits, minor) || eksfacts.CompareAddons(v.Version, u.addons[name]) < 0 {
			continue
		}
		if slices.Contains(v.Default, minor) {
			return v.Version
		}
		if best == "" {
			best = v.Version
		}
	}
	return best
}

func (u *upgrading) verified(minor string) {
	key := rules.With(rules.Round, minor)
	if u.last(minor) && u.pauses() {
		return // of what a person looks at, a later run sees the end
	}
	if !slices.ContainsFunc(u.draft.Steps, func(s rules.Step) bool { return s.Has(key) }) {
		return
	}
	u.seen(u.of(rules.Verified, minor, minor), minor)
}

// seen is the step that looks at all that is at a minor by then.
func (u *upgrading) seen(s rules.Step, minor string) {
	run := &steps.UpgradeVerified{Version: minor}
	for _, name := range slices.Sorted(maps.Keys(u.addons)) {
		if !slices.Contains(u.ailing, name) {
			run.Addons = append(run.Addons, name)
		}
	}
	for _, g := range slices.Sorted(maps.Keys(u.groups)) {
		if u.groups[g] == minor {
			run.Groups = append(run.Groups, g)
		}
	}
	u.add(part{Step: s, Action: Await, Title: "all of it seen at " + minor, Typical: 5 * time.Second, Timeout: timeoutAddon, Run: run})
}

// told says what the plan does not do.
func (u *upgrading) told() {
	if u.plan.Empty() {
		u.plan.Notes = append(u.plan.Notes, fmt.Sprintf("The cluster is at %s already: the control plane, its add-ons and its node groups.", u.To))
	}
	u.others()
}

func wantNodes(live *observe.Observed) (n int) {
	for _, g := range live.NodeGroups() {
		if s := g.Sizes(); s != nil && g.There() && !g.Going() {
			n += s.DesiredSize
		}
	}
	return n
}
