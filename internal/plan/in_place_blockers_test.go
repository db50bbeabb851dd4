package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/observe"
)

// guardedPods is a group of two nodes of a kind, another node besides, and pods of one Deployment
// with a budget, of which so many are on the first node.
func guardedPods(on, cpu int, budget observe.Budget, config *observe.UpdateConfig) *rolling {
	node := func(name, group string) *observe.Node {
		return &observe.Node{Name: name, Ready: true, Nodegroup: group, Labels: map[string]string{"kubernetes.io/hostname": name}}
	}
	live := &observe.Observed{Name: "c", Parts: []observe.Part{observe.Inside, observe.Pods}, Cluster: &observe.Cluster{Version: "1.34"},
		Groups: map[string]*observe.Nodegroup{"w": {Name: "w", Status: "ACTIVE", UpdateConfig: config, ScalingConfig: &observe.Sizes{DesiredSize: 2, MaxSize: 2}}},
		Kubernetes: &observe.Kubernetes{Nodes: map[string]*observe.Node{"w1": node("w1", "w"), "w2": node("w2", "w"), "s1": node("s1", "s")},
			Rooms: map[string]*observe.Room{}, Pods: map[string]*observe.Pod{}, Budgets: map[string]*observe.Budget{"d/web": &budget}}}
	for name, asked := range map[string]string{"w1": "0", "w2": "1500m", "s1": "1500m"} {
		live.Kubernetes.Rooms[name] = &observe.Room{Has: map[string]string{"cpu": "2", "pods": "29"}, Asked: map[string]string{"cpu": asked, "pods": "3"}}
	}
	for i := range on {
		live.Kubernetes.Pods[fmt.Sprintf("d/web-%d", i)] = &observe.Pod{Node: "w1", Owner: "ReplicaSet/web-1", Ready: true, Budgets: observe.Set{"d/web"},
			Asks: map[string]string{"cpu": fmt.Sprintf("%dm", cpu), "pods": "1"}}
	}
	group, _ := live.NodeGroup("w")
	return &rolling{InPlace: InPlace{Live: live, Group: group}, builder: newBuilder(live, "")}
}

// Budgets by which EKS would give up are named before; those that only let one pod go at a time
// are not, but where MINIMAL leaves no room for it.
func TestBudgetsByWhichEKSGivesUp(t *testing.T) {
	one := observe.Budget{DisruptionsAllowed: 1, CurrentHealthy: 3, DesiredHealthy: 2, ExpectedPods: 3}
	shut := observe.Budget{CurrentHealthy: 2, DesiredHealthy: 2, ExpectedPods: 3}
	least := &observe.UpdateConfig{MaxUnavailable: 1, UpdateStrategy: "MINIMAL"}
	unready := func(r *rolling) {
		for _, p := range r.live.Kubernetes.Pods {
			p.Ready = false
		}
	}
	for what, c := range map[string]struct {
		r    *rolling
		edit func(*rolling)
		code string // "": none
		note string
	}{
		"one at a time":                        {r: guardedPods(3, 100, one, nil)},
		"one at a time, nodes that are full":   {r: guardedPods(3, 600, one, nil)},
		"none, as one is not ready":            {r: guardedPods(2, 100, shut, nil), code: "budget-unmet"},
		"only that one is on the nodes":        {r: guardedPods(1, 100, shut, nil), edit: unready},
		"too few, and unready ones are held":   {r: guardedPods(1, 100, observe.Budget{CurrentHealthy: 1, DesiredHealthy: 2, ExpectedPods: 3}, nil), edit: unready, code: "budget-unmet"},
		"too few, and unready ones always may": {r: guardedPods(1, 100, observe.Budget{CurrentHealthy: 1, DesiredHealthy: 2, ExpectedPods: 3, Unhealthy: "AlwaysAllow"}, nil), edit: unready},
		"of an update that ended half-way": {r: guardedPods(2, 100, shut, nil), edit: func(r *rolling) {
			r.live.Kubernetes.Nodes["w1"].Labels["eks.amazonaws.com/nodegroup-image"] = "ami-1"
			r.live.Kubernetes.Nodes["w2"].Labels["eks.amazonaws.com/nodegroup-image"] = "ami-2"
		}},
		"one before the other, with room elsewhere": {r: guardedPods(2, 100, one, least)},
		"one before the other, and no room":         {r: guardedPods(3, 600, one, least), code: "no-room"},
		"one before the other, one pod a node":      {r: guardedPods(1, 600, one, least)},
		"one before the other, room among the old": {r: guardedPods(2, 400, one, least), edit: func(r *rolling) { r.live.Kubernetes.Nodes["s1"].Unschedulable = true },
			note: "if EKS lets them take pods meanwhile"},
	} {
		if c.edit != nil {
			c.edit(c.r)
		}
		fs := c.r.blockers([]string{"w1", "w2"})
		notes := strings.Join(c.r.plan.Notes, "\n")
		if c.code == "" && len(fs) > 0 || c.code != "" && (len(fs) != 1 || fs[0].Code != c.code || !strings.Contains(fs[0].Breaks, "PodEvictionFailure") ||
			!strings.Contains(fs[0].Remedy, "--force")) {
			t.Errorf("%s: %v, expected %q", what, fs, c.code)
		}
		if c.note == "" == strings.Contains(notes, "if EKS lets them") || !strings.Contains(notes, c.note) {
			t.Errorf("%s: %s", what, notes)
		}
		if c.r.Force = true; c.code != "" {
			if fs := c.r.blockers([]string{"w1", "w2"}); len(fs) > 0 || !strings.Contains(strings.Join(c.r.plan.Notes, "\n"), "; --force goes on.") {
				t.Errorf("%s, forced: %v", what, fs)
			}
		}
	}
}

// What is larger than a new node of the kind, or more than all of them with the others, is named.
func TestTheRoomOfNewNodesInPlace(t *testing.T) {
	r := guardedPods(1, 2100, observe.Budget{DisruptionsAllowed: 1}, nil)
	if fs := r.blockers([]string{"w1", "w2"}); len(fs) != 1 || fs[0].Code != "pod-fits-no-node" || !strings.Contains(fs[0].What, "2100m of cpu") ||
		!strings.Contains(fs[0].Remedy, "or larger ones") {
		t.Errorf("too large: %v", fs)
	}
	r = guardedPods(3, 1600, observe.Budget{DisruptionsAllowed: 1}, nil)
	fs := r.blockers([]string{"w1", "w2"})
	if len(fs) != 1 || fs[0].Code != "no-room" || !strings.Contains(fs[0].What, "have 4500m of cpu free with all others, and the 3 pods that must move ask for 4800m") ||
		!strings.Contains(fs[0].Remedy, "slipway nodegroup scale") {
		t.Errorf("too many: %v", fs)
	}
}
