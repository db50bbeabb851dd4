package eks

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"
)

// drainSome evicts the pods of as many old nodes as may be unavailable, ends those that
// have been empty for a minute, and takes the next. Pods that do not go within a quarter of
// an hour end the upgrade, or are deleted where it is forced (EKS user guide, "Understand
// each phase of node updates").
func (g *nodegroup) drainSome() {
	r, old, now := g.Rolling, g.old(), g.c.e.w.Elapsed()
	r.Batch = slices.DeleteFunc(r.Batch, func(id string) bool { return !slices.Contains(old, id) })
	if len(r.Batch) == 0 {
		if !g.replaced() { // nodes that were ended have yet to be replaced
			if r.Short == 0 {
				r.Short = now
			}
			if now-r.Short > joinTimeout {
				g.goBack(int(r.Surge))
			}
			return
		}
		r.Short = 0
		if len(old) == 0 {
			g.next(scaleDown)
			return
		}
		r.Batch, r.Since, r.Empty = g.some(old, g.unavailable()), now, 0
	}
	left := g.c.remaining(g.names(r.Batch))
	late := now-r.Since > evictTimeout
	g.c.evict(drainer, left, late && r.Force)
	if late && r.Force {
		left = slices.DeleteFunc(left, g.overdue)
	}
	switch {
	case !g.rolls(r.Update): // it was deleted while a webhook was asked
	case len(left) == 0 && r.Empty == 0:
		r.Empty = now
	case len(left) == 0 && now-r.Empty >= emptyWait:
		for _, id := range r.Batch {
			g.end(id, false)
		}
		r.Batch = nil
	case len(left) > 0 && late && !r.Force:
		g.giveUp(nodesOf(left))
	}
}

// some are as many of the old instances, at random as the user guide has it.
func (g *nodegroup) some(old []string, n int) []string {
	n = min(n, len(old))
	for i := range n {
		k := i + g.c.e.w.Pick(fmt.Sprint(g.Rolling.Update, " ", len(old)-i), len(old)-i)
		old[i], old[k] = old[k], old[i]
	}
	return old[:n]
}

// names are the nodes of instances.
func (g *nodegroup) names(instances []string) (out []string) {
	for _, id := range instances {
		if n := g.nodeOf(id); n != nil {
			out = append(out, n.Name)
		}
	}
	return out
}

// nodesOf are the nodes that pods are on, each once.
func nodesOf(pods []*corev1.Pod) []string {
	on := map[string]bool{}
	for _, p := range pods {
		on[p.Spec.NodeName] = true
	}
	return slices.Sorted(maps.Keys(on))
}

// replaced tells whether every new node that there should be is Ready: where a quota, or a zone,
// let fewer come than were asked for, no more are waited for.
func (g *nodegroup) replaced() bool {
	a := g.c.e.asg.Group(g.ASG)
	if a == nil {
		return true
	}
	fresh, want := g.instances(true), int(*a.DesiredCapacity)
	if n := g.Rolling.Came; n > 0 {
		want = min(want, n)
	}
	return g.ready(fresh) == len(fresh) && len(fresh)+len(g.old()) >= want
}

// overdue tells whether a pod's grace period is over. By force a node ends whether or not any
// pod runs on it (EKS API reference, UpdateNodegroupVersion): one whose finalizer nobody
// removes does not hold it.
func (g *nodegroup) overdue(p *corev1.Pod) bool {
	return p.DeletionTimestamp != nil && p.DeletionTimestamp.Time.Before(g.c.e.w.Date())
}

// giveUp leaves old nodes that cannot be drained as they are, and ends what was to take
// their place: the group has nodes of both kinds until it is upgraded again.
func (g *nodegroup) giveUp(stuck []string) {
	fresh := g.instances(true)
	for i := range min(int(g.Rolling.Surge), len(fresh)) {
		g.end(fresh[len(fresh)-1-i], true)
	}
	g.size(0)
	g.rolled(&types.ErrorDetail{ErrorCode: types.ErrorCodePodEvictionFailure, ResourceIds: stuck,
		ErrorMessage: new("Reached max retries while trying to evict pods from nodes in node group " + *g.NodegroupName)})
}
