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

// bound are pods whose volumes are in one zone, where nobody can say that a new node will be in
// it: a group over several zones has its nodes where Auto Scaling puts them, and a pod waited
// for a week, unseen, in a zone that an update had left without one (ops case 20). More such
// zones than new nodes cannot be served at all. With twice as many nodes as zones, each keeps
// one whatever EKS takes away at the end of an update.
func (b *builder) bound(m relocation) finding.Findings {
	zones := map[string]map[string]bool{} // what is bound to a zone that only new nodes are in
	for _, pod := range slices.Sorted(maps.Keys(b.live.Kubernetes.Pods)) {
		p := b.live.Kubernetes.Pods[pod]
		if !slices.Contains(m.nodes, p.Node) || p.Fits == nil || len(p.Fits.Volumes) == 0 {
			continue
		}
		if zone := b.onlyZone(m, p); zone != "" {
			if zones[zone] == nil {
				zones[zone] = map[string]bool{}
			}
			zones[zone][podOf(pod, p)] = true
		}
	}
	if len(zones) == 0 || m.zones < 2 || m.come >= 2*m.zones {
		return nil
	}
	var words []string
	for _, zone := range slices.Sorted(maps.Keys(zones)) {
		words = append(words, zone+" ("+few(slices.Sorted(maps.Keys(zones[zone])))+")")
	}
	const remedy = "a group for each of these zones (availabilityZones: [ZONE]) has a node there for certain"
	if len(zones) > m.come {
		return b.forced(m, "volume-zone", "the new nodes",
			fmt.Sprintf("are %d, and volumes are bound to %d zones: %s", m.come, len(zones), strings.Join(words, ", ")), "let the group have more nodes; "+remedy)
	}
	b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("Volumes are bound to %s, and the new nodes (%d) are spread over %d zones as Auto Scaling likes: "+
		"fewer than %d, so that a zone can end without one, and these pods would wait for ever. It is looked at; %s.",
		strings.Join(words, ", "), m.come, m.zones, 2*m.zones, remedy))
	return nil
}

// onlyZone is the one zone that a pod's volumes let it run in, where only new nodes are in it;
// "": there is none, or a node that stands would do.
func (b *builder) onlyZone(m relocation, p *observe.Pod) string {
	zone := ""
	for _, n := range m.homes {
		if why, _, err := unfit(&observe.Pod{Fits: p.Fits}, []*corev1.Node{n}); why != "" || err != nil {
			continue
		}
		z := n.Labels[corev1.LabelTopologyZone]
		if b.live.Kubernetes.Nodes[n.Name] != nil || zone != "" && z != zone {
			return ""
		}
		zone = z
	}
	return zone
}
