package run

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/resolve"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Strategies by which managed node groups get another version.
const (
	StrategyInPlace   = "in-place"   // EKS replaces the nodes of the group
	StrategyBlueGreen = "blue-green" // a new group beside the old one
)

// Waitable are those who keep nodes that an upgrade can wait for.
var Waitable = []string{eksfacts.KeptByKarpenter, eksfacts.KeptByAuto}

// Upgrade is what a caller wants of a whole cluster's version.
type Upgrade struct {
	To   string // the minor; with Rollback it is known
	Back bool   // to the minor that it was upgraded from
	// File names versions of add-ons, where it is of the version To; nil: EKS's defaults.
	File        *config.File
	Strategy    string // of managed node groups; self-managed ones are always replaced
	Batch       string // of groups that are replaced, as a Replacement's
	MaxParallel int    // node groups at once
	Force       bool
	// Conflicts is what becomes of fields of add-ons' objects that others set, as EKS names it:
	// preserve, overwrite or none; "": preserve.
	Conflicts  string
	plan.Watch               // of groups that are replaced
	WaitNodes  []string      // whose nodes are waited for that follow by themselves: of Waitable
	WaitFor    time.Duration // how long; 0: an hour
	Books      *Books
	but        []string // node groups that the launch which this is part of replaces itself
}

// PrepareUpgrade observes a cluster, and plans what is left of its way to another version,
// from wherever it is.
func PrepareUpgrade(ctx context.Context, c *awsc.Clients, cluster string, w Upgrade) (s *Session, err error) {
	if w.Back && w.Strategy == StrategyBlueGreen {
		return nil, finding.Findings{{Code: "strategy-no-way-back", Severity: finding.Error, Input: true,
			What:   "EKS makes no node group older than the control plane",
			Breaks: "a managed group goes back in place only", Remedy: "leave out --strategy blue-green"}}
	}
	s, err = looked(ctx, c, cluster, w.Books, read.Upgrading())
	if err != nil {
		return nil, err
	}
	defer func(h *Hold) { err = h.unless(ctx, err) }(s.hold)
	if err := s.stands(ctx); err != nil {
		return nil, err
	}
	w.closed(s.Live)
	in, err := w.upgrading(ctx, c, s.Live)
	if err != nil {
		return nil, err
	}
	if w.Back {
		s.Plan, err = plan.UpgradeBack(in)
	} else {
		s.Plan, err = plan.Upgrade(in)
	}
	if err == nil {
		err = roomy(ctx, c, s.Live, s.Plan, cmp.Or(w.MaxParallel, 3))
	}
	for _, x := range in.Replaced { // all are in the same network
		s.Env.Net = x.Net
	}
	s.Input.Upgrade = in
	s.goesBackInPart(w.Deadline)
	if s, err = s.planned(w.Books, err); err == nil {
		s.done = "the cluster is at Kubernetes " + in.To
		s.paused(w.Pause)
	}
	return s, err
}

// upgrading is what the plan is made from.
func (w Upgrade) upgrading(ctx context.Context, c *awsc.Clients, live *observe.Observed) (in plan.Upgrading, err error) {
	in = plan.Upgrading{Account: c.Account, Live: live, To: w.To, MaxParallel: w.MaxParallel, Force: w.Force, Wait: w.WaitNodes, WaitFor: w.WaitFor,
		Conflicts: w.Conflicts}
	if w.Back {
		in.To = plan.BackTo(live)
	}
	if in.To == "" {
		return in, nil // the plan says why
	}
	if fs := plan.NoWay(in); !w.Back && len(fs) > 0 { // before files of that version are made
		return in, fs
	}
	if w.File != nil && w.File.Cluster.Metadata.Version == in.To { // of another version, what it names is for that
		w.File, _ = generations(w.File, live)
		in.File = w.File
		if in.Newest, err = newestOf(ctx, c, w.File, live, in.To); err != nil {
			return in, err
		}
		if in.Versions, err = namedVersions(ctx, c, w.File.Cluster, live, in.To); err != nil {
			return in, err
		}
	}
	if in.Contested, err = contestedOf(ctx, c, live); err != nil {
		return in, err
	}
	in.Replaced, in.Own, err = w.replaced(ctx, c, live, in.To)
	return in, err
}

