package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/observe"
)

// zonal is a group with one node in each of some zones, and a pod on each whose volume is there.
func zonal(nodes int, zones string, edit func(*observe.Observed)) *rolling {
	live := &observe.Observed{Name: "c", Parts: []observe.Part{observe.Inside, observe.Pods}, Cluster: &observe.Cluster{Version: "1.34"},
		Groups:        map[string]*observe.Nodegroup{"w": {Name: "w", Status: "ACTIVE", ScalingConfig: &observe.Sizes{DesiredSize: nodes, MaxSize: nodes}}},
		ScalingGroups: map[string]*observe.ScalingGroup{"asg": {Name: "asg", Nodegroup: "w", Managed: true, AvailabilityZones: strings.Split(zones, "")}},
		Kubernetes:    &observe.Kubernetes{Nodes: map[string]*observe.Node{}, Pods: map[string]*observe.Pod{}}}
	for i := range nodes {
		zone, name := string(zones[i%len(zones)]), fmt.Sprintf("n%d", i)
		live.Kubernetes.Nodes[name] = &observe.Node{Name: name, Ready: true, Nodegroup: "w", Labels: map[string]string{"topology.kubernetes.io/zone": zone}}
		live.Kubernetes.Pods["d/es-"+name] = &observe.Pod{Node: name, Owner: "StatefulSet/es", Ready: true, Fits: &observe.Fit{Volumes: map[string]json.RawMessage{
			"data": json.RawMessage(`{"nodeSelectorTerms":[{"matchExpressions":[{"key":"topology.kubernetes.io/zone","operator":"In","values":["` + zone + `"]}]}]}`)}}}
	}
	if edit != nil {
		edit(live)
	}
	group, _ := live.NodeGroup("w")
	return &rolling{InPlace: InPlace{Live: live, Group: group}, builder: newBuilder(live, "")}
}

// Volumes in a zone that may end without a node are told of, with what to do; those in more
// zones than there will be nodes are refused (ops case 20).
func TestVolumesBoundToZones(t *testing.T) {
	for what, c := range map[string]struct {
		r    *rolling
		told string
	}{
		"the case: three nodes over three zones": {r: zonal(3, "abc", nil),
			told: "Volumes are bound to a (StatefulSet d/es), b (StatefulSet d/es), c (StatefulSet d/es), and the new nodes (3) are spread over 3 zones"},
		"twice as many nodes as zones": {r: zonal(6, "abc", nil)},
		"one zone":                     {r: zonal(2, "a", nil)},
		"two nodes over three zones":   {r: zonal(2, "abc", nil), told: "fewer than 6, so that a zone can end without one"},
		"another group's node is in each": {r: zonal(3, "abc", func(o *observe.Observed) {
			for _, zone := range []string{"a", "b", "c"} {
				o.Kubernetes.Nodes["s"+zone] = &observe.Node{Name: "s" + zone, Ready: true, Nodegroup: "s", Labels: map[string]string{"topology.kubernetes.io/zone": zone}}
			}
		})},
	} {
		var nodes []string
		for _, n := range c.r.live.NodesOf(c.r.Group) {
			nodes = append(nodes, n.Name)
		}
		fs := c.r.blockers(nodes)
		notes := strings.Join(c.r.plan.Notes, "\n")
		if len(fs) > 0 || c.told == "" == strings.Contains(notes, "Volumes are bound") || !strings.Contains(notes, c.told) ||
			c.told != "" && !strings.Contains(notes, "availabilityZones: [ZONE]") {
			t.Errorf("%s: %v %s", what, fs, notes)
		}
	}
	r := zonal(3, "abc", nil)
	m := relocation{nodes: []string{"n0", "n1", "n2"}, homes: r.homes([]string{"n0", "n1", "n2"}), come: 2, zones: 3}
	fs := r.bound(m)
	if len(fs) != 1 || fs[0].Code != "volume-zone" || !strings.Contains(fs[0].What, "are 2, and volumes are bound to 3 zones: a (StatefulSet d/es), b") ||
		!strings.Contains(fs[0].Remedy, "availabilityZones: [ZONE]") || !strings.Contains(fs[0].Remedy, "--force") {
		t.Errorf("more zones than nodes: %v", fs)
	}
	if m.force = true; len(r.bound(m)) > 0 {
		t.Error("forced, it is refused")
	}
}
