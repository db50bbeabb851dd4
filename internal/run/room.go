package run

import (
	"context"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan"
)

// roomy looks whether there is room for the nodes that EKS adds while it replaces those of the
// groups of a plan, so many groups at once; what there is too little of to go on is an error,
// what is only tight a note.
func roomy(ctx context.Context, c *awsc.Clients, live *observe.Observed, p *plan.Plan, atOnce int) error {
	var all []check.Surge
	for _, s := range p.Surges(live) {
		spot := s.Group.Managed.CapacityType == "SPOT"
		all = append(all, check.Surge{Group: s.Group.Name, Type: s.Type, Spot: spot, Nodes: s.Nodes, Least: s.Least, Subnets: s.Subnets})
	}
	if len(all) == 0 {
		return nil
	}
	found := check.Room(ctx, c, all[:min(len(all), atOnce)])
	for _, f := range found {
		if f.Severity == finding.Warning {
			p.Notes = append(p.Notes, f.Sentence())
		}
	}
	return found.Err()
}
