// Package plan compares what is desired with what is live and makes the graph of
// steps that closes the difference. Ordering is the rules' business; acting is the
// steps'. It must not call AWS: what it compares was observed before.
package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Actions of a step.
const (
	Create = "create"
	Update = "update"
	Delete = "delete"
	Await  = "wait"
)

// Entry is one step of a plan, for its readers.
type Entry struct {
	ID      string        `json:"id"`
	Kind    string        `json:"kind"`
	Title   string        `json:"title"`
	Action  string        `json:"action"`
	Typical time.Duration `json:"-"`
	Seconds float64       `json:"typicalSeconds"`
}

// Plan is what would be done, in which order, and why.
type Plan struct {
	Cluster   string
	Region    string
	Entries   []Entry
	Graph     *graph.Graph
	Tasks     map[string]*engine.Task
	Notes     []string
	Deletions []string // stacks that failed and go first: this needs a yes
	Critical  graph.Path
	WantNodes int
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

// builder gathers the steps of a plan.
type builder struct {
	env   *steps.Env
	cfg   *config.ClusterConfig
	live  *cluster.Live
	draft *rules.Draft
	plan  *Plan

	refused check.Failures // what the file changed and no step can follow
	foreign []string       // stacks of other tools, whose record cannot be compared
}

// Build makes the plan of a launch: what the config wants and is not there.
func Build(env *steps.Env, live *cluster.Live) (*Plan, error) {
	c := env.Config()
	if live.Details == nil {
		live.Details = &cluster.Details{} // nothing was read beyond what is listed
	}
	b := &builder{env: env, cfg: c, live: live, draft: rules.NewDraft(c), plan: &Plan{Cluster: c.Metadata.Name, Region: c.Metadata.Region, Tasks: map[string]*engine.Task{}}}
	// The whole of a launch, in the order in which a reader looks for it.
	b.failedStacks()
	b.controlPlane()
	b.clusterChanges()
	b.identity()
	b.addons()
	b.access()
	b.serviceAccounts()
	b.podIdentities()
	b.fargate()
	b.nodeGroups()
	b.logRetention()
	b.leftAlone()
	if len(b.refused) > 0 {
		return nil, b.refused
	}
	if err := rules.Apply(b.draft); err != nil {
		return nil, err
	}
	p := b.plan
	p.Graph, p.Notes = b.draft.Graph, append(p.Notes, b.draft.Notes...)
	var err error
	p.Critical, err = p.Graph.CriticalPath(func(id string) time.Duration { return p.Tasks[id].Typical })
	return p, err
}

// add adds a step to the draft and its task to the plan.
func (b *builder) add(s rules.Step, action, title, service string, typical, timeout time.Duration, step engine.Step) string {
	id := b.draft.Add(s)
	b.plan.Entries = append(b.plan.Entries, Entry{ID: id, Kind: s.Kind, Title: title, Action: action, Typical: typical, Seconds: typical.Seconds()})
	b.plan.Tasks[id] = &engine.Task{ID: id, Title: title, Kind: s.Kind, Service: service, Typical: typical, Timeout: timeout, Step: step}
	return id
}

// leftAlone says what of a live cluster the plan does not touch: a plan must not
// claim more than it saw.
func (b *builder) leftAlone() {
	note := func(what string, names []string) {
		slices.Sort(names)
		if names = slices.Compact(names); len(names) > 0 {
			b.plan.Notes = append(b.plan.Notes, what+": "+join(names)+".")
		}
	}
	note("Made by another tool, so that the file cannot be compared with what they were made from (live values are)", b.foreign)
	if !b.exists() {
		return
	}
	b.health()
	if b.env.Silent != "" {
		b.plan.Notes = append(b.plan.Notes, "The Kubernetes API did not answer: "+b.env.Silent+". What is inside it was not compared; the steps look for themselves.")
	}
	var extra []string
	for name := range b.live.Groups {
		if !slices.ContainsFunc(b.cfg.ManagedNodeGroups, func(m config.ManagedNodeGroup) bool { return m.Name == name }) {
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
			say("the control plane", string(i.Code), aws.ToString(i.Message))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.live.Groups)) {
		if h := b.live.Groups[name].Health; h != nil {
			for _, i := range h.Issues {
				say("node group "+name, string(i.Code), aws.ToString(i.Message))
			}
		}
	}
}

func (b *builder) exists() bool { return b.live.Cluster != nil }
