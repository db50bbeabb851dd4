package plan

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
)

// The room of nodes that are to come is that of their type where one is there, less what
// DaemonSets ask for, else what EC2 says of the type; all pods together must have room, and
// each some node with as much as it asks for. What nobody knows refuses nothing.
func TestRoomForAll(t *testing.T) {
	pods := func(n int, cpu string) map[string]*observe.Pod {
		out := map[string]*observe.Pod{}
		for i := range n {
			out["default/p"+string(rune('a'+i))] = &observe.Pod{Node: "blue", Owner: "ReplicaSet/p-1", Asks: map[string]string{"cpu": cpu, "pods": "1"}}
		}
		return out
	}
	asks := func(device string) map[string]*observe.Pod {
		return map[string]*observe.Pod{"default/g": {Node: "blue", Owner: "Job/g", Asks: map[string]string{device: "1"}}}
	}
	for name, c := range map[string]struct {
		green    string // type
		come     int
		pods     map[string]*observe.Pod
		machines map[string]Machine
		want     string
	}{
		"as much as before":   {"m5.large", 1, pods(3, "500m"), nil, ""},
		"no node is large":    {"m5.large", 1, pods(1, "1900m"), nil, "it asks for 1900m of cpu"},
		"together too much":   {"m5.large", 1, pods(4, "500m"), nil, "have 1780m of cpu free with all others, and the 4 pods that must move ask for 2"},
		"more nodes":          {"m5.large", 2, pods(4, "500m"), nil, ""},
		"a smaller type":      {"t3.tiny", 1, pods(1, "900m"), map[string]Machine{"t3.tiny": {VCPUs: 1, MemoryMiB: 1024}}, "it asks for 900m of cpu"},
		"a larger type":       {"m5.4xlarge", 1, pods(6, "2"), map[string]Machine{"m5.4xlarge": {VCPUs: 16, MemoryMiB: 65536}}, ""},
		"a type nobody knows": {"x9.huge", 1, pods(6, "2"), nil, ""},
		"a type with GPUs":    {"g5.xlarge", 1, asks("nvidia.com/gpu"), map[string]Machine{"g5.xlarge": {VCPUs: 4, MemoryMiB: 16384, GPUs: 1}}, ""},
		"a type without":      {"m5.4xlarge", 1, asks("nvidia.com/gpu"), map[string]Machine{"m5.4xlarge": {VCPUs: 16, MemoryMiB: 65536}}, "it asks for 1 of nvidia.com/gpu"},
		"another device":      {"inf2.xlarge", 1, asks("aws.amazon.com/neuron"), map[string]Machine{"inf2.xlarge": {VCPUs: 4, MemoryMiB: 16384}}, ""},
		"what no node there has": {"m5.large", 1, map[string]*observe.Pod{"default/g": {Node: "blue", Owner: "Job/g", Asks: map[string]string{"nvidia.com/gpu": "1"}}}, nil,
			"it asks for 1 of nvidia.com/gpu"},
	} {
		live := &observe.Observed{Name: "c", Region: "us-west-2", Parts: []observe.Part{observe.Inside, observe.Pods}, Kubernetes: &observe.Kubernetes{
			Nodes: map[string]*observe.Node{"blue": {Name: "blue", Ready: true, Nodegroup: "w", Labels: map[string]string{corev1.LabelInstanceTypeStable: "m5.large",
				"eks.amazonaws.com/nodegroup": "w"}}},
			Rooms: map[string]*observe.Room{"blue": {Has: map[string]string{"cpu": "1930m", "pods": "29"}, Asked: map[string]string{"cpu": "1900m", "pods": "9"},
				Daemons: map[string]string{"cpu": "150m", "pods": "2"}}}, Pods: c.pods},
			Groups: map[string]*observe.Nodegroup{"w": {Name: "w", Status: "ACTIVE", ScalingConfig: &observe.Sizes{DesiredSize: 1, MaxSize: 1}}}}
		green := &config.ClusterConfig{Metadata: &config.ClusterMeta{Name: "c", Region: "us-west-2"},
			ManagedNodeGroups: []config.ManagedNodeGroup{{NodeGroupBase: config.NodeGroupBase{Name: "w-b2", DesiredCapacity: &c.come, AvailabilityZones: []string{"us-west-2a"}},
				InstanceTypes: []string{c.green}}}}
		blue, _ := live.NodeGroup("w")
		b := newBuilder(live, "")
		b.cfg, b.in.Machines = green, c.machines
		r := &replacing{builder: b, Replacement: Replacement{Within: Within{Blue: blue, Green: "w-b2"}}}
		fs := r.blockers()
		if got := fs.Error(); c.want == "" && len(fs) > 0 || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, expected %q", name, got, c.want)
		}
	}
}

