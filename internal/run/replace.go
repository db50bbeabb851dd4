package run

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/export"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Replacement is what a caller wants of node groups that are to be replaced, each by a new one
// beside it.
type Replacement struct {
	Groups []string
	// File says what the new groups are to be, in its entries of those names; nil: as the old
	// ones are now, with Changes.
	File *config.File
	// Changes are properties, as in a file, that the new groups have otherwise.
	Changes map[string]any
	// Batch is how much of an old group moves at a time, a number of nodes or a part such as
	// 25%; "": all at once, or as it was begun.
	Batch       string
	MaxParallel int // groups at once; 0: one
	plan.Watch
	Books *Books
}

// PrepareReplacement observes a cluster, and plans what is left of node groups'
// replacement, from wherever each is. A run of it that fails can be taken back: Session.Back.
func PrepareReplacement(ctx context.Context, c *awsc.Clients, cluster string, w Replacement) (*Session, error) {
	p := &preparation{c: c, name: cluster, books: w.Books}
	p.in = plan.Input{Watch: w.Watch, MaxParallel: w.MaxParallel}
	for _, group := range w.Groups {
		p.replacing = append(p.replacing, &replacing{Replacement: w, Group: group})
	}
	s, err := p.prepare(ctx)
	if err != nil {
		return nil, err
	}
	var pairs []string
	for _, x := range p.replacing {
		s.counted, pairs = append(s.counted, x.green), append(pairs, x.Group+" by "+x.green)
	}
	s.done = fmt.Sprintf("%s replaced: %s", groupsAre(w.Groups), strings.Join(pairs, ", "))
	if len(w.Groups) == 1 {
		s.done = fmt.Sprintf("node group %s is replaced by %s", w.Groups[0], s.counted[0])
	}
	s.paused(w.Pause)
	switch {
	case !p.stands(): // all old groups are gone, or going
	case len(w.Groups) == 1:
		s.back = func(ctx context.Context) (*Session, error) { return goBack(ctx, c, cluster, w, s.hold) }
	default:
		s.goesBackInPart(w.Deadline)
	}
	return s, nil
}

// groupsAre begins a sentence about some node groups.
func groupsAre(names []string) string {
	if len(names) == 1 {
		return "node group " + names[0] + " is"
	}
	return "node groups " + strings.Join(names, " and ") + " are"
}

// paused has a session end with what it pauses after, where its plan does.
func (s *Session) paused(stage string) {
	with, pairs := map[string]string{}, []string{}
	for _, e := range s.Plan.Entries {
		switch x := e.Step.(type) {
		case *steps.ReplacementBegun:
			with[x.Group] = x.With
		case *steps.ReplacementPaused:
			pairs = append(pairs, x.Group+" by "+with[x.Group])
		}
	}
	if len(pairs) > 0 {
		s.done = fmt.Sprintf("the replacement of node group %s pauses %s; the same command goes on, and slipway nodegroup upgrade --abort takes it back",
			strings.Join(pairs, ", and of "), stage)
	}
}

// PrepareReturn plans the way back of a node group's replacement, from wherever it is.
func PrepareReturn(ctx context.Context, c *awsc.Clients, cluster string, w Replacement) (*Session, error) {
	if err := c.Identify(ctx); err != nil {
		return nil, check.Identity(err)
	}
	hold, err := w.Books.Open(ctx, c, cluster)
	if err != nil {
		return nil, err
	}
	s, err := goBack(ctx, c, cluster, w, hold)
	return s, hold.unless(ctx, err)
}

// goBack is PrepareReturn of a cluster that is locked.
func goBack(ctx context.Context, c *awsc.Clients, cluster string, w Replacement, hold *Hold) (*Session, error) {
	s, err := held(ctx, c, cluster, hold)
	if err != nil {
		return nil, err
	}
	in := plan.Return{Account: c.Account, Live: s.Live, Deadline: w.Deadline}
	var gone []string
	for _, group := range w.Groups {
		blue, green, err := pairOf(s.Live, group)
		if err != nil {
			return nil, err
		}
		in.Pairs = append(in.Pairs, plan.Pair{Blue: blue, Green: green})
		s.counted, gone = append(s.counted, blue.Name), append(gone, green.Name)
	}
	is := " is gone"
	if len(gone) > 1 {
		is = " are gone"
	}
	s.done = groupsAre(s.counted) + " as before, and " + strings.Join(gone, " and ") + is
	if s.Plan, err = plan.Back(in); err == nil && s.Plan.Empty() {
		s.Plan.Notes = append(s.Plan.Notes, "No replacement of node group "+strings.Join(s.counted, " or ")+" is under way.")
	}
	return s.planned(w.Books, err)
}

// Back is the way back of a replacement whose run failed; nil: there is none, as the run was
// told to end, or may change nothing more, or as nothing of it can be taken back. What
// failed is concluded before.
func (s *Session) Back(ctx context.Context, rep *engine.Report) (*Session, error) {
	if !s.returns(rep) {
		return nil, nil
	}
	if s.hold != nil { // it is an operation of its own in the journal
		b := *s.hold.b
		b.Command, b.Reason = "nodegroup upgrade --abort", "the "+b.Command+" before failed: "+rep.FirstFailure
		s.hold.b = &b
	}
	back, err := s.back(ctx)
	if fs, ok := finding.Of(err); ok && fs[0].Code == "no-way-back" {
		return nil, nil
	}
	return back, err
}

