package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
)

// sliced is the replacement of a group over three zones, slice by slice, whose nodes n0, n1 … are
// in the zones that are named; those of bound have a pod with a volume there.
func sliced(zones string, batch int, bound []string, edit func(*observe.Observed)) *replacing {
	const zone = "topology.kubernetes.io/zone"
	k := &observe.Kubernetes{Nodes: map[string]*observe.Node{}, Pods: map[string]*observe.Pod{}}
	asg := &observe.ScalingGroup{Name: "asg", Nodegroup: "w", Managed: true}
	size := observe.Sizes{DesiredSize: len(zones), MaxSize: len(zones)}
	live := &observe.Observed{Name: "c", Parts: []observe.Part{observe.Inside, observe.Pods}, Kubernetes: k, ScalingGroups: map[string]*observe.ScalingGroup{"asg": asg},
		Groups: map[string]*observe.Nodegroup{"w": {Name: "w", Status: "ACTIVE", ScalingConfig: &size}}}
	for i, z := range zones {
		name, id := fmt.Sprintf("n%d", i), fmt.Sprintf("i-%d", i)
		asg.Instances = append(asg.Instances, observe.GroupInstance{ID: id, Zone: string(z)})
		k.Nodes[name] = &observe.Node{Name: name, Ready: true, Nodegroup: "w", ProviderID: "aws:///" + string(z) + "/" + id, Labels: map[string]string{zone: string(z)}}
		if slices.Contains(bound, name) {
			k.Pods["d/es-"+name] = &observe.Pod{Node: name, Owner: "StatefulSet/es", Ready: true, Fits: &observe.Fit{Volumes: map[string]json.RawMessage{
				"data": json.RawMessage(`{"nodeSelectorTerms":[{"matchExpressions":[{"key":"` + zone + `","operator":"In","values":["` + string(z) + `"]}]}]}`)}}}
		}
	}
	if edit != nil {
		edit(live)
	}
	b := newBuilder(live, "")
	b.cfg = &config.ClusterConfig{Metadata: &config.ClusterMeta{Name: "c"}, ManagedNodeGroups: []config.ManagedNodeGroup{{NodeGroupBase: config.NodeGroupBase{Name: "w-b2",
		DesiredCapacity: new(batch), AvailabilityZones: []string{"a", "b", "c"}}}}}
	blue, _ := live.NodeGroup("w")
	return &replacing{builder: b, Replacement: Replacement{Within: Within{Blue: blue, Green: "w-b2",
		Slices: &observe.Slices{Nodes: batch, Before: size}, Whole: size}}}
}

// Nodes whose volumes wait for a new node in their zone go in the last slices, when the new group
// has as many nodes as zones; where that cannot be, it is refused with the batch that would do.
func TestSlicesLeaveBoundVolumesForLast(t *testing.T) {
	other := func(group string, zones string) func(*observe.Observed) {
		return func(o *observe.Observed) {
			for _, z := range zones {
				name := group + string(z)
				o.Kubernetes.Nodes[name] = &observe.Node{Name: name, Ready: true, Nodegroup: group, Labels: map[string]string{"topology.kubernetes.io/zone": string(z)}}
			}
		}
	}
	for what, c := range map[string]struct {
		r       *replacing
		turns   string
		refused string
	}{
		"none is bound: zone after zone":               {sliced("aabbcc", 1, nil, nil), "n0@1 n2@2 n4@3 n1@4 n3@5 n5@6", ""},
		"the bound ones go last":                       {sliced("aabbcc", 1, []string{"n0", "n2"}, nil), "n4@1 n1@2 n3@3 n5@4 n0@5 n2@6", ""},
		"slices of as many as zones":                   {sliced("abc", 3, []string{"n0", "n1", "n2"}, nil), "n0+n1+n2@3", ""},
		"another group's node is in their zone":        {sliced("abc", 1, []string{"n0", "n1"}, other("s", "ab")), "n0@1 n1@2 n2@3", ""},
		"all are bound":                                {sliced("abc", 1, []string{"n0", "n1", "n2"}, nil), "n0@1 n1@2 n2@3", "1 new node is there, wherever Auto Scaling puts them in 3 zones: n0 in a (StatefulSet d/es), n1 in b"},
		"two are, of three":                            {sliced("abc", 1, []string{"n0", "n1"}, nil), "n2@1 n0@2 n1@3", "2 new nodes are there, wherever Auto Scaling puts them in 3 zones: n0 in a (StatefulSet d/es). "},
		"a new node is in the zone of the first of it": {sliced("abc", 1, []string{"n0", "n1", "n2"}, other("w-b2", "b")), "n1@1 n0@2 n2@3", "2 new nodes are there, wherever Auto Scaling puts them in 3 zones: n0 in a (StatefulSet d/es). "},
	} {
		var turns []string
		for _, x := range c.r.cuts(*c.r.greenGroup().DesiredCapacity) {
			turns = append(turns, fmt.Sprintf("%s@%d", strings.Join(names(x.nodes), "+"), x.green))
		}
		if got := strings.Join(turns, " "); got != c.turns {
			t.Errorf("%s: %s, expected %s", what, got, c.turns)
		}
		fs := c.r.early()
		if c.refused == "" && len(fs) > 0 {
			t.Errorf("%s: %v", what, fs)
		}
		if c.refused != "" && (len(fs) != 1 || fs[0].Code != "volume-zone" || !strings.Contains(fs[0].What, c.refused) || !strings.Contains(fs[0].Remedy, "--batch 3")) {
			t.Errorf("%s: %v", what, fs)
		}
		c.r.Force = true
		if fs := c.r.early(); len(fs) > 0 || len(c.r.plan.Notes) > 0 != (c.refused != "") || !strings.Contains(strings.Join(c.r.plan.Notes, "\n"), c.refused) {
			t.Errorf("%s, forced: %v %v", what, fs, c.r.plan.Notes)
		}
	}
}

// Of a replacement that is under way it is told.
func TestSlicesThatAreUnderWayAreNotRefused(t *testing.T) {
	r := sliced("abc", 1, []string{"n0", "n1", "n2"}, func(o *observe.Observed) {
		o.Stacks = map[string]*observe.Stack{"eksctl-c-nodegroup-w-b2": {Name: "eksctl-c-nodegroup-w-b2", Status: "CREATE_COMPLETE",
			Tags: map[string]string{"alpha.eksctl.io/nodegroup-name": "w-b2"}}}
	})
	fs := r.early()
	if notes := strings.Join(r.plan.Notes, "\n"); len(fs) > 0 || !strings.Contains(notes, "The slices of node group w come to nodes with volumes while only 1 new node is there") ||
		!strings.HasSuffix(notes, "; the drain waits for one.") {
		t.Errorf("%v %s", fs, notes)
	}
}
