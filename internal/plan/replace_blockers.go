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

// blockers are what would keep blue's pods from moving, or would end them for good, named
// before anything is made: what stands in the way as it is, and what somebody must want.
func (r *replacing) blockers() finding.Findings {
	if fs := unreached(r.live, ""); fs != nil {
		return fs
	}
	m := relocation{nodes: names(r.live.NodesOf(r.Blue)), homes: r.homes(), come: r.greenNodes(), zones: len(r.greenZones()),
		force: r.Force, stay: true, volume: "give the new group nodes in that zone (--file with its subnets or availabilityZones)",
		fit:  "give the new group the labels, or take away the taints, in a file (--file)",
		more: "give the new group more nodes, or larger ones, in a file (--file)"}
	fs := slices.Concat(never(r.live, m.nodes, ""), doubly(r.live, m.nodes, ""), r.immovable(m), r.crowded(m), r.bound(m), r.early())
	if !r.greenStands() { // of one that is under way, it may be the doing
		fs = append(fs, unmet(r.live, m.nodes, "they could be held on both sides, with neither a way on nor a way back; nothing was changed", "")...)
	}
	if len(fs) == 0 {
		r.drainNotes(m.nodes)
		r.losses(m)
		r.addresses(m)
	}
	return fs
}

// greenNodes are how many nodes the new group has at the end.
func (r *replacing) greenNodes() int {
	if r.Slices != nil {
		return r.Whole.DesiredSize
	}
	return *r.greenGroup().DesiredCapacity
}

// unmet are budgets that are not kept now, or just so. The new nodes' room may bring just as
// many pods up as such a budget wants: then it lets go of none on either side. breaks is what
// comes of it, without what else can be done.
func unmet(live *observe.Observed, nodes []string, breaks, without string) (out finding.Findings) {
	pods := covered(live, nodes, func(b *observe.Budget) bool {
		return !b.Never() && b.DisruptionsAllowed == 0 && b.CurrentHealthy <= b.DesiredHealthy
	})
	for _, id := range slices.Sorted(maps.Keys(pods)) {
		b := live.Kubernetes.Budgets[id]
		if !slices.ContainsFunc(pods[id], func(pod string) bool { return held(live.Kubernetes.Pods[pod], b) }) {
			continue
		}
		out = append(out, finding.Finding{Code: "budget-unmet", Severity: finding.Error, Where: finding.Where{Resource: "PodDisruptionBudget " + id},
			What: fmt.Sprintf("lets no pod go now: it wants %d of its %d pods healthy, and %d are; %s on these nodes", b.DesiredHealthy, b.ExpectedPods,
				b.CurrentHealthy, podsAre(pods[id])),
			Breaks: breaks, Remedy: "wait until its pods are healthy, or see why they are not" + unhealthyGo(live, id, pods[id]) + without})
	}
	return out
}

// held tells whether a budget that lets no pod go holds this one: one that is not ready may go
// where the budget is kept, or says so (policy/v1, unhealthyPodEvictionPolicy).
func held(p *observe.Pod, b *observe.Budget) bool {
	return p.Ready || b.Unhealthy != "AlwaysAllow" && b.CurrentHealthy < b.DesiredHealthy
}

// unhealthyGo are the ways out for pods of a budget that are not ready, by hand: that the budget
// no longer holds them, where it does, or that they go at once.
func unhealthyGo(live *observe.Observed, id string, pods []string) (out string) {
	var sick []string
	ns, name, _ := strings.Cut(id, "/")
	for _, pod := range pods {
		if p := live.Kubernetes.Pods[pod]; !p.Ready {
			sick = append(sick, strings.TrimPrefix(pod, ns+"/"))
		}
	}
	if len(sick) == 0 {
		return ": kubectl -n " + ns + " get pods"
	}
	if live.Kubernetes.Budgets[id].Unhealthy != "AlwaysAllow" {
		out = fmt.Sprintf("; have the budget not hold those that are not: kubectl -n %s patch pdb %s --type merge -p "+
			`'{"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}}'`, ns, name)
	}
	return fmt.Sprintf("%s; or end them yourself: kubectl -n %s delete pod %s", out, ns, strings.Join(sick, " "))
}

// relocation is pods that leave nodes for others.
type relocation struct {
	nodes       []string       // that they leave
	homes       []*corev1.Node // that they may go to
	come, zones int            // how many of those are still to come, and in how many zones
	force       bool           // they move though they are lost
	stay        bool           // the nodes that they leave stay until all have left
	// What to do where a volume, or a pod, finds no node, or all pods together do not.
	volume, fit, more string
}

