package plan

import (
	"errors"
	"fmt"
	"github.com/slipway-eks/slipway/internal/observe"
	"maps"
	"slices"
	"time"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Removal is what the plan of a removal is made from.
type Removal struct {
	Name, Region       string
	Account, Partition string
	Live               *observe.Observed
	Keys               []string // key pairs that were made for the cluster
}

// Down is the plan that removes a cluster and everything that eksctl or Slipway
// made for it, told apart by eksctl's tags.
func Down(in Removal) (*Plan, error) {
	name, live := in.Name, in.Live
	p := &Plan{Cluster: name, Region: in.Region}
	g := graph.New(16)
	var failed error
	add := func(id, title, resource, of string, typical time.Duration) {
		g.Add(id)
		p.Entries = append(p.Entries, Entry{ID: id, Kind: "delete", Title: title, Action: Delete, Typical: typical, Timeout: timeoutUpdate, Step: &steps.Delete{Resource: resource, Name: of}})
	}
	wait := func(after, before, reason string) {
		failed = errors.Join(failed, g.Connect(graph.Edge{Before: before, After: after, Reason: reason, Rule: "down"}))
	}
	root := stack.ClusterName(name)
	var first []string // what the control plane waits for
	last := ""
	for _, f := range slices.Sorted(maps.Keys(live.Profiles)) {
		id := rules.ID(rules.Fargate, f)
		add(id, "Fargate profile "+f, "fargate-profile", f, 3*time.Minute)
		if last != "" {
			wait(id, last, "EKS deletes one Fargate profile at a time")
		}
		last = id
		first = append(first, id)
	}
	stacked := map[string]bool{}
	for _, st := range slices.Sorted(maps.Keys(live.Stacks)) {
		if st == root {
			continue
		}
		id := rules.ID(rules.DeleteStack, st)
		typical := 20 * time.Second
		if group := live.Stacks[st].Tags[eksfacts.TagGroup]; group != "" {
			typical = 7 * time.Minute
			stacked[group] = true
		}
		add(id, "stack "+st, "stack", st, typical)
		first = append(first, id)
	}
	for _, n := range slices.Sorted(maps.Keys(live.Groups)) {
		if !stacked[n] {
			p.Notes = append(p.Notes, fmt.Sprintf("The node group %s was made outside of eksctl and Slipway; it is deleted with the cluster, which cannot go before it.", n))
			id := rules.ID(rules.NodeGroup, n)
			add(id, "node group "+n, "nodegroup", n, 7*time.Minute)
			first = append(first, id)
		}
	}
	if live.OIDCProvider != nil {
		add(rules.OIDC, "IAM OIDC provider", "oidc-provider", live.OIDCProvider.ARN, 2*time.Second)
	}
	for _, k := range in.Keys {
		id := rules.ID(rules.KeyPair, k)
		add(id, "SSH key "+k, "key-pair", k, time.Second)
	}
	if live.Stacks[root] != nil {
		id := rules.ID(rules.DeleteStack, root)
		add(id, "stack "+root+" (control plane, network)", "stack", root, 6*time.Minute)
		for _, f := range first {
			wait(id, f, "EKS refuses to delete a cluster with node groups or Fargate profiles, and other stacks use its exports")
		}
		if live.Cluster != nil {
			add("log-group", "control-plane log group", "log-group", eksfacts.LogGroup(name), time.Second)
			wait("log-group", id, "the control plane writes to it until it is gone")
		}
	}
	if failed != nil {
		return nil, failed
	}
	return p, p.finish(g)
}
