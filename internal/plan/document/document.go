// Package document is a plan as data: what slipway plan -o json writes, slipway up
// --plan reads, and every rendering shows. It must not know how a step acts.
package document

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// Version is the version of a plan's document. It rises when a reader of the old one
// would misread the new one.
const Version = 1

// Actions of a step.
const (
	Create = "create"
	Update = "update"
	Delete = "delete"
	Await  = "wait"
)

// Plan is a plan written down, complete: what is read back is run as it was made.
type Plan struct {
	Version int         `json:"version"`
	Cluster string      `json:"cluster"`
	Region  string      `json:"region"`
	Account string      `json:"account"`
	Network vpc.Network `json:"network"` // as the file means it
	// Unreachable is why the Kubernetes API could not be called where the plan was made.
	Unreachable string `json:"unreachable,omitempty"`
	WantNodes   int    `json:"wantNodes"`
	// Observed is what was there when the plan was made: a digest of each resource.
	Observed  map[string]string `json:"observed"`
	Steps     []Step            `json:"steps"`
	Edges     []Edge            `json:"edges"`
	Notes     []string          `json:"notes"`
	Deletions []string          `json:"deletions"`
	Critical  Critical          `json:"criticalPath"`
}

// Step is one step: what its readers see, and the fields of its kind.
type Step struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"` // as rules know it
	Title   string          `json:"title"`
	Action  string          `json:"action"`
	Typical Seconds         `json:"typicalSeconds"`
	Timeout Seconds         `json:"timeoutSeconds"`
	Run     string          `json:"run"`  // the kind of step that runs
	Spec    json.RawMessage `json:"spec"` // its fields
}

// Edge says that After waits for Before, and why.
type Edge struct {
	Before string `json:"before"`
	After  string `json:"after"`
	Reason string `json:"reason"`
	Rule   string `json:"rule"`
}

// Critical is the longest way through the plan.
type Critical struct {
	Steps   []string `json:"steps"`
	Seconds Seconds  `json:"seconds"`
}

// Seconds is a duration, written as seconds.
type Seconds float64

// Of is a duration in seconds.
func Of(d time.Duration) Seconds { return Seconds(d.Seconds()) }

// Duration is the duration.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// Empty tells whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Steps) == 0 }

// Step finds a step; nil when the plan has none of that ID.
func (p *Plan) Step(id string) *Step {
	for i := range p.Steps {
		if p.Steps[i].ID == id {
			return &p.Steps[i]
		}
	}
	return nil
}

// Graph is the plan's order. The error names an edge between steps that are not there.
func (p *Plan) Graph() (*graph.Graph, error) {
	g := graph.New(len(p.Steps))
	for _, s := range p.Steps {
		g.Add(s.ID)
	}
	for _, e := range p.Edges {
		if err := g.Connect(graph.Edge{Before: e.Before, After: e.After, Reason: e.Reason, Rule: e.Rule}); err != nil {
			return nil, fmt.Errorf("the plan's edges: %w", err)
		}
	}
	return g, nil
}

// Waits are the edges of each step to what it waits for.
func (p *Plan) Waits() map[string][]Edge {
	out := map[string][]Edge{}
	for _, e := range p.Edges {
		out[e.After] = append(out[e.After], e)
	}
	return out
}
