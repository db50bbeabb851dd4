package run_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// EKS takes managed groups back in place; those that it does not manage are replaced by groups of
// the older minor, before the control plane goes back, as many at once as is wanted.
func TestTheWayBackReplacesGroupsThatEKSDoesNotManage(t *testing.T) {
	r := testregion.Again(t, stood(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1}]\n"+
		"nodeGroups: [{name: s, desiredCapacity: 2}, {name: x, desiredCapacity: 1}]\n"))
	guarded(t, r, 1)
	if rep := drive(t, r, upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if now := groupsOf(t, r); len(now) != 3 || now["w"] != 1 || now["s-b2"] != 2 || now["x-b2"] != 1 {
		t.Fatalf("upgraded, the groups take pods on %v", now)
	}
	up, err := r.Sim.Save()
	must(t, err)
	for _, n := range []int{1, 2} {
		r := testregion.Again(t, up)
		s := upgrade(t, r, run.Upgrade{Back: true, Strategy: run.StrategyInPlace, MaxParallel: n})
		if k := kinds(s); k[rules.GroupVersion] != 1 || k[rules.Begun] != 2 || k[rules.NodeGroup] != 2 || k[rules.DeleteStack] != 2 {
			t.Errorf("%d at once: the plan has %v", n, k)
		}
		for _, x := range [][2]string{{"replacement-ended/s-b2", "cluster-version/1.34"}, {"replacement-ended/x-b2", "cluster-version/1.34"},
			{"nodegroup-version/w/1.34", "cluster-version/1.34"}} {
			if !follows(s, x[0], x[1]) {
				t.Errorf("%d at once: %s does not wait for %s", n, x[1], x[0])
			}
		}
		if alone := follows(s, "replacement-ended/s-b2", "replacement-begun/x-b2"); alone != (n == 1) {
			t.Errorf("%d at once: one group waits for the other: %t", n, alone)
		}
		rep := drive(t, r, s)
		if !rep.OK() {
			t.Fatalf("%d at once: %s", n, rep.FirstFailure)
		}
		isAt(t, r, "1.34")
		if now := groupsOf(t, r); len(now) != 3 || now["w"] != 1 || now["s-b3"] != 2 || now["x-b3"] != 1 {
			t.Errorf("%d at once: the groups take pods on %v", n, now)
		}
		nothingLeft(t, r)
		if s := upgrade(t, r, run.Upgrade{Back: true, Strategy: run.StrategyInPlace, MaxParallel: n}); !s.Plan.Empty() {
			t.Errorf("%d at once, again: %v", n, kinds(s))
		}
	}
	_, err = run.PrepareUpgrade(t.Context(), testregion.Again(t, up).AWS, "test", run.Upgrade{Back: true, Strategy: run.StrategyBlueGreen})
	if err == nil || !strings.Contains(err.Error(), "strategy-no-way-back") || !strings.Contains(err.Error(), "leave out --strategy blue-green") {
		t.Errorf("back by blue-green: %v", err)
	}
}

// On the way back, a group that is older than the control plane will be stays as it is; one without
// nodes, of which nobody sees what it would start, is named.
func TestTheWayBackLeavesOlderGroups(t *testing.T) {
	r := testregion.Again(t, stood(t, testregion.Cluster+"nodeGroups: [{name: s, desiredCapacity: 1}, {name: none, desiredCapacity: 0, minSize: 0, maxSize: 2}]\n"))
	s := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})
	if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, "Node group none has no nodes") {
		t.Errorf("the notes are %s", notes)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	k := kubernetesOf(t, r)
	nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	must(t, err)
	n := &nodes.Items[0]
	n.Status.NodeInfo.KubeletVersion = "v1.33.1-eks-1"
	_, err = k.CoreV1().Nodes().UpdateStatus(t.Context(), n, metav1.UpdateOptions{})
	must(t, err)
	s = upgrade(t, r, run.Upgrade{Back: true, Strategy: run.StrategyInPlace})
	if k := kinds(s); k[rules.Begun] != 0 || k[rules.ClusterVersion] != 1 {
		t.Errorf("the way back has %v", k)
	}
}

// Nodes that no group has, and that would be newer than the control plane, stop the way back
// before anything is changed, but for Auto Mode's, which EKS takes back; once it is back, or by
// force, they are told.
func TestNewerNodesOfOthersStopTheWayBack(t *testing.T) {
	r := testregion.Again(t, stood(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1}]\n"))
	if rep := drive(t, r, upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	k := kubernetesOf(t, r)
	for name, labels := range map[string]map[string]string{"karpenter-1": {"karpenter.sh/nodepool": "default"}, "hybrid-1": nil,
		"auto-1": {"eks.amazonaws.com/compute-type": "auto"}, "fargate-1": nil, "karpenter-old": {"karpenter.sh/nodepool": "default"}} {
		n, err := k.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
		must(t, err)
		n.Status.NodeInfo.KubeletVersion = map[bool]string{true: "v1.34.1-eks-1", false: "v1.35.2-eks-1"}[name == "karpenter-old"]
		_, err = k.CoreV1().Nodes().UpdateStatus(t.Context(), n, metav1.UpdateOptions{})
		must(t, err)
	}
	back := run.Upgrade{Back: true, Strategy: run.StrategyInPlace}
	_, err := run.PrepareUpgrade(t.Context(), r.AWS, "test", back)
	for _, want := range []string{"kubelet-too-new: karpenter nodes: run kubelets that are newer than 1.34, and none may be newer than the control plane: karpenter-1",
		"amiSelectorTerms", "other nodes: run kubelets that are newer than 1.34, and none may be newer than the control plane: hybrid-1", "fargate nodes"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "auto-1") || strings.Contains(err.Error(), "karpenter-old") {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	back.Force = true
	if _, err := run.PrepareUpgrade(t.Context(), r.AWS, "test", back); err != nil {
		t.Errorf("by force: %v", err)
	}
}

// Ctrl-C leaves it where it is, at each kind of stage, and the same command goes on.
func TestCtrlCLeavesTheWayBackOfAnUpgradeWhereItIs(t *testing.T) {
	r := testregion.Again(t, withBudget(t, pair))
	if rep := drive(t, r, upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	up, err := r.Sim.Save()
	must(t, err)
	interruptedAt(t, up, []string{rules.GroupVersion, rules.NodeGroup, rules.Evacuate, rules.AddonVersion, rules.Ready, rules.ClusterVersion, rules.Verified},
		func(b *run.Books, r *testregion.Region) (*run.Session, error) {
			return run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{Back: true, Strategy: run.StrategyInPlace, Books: b})
		}, func(at string, r *testregion.Region) {
			isAt(t, r, "1.34")
			nothingLeft(t, r)
		})
}
