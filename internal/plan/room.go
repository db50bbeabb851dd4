package plan

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// Machine is what an instance type has, as EC2 says.
type Machine struct{ VCPUs, MemoryMiB, GPUs int }

// unsaid is a resource that no pod asks for: a room that has it may have others besides that nobody
// knows of, as what devices a node has its plugins say once it is there.
const unsaid corev1.ResourceName = "slipway/unsaid"

// gpu is the resource that NVIDIA's device plugin tells of.
const gpu corev1.ResourceName = "nvidia.com/gpu"

// list reads quantities; one that cannot be read is not there.
func list(quantities map[string]string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for k, v := range quantities {
		if q, err := resource.ParseQuantity(v); err == nil {
			out[corev1.ResourceName(k)] = q
		}
	}
	return out
}

// less is what is left of some resources without others.
func less(has, taken corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	for k, v := range has {
		q := v.DeepCopy()
		q.Sub(taken[k])
		out[k] = q
	}
	return out
}

// tooSmall is what of a pod's requests a node with that much room has not; "": it has all, or
// what it has is not known.
func tooSmall(asks map[string]string, free corev1.ResourceList) string {
	if free == nil {
		return ""
	}
	for _, k := range slices.Sorted(maps.Keys(asks)) {
		want, err := resource.ParseQuantity(asks[k])
		have, known := free[corev1.ResourceName(k)]
		if _, more := free[unsaid]; more && !known {
			continue
		}
		if err == nil && (known || !measured(k)) && want.Cmp(have) > 0 {
			return want.String() + " of " + k
		}
	}
	return ""
}

// measured are the resources of which a node that is not there yet may have some that are not
// known; any other that is not known is not there.
func measured(k string) bool {
	return slices.Contains([]string{"cpu", "memory", "pods", "ephemeral-storage"}, k)
}

// spare is the room that a node has; nil: nobody knows.
func (b *builder) spare(node string) corev1.ResourceList {
	r := b.live.Kubernetes.Rooms[node]
	if r == nil || len(r.Has) == 0 {
		return nil
	}
	return less(list(r.Has), list(r.Asked))
}

// daemons are what DaemonSets ask for on one of a group's nodes, at most: a new one runs them too.
func (b *builder) daemons(g observe.AnyGroup) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, n := range b.live.NodesOf(g) {
		if room := b.live.Kubernetes.Rooms[n.Name]; room != nil {
			for k, v := range list(room.Daemons) {
				if have := out[k]; v.Cmp(have) > 0 {
					out[k] = v
				}
			}
		}
	}
	return out
}

