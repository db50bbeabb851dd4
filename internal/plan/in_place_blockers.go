package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// blockers are what holds pods on the nodes, or would end them for good, as of a replacement:
// new nodes are as the old ones. EKS's force alone passes over budgets.
func (r *rolling) blockers(nodes []string) finding.Findings {
	if fs := unreached(r.live, ""); fs != nil {
		return fs
	}
	m := relocation{nodes: nodes, homes: r.homes(nodes), come: len(nodes), zones: len(r.zones()), force: r.Force,
		volume: "see why no node of the group is in that zone", fit: "take away what ties it to one node",
		more: "let the group have more nodes (slipway nodegroup scale), or larger ones (slipway nodegroup upgrade --strategy blue-green --instance-types)"}
	fs := append(r.budgets(nodes), r.immovable(m)...)
	fs = slices.Concat(fs, r.crowded(m), r.bound(m))
	if len(fs) == 0 {
		r.drainNotes(nodes)
		r.losses(m)
	}
	return fs
}

// budgets are those that hold pods longer than EKS waits, which are notes where it is to end
// such pods all the same. A budget that lets go of one pod at a time is none.
func (r *rolling) budgets(nodes []string) finding.Findings {
	const (
		without = ", or run again with --force: EKS ends such pods after 15 minutes"
		breaks  = "EKS gives up after 15 minutes (PodEvictionFailure), with some nodes new and some old; nothing was changed"
	)
	fs := slices.Concat(never(r.live, nodes, without), doubly(r.live, nodes, without), r.withoutRoom(nodes, breaks, without))
	if !r.halfway() { // else it may be that update's doing, which ends with this one
		fs = append(fs, unmet(r.live, nodes, breaks, without)...)
	}
	if !r.Force {
		return fs
	}
	for _, f := range fs {
		r.plan.Notes = append(r.plan.Notes, f.Where.Resource+" "+f.What+"; --force goes on.")
	}
	return nil
}

// withoutRoom are budgets that would hold a node where EKS ends one before it starts another
// (MINIMAL): they let go of fewer of its pods than it has, and the others have no room for
// those until it is gone. Whether the group's own old nodes take pods meanwhile, the user guide
// does not say; where they would have to, that is told.
func (r *rolling) withoutRoom(nodes []string, breaks, without string) (out finding.Findings) {
	if !minimal(r.Group.Managed) {
		return nil
	}
	said := map[string]bool{}
	for _, node := range nodes {
		of := covered(r.live, []string{node}, func(b *observe.Budget) bool { return !b.Never() && b.DisruptionsAllowed > 0 })
		for _, id := range slices.Sorted(maps.Keys(of)) {
			first := r.live.Kubernetes.Budgets[id].DisruptionsAllowed
			if len(of[id]) <= first || said[id] {
				continue
			}
			wait := r.smallest(of[id])[:len(of[id])-first] // must be ready elsewhere before the last may go
			words := fmt.Sprintf("lets go of %d of its %d pods on node %s at a time, and MINIMAL ends a node before there is another", first, len(of[id]), node)
			switch {
			case !r.placed(wait, func(n *observe.Node) bool { return n.Name != node }):
				said[id] = true
				out = append(out, finding.Finding{Code: "no-room", Severity: finding.Error, Where: finding.Where{Resource: "PodDisruptionBudget " + id},
					What: words + ": no other has room for them", Breaks: breaks,
					Remedy: "let the group have another node, or the update strategy DEFAULT (updateConfig of the file)" + without})
			case !r.placed(wait, func(n *observe.Node) bool { return !slices.Contains(nodes, n.Name) }):
				said[id] = true
				r.plan.Notes = append(r.plan.Notes, "The disruption budget "+id+" "+words+
					": the others of the group have room for them, if EKS lets them take pods meanwhile; else it fails after 15 minutes.")
			}
		}
	}
	return out
}

// smallest are pods by the CPU that they ask for, the least first.
func (r *rolling) smallest(pods []string) []*observe.Pod {
	out := make([]*observe.Pod, len(pods))
	for i, p := range pods {
		out[i] = r.live.Kubernetes.Pods[p]
	}
	cpu := func(p *observe.Pod) resource.Quantity { return list(p.Asks)[corev1.ResourceCPU] }
	slices.SortStableFunc(out, func(a, b *observe.Pod) int {
		x := cpu(a)
		return x.Cmp(cpu(b))
	})
	return out
}

// placed tells whether some nodes that take pods have room for pods, one after the other; where
// nobody knows the room, they have.
func (r *rolling) placed(pods []*observe.Pod, among func(*observe.Node) bool) bool {
	free := map[string]corev1.ResourceList{}
	for _, p := range pods {
		home := ""
		for _, name := range slices.Sorted(maps.Keys(r.live.Kubernetes.Nodes)) {
			n := r.live.Kubernetes.Nodes[name]
			if !n.Ready || n.Unschedulable || !among(n) {
				continue
			}
			x := asNode(name, n.Labels, n.Taints)
			if free[name] == nil {
				free[name] = r.spare(name)
			}
			x.Status.Allocatable = free[name]
			if why, _, err := unfit(p, []*corev1.Node{x}); why == "" && err == nil {
				home = name
				break
			}
		}
		if home == "" {
			return false
		}
		if free[home] != nil {
			free[home] = less(free[home], list(p.Asks))
		}
	}
	return true
}

// homes are the nodes that pods may go to: those of others that take pods, with what they have
// free, and the new ones, which are as those of the group but for their names, and have room for
// all but DaemonSets.
func (r *rolling) homes(nodes []string) []*corev1.Node {
	var out []*corev1.Node
	daemons := r.daemons(r.Group)
	for _, name := range slices.Sorted(maps.Keys(r.live.Kubernetes.Nodes)) {
		n := r.live.Kubernetes.Nodes[name]
		ours := slices.Contains(nodes, n.Name)
		if !ours && (!n.Ready || n.Unschedulable) {
			continue
		}
		labels := map[string]string{}
		for k, v := range n.Labels {
			if !ours || k != corev1.LabelHostname {
				labels[k] = v
			}
		}
		taints := slices.DeleteFunc(slices.Clone(n.Taints), func(t observe.NodeTaint) bool { return ours && strings.HasPrefix(t.Key, "node.kubernetes.io/") })
		room := r.spare(name)
		if has := r.live.Kubernetes.Rooms[name]; ours {
			if name, room = "in place of "+name, nil; has != nil && len(has.Has) > 0 {
				room = less(list(has.Has), daemons)
			}
		}
		x := asNode(name, labels, taints)
		x.Status.Allocatable = room
		out = append(out, x)
	}
	return out
}
