package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// cut is a slice of a replacement: the old nodes that it empties, and how many new ones there are
// by then.
type cut struct {
	nodes []*observe.Node
	green int
}

// cuts are the slices that are left, where the new group has some nodes already, or is made with
// them. Nodes whose pods have volumes in a zone that has no other node yet go last: the new group
// has most nodes by then, and Auto Scaling, which spreads them, has one in each zone as soon as
// there are as many as zones.
func (r *replacing) cuts(have int) (out []cut) {
	nodes := r.inTurns()
	gone, waits := max(0, r.Slices.Before.DesiredSize-len(nodes)), r.boundNodes()
	slices.SortStableFunc(nodes, func(a, b *observe.Node) int { return min(1, len(waits[a.Name])) - min(1, len(waits[b.Name])) })
	for len(nodes) > 0 {
		some := nodes[:min(r.Slices.Nodes, len(nodes))]
		nodes, gone = nodes[len(some):], gone+len(some)
		have = max(have, min(r.Whole.DesiredSize, gone))
		out = append(out, cut{some, have})
	}
	return out
}

// boundNodes are blue's nodes with what of theirs is bound to a zone in which no node stands that
// stays, nor one of green's yet.
func (r *replacing) boundNodes() map[string][]string {
	served := map[string]bool{}
	for _, n := range r.live.Kubernetes.Nodes {
		if n.Nodegroup == r.Green && n.Ready && !n.Unschedulable {
			served[n.Labels[corev1.LabelTopologyZone]] = true
		}
	}
	m, out := relocation{homes: r.homes()}, map[string][]string{}
	blue := names(r.live.NodesOf(r.Blue))
	for _, pod := range slices.Sorted(maps.Keys(r.live.Kubernetes.Pods)) {
		p := r.live.Kubernetes.Pods[pod]
		if !slices.Contains(blue, p.Node) || p.Fits == nil || len(p.Fits.Volumes) == 0 {
			continue
		}
		if zone := r.onlyZone(m, p); zone != "" && !served[zone] && !slices.Contains(out[p.Node], podOf(pod, p)) {
			out[p.Node] = append(out[p.Node], podOf(pod, p))
		}
	}
	return out
}

// early are slices that would empty a node before its volumes' zone is certain to have a new one:
// the drain would wait for that, as no slice after it grows the new group meanwhile, and be taken
// back at its deadline. Of one that is under way this is told; the drain looks again. Where there
// will never be as many nodes as zones, bound says so.
func (r *replacing) early() finding.Findings {
	zones := r.greenZones()
	if r.Slices == nil || len(zones) < 2 || r.Whole.DesiredSize < len(zones) {
		return nil
	}
	g, _ := r.live.NodeGroup(r.Green)
	have := *r.greenGroup().DesiredCapacity
	if s := g.Sizes(); g.Stack.Stands() && s != nil {
		have = s.DesiredSize
	}
	waits, words, first := r.boundNodes(), []string{}, 0
	for _, c := range r.cuts(have) {
		for _, n := range c.nodes {
			if of := waits[n.Name]; len(of) > 0 && c.green < len(zones) {
				words = append(words, fmt.Sprintf("%s in %s (%s)", n.Name, n.Labels[corev1.LabelTopologyZone], few(of)))
				if first == 0 {
					first = c.green
				}
			}
		}
	}
	if len(words) == 0 {
		return nil
	}
	of := "the slices of node group " + r.Blue.Name
	what := fmt.Sprintf("come to nodes with volumes while only %s there, wherever Auto Scaling puts them in %d zones: %s. "+
		"Their zones may have no new node by then", newNodesAre(first), len(zones), strings.Join(words, ", "))
	if g.Stack != nil {
		r.plan.Notes = append(r.plan.Notes, strings.ToUpper(of[:1])+of[1:]+" "+what+"; the drain waits for one.")
		return nil
	}
	return r.forced(relocation{force: r.Force}, "volume-zone", of, what, fmt.Sprintf("take slices of as many nodes as zones: --batch %d, "+
		"or leave it out; or have a group for each of these zones (availabilityZones: [ZONE])", len(zones)))
}

func newNodesAre(n int) string {
	if n == 1 {
		return "1 new node is"
	}
	return fmt.Sprintf("%d new nodes are", n)
}
