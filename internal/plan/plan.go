// Package plan compares what is desired with what is live and makes the graph of
// steps that closes the difference. Ordering is the rules' business; acting is the
// steps'. It must not call AWS: what it compares was observed before.
package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/plan/document"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// Actions of a step.
const (
	Create = document.Create
	Update = document.Update
	Delete = document.Delete
	Await  = document.Await
)

// Entry is one step of a plan: what its readers see, and what its runner does.
type Entry struct {
	ID      string
	Kind    string // as rules know it
	Title   string
	Action  string
	Typical time.Duration
	Timeout time.Duration
	Step    steps.Spec
}

// Plan is what would be done, in which order, and why. It is data: Document writes it.
type Plan struct {
	Cluster   string
	Region    string
	Entries   []Entry
	Graph     *graph.Graph
	Notes     []string
	Deletions []string // what failed and goes first, to be made again, in words: this needs a yes
	Critical  graph.Path
	WantNodes int
	// Unreachable is why the Kubernetes API cannot be called from where the plan was
	// made, so that AWS's status alone decides; "": it can.
	Unreachable string
	Account     string
	Net         vpc.Network       // where the file puts the cluster
	Observed    map[string]string // what was there: Facts
	// Paused are the node groups whose replacement this plan leaves for a person to look at:
	// what would follow it is in the next.
	Paused []string
}

// Empty tells whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Entries) == 0 }

// Entry finds a step.
func (p *Plan) Entry(id string) *Entry {
	for i := range p.Entries {
		if p.Entries[i].ID == id {
			return &p.Entries[i]
		}
	}
	return nil
}

// Writes are the parts of the cluster that the plan changes or takes away where they stand.
func (p *Plan) Writes() []owner.Ref {
	var out []owner.Ref
	for _, e := range p.Entries {
		out = append(out, steps.Writes(e.Step, p.Cluster)...)
	}
	return out
}

// Tasks are the plan's steps as the engine turns them.
func (p *Plan) Tasks(e *steps.Env) (map[string]*engine.Task, error) {
	out := map[string]*engine.Task{}
	for _, x := range p.Entries {
		r, err := steps.NewRunner(e, x.Step, nil)
		if err != nil {
			return nil, err
		}
		out[x.ID] = &engine.Task{ID: x.ID, Title: x.Title, Kind: x.Kind, Service: steps.Service(x.Step), Typical: x.Typical, Timeout: x.Timeout, Step: r}
	}
	return out, nil
}

// finish completes a plan with its graph's longest way.
func (p *Plan) finish(g *graph.Graph) (err error) {
	p.Graph = g
	typical := map[string]time.Duration{}
	for _, e := range p.Entries {
		typical[e.ID] = e.Typical
	}
	p.Critical, err = g.CriticalPath(func(id string) time.Duration { return typical[id] })
	return err
}

// Input is all that a plan is made from: it is read before, and nothing is read here.
type Input struct {
	File      *config.File
	Live      *observe.Observed
	Net       vpc.Network
	Account   string
	Partition string
	Keys      map[string]string // SSH public keys, by the node group that imports them
	// Unreachable is why the Kubernetes API cannot be called from here; "": it can.
	Unreachable string
	Versions    map[string]string // of add-ons, where the file names one in words or in part
	// GateActive: node groups wait for EKS's ACTIVE of the network add-ons, not only for
	// their DaemonSets.
	GateActive bool
	// GroupsAlone: node groups that are not there are made, and nothing else is looked at.
	GroupsAlone bool
	// Replaced are the node groups of the file that take the place of others, how they are
	// watched over, and how many at once; 0: one.
	Replaced    []Within
	Watch       Watch
	MaxParallel int
	// Machines are the instance types of new groups of which no node is there to tell.
	Machines map[string]Machine
	// Offered are the zones in which EC2 offers the instance types of new groups; one that is not
	// there, nobody knows of.
	Offered map[string][]string
	// AddonAlone: the add-on of this name is followed, and nothing else; "": all is.
	AddonAlone string
	AddonGates AddonGates // of AddonAlone
	// Contested are the fields of its objects that others set.
	Contested []observe.Contested
	// Upgrade says how a live cluster follows the file to another version; its Live and To are
	// not asked.
	Upgrade Upgrading
	// Silent is why a live cluster's Kubernetes API did not answer before planning.
	Silent string
}