// returns tells whether what a run has done is taken back.
func (s *Session) returns(rep *engine.Report) bool {
	return s.back != nil && rep != nil && !rep.OK() && !rep.Interrupted && rep.Changed && s.hold.halted() == nil &&
		(len(s.partial()) == 0 || len(s.unended(rep)) > 0)
}

// pairOf are the old and the new group of a replacement, as far as they are there.
func pairOf(live *observe.Observed, group string) (blue, green observe.AnyGroup, err error) {
	blue, there := live.NodeGroup(group)
	for _, g := range live.NodeGroups() {
		if predecessor(live, g) == group {
			green = g
		}
	}
	if green.Name == "" {
		taken := func(name string) bool { _, is := live.NodeGroup(name); return is }
		green.Name = marks.Successor(group, predecessor(live, blue) != "", taken)
		if k := live.Kubernetes; k != nil && k.Replacements[group] != nil {
			green.Name = k.Replacements[group].With
		}
	}
	if there || green.Stack != nil {
		return blue, green, nil
	}
	var names []string
	for _, g := range live.NodeGroups() {
		names = append(names, g.Name)
	}
	return blue, green, finding.Findings{{Code: "no-group", Severity: finding.Error, Where: finding.Where{Resource: "node group " + group}, Input: true,
		What: "there is none of that name in cluster " + live.Name, Breaks: "nothing was changed", Remedy: "name one of: " + strings.Join(names, ", ")}}
}

// replacing is the part of a preparation that is about a replacement.
type replacing struct {
	Replacement
	Group string
	blue  observe.AnyGroup
	green string
	f     *config.File // the new group's; nil: none is wanted any more
	// slices are how it goes slice by slice, nil: it does not; whole, the sizes that the new
	// group has at the end.
	slices *observe.Slices
	whole  observe.Sizes
	// version is the minor that the new group is made for, where the control plane is still on
	// its way there; "": as it is.
	version string
}

// replaced finds the groups, old and new, and what the new ones are to be.
func (p *preparation) replaced(ctx context.Context) error {
	if len(p.replacing) == 0 {
		return nil
	}
	if p.in.Live.Cluster == nil {
		return absent(ctx, p.c, p.name)
	}
	p.f = nil
	for _, x := range p.replacing {
		if err := x.find(ctx, p); err != nil {
			return err
		}
		w := plan.Within{Blue: x.blue, Green: x.green, Asked: x.File != nil || len(x.Changes) > 0, Slices: x.slices, Whole: x.whole}
		p.in.Replaced = append(p.in.Replaced, w)
		switch {
		case x.f == nil:
		case p.f == nil:
			p.f = x.f
		default:
			p.f = p.f.With(x.f)
		}
	}
	if p.f == nil {
		p.f = named(p.c, p.name)
	}
	p.inTurn()
	return nil
}

// inTurn orders replacements: those that are to be ended and those that are under way first.
func (p *preparation) inTurn() {
	slices.SortStableFunc(p.in.Replaced, func(a, b plan.Within) int { return cmp.Compare(turnOf(p.in.Live, a), turnOf(p.in.Live, b)) })
}

// stands tells whether a group is to be replaced whose new one is wanted yet.
func (p *preparation) stands() bool {
	return slices.ContainsFunc(p.replacing, func(x *replacing) bool { return x.f != nil })
}

// find finds the two groups, and what the new one is to be.
func (x *replacing) find(ctx context.Context, p *preparation) error {
	blue, green, err := pairOf(p.in.Live, x.Group)
	if err != nil {
		return err
	}
	if x.blue, x.green = blue, green.Name; !blue.There() || blue.Going() {
		return nil
	}
	if err := x.cut(p.in.Live); err != nil {
		return err
	}
	if x.File != nil {
		x.f, err = x.fromFile()
	} else {
		x.f, err = x.fromLive(ctx, p.c, p.in.Live, p.books.claims(p.name))
	}
	if err != nil {
		return err
	}
	if x.version != "" {
		x.f.Cluster.Metadata.Version = x.version
	}
	x.sliced(x.f.Cluster.Groups()[0])
	return nil
}

// before are the sizes that the old group had before its replacement began.
func (x *replacing) before() *observe.Sizes {
	if x.slices != nil {
		return &x.slices.Before
	}
	return x.blue.Sizes()
}

