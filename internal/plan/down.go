package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Down is the plan that removes a cluster and everything that eksctl or Slipway
// made for it, told apart by eksctl's tags. keys are the key pairs among it.
func Down(env *steps.Env, live *cluster.Live, keys []string) (*Plan, error) {
	p := &Plan{Cluster: env.Name(), Region: env.AWS.Region, Graph: graph.New(16), Tasks: map[string]*engine.Task{}}
	add := func(id, title, service string, typical time.Duration, step engine.Step) {
		p.Graph.Add(id)
		p.Entries = append(p.Entries, Entry{ID: id, Kind: "delete", Title: title, Action: Delete, Typical: typical, Seconds: typical.Seconds()})
		p.Tasks[id] = &engine.Task{ID: id, Title: title, Kind: "delete", Service: service, Typical: typical, Timeout: timeoutUpdate, Step: step}
	}
	wait := func(after, before, reason string) {
		if p.Graph.Has(after) && p.Graph.Has(before) {
			_ = p.Graph.Connect(graph.Edge{Before: before, After: after, Reason: reason, Rule: "down"}) // both are there
		}
	}
	root := stack.ClusterName(env.Name())
	var first []string // what the control plane waits for
	last := ""
	for _, f := range slices.Sorted(maps.Keys(live.Profiles)) {
		id := rules.ID(rules.Fargate, f)
		add(id, "Fargate profile "+f, "eks", 3*time.Minute, &steps.DeleteFargate{Env: env, Name: f})
		if last != "" {
			wait(id, last, "EKS deletes one Fargate profile at a time")
		}
		last = id
		first = append(first, id)
	}
	stacked := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(live.Stacks)) {
		if name == root {
			continue
		}
		id := rules.ID(rules.DeleteStack, name)
		typical := 20 * time.Second
		if strings.Contains(name, "-nodegroup-") {
			typical = 7 * time.Minute
			stacked[strings.TrimPrefix(name, "eksctl-"+env.Name()+"-nodegroup-")] = true
		}
		add(id, "stack "+name, "cloudformation", typical, &steps.DeleteStack{AWS: env.AWS, Name: name})
		first = append(first, id)
	}
	for _, g := range slices.Sorted(maps.Keys(live.Groups)) {
		if !stacked[g] {
			p.Notes = append(p.Notes, fmt.Sprintf("The node group %s was made outside of eksctl and Slipway; it is deleted with the cluster, which cannot go before it.", g))
			id := rules.ID(rules.NodeGroup, g)
			add(id, "node group "+g, "eks", 7*time.Minute, &steps.DeleteGroup{Env: env, Name: g})
			first = append(first, id)
		}
	}
	if live.OIDC {
		add(rules.OIDC, "IAM OIDC provider", "iam", 2*time.Second, &steps.DeleteOIDC{Env: env, ARN: cluster.ProviderARN(env.AWS, cluster.Issuer(live.Cluster))})
	}
	for _, k := range keys {
		id := rules.ID(rules.KeyPair, k)
		add(id, "SSH key "+k, "ec2", time.Second, &steps.DeleteKey{Env: env, Name: k})
	}
	if live.Stacks[root] != nil {
		id := rules.ID(rules.DeleteStack, root)
		add(id, "stack "+root+" (control plane, network)", "cloudformation", 6*time.Minute, &steps.DeleteStack{AWS: env.AWS, Name: root})
		for _, f := range first {
			wait(id, f, "EKS refuses to delete a cluster with node groups or Fargate profiles, and other stacks use its exports")
		}
		if live.Cluster != nil {
			add("log-group", "control-plane log group", "cloudwatchlogs", time.Second, &steps.DeleteLogs{Env: env})
			wait("log-group", id, "the control plane writes to it until it is gone")
		}
	}
	var err error
	p.Critical, err = p.Graph.CriticalPath(func(id string) time.Duration { return p.Tasks[id].Typical })
	return p, err
}