// A zone in which the new group's type is not offered gets no node: what is bound to it is named.
func TestAZoneWithoutTheTypeIsNoHome(t *testing.T) {
	zone := func(z string) json.RawMessage {
		return json.RawMessage(`{"nodeSelectorTerms": [{"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["` + z + `"]}]}]}`)
	}
	for z, want := range map[string]string{"us-west-2a": "", "us-west-2b": "volume-zone"} {
		live := &observe.Observed{Name: "c", Region: "us-west-2", Parts: []observe.Part{observe.Inside, observe.Pods}, Kubernetes: &observe.Kubernetes{
			Nodes: map[string]*observe.Node{"blue": {Name: "blue", Ready: true, Nodegroup: "w", Labels: map[string]string{"eks.amazonaws.com/nodegroup": "w",
				corev1.LabelTopologyZone: z}}},
			Pods: map[string]*observe.Pod{"default/db-0": {Node: "blue", Owner: "StatefulSet/db", Fits: &observe.Fit{Volumes: map[string]json.RawMessage{"data": zone(z)}}}}},
			Groups: map[string]*observe.Nodegroup{"w": {Name: "w", Status: "ACTIVE", ScalingConfig: &observe.Sizes{DesiredSize: 4, MaxSize: 4}}}}
		b := newBuilder(live, "")
		b.cfg = &config.ClusterConfig{Metadata: &config.ClusterMeta{Name: "c", Region: "us-west-2"}, ManagedNodeGroups: []config.ManagedNodeGroup{{
			NodeGroupBase: config.NodeGroupBase{Name: "w-b2", DesiredCapacity: new(4), AvailabilityZones: []string{"us-west-2a", "us-west-2b"}}, InstanceTypes: []string{"c3.large"}}}}
		b.in.Offered = map[string][]string{"c3.large": {"us-west-2a"}}
		blue, _ := live.NodeGroup("w")
		fs := (&replacing{builder: b, Replacement: Replacement{Within: Within{Blue: blue, Green: "w-b2"}}}).blockers()
		if got := fs.Error(); want == "" && len(fs) > 0 || !strings.Contains(got, want) {
			t.Errorf("%s: %s, expected %q", z, got, want)
		}
	}
}

// Pods of a kind whose volumes are in different zones have the places of all of them: which is
// asked first does not matter.
func TestPlacesAreThoseOfAllPodsOfAKind(t *testing.T) {
	in := func(zone string) *observe.Pod {
		return &observe.Pod{Fits: &observe.Fit{Volumes: map[string]json.RawMessage{"data": json.RawMessage(
			`{"nodeSelectorTerms": [{"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["` + zone + `"]}]}]}`)}}}
	}
	home := func(name, zone string) *corev1.Node {
		return asNode(name, map[string]string{corev1.LabelHostname: name, corev1.LabelTopologyZone: zone}, nil)
	}
	m := &relocation{homes: []*corev1.Node{home("x", "a"), home("y", "b"), home("z", "c")}}
	for _, pods := range [][]*observe.Pod{{in("a"), in("b")}, {in("b"), in("a")}} {
		if n := m.places(pods, corev1.LabelHostname); n != 2 {
			t.Errorf("%d places", n)
		}
	}
}