// cut finds in which slices the old group goes: those that it was begun with, else those that
// somebody asks for.
func (x *replacing) cut(live *observe.Observed) error {
	var begun *observe.Replacement
	if k := live.Kubernetes; k != nil {
		begun = k.Replacements[x.Group]
	}
	if begun != nil {
		if x.slices = begun.Slices; x.slices == nil && x.Batch != "" {
			return finding.Findings{{Code: "other-replacement", Severity: finding.Error, Where: finding.Where{Resource: "node group " + x.Group}, Input: true,
				What: "is being replaced by " + begun.With + " already, all of it at once", Breaks: "nothing was changed",
				Remedy: "leave --batch out to let it end so, or take it back first (the same with --abort)"}}
		}
		return nil
	}
	s := x.blue.Sizes()
	if x.Batch == "" || s == nil {
		return nil
	}
	n, err := Part(x.Batch, s.DesiredSize)
	if err != nil || n >= s.DesiredSize {
		return err
	}
	x.slices = &observe.Slices{Nodes: n, Before: *s}
	return nil
}

// Part is how many of some nodes a number or a part of them, such as 25%, is: at least one.
func Part(s string, of int) (int, error) {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || percent && n > 100 {
		return 0, fmt.Errorf("%s is neither a number of nodes nor a part such as 25%%", s)
	}
	if percent {
		n = (of*n + 99) / 100
	}
	return max(n, 1), nil
}

// sliced has the new group made with its first slice of nodes; the rest follows.
func (x *replacing) sliced(n *config.NodeGroupBase) {
	if x.slices == nil {
		return
	}
	x.whole = observe.Sizes{MinSize: *n.MinSize, MaxSize: *n.MaxSize, DesiredSize: *n.DesiredCapacity}
	n.DesiredCapacity, n.MinSize = new(min(x.slices.Nodes, x.whole.DesiredSize)), new(min(x.slices.Nodes, x.whole.MinSize))
}

// fromFile is the file's entry, under the new group's name. As many nodes are wanted as
// there are: pods move to as much room as they have.
func (x *replacing) fromFile() (*config.File, error) {
	name := x.Group
	if k := x.blue.Stack; k != nil && k.Tags[marks.Replaces] != "" && !has(x.File, name) {
		name = marks.Root(name)
	}
	f, err := x.File.Only(name)
	if err != nil {
		return nil, err
	}
	n := f.Cluster.Groups()[0]
	n.Name = x.green
	if s := x.before(); s != nil {
		n.DesiredCapacity = new(min(max(s.DesiredSize, *n.MinSize), *n.MaxSize))
	}
	return f, nil
}

func has(f *config.File, group string) bool {
	return slices.ContainsFunc(f.Cluster.Groups(), func(n *config.NodeGroupBase) bool { return n.Name == group })
}

// ofRelease are properties of a release of an AMI, which the new group does not take over:
// it has the newest, unless somebody says which.
var ofRelease = []string{"releaseVersion", "version"}

// fromLive is a file of the old group as it is now, under the new one's name, with the
// changes.
func (x *replacing) fromLive(ctx context.Context, c *awsc.Clients, live *observe.Observed, claims map[owner.Ref]string) (*config.File, error) {
	list, e, left, ok, err := export.Group(live, owner.Of(live, claims), x.blue.Name)
	if err == nil && !ok {
		err = fmt.Errorf("EKS and Auto Scaling do not say what it is made of")
	}
	if err == nil {
		err = export.Whole(left)
	}
	if err != nil {
		return nil, finding.Findings{{Code: "cannot-be-copied", Severity: finding.Error, Where: finding.Where{Resource: "node group " + x.blue.Name},
			What: "a new group like it cannot be made from what is live: " + err.Error(), Breaks: "nothing was changed",
			Remedy: "say what the new one is to be in a file: -f FILE, with an entry of that name"}}
	}
	e["name"] = x.green
	if g := x.blue.Scaling; g != nil && g.Tags[marks.Suspended] != "" { // a run before this one did
		x.freed(e, strings.Fields(g.Tags[marks.Suspended]))
	}
	for _, k := range ofRelease {
		delete(e, k)
	}
	if s := x.before(); s != nil {
		e["desiredCapacity"], e["minSize"], e["maxSize"] = s.DesiredSize, s.MinSize, s.MaxSize
	}
	change(e, list == "managedNodeGroups", x.Changes)
	return NewGroup{Managed: list == "managedNodeGroups", Properties: e}.file(ctx, c, live)
}

// freed takes suspended processes out of properties: they are the replacement's, and not the
// new group's.
func (x *replacing) freed(e map[string]any, processes []string) {
	was, _ := e["asgSuspendProcesses"].([]any)
	left := slices.DeleteFunc(slices.Clone(was), func(p any) bool { return slices.Contains(processes, fmt.Sprint(p)) })
	if e["asgSuspendProcesses"] = left; len(left) == 0 {
		delete(e, "asgSuspendProcesses")
	}
}

// change puts changes over properties; one of instance types has it alone.
func change(e map[string]any, managed bool, changes map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(changes)) {
		v := changes[k]
		if types, ok := v.([]string); ok && k == "instanceTypes" {
			delete(e, "instanceType")
			delete(e, "instanceTypes")
			delete(e, "instanceSelector")
			switch d, mixed := e["instancesDistribution"].(map[string]any); {
			case mixed:
				d["instanceTypes"] = types
				continue
			case len(types) == 1:
				k, v = "instanceType", types[0]
			case !managed:
				k, v = "instancesDistribution", map[string]any{"instanceTypes": types}
			}
		}
		e[k] = v
	}
}