// namedVersions are the versions of add-ons that a file names, as they are for a minor.
func namedVersions(ctx context.Context, c *awsc.Clients, cfg *config.ClusterConfig, live *observe.Observed, minor string) (map[string]string, error) {
	vs, err := resolve.Versions(ctx, c, cfg, live, minor)
	return vs, check.Reach(err)
}

// replaced are the node groups that lag behind and are replaced, each with what takes its
// place; also those whose replacement is under way, or half gone. A group with an AMI of
// somebody's own is not, unless the file has another: its kubelets would be as old.
func (w Upgrade) replaced(ctx context.Context, c *awsc.Clients, live *observe.Observed, to string) (out map[string]plan.Replacement, own []string, err error) {
	watch := w.Watch
	watch.Force = watch.Force || w.Force
	out = map[string]plan.Replacement{}
	together := &preparation{c: c, name: live.Name}
	together.in.Live, together.in.MaxParallel = live, cmp.Or(w.MaxParallel, 3)
	for _, name := range w.lagging(live, to) {
		if slices.Contains(w.but, name) {
			continue
		}
		named := w.named(name, to)
		elsewhere := []string{"quotas"} // looked at of all together
		if w.Back {
			elsewhere = append(elsewhere, "kubernetes-version") // older than the control plane is what is wanted, and it follows
		}
		p := &preparation{c: c, name: live.Name, books: w.Books, but: elsewhere,
			replacing: []*replacing{{Replacement: Replacement{Watch: watch, Changes: named, Batch: w.Batch}, Group: name, version: to}}}
		p.in.Live, p.in.Account, p.in.Partition = live, c.Account, c.Partition
		if err := p.replaced(ctx); err != nil {
			return nil, nil, err
		}
		x := p.replacing[0]
		if x.f != nil && stack.OwnAMI(x.f.Cluster.Groups()[0]) && named["ami"] == nil && !underWay(live, x.blue.Name, observe.AnyGroup{}) {
			own = append(own, name)
			continue
		}
		for _, do := range []func(context.Context) error{p.network, p.moved, p.reach, p.check} {
			if err := do(ctx); err != nil {
				return nil, nil, err
			}
		}
		p.in.File = p.f
		within := p.in.Replaced[0]
		within.Asked = false // what it is to be follows from the version
		out[name] = plan.Replacement{Input: p.in, Within: within, Watch: x.Watch}
		together.join(p)
	}
	return out, own, together.quotas(ctx)
}

// join adds what another preparation replaces.
func (p *preparation) join(other *preparation) {
	if p.in.Replaced = append(p.in.Replaced, other.in.Replaced...); p.f == nil {
		p.f = other.f
	} else {
		p.f = p.f.With(other.f)
	}
	p.in.Net = other.in.Net
}

// quotas looks whether the account has room for what is replaced at once.
func (p *preparation) quotas(ctx context.Context) error {
	if p.f == nil {
		return nil // nothing is replaced
	}
	return check.Run(ctx, check.Preflight, p.checked(), check.AllBut("quotas")...).Err()
}

