package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// tooMuch begins the reason of a pod that no node has room for.
const tooMuch = "it asks for "

// unfit says why a pod can run on none of some nodes, by the scheduler's own predicates;
// "": it can on one. volume tells that it could without its volumes.
func unfit(p *observe.Pod, nodes []*corev1.Node) (why string, volume bool, err error) {
	if len(nodes) == 0 {
		why = "there will be no node for it"
	}
	var x corev1.PodSpec
	f := p.Fits
	if f == nil {
		f = &observe.Fit{}
	}
	x.NodeSelector = f.NodeSelector
	if len(f.Affinity) > 0 {
		var s corev1.NodeSelector
		if err := json.Unmarshal(f.Affinity, &s); err != nil {
			return "", false, err
		}
		x.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &s}}
	}
	if len(f.Tolerations) > 0 {
		if err := json.Unmarshal(f.Tolerations, &x.Tolerations); err != nil {
			return "", false, err
		}
	}
	wants := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: x})
	for _, n := range nodes {
		t, repels := helpers.FindMatchingUntoleratedTaint(n.Spec.Taints, x.Tolerations, func(t *corev1.Taint) bool {
			return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
		})
		ok, err := wants.Match(n)
		switch {
		case err != nil:
			return "", false, err
		case volume && (repels || !ok):
			continue // that is the better reason
		case repels:
			why = fmt.Sprintf("it does not tolerate the taint %s", t.ToString())
			continue
		case !ok:
			why = "no node has what its nodeSelector or its node affinity asks for"
			continue
		}
		claim, err := beyond(f, n)
		if err == nil && claim == "" {
			if short := tooSmall(p.Asks, n.Status.Allocatable); short != "" {
				if !volume {
					why = tooMuch + short + ", which no node has free"
				}
				continue
			}
		}
		if err != nil || claim == "" {
			return "", false, err
		}
		why, volume = "the volume of its claim "+claim+" is bound to where no node will be", true
	}
	return why, volume, nil
}

// beyond is a claim of a pod's whose volume a node does not reach; "": it reaches all.
func beyond(f *observe.Fit, n *corev1.Node) (claim string, err error) {
	for _, claim := range slices.Sorted(maps.Keys(f.Volumes)) {
		var s corev1.NodeSelector
		if err := json.Unmarshal(f.Volumes[claim], &s); err != nil {
			return "", err
		}
		bound, err := nodeaffinity.NewNodeSelector(&s)
		if err != nil {
			return "", err
		}
		if !bound.Match(n) {
			return claim, nil
		}
	}
	return "", nil
}

// asNode is a node as the scheduler looks at it.
func asNode(name string, labels map[string]string, taints []observe.NodeTaint) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	for _, t := range taints {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: t.Key, Value: t.Value, Effect: corev1.TaintEffect(t.Effect)})
	}
	return n
}

// homes are the nodes that blue's pods may go to: those of others that take pods, and green's
// as they will be, one for each of its types in each of its zones.
func (r *replacing) homes() []*corev1.Node {
	var out []*corev1.Node
	for _, name := range slices.Sorted(maps.Keys(r.live.Kubernetes.Nodes)) {
		if n := r.live.Kubernetes.Nodes[name]; n.Nodegroup != r.Blue.Name && n.Nodegroup != r.Green && n.Ready && !n.Unschedulable && !r.isBlue(n.Nodegroup) {
			x := asNode(name, n.Labels, n.Taints)
			x.Status.Allocatable = r.spare(name)
			out = append(out, x)
		}
	}
	g := r.greenGroup()
	var taints config.Taints
	if g.Managed != nil {
		taints = g.Managed.Taints
	} else {
		taints = g.Own.Taints
	}
	var repels []observe.NodeTaint
	for _, t := range taints {
		repels = append(repels, observe.NodeTaint{Key: t.Key, Value: t.Value, Effect: t.Effect})
	}
	types := g.Types()
	if len(types) == 0 { // a selector's, or a launch template's: any
		types = []string{""}
	}
	for _, zone := range r.greenZones() {
		for _, typ := range types {
			if zones, known := r.in.Offered[typ]; known && !slices.Contains(zones, zone) {
				continue // no node comes there
			}
			x := asNode(r.Green+"/"+zone+"/"+typ, r.greenLabels(g, zone, typ), repels)
			x.Status.Allocatable = r.greenRoom(typ)
			out = append(out, x)
		}
	}
	return out
}

func (r *replacing) greenGroup() (out config.Group) {
	r.cfg.EachGroup(func(g config.Group) { out = g })
	return out
}

// greenLabels are those that a node of green's has by itself, and those that it is given.
func (r *replacing) greenLabels(g config.Group, zone, typ string) map[string]string {
	arch, os, capacity := "amd64", "linux", "ON_DEMAND"
	if eksfacts.ARM(typ) {
		arch = "arm64"
	}
	if g.Windows() {
		os = "windows"
	}
	l := map[string]string{corev1.LabelArchStable: arch, corev1.LabelOSStable: os, "beta.kubernetes.io/arch": arch, "beta.kubernetes.io/os": os,
		corev1.LabelTopologyZone: zone, corev1.LabelTopologyRegion: r.live.Region, corev1.LabelFailureDomainBetaZone: zone,
		corev1.LabelFailureDomainBetaRegion: r.live.Region, "topology.ebs.csi.aws.com/zone": zone, "topology.k8s.aws/zone": zone,
		eksfacts.TagCluster: r.live.Name, eksfacts.TagGroup: r.Green}
	if typ != "" {
		l[corev1.LabelInstanceTypeStable], l[corev1.LabelInstanceType] = typ, typ
	}
	if g.Managed != nil {
		if config.On(g.Managed.Spot, false) {
			capacity = "SPOT"
		}
		l[eksfacts.LabelGroup], l["eks.amazonaws.com/capacityType"] = r.Green, capacity
	}
	maps.Copy(l, g.Labels)
	return l
}

// greenZones are the zones that green's nodes may be in: those of the file, else of its
// subnets, else of blue.
func (r *replacing) greenZones() []string {
	g := r.greenGroup()
	if len(g.AvailabilityZones) > 0 {
		return g.AvailabilityZones
	}
	zones := map[string]bool{}
	if n := r.live.Network; n != nil {
		for _, id := range g.Subnets {
			if s := n.Subnets[id]; s != nil {
				zones[s.Zone] = true
			}
		}
	}
	if len(zones) == 0 && len(g.Subnets) == 0 {
		for _, s := range r.greenSide() {
			zones[s.Zone] = true
		}
	}
	if len(zones) == 0 && r.Blue.Scaling != nil {
		return r.Blue.Scaling.AvailabilityZones
	}
	return slices.Sorted(maps.Keys(zones))
}

// greenSide are the subnets of the network that green's nodes are in where it names none.
func (r *replacing) greenSide() []vpc.Subnet {
	if config.On(r.greenGroup().PrivateNetworking, false) {
		return r.in.Net.Private
	}
	return r.in.Net.Public
}
