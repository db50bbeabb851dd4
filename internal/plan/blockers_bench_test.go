package plan

import (
	"encoding/json"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
)

// 5,000 pods on a group of 500 nodes that is replaced, with requests, affinities, spread, host
// ports, volumes and 200 disruption budgets: all that keeps them from moving is to be known in
// a second.
func BenchmarkBlockers(b *testing.B) {
	zone := func(i int) string { return "us-west-2" + string("abc"[i%3]) }
	affinity := func(i int) json.RawMessage {
		return json.RawMessage(`{"nodeSelectorTerms": [{"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["` + zone(i) + `"]}]}]}`)
	}
	k := &observe.Kubernetes{Nodes: map[string]*observe.Node{}, Pods: map[string]*observe.Pod{}, Budgets: map[string]*observe.Budget{}, Rooms: map[string]*observe.Room{}}
	live := &observe.Observed{Name: "c", Region: "us-west-2", Parts: []observe.Part{observe.Inside, observe.Pods}, Kubernetes: k,
		Groups: map[string]*observe.Nodegroup{"w": {Name: "w", Status: "ACTIVE", ScalingConfig: &observe.Sizes{DesiredSize: 500, MaxSize: 500}}}}
	for i := range 510 { // ten are another group's
		group := "w"
		if i >= 500 {
			group = "rest"
		}
		n := &observe.Node{Name: fmt.Sprintf("node-%d", i), Ready: true, Nodegroup: group, Labels: map[string]string{"topology.kubernetes.io/zone": zone(i), "pool": "web",
			"eks.amazonaws.com/nodegroup": group, corev1.LabelInstanceTypeStable: "m5.2xlarge", corev1.LabelHostname: fmt.Sprintf("node-%d", i)}}
		k.Nodes[n.Name] = n
		k.Rooms[n.Name] = &observe.Room{Has: map[string]string{"cpu": "7910m", "memory": "29Gi", "pods": "58"},
			Asked: map[string]string{"cpu": "5300m", "memory": "6Gi", "pods": "14"}, Daemons: map[string]string{"cpu": "300m", "pods": "4"}, Ports: []string{"TCP/9100"}}
	}
	for i := range 200 {
		k.Budgets[fmt.Sprintf("default/app%d", i)] = &observe.Budget{MaxUnavailable: "1", DisruptionsAllowed: 1, CurrentHealthy: 25, DesiredHealthy: 24, ExpectedPods: 25}
	}
	for i := range 5000 {
		app := i % 200
		p := &observe.Pod{Node: fmt.Sprintf("node-%d", i%500), Owner: fmt.Sprintf("ReplicaSet/app%d-1", app), Ready: true, Asks: map[string]string{"cpu": "500m", "memory": "600Mi", "pods": "1"},
			Budgets: observe.Set{fmt.Sprintf("default/app%d", app)}, Fits: &observe.Fit{NodeSelector: map[string]string{"pool": "web"}, Affinity: affinity(i)}}
		switch app % 10 {
		case 0:
			p.Fits.Volumes = map[string]json.RawMessage{"data": affinity(i)}
		case 1:
			p.Apart = []string{corev1.LabelHostname}
		case 2:
			p.Spread = map[string]int{corev1.LabelTopologyZone: 9}
		case 3:
			p.Ports = []string{fmt.Sprintf("TCP/%d", 8000+app)}
		}
		k.Pods[fmt.Sprintf("default/app%d-%d", app, i)] = p
	}
	labels := map[string]string{"pool": "web"}
	green := &config.ClusterConfig{Metadata: &config.ClusterMeta{Name: "c", Region: "us-west-2"}, ManagedNodeGroups: []config.ManagedNodeGroup{{InstanceTypes: []string{"m5.2xlarge"},
		NodeGroupBase: config.NodeGroupBase{Name: "w-b2", DesiredCapacity: new(500), Labels: labels, AvailabilityZones: []string{zone(0), zone(1), zone(2)}}}}}
	blue, _ := live.NodeGroup("w")
	for b.Loop() {
		x := newBuilder(live, "")
		x.cfg = green
		r := &replacing{builder: x, Replacement: Replacement{Within: Within{Blue: blue, Green: "w-b2"}}}
		if fs := r.blockers(); len(fs) > 0 {
			b.Fatal(fs)
		}
	}
}
