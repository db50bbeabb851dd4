// Package plan compares what is desired with what is live and makes the graph of
// steps that closes the difference. Ordering is the rules' business; acting is the
// steps'. It must not call AWS: what it compares was observed before.
package plan

import (
	"time"

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
}

// Build makes the plan of a launch: what the config wants and is not there.
func Build(env *steps.Env, live *cluster.Live) (*Plan, error) {
	c := env.Config()
	b := &builder{env: env, cfg: c, live: live, draft: rules.NewDraft(c), plan: &Plan{Cluster: c.Metadata.Name, Region: c.Metadata.Region, Tasks: map[string]*engine.Task{}}}
	// The whole of a launch, in the order in which a reader looks for it.
	b.failedStacks()
	b.controlPlane()
	b.clusterUpdates()
	b.identity()
	b.addons()
	b.access()
	b.serviceAccounts()
	b.podIdentities()
	b.fargate()
	b.nodeGroups()
	b.logRetention()
	if b.exists() {
		b.plan.Notes = append(b.plan.Notes, notCompared)
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

// notCompared is said of every live cluster: a plan must not claim more than it saw.
const notCompared = "On a live cluster these are made when missing and not compared when there: self-managed node groups, access entries, IAM roles and their policies, pod identity associations, tags; nor are encryption, authentication mode and scaling tier."

func (b *builder) exists() bool { return b.live.Cluster != nil }
