package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/kube"
)

// Part is one line of a cluster's status.
type Part struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
	Reason string `json:"reason,omitempty"` // what it waits for, or what is wrong
}

// Status is a cluster as it is now, made by anyone.
type Status struct {
	Cluster string      `json:"cluster"`
	Region  string      `json:"region"`
	Parts   []Part      `json:"parts"`
	Nodes   []kube.Node `json:"nodes"`
	Settled bool        `json:"settled"` // nothing is under way
}

// Look reads a cluster's status.
func Look(ctx context.Context, c *awsc.Clients, name string) (*Status, error) {
	live, err := cluster.Observe(ctx, c, name)
	if err != nil {
		return nil, check.Reach(c, err)
	}
	st := &Status{Cluster: name, Region: c.Region, Parts: []Part{}, Nodes: []kube.Node{}, Settled: true}
	moving := func(s string) string {
		if strings.HasSuffix(s, "ING") || strings.HasSuffix(s, "_IN_PROGRESS") {
			st.Settled = false
		}
		return s
	}
	for _, n := range slices.Sorted(maps.Keys(live.Stacks)) {
		s := live.Stacks[n]
		if live.Cluster == nil || !live.Has(n) {
			st.Parts = append(st.Parts, Part{Kind: "stack", Name: n, Status: moving(string(s.StackStatus)), Reason: aws.ToString(s.StackStatusReason)})
		}
	}
	if live.Cluster == nil {
		if len(live.Stacks) == 0 {
			return nil, fmt.Errorf("there is no cluster %s in %s", name, c.Region)
		}
		return st, nil
	}
	cl := live.Cluster
	p := Part{Kind: "control plane", Name: name, Status: moving(string(cl.Status)), Detail: "Kubernetes " + aws.ToString(cl.Version)}
	if cl.Health != nil {
		for _, i := range cl.Health.Issues {
			p.Reason = string(i.Code) + ": " + aws.ToString(i.Message)
		}
	}
	st.Parts = append([]Part{p}, st.Parts...)
	for _, n := range slices.Sorted(maps.Keys(live.Addons)) {
		a := live.Addons[n]
		p := Part{Kind: "add-on", Name: n, Status: moving(string(a.Status)), Detail: aws.ToString(a.AddonVersion)}
		if a.Health != nil && len(a.Health.Issues) > 0 {
			p.Reason = string(a.Health.Issues[0].Code) + ": " + aws.ToString(a.Health.Issues[0].Message)
		}
		st.Parts = append(st.Parts, p)
	}
	for _, n := range slices.Sorted(maps.Keys(live.Groups)) {
		g := live.Groups[n]
		p := Part{Kind: "node group", Name: n, Status: moving(string(g.Status)), Detail: strings.Join(g.InstanceTypes, ", ")}
		if g.ScalingConfig != nil {
			p.Detail += fmt.Sprintf(", wants %d", aws.ToInt32(g.ScalingConfig.DesiredSize))
		}
		if g.Health != nil && len(g.Health.Issues) > 0 {
			p.Reason = string(g.Health.Issues[0].Code) + ": " + aws.ToString(g.Health.Issues[0].Message)
		}
		st.Parts = append(st.Parts, p)
	}
	for _, n := range slices.Sorted(maps.Keys(live.Profiles)) {
		st.Parts = append(st.Parts, Part{Kind: "Fargate profile", Name: n, Status: moving(string(live.Profiles[n].Status))})
	}
	if cl.Endpoint != nil {
		k, err := kube.Client(ctx, c, cl)
		if err == nil {
			st.Nodes, err = kube.Nodes(ctx, k)
		}
		if err != nil {
			st.Parts = append(st.Parts, Part{Kind: "nodes", Name: "", Status: "unknown", Reason: "the Kubernetes API does not answer: " + err.Error()})
			st.Nodes = []kube.Node{}
		}
	}
	return st, nil
}