// builder gathers the steps of a plan.
type builder struct {
	in    Input
	cfg   *config.ClusterConfig
	live  *observe.Observed
	draft *rules.Draft
	plan  *Plan
	diffs []diff.Difference // of what the file wants, what the stacks record, and what is live
	tree  any               // the config as plain JSON, for value

	cleared map[string]bool // stacks that are put up for deletion
	anew    map[string]bool // stacks whose update makes their role again

	refused finding.Findings // what the file changed and no step can follow
	foreign []string         // stacks of other tools, whose record cannot be compared

	replaces string            // the node group whose replacement the steps are part of; "": none
	follows  string            // the one whose replacement ends before; "": none
	also     []string          // labels that every step gets
	versions *upgrading        // to another version, where the plan of a launch takes the cluster there; nil: it does not
	comers   map[string]string // roles, by ARN, that a group that is still to come runs with, and its name
}

// Build makes the plan of a launch: what the config wants and is not there.
func Build(in Input) (*Plan, error) {
	b := buildOn(in)
	b.parts()
	if len(b.refused) > 0 {
		return nil, b.refused
	}
	return b.done()
}

// buildOn is a builder that has compared what the file wants with what is there.
func buildOn(in Input) *builder {
	c := in.File.Cluster
	b := &builder{
		in:      in,
		cfg:     c,
		live:    in.Live,
		draft:   rules.NewDraft(),
		cleared: map[string]bool{}, anew: map[string]bool{},
		plan: &Plan{Cluster: c.Metadata.Name, Region: c.Metadata.Region, Unreachable: in.Unreachable,
			Account: in.Account, Net: in.Net, Observed: Facts(in.Live)},
	}
	b.compare()
	return b
}

// parts adds the whole of a launch, in the order in which a reader looks for it.
func (b *builder) parts() {
	switch {
	case b.in.GroupsAlone:
		b.groupsAlone()
		return
	case b.in.AddonAlone != "":
		b.addonAlone()
		return
	}
	b.dependencies()
	b.controlPlane()
	b.clusterChanges()
	b.upgrade()
	b.identity()
	b.addons()
	b.access()
	b.serviceAccounts()
	b.podIdentities()
	b.fargate()
	b.nodeGroups()
	b.logRetention()
	b.leftAlone()
}

// part is one step as the plan is put together.
type part struct {
	rules.Step
	Action, Title    string
	Typical, Timeout time.Duration
	Run              steps.Spec
}

// add adds a step to the draft and to the plan.
func (b *builder) add(s part) string {
	if b.replaces != "" {
		s.Step = s.Step.Label(rules.With(rules.Replaces, b.replaces), when(b.follows != "", rules.With(rules.Follows, b.follows)))
	}
	id := b.draft.Add(s.Step.Label(b.also...))
	b.plan.Entries = append(b.plan.Entries, Entry{ID: id, Kind: s.Kind, Title: s.Title, Action: s.Action, Typical: s.Typical, Timeout: s.Timeout, Step: s.Run})
	return id
}

// leftAlone says what of a live cluster the plan does not touch: a plan must not
// claim more than it saw.
func (b *builder) leftAlone() {
	note := func(what string, names []string) {
		slices.Sort(names)
		if names = slices.Compact(names); len(names) > 0 {
			b.plan.Notes = append(b.plan.Notes, what+": "+strings.Join(names, ", ")+".")
		}
	}
	note("Made by another tool, so that the file cannot be compared with what they were made from (live values are)", b.foreign)
	var broken []string
	for name, s := range b.live.Stacks {
		if p := s.Phase(); !b.cleared[name] && (p == observe.Failed || p == observe.Stuck) {
			broken = append(broken, "stack "+name+" ("+s.Status+")")
		}
	}
	note("Failed, and nothing in the file wants what they hold; left alone", broken)
	if !b.exists() {
		return
	}
	b.health()
	if b.in.Silent != "" {
		b.plan.Notes = append(b.plan.Notes, "The Kubernetes API did not answer: "+b.in.Silent+". What is inside it was not compared; the steps look for themselves.")
	}
	var extra []string
	for name := range b.live.Groups {
		if !b.isBlue(name) && !slices.ContainsFunc(b.cfg.ManagedNodeGroups, func(m config.ManagedNodeGroup) bool { return m.Name == name }) {
			extra = append(extra, "node group "+name)
		}
	}
	for name := range b.live.Addons {
		if b.cfg.Addon(name) == nil {
			extra = append(extra, "add-on "+name)
		}
	}
	note("In the cluster and not in the file, left alone", extra)
}

// health says what EKS reports of a live cluster: `up` does not mend it.
func (b *builder) health() {
	say := func(what, code, message string) {
		b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("EKS reports of %s: %s: %s", what, code, message))
	}
	if h := b.live.Cluster.Health; h != nil {
		for _, i := range h.Issues {
			say("the control plane", i.Code, i.Message)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.live.Groups)) {
		if h := b.live.Groups[name].Health; h != nil {
			for _, i := range h.Issues {
				say("node group "+name, i.Code, i.Message)
			}
		}
	}
}

func (b *builder) exists() bool { return b.live.Cluster != nil }
