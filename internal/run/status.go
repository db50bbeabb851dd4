package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/owner"
)

// Look reads a cluster's status; the error of a cluster that is not there is a finding
// that names the region it is in, if there is one. state tells what Terraform keeps; nil:
// none was given.
func Look(ctx context.Context, c *awsc.Clients, name string, state *State) (*outcome.Status, error) {
	live, err := read.Cluster(ctx, c, name, read.Quick())
	if err != nil {
		return nil, check.Reach(err)
	}
	if live.Cluster == nil && len(live.Stacks) == 0 {
		return nil, absent(ctx, c, name)
	}
	st := &outcome.Status{Cluster: name, Region: c.Region, Parts: []outcome.Part{}, Nodes: []outcome.Node{}, Settled: true}
	if live.Cluster != nil {
		controlPlane(st, live.Cluster)
	}
	stacks(st, live)
	if live.Cluster == nil {
		st.Uncounted = "there is no control plane"
		return st, nil
	}
	addons(st, live)
	groups(st, live)
	for _, n := range slices.Sorted(maps.Keys(live.Profiles)) {
		st.Add(outcome.Part{Kind: "Fargate profile", Name: n, Status: live.Profiles[n].Status})
	}
	nodes(ctx, c, st, live)
	if err := changes(ctx, c, st, live); err != nil {
		return nil, check.Reach(err)
	}
	if err := wayBack(ctx, c, st); err != nil {
		return nil, check.Reach(err)
	}
	owners(st, live, state)
	r, err := brief(ctx, c, live)
	if err != nil {
		return nil, check.Reach(err)
	}
	st.Drift = said(r)
	return st, nil
}

// wayBack says until when the control plane can go back to the minor that it came from.
func wayBack(ctx context.Context, c *awsc.Clients, st *outcome.Status) error {
	b, err := read.WayBack(ctx, c, st.Cluster)
	if err == nil && b != nil {
		st.Back = &outcome.Back{Version: b.Version, Until: b.Until}
	}
	return err
}

// owners says who keeps each part. Without a state, marks alone tell of Terraform.
func owners(st *outcome.Status, live *observe.Observed, state *State) {
	o := owner.Of(live, state.owned(live.Name))
	for i, p := range st.Parts {
		if by, ok := o.At(owner.Ref{Kind: p.Kind, Name: p.Name}); ok {
			st.Parts[i].Owner = by.String()
		}
	}
	st.Owners = o.Summary()
}

func controlPlane(st *outcome.Status, cl *observe.Cluster) {
	p := outcome.Part{Kind: "control plane", Name: st.Cluster, Status: cl.Status, Detail: "Kubernetes " + cl.Version}
	if cl.Health != nil {
		for _, i := range cl.Health.Issues {
			p.Reason = i.Code + ": " + i.Message
		}
	}
	st.Add(p)
}

// stacks are those whose resource is not there, or not yet.
func stacks(st *outcome.Status, live *observe.Observed) {
	for _, n := range slices.Sorted(maps.Keys(live.Stacks)) {
		if s := live.Stacks[n]; live.Cluster == nil || !live.Has(n) {
			st.Add(outcome.Part{Kind: "stack", Name: n, Status: s.Status, Reason: s.Reason})
		}
	}
}

func addons(st *outcome.Status, live *observe.Observed) {
	for _, n := range slices.Sorted(maps.Keys(live.Addons)) {
		a := live.Addons[n]
		p := outcome.Part{Kind: "add-on", Name: n, Status: a.Status, Detail: a.Version}
		if a.Health != nil && len(a.Health.Issues) > 0 {
			p.Reason = a.Health.Issues[0].Code + ": " + a.Health.Issues[0].Message
		}
		st.Add(p)
	}
}

func groups(st *outcome.Status, live *observe.Observed) {
	for _, n := range slices.Sorted(maps.Keys(live.Groups)) {
		g := live.Groups[n]
		p := outcome.Part{Kind: "node group", Name: n, Status: g.Status, Detail: strings.Join(g.InstanceTypes, ", ")}
		if g.ScalingConfig != nil {
			p.Detail += fmt.Sprintf(", wants %d", g.ScalingConfig.DesiredSize)
		}
		if g.Health != nil && len(g.Health.Issues) > 0 {
			p.Reason = g.Health.Issues[0].Code + ": " + g.Health.Issues[0].Message
		}
		st.Add(p)
	}
}

// nodes lists the nodes, or says why nobody saw them.
func nodes(ctx context.Context, c *awsc.Clients, st *outcome.Status, live *observe.Observed) {
	if live.Cluster.Endpoint == "" {
		st.Uncounted = "the control plane has no endpoint yet"
		return
	}
	var seen []kube.Node
	k, err := kube.Client(ctx, c, read.Described(live.Cluster))
	if err == nil {
		seen, err = kube.Nodes(ctx, k)
	}
	if err != nil {
		st.Uncounted = "the Kubernetes API does not answer: " + err.Error()
		return
	}
	for _, n := range seen {
		st.Nodes = append(st.Nodes, outcome.Node(n))
	}
}
