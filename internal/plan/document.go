package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// DocumentVersion is the version of a plan's document. It rises when a reader of the
// old one would misread the new one.
const DocumentVersion = 1

// Document is a plan written down, complete: what is read back is run as it was made.
type Document struct {
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
	Steps     []StepDocument    `json:"steps"`
	Edges     []EdgeDocument    `json:"edges"`
	Notes     []string          `json:"notes"`
	Deletions []string          `json:"deletions"`
	Critical  CriticalDocument  `json:"criticalPath"`
}

// StepDocument is one step: what its readers see, and the fields of its kind.
type StepDocument struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"` // as rules know it
	Title   string          `json:"title"`
	Action  string          `json:"action"`
	Typical float64         `json:"typicalSeconds"`
	Timeout float64         `json:"timeoutSeconds"`
	Run     string          `json:"run"`  // the kind of step that runs
	Spec    json.RawMessage `json:"spec"` // its fields
}

// EdgeDocument says that After waits for Before, and why.
type EdgeDocument struct {
	Before string `json:"before"`
	After  string `json:"after"`
	Reason string `json:"reason"`
	Rule   string `json:"rule"`
}

// CriticalDocument is the longest way through the plan.
type CriticalDocument struct {
	Steps   []string `json:"steps"`
	Seconds float64  `json:"seconds"`
}

// Document writes a plan down; lists are never null.
func (p *Plan) Document() (*Document, error) {
	d := &Document{
		Version: DocumentVersion, Cluster: p.Cluster, Region: p.Region, Account: p.Account, Network: p.Net, Unreachable: p.Unreachable, WantNodes: p.WantNodes,
		Observed: p.Observed, Steps: []StepDocument{}, Edges: []EdgeDocument{}, Notes: append([]string{}, p.Notes...), Deletions: append([]string{}, p.Deletions...),
		Critical: CriticalDocument{append([]string{}, p.Critical.Steps...), p.Critical.Total.Seconds()},
	}
	for _, e := range p.Entries {
		spec, err := steps.Encode(e.Step)
		if err != nil {
			return nil, err
		}
		d.Steps = append(d.Steps, StepDocument{e.ID, e.Kind, e.Title, e.Action, e.Typical.Seconds(), e.Timeout.Seconds(), steps.Kind(e.Step), spec})
	}
	for _, e := range p.Graph.Edges() {
		d.Edges = append(d.Edges, EdgeDocument{e.Before, e.After, e.Reason, e.Rule})
	}
	return d, nil
}

// Read reads a plan back. The error says what of the document is no plan.
func Read(r io.Reader) (*Plan, error) {
	var d Document
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("this is no plan as slipway plan -o json writes it: %w", err)
	}
	if d.Version != DocumentVersion {
		return nil, fmt.Errorf("the plan has version %d, and this Slipway runs version %d: make it again", d.Version, DocumentVersion)
	}
	p := &Plan{Cluster: d.Cluster, Region: d.Region, Account: d.Account, Net: d.Network, Unreachable: d.Unreachable, WantNodes: d.WantNodes,
		Observed: d.Observed, Notes: d.Notes, Deletions: d.Deletions}
	g := graph.New(len(d.Steps))
	for _, s := range d.Steps {
		spec, err := steps.Decode(s.Run, s.Spec)
		if err != nil {
			return nil, fmt.Errorf("the plan's step %s: %w", s.ID, err)
		}
		g.Add(s.ID)
		p.Entries = append(
			p.Entries,
			Entry{ID: s.ID, Kind: s.Kind, Title: s.Title, Action: s.Action, Typical: seconds(s.Typical), Timeout: seconds(s.Timeout), Step: spec},
		)
	}
	for _, e := range d.Edges {
		if err := g.Connect(graph.Edge{Before: e.Before, After: e.After, Reason: e.Reason, Rule: e.Rule}); err != nil {
			return nil, fmt.Errorf("the plan's edges: %w", err)
		}
	}
	return p, p.finish(g)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
