package plan

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Surge is what EKS adds to a node group while it replaces its nodes within it.
type Surge struct {
	Group   observe.AnyGroup
	Type    string // of the instances; "": its own launch template's
	Nodes   int    // at most
	Least   int    // one in each zone, without which it goes back
	Subnets []string
}

// Surges are what EKS adds to groups that a plan has it replace the nodes of, the greatest
// first: as many of them count together as are at it at once.
func (p *Plan) Surges(live *observe.Observed) (out []Surge) {
	seen := map[string]bool{}
	for _, e := range p.Entries {
		s, is := e.Step.(*steps.GroupVersion)
		if !is || seen[aws.ToString(s.Input.NodegroupName)] {
			continue
		}
		g, there := live.NodeGroup(aws.ToString(s.Input.NodegroupName))
		seen[g.Name] = true
		if there && g.Managed != nil && classOf(g.Managed.Status) == steady && !minimal(g.Managed) && g.Sizes() != nil && g.Sizes().DesiredSize > 0 {
			out = append(out, surgeOf(g))
		}
	}
	slices.SortStableFunc(out, func(a, b Surge) int { return cmp.Compare(b.Nodes, a.Nodes) })
	return out
}

// surgeOf is a group's: twice its zones, or as many as may be unavailable (facts/eks.md §6).
func surgeOf(g observe.AnyGroup) Surge {
	out := Surge{Group: g, Subnets: g.Managed.Subnets}
	if a := g.Scaling; a != nil {
		out.Least = len(a.AvailabilityZones)
		if len(a.Instances) > 0 {
			out.Type = a.Instances[0].Type
		}
	}
	if out.Type == "" && len(g.Managed.InstanceTypes) > 0 {
		out.Type = g.Managed.InstanceTypes[0]
	}
	out.Nodes = max(2*out.Least, atOnce(g.Managed, g.Sizes().DesiredSize))
	return out
}

// minimal tells whether EKS ends a node of a group before it starts another.
func minimal(g *observe.Nodegroup) bool {
	return g.UpdateConfig != nil && g.UpdateConfig.UpdateStrategy == string(types.NodegroupUpdateStrategiesMinimal)
}