// lagging are the node groups that are replaced on the way to a minor.
func (w Upgrade) lagging(live *observe.Observed, to string) (out []string) {
	if k := live.Kubernetes; k != nil {
		for name := range k.Replacements {
			out = append(out, name)
		}
	}
	next := successors(live)
	for _, g := range live.NodeGroups() {
		mine := g.SelfManaged() && g.Stack != nil || g.Managed != nil && g.Managed.AMIType != "CUSTOM" && w.Strategy == StrategyBlueGreen ||
			g.Managed != nil && g.Managed.AMIType == "CUSTOM" && w.named(g.Name, to)["ami"] != nil
		lags := false
		for _, n := range live.NodesOf(g) {
			have := eksfacts.Minor(n.Version)
			lags = lags || have > eksfacts.Minor(to) || !w.Back && have != eksfacts.Minor(to) // on the way back what is older may stay
		}
		if lags && mine && g.There() && (!g.Going() || next[g.Name] != "") {
			out = append(out, g.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// upgrade reads what a plan needs more where the file names another version than the control
// plane has.
func (p *preparation) upgrade(ctx context.Context) (err error) {
	if len(p.replacing) > 0 {
		return nil
	}
	if !p.in.Upgrades() {
		return p.watched()
	}
	if p.in.Live, err = read.Complete(ctx, p.c, p.in.Live, read.Upgrading()); err != nil {
		return check.Reach(err)
	}
	w := Upgrade{To: p.f.Cluster.Metadata.Version, Strategy: StrategyInPlace, Batch: p.batch, MaxParallel: p.in.MaxParallel, Watch: p.in.Watch, Books: p.books}
	if p.in.Upgrade.Newest, err = newestOf(ctx, p.c, p.f, p.in.Live, w.To); err != nil {
		return err
	}
	for _, x := range p.in.Replaced {
		w.but = append(w.but, x.Blue.Name)
	}
	p.in.Upgrade.MaxParallel = p.in.MaxParallel
	if p.in.Upgrade.Replaced, p.in.Upgrade.Own, err = w.replaced(ctx, p.c, p.in.Live, w.To); err != nil {
		return err
	}
	has := "the control plane has " + p.in.Live.Cluster.Version
	if p.in.Live.Cluster.Version == w.To {
		has = "these are older than the control plane: " + strings.Join(p.in.Behind(), ", ")
	}
	p.notes = append(p.notes, fmt.Sprintf("The file names Kubernetes %s, and %s: the whole cluster goes there (slipway upgrade has more to choose).", w.To, has))
	return nil
}

// watched refuses what is said of replacements where none is asked for: no gate would be asked.
func (p *preparation) watched() error {
	if w := p.in.Watch; len(p.replace) > 0 || len(w.Gates) == 0 && w.Soak == 0 && w.Pause == "" && p.batch == "" && !w.Force {
		return nil
	}
	return finding.Findings{{Code: "no-replacement", Severity: finding.Error, Input: true,
		What:   "--replace-gate, --soak, --pause, --batch and --force are of replacements",
		Breaks: "the plan would have none; nothing was changed", Remedy: "say of which groups: --replace GROUP, or all"}}
}

// newestOf are the newest releases of a minor for the groups of a file that pin one of another,
// so that a person who must choose knows.
func newestOf(ctx context.Context, c *awsc.Clients, f *config.File, live *observe.Observed, to string) (map[string]string, error) {
	out := map[string]string{}
	for _, m := range plan.Pins(f, to) {
		g := live.Groups[m.Name]
		if g == nil {
			continue
		}
		var err error
		if out[m.Name], err = resolve.NewestRelease(ctx, c, g.AMIType, to); err != nil {
			return nil, check.Reach(err)
		}
	}
	return out, nil
}

// named is what the file of the target version says of the AMI of a group that is replaced: a
// release, or an image of a person's own; nil: it gets the newest of EKS's.
func (w Upgrade) named(group, to string) map[string]any {
	if w.File == nil || w.File.Cluster.Metadata.Version != to {
		return nil
	}
	var out map[string]any
	w.File.Cluster.EachGroup(func(n config.Group) {
		if n.Name != group {
			return
		}
		if n.Managed != nil && n.Managed.ReleaseVersion != "" {
			if minor := eksfacts.ReleaseMinor(n.AmiFamily, n.Managed.ReleaseVersion); minor == "" || minor == to {
				out = map[string]any{"releaseVersion": n.Managed.ReleaseVersion}
			}
		}
		if stack.OwnAMI(n.NodeGroupBase) {
			out = map[string]any{"ami": n.AMI, "amiFamily": n.AmiFamily}
		}
	})
	return out
}

// closed takes a way back away whose time is over: EKS's insights, by which it is known, may be a
// day old, and nodes that went back first would wait for a control plane that does not.
func (w Upgrade) closed(live *observe.Observed) {
	const begun = 65 * time.Minute // EKS counts from the end of the upgrade, and tells when it began
	if x := live.Upgrades; x != nil && x.Back != nil && w.Books != nil && w.Books.Now != nil && w.Books.Now().After(x.Back.Until.Add(begun)) {
		x.Back = nil
	}
}
