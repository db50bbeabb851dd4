package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubetypes "k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const onlyCoreDNS = testregion.Cluster + "addons: [{name: vpc-cni}, {name: eks-pod-identity-agent}, {name: kube-proxy}, {name: coredns}]\n" +
	"managedNodeGroups: [{name: w, desiredCapacity: 2}]\n"

// gated changes CoreDNS, watched over, and is what the run came to.
func gated(t *testing.T, r *testregion.Region, w plan.Watch, during func(engine.Event)) (*run.Session, *outcome.Outcome) {
	t.Helper()
	s, err := run.PrepareAddon(t.Context(), r.AWS, "test", run.AddonChange{Watch: w,
		Properties: map[string]any{"name": "coredns", "configurationValues": `{"replicaCount": 3}`}})
	must(t, err)
	rep, err := s.Run(t.Context(), r.Clock, 1, during)
	must(t, err)
	return s, s.Conclude(t.Context(), rep)
}

// addonKept is what is written down of the change of CoreDNS; nil: nothing is.
func addonKept(t *testing.T, r *testregion.Region) *corev1.ConfigMap {
	t.Helper()
	m, err := kubernetesOf(t, r).CoreV1().ConfigMaps("kube-system").Get(t.Context(), marks.AddonStateName("coredns"), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	must(t, err)
	return m
}

// An add-on's change is between gates: Slipway's own, which knows what lacked before, then the
// user's, then a time of watching. With them open, nothing is left.
func TestAnAddonChangesBetweenGates(t *testing.T) {
	r := testregion.Again(t, stood(t, onlyCoreDNS))
	s, o := gated(t, r, plan.Watch{Gates: []string{`test "$SLIPWAY_CLUSTER $SLIPWAY_ADDON $SLIPWAY_STAGE" = "test coredns after-change"`}, Soak: 10 * time.Minute}, nil)
	if o.Result != outcome.Done || o.Elapsed < 10*time.Minute {
		t.Fatalf("%+v", o)
	}
	var order []string
	for _, e := range s.Plan.Entries {
		order = append(order, e.Kind)
	}
	if !slices.Equal(order, []string{rules.AddonUpdate, rules.AddonBegun, rules.Gate, rules.GateCommand, rules.Soak, rules.AddonEnded}) {
		t.Errorf("%v", order)
	}
	if m := addonKept(t, r); m != nil {
		t.Errorf("left: %v", m.Data)
	}
}

// A gate of the user's that stays shut ends the run: the change stands, what undoes it is named,
// and the same command asks again, and only that.
func TestAShutGateLeavesTheAddonAndIsAskedAgain(t *testing.T) {
	r := testregion.Again(t, stood(t, onlyCoreDNS))
	_, o := gated(t, r, plan.Watch{Gates: []string{"echo no answer; false"}}, nil)
	if o.Code != outcome.ExitPartial || len(o.Failures) != 1 || !strings.Contains(o.Failures[0].Reason, "does not let the change of add-on coredns go on") ||
		!strings.Contains(o.Failures[0].Reason, "no answer") || !strings.Contains(o.Shut, "slipway rollback test") || addonKept(t, r) == nil {
		t.Fatalf("%+v", o)
	}
	s, o := gated(t, r, plan.Watch{Gates: []string{"true"}}, nil)
	if k := kinds(s); o.Result != outcome.Done || k[rules.AddonUpdate] != 0 || k[rules.GateCommand] != 1 || addonKept(t, r) != nil {
		t.Fatalf("%v %+v", k, o)
	}
	if s, _ := run.PrepareAddon(t.Context(), r.AWS, "test", run.AddonChange{Properties: map[string]any{"name": "coredns"}}); s == nil || !s.Plan.Empty() {
		t.Error("something is left to do")
	}
}

// deployed makes a Deployment of two.
func deployed(t *testing.T, k kubernetes.Interface, name string, pod corev1.PodSpec) {
	t.Helper()
	labels := map[string]string{"app": name}
	_, err := k.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod}}}, metav1.CreateOptions{})
	must(t, err)
}