// immovable are pods that must not go, or have nowhere to; with force they are notes.
func (b *builder) immovable(m relocation) (out finding.Findings) {
	said := map[string]bool{}
	say := func(code, pod string, p *observe.Pod, what, remedy string) {
		of := podOf(pod, p)
		if said[code+of+what] {
			return
		}
		said[code+of+what] = true
		out = append(out, b.forced(m, code, of, what, remedy)...)
	}
	for _, pod := range slices.Sorted(maps.Keys(b.live.Kubernetes.Pods)) {
		p := b.live.Kubernetes.Pods[pod]
		if !slices.Contains(m.nodes, p.Node) {
			continue
		}
		if p.Owner == "" {
			say("pod-unmanaged", pod, p, "is made again by nothing: moved is ended", "give it a Deployment, or delete it")
		}
		if p.Held != "" {
			say("pod-held", pod, p, "must not be moved, as its annotation says: "+p.Held, "take the annotation away, or end the pod yourself")
		}
		if len(p.Finalizers) > 0 && p.Leaving {
			say("pod-finalizer", pod, p, "is being deleted, and a finalizer keeps it: "+strings.Join(p.Finalizers, ", "),
				"see why who set it does not take it away (kubectl describe pod)")
		}
		homes, where := b.nearby(p, m)
		if where != "" {
			say("pod-fits-no-node", pod, p, "would wait for ever: its pod affinity wants it beside pods that stay in "+where+
				", where no node is that it may go to", m.fit)
			continue
		}
		switch why, volume, err := unfit(p, homes); {
		case err != nil:
			say("pod-unread", pod, p, fmt.Sprintf("asks for a node in words that cannot be read: %v", err), "correct it")
		case volume:
			say("volume-zone", pod, p, "would wait for ever: "+why, m.volume)
		case strings.HasPrefix(why, tooMuch):
			say("pod-fits-no-node", pod, p, "would wait for ever: "+why, m.more)
		case why != "":
			say("pod-fits-no-node", pod, p, "would wait for ever: "+why, m.fit)
		}
	}
	return out
}

// nearby are the nodes that a pod may go to which are where its pod affinity wants it, if what it
// is to be near stays; where there is none, where tells what they would have to be in.
func (b *builder) nearby(p *observe.Pod, m relocation) (homes []*corev1.Node, where string) {
	homes = m.homes
	for _, key := range slices.Sorted(maps.Keys(p.Near)) {
		beside := p.Near[key]
		if slices.ContainsFunc(beside, func(n string) bool { return slices.Contains(m.nodes, n) }) {
			continue // that moves, too
		}
		var domains []string
		for _, name := range beside {
			if n := b.live.Kubernetes.Nodes[name]; n != nil {
				domains = append(domains, n.Labels[key])
			}
		}
		homes = slices.DeleteFunc(slices.Clone(homes), func(n *corev1.Node) bool { return !slices.Contains(domains, n.Labels[key]) })
		if len(homes) == 0 && len(m.homes) > 0 {
			slices.Sort(domains)
			return nil, key + " " + few(slices.Compact(domains))
		}
	}
	return homes, ""
}

// forced is a blocker, or with --force a note.
func (b *builder) forced(m relocation, code, of, what, remedy string) finding.Findings {
	if m.force {
		b.plan.Notes = append(b.plan.Notes, of+" "+what+"; --force goes on.")
		return nil
	}
	return finding.Findings{{Code: code, Severity: finding.Error, Where: finding.Where{Resource: of}, What: what, Breaks: "nothing was changed",
		Remedy: remedy + ", or run again with --force"}}
}

// losses are told: what a move costs, though it works.
func (b *builder) losses(m relocation) {
	disks, single, kept := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for pod, p := range b.live.Kubernetes.Pods {
		if !slices.Contains(m.nodes, p.Node) {
			continue
		}
		if len(p.Local) > 0 {
			disks[podOf(pod, p)] = true
		}
		if len(p.Finalizers) > 0 && !p.Leaving {
			kept[podOf(pod, p)] = true
		}
		name, is := strings.CutPrefix(podOf(pod, p), "Deployment ")
		if d := b.live.Kubernetes.Deployments[name]; is && d != nil && d.Desired == 1 {
			single["Deployment "+name] = true
		}
	}
	b.noteOf("What these have on their node's own disk (emptyDir, hostPath) does not move with them", disks)
	b.noteOf("These have one pod, and none while it moves", single)
	b.noteOf("These have finalizers, and leave only once whoever set them takes them away", kept)
}

// noteOf says something of some, if there are any.
func (b *builder) noteOf(what string, of map[string]bool) {
	if len(of) > 0 {
		b.plan.Notes = append(b.plan.Notes, what+": "+few(slices.Sorted(maps.Keys(of)))+".")
	}
}

// podOf names what a pod is of, as a person knows it.
func podOf(pod string, p *observe.Pod) string {
	ns, _, _ := strings.Cut(pod, "/")
	kind, name, _ := strings.Cut(p.Owner, "/")
	switch kind {
	case "":
		return "pod " + pod
	case "ReplicaSet":
		if i := strings.LastIndex(name, "-"); i > 0 {
			return "Deployment " + ns + "/" + name[:i]
		}
	}
	return kind + " " + ns + "/" + name
}
