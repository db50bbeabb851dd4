package plan

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/slipway-eks/slipway/internal/plan/document"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Document writes a plan down; lists are never null.
func (p *Plan) Document() (*document.Plan, error) {
	d := &document.Plan{
		Version: document.Version, Cluster: p.Cluster, Region: p.Region, Account: p.Account, Network: p.Net, Unreachable: p.Unreachable, WantNodes: p.WantNodes,
		Observed: p.Observed, Steps: []document.Step{}, Edges: []document.Edge{},
		Notes: append([]string{}, p.Notes...), Deletions: append([]string{}, p.Deletions...),
		Critical: document.Critical{Steps: append([]string{}, p.Critical.Steps...), Seconds: document.Of(p.Critical.Total)},
	}
	for _, e := range p.Entries {
		spec, err := steps.Encode(e.Step)
		if err != nil {
			return nil, err
		}
		d.Steps = append(d.Steps, document.Step{ID: e.ID, Kind: e.Kind, Title: e.Title, Action: e.Action,
			Typical: document.Of(e.Typical), Timeout: document.Of(e.Timeout), Run: steps.Kind(e.Step), Spec: spec})
	}
	for _, e := range p.Graph.Edges() {
		d.Edges = append(d.Edges, document.Edge{Before: e.Before, After: e.After, Reason: e.Reason, Rule: e.Rule})
	}
	return d, nil
}

// Read reads a plan back. The error says what of the document is no plan.
func Read(r io.Reader) (*Plan, error) {
	var d document.Plan
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("this is no plan as slipway plan -o json writes it: %w", err)
	}
	if d.Version != document.Version {
		return nil, fmt.Errorf("the plan has version %d, and this Slipway runs version %d: make it again", d.Version, document.Version)
	}
	p := &Plan{Cluster: d.Cluster, Region: d.Region, Account: d.Account, Net: d.Network, Unreachable: d.Unreachable, WantNodes: d.WantNodes,
		Observed: d.Observed, Notes: d.Notes, Deletions: d.Deletions}
	for _, s := range d.Steps {
		spec, err := steps.Decode(s.Run, s.Spec)
		if err != nil {
			return nil, fmt.Errorf("the plan's step %s: %w", s.ID, err)
		}
		p.Entries = append(p.Entries, Entry{ID: s.ID, Kind: s.Kind, Title: s.Title, Action: s.Action,
			Typical: s.Typical.Duration(), Timeout: s.Timeout.Duration(), Step: spec})
	}
	g, err := d.Graph()
	if err != nil {
		return nil, err
	}
	return p, p.finish(g)
}