// A workload that is less available after the change keeps Slipway's own gate shut; one that
// lacked pods before does not. Mended, the gate opens to the same command.
func TestWhatAnAddonTakesAwayKeepsTheGateShut(t *testing.T) {
	r := testregion.Again(t, stood(t, onlyCoreDNS))
	k := kubernetesOf(t, r)
	nodes := func(selector string) {
		_, err := k.AppsV1().Deployments("default").Patch(t.Context(), "shop", kubetypes.MergePatchType, []byte(`{"spec": {"strategy": {"type": "Recreate",
			"rollingUpdate": null}, "template": {"spec": {"nodeSelector": `+selector+`}}}}`), metav1.PatchOptions{})
		must(t, err)
	}
	deployed(t, k, "shop", corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "shop",
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("3Gi")}}}}})
	deployed(t, k, "lost", corev1.PodSpec{NodeSelector: map[string]string{"zone": "none"}, Containers: []corev1.Container{{Name: "c", Image: "lost"}}})
	r.Sim.World.Advance(5 * time.Minute)
	broken := false
	_, o := gated(t, r, plan.Watch{}, func(e engine.Event) {
		if !broken && strings.HasPrefix(e.Step, rules.AddonUpdate) { // meanwhile
			broken = true
			nodes(`{"zone": "none"}`)
		}
	})
	if !broken || o.Code != outcome.ExitPartial || len(o.Failures) != 1 || !strings.Contains(o.Failures[0].Reason, "Deployment default/shop lacks") ||
		strings.Contains(o.Failures[0].Reason, "lost") || o.Shut == "" {
		t.Fatalf("%+v", o)
	}
	nodes("null")
	r.Sim.World.Advance(5 * time.Minute)
	if _, o = gated(t, r, plan.Watch{}, nil); o.Result != outcome.Done || addonKept(t, r) != nil {
		t.Fatalf("%+v", o)
	}
}

// An add-on's removal is between gates, too; once it is gone, the same command looks again.
func TestAnAddonGoesBetweenGates(t *testing.T) {
	r := testregion.Again(t, stood(t, onlyCoreDNS))
	s, err := run.PrepareAddonRemoval(t.Context(), r.AWS, "test", run.AddonRemoval{Name: "coredns", Watch: plan.Watch{Gates: []string{"exit 3"}}})
	must(t, err)
	rep, err := s.Run(t.Context(), r.Clock, 1, nil)
	must(t, err)
	if o := s.Conclude(t.Context(), rep); o.Code != outcome.ExitPartial || o.Shut == "" {
		t.Fatalf("%+v", o)
	}
	s, err = run.PrepareAddonRemoval(t.Context(), r.AWS, "test", run.AddonRemoval{Name: "coredns"})
	must(t, err)
	if k := kinds(s); k[rules.DeleteAddon] != 0 || k[rules.Gate] != 1 {
		t.Errorf("%v", k)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if addonKept(t, r) != nil {
		t.Error("something is kept")
	}
}

// Where a change was undone whose gate stayed shut, the next is held against what is there then:
// workloads that have come since count.
func TestAChangeThatWasUndoneIsNoBaseline(t *testing.T) {
	r := testregion.Again(t, stood(t, onlyCoreDNS))
	k := kubernetesOf(t, r)
	if _, o := gated(t, r, plan.Watch{Gates: []string{"false"}}, nil); o.Code != outcome.ExitPartial {
		t.Fatalf("%+v", o)
	}
	_, err := r.AWS.EKS.UpdateAddon(t.Context(), &eks.UpdateAddonInput{ClusterName: new("test"), AddonName: new("coredns"), ConfigurationValues: new("{}"),
		ResolveConflicts: types.ResolveConflictsOverwrite})
	must(t, err)
	r.Sim.World.Advance(time.Hour)
	old := addonKept(t, r).UID
	deployed(t, k, "young", corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "young"}}})
	r.Sim.World.Advance(5 * time.Minute)
	broken := false
	_, o := gated(t, r, plan.Watch{}, func(e engine.Event) {
		if !broken && strings.HasPrefix(e.Step, rules.AddonUpdate) {
			broken = true
			_, err := k.AppsV1().Deployments("default").Patch(t.Context(), "young", kubetypes.MergePatchType, []byte(`{"spec": {"strategy": {"type": "Recreate",
				"rollingUpdate": null}, "template": {"spec": {"nodeSelector": {"zone": "none"}}}}}`), metav1.PatchOptions{})
			must(t, err)
		}
	})
	if o.Code != outcome.ExitPartial || len(o.Failures) != 1 || !strings.Contains(o.Failures[0].Reason, "Deployment default/young lacks") || addonKept(t, r).UID == old {
		t.Fatalf("%+v", o)
	}
}