// greenRoom is the room of a new node of a type, but for what DaemonSets ask for on the old
// ones: as nodes of the type that are there have, else as EC2 says; nil: nobody knows.
func (r *replacing) greenRoom(typ string) corev1.ResourceList {
	daemons := r.daemons(r.Blue)
	for _, name := range slices.Sorted(maps.Keys(r.live.Kubernetes.Nodes)) {
		n, room := r.live.Kubernetes.Nodes[name], r.live.Kubernetes.Rooms[name]
		if typ != "" && n.Labels[corev1.LabelInstanceTypeStable] == typ && room != nil && len(room.Has) > 0 {
			return less(list(room.Has), daemons)
		}
	}
	m, known := r.in.Machines[typ]
	if !known {
		return nil
	}
	cpu, memory := eksfacts.Allocatable(m.VCPUs, m.MemoryMiB)
	has := corev1.ResourceList{corev1.ResourceCPU: *resource.NewMilliQuantity(int64(cpu), resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(int64(memory)<<20, resource.BinarySI),
		gpu:                   *resource.NewQuantity(int64(m.GPUs), resource.DecimalSI), unsaid: *resource.NewQuantity(1, resource.DecimalSI)}
	return less(has, daemons)
}

// crowded are workloads whose pods would not all find a place, though each of them finds one:
// as they keep apart, are spread, take the same port of their nodes, or ask for more together
// than there is.
func (b *builder) crowded(m relocation) (out finding.Findings) {
	kinds, ports := map[string][]*observe.Pod{}, map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(b.live.Kubernetes.Pods)) {
		p := b.live.Kubernetes.Pods[id]
		kinds[podOf(id, p)] = append(kinds[podOf(id, p)], p)
		if slices.Contains(m.nodes, p.Node) {
			for _, port := range p.Ports {
				ports[port]++
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		pods := kinds[kind]
		if !slices.ContainsFunc(pods, func(p *observe.Pod) bool { return slices.Contains(m.nodes, p.Node) }) {
			continue
		}
		p := pods[0]
		for _, key := range p.Apart {
			if places := m.places(pods, key); len(pods) > places {
				out = append(out, b.forced(m, "pods-apart", kind,
					fmt.Sprintf("has %d pods of which no two may have the same %s (anti-affinity), and there will be %d to choose from", len(pods), key, places),
					m.more+", or let it have fewer pods")...)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(p.Spread)) {
			if places, skew := m.places(pods, key), p.Spread[key]; m.leavesBehind(b.live, key) && len(pods) > places*skew {
				out = append(out, b.forced(m, "pods-spread", kind,
					fmt.Sprintf("is spread over %s (maxSkew %d), which counts nodes that take no pods, too: of its %d pods, the new nodes would get %d", key, skew,
						len(pods), places*skew),
					"set nodeTaintsPolicy: Honor in its topologySpreadConstraints, or whenUnsatisfiable: ScheduleAnyway")...)
			}
		}
	}
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		if free := m.come + m.portFree(b.live, port); ports[port] > free {
			out = append(out, b.forced(m, "host-port", "port "+port,
				fmt.Sprintf("of its node is taken by %d pods that must move, and %d nodes will have it free", ports[port], free),
				m.more)...)
		}
	}
	return append(out, b.together(m)...)
}

// places are how many values of a topology key the nodes have that pods of a kind may go to, one or
// the other: a StatefulSet's have volumes of their own.
func (m *relocation) places(pods []*observe.Pod, key string) int {
	values, come := map[string]bool{}, 0
	for _, n := range m.homes {
		if !slices.ContainsFunc(pods, func(p *observe.Pod) bool {
			why, _, err := unfit(&observe.Pod{Fits: p.Fits}, []*corev1.Node{n})
			return why == "" && err == nil
		}) {
			continue
		}
		switch v, has := n.Labels[key]; {
		case has:
			values[v] = true
		case key == corev1.LabelHostname:
			come = m.come
		}
	}
	return len(values) + come
}

// leavesBehind tells whether the nodes that pods leave have a value of a topology key that no
// other has, which stays at no pod at all until they are gone.
func (m *relocation) leavesBehind(live *observe.Observed, key string) bool {
	return m.stay && slices.ContainsFunc(m.nodes, func(name string) bool {
		v, has := live.Kubernetes.Nodes[name].Labels[key]
		return has && !slices.ContainsFunc(m.homes, func(n *corev1.Node) bool { return n.Labels[key] == v })
	})
}

// portFree are how many of the nodes that stand have a port free.
func (m *relocation) portFree(live *observe.Observed, port string) (free int) {
	for _, n := range m.homes {
		if room := live.Kubernetes.Rooms[n.Name]; room != nil && !slices.Contains(room.Ports, port) {
			free++
		}
	}
	return free
}

// together asks whether all pods find room at once. It adds up, and packs nothing: what it
// refuses cannot be.
func (b *builder) together(m relocation) finding.Findings {
	asked, free := corev1.ResourceList{}, corev1.ResourceList{}
	add := func(to, l corev1.ResourceList, times int) {
		for k, v := range l {
			q := to[k]
			for range times {
				q.Add(v)
			}
			to[k] = q
		}
	}
	most := corev1.ResourceList{} // of a new node
	for _, n := range m.homes {
		switch room := n.Status.Allocatable; {
		case room == nil:
			return nil // nobody knows
		case b.live.Kubernetes.Nodes[n.Name] != nil:
			add(free, room, 1)
		default:
			for k, v := range room {
				if have := most[k]; v.Cmp(have) > 0 {
					most[k] = v
				}
			}
		}
	}
	add(free, most, m.come)
	count := 0
	for _, id := range slices.Sorted(maps.Keys(b.live.Kubernetes.Pods)) { // in order: a sum is written as its first part is
		if p := b.live.Kubernetes.Pods[id]; slices.Contains(m.nodes, p.Node) {
			add(asked, list(p.Asks), 1)
			count++
		}
	}
	for _, k := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourcePods} {
		want, have := asked[k], free[k]
		if _, known := most[k]; known && want.Cmp(have) > 0 {
			return b.forced(m, "no-room", "the new nodes",
				fmt.Sprintf("have %s of %s free with all others, and the %d pods that must move ask for %s", have.String(), k, count, want.String()),
				m.more)
		}
	}
	return nil
}
