package run_test

import (
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// old is a cluster two minors behind the newest, with an add-on that does not fit the next.
var old = strings.Replace(testregion.Cluster, "1.34", "1.33", 1) +
	"addons: [{name: vpc-cni, version: v1.19.2-eksbuild.5}, {name: coredns, version: v1.11.4-eksbuild.2}, {name: kube-proxy}]\n" +
	"managedNodeGroups: [{name: w, desiredCapacity: 2}, {name: x, desiredCapacity: 1}]\n"

func upgrade(t *testing.T, r *testregion.Region, w run.Upgrade) *run.Session {
	t.Helper()
	s, err := run.PrepareUpgrade(t.Context(), r.AWS, "test", w)
	must(t, err)
	return s
}

// isAt tells of everything that is not of a minor.
func isAt(t *testing.T, r *testregion.Region, minor string) {
	t.Helper()
	s := upgrade(t, r, run.Upgrade{To: minor, Strategy: run.StrategyInPlace})
	if !s.Plan.Empty() || !strings.Contains(strings.Join(s.Plan.Notes, " "), "at "+minor+" already") {
		t.Errorf("still to do: %v %v", kinds(s), s.Plan.Notes)
	}
	for _, n := range s.Live.Kubernetes.Nodes {
		if !strings.HasPrefix(n.Version, "v"+minor+".") || n.Unschedulable {
			t.Errorf("node %s is of %s", n.Name, n.Version)
		}
	}
	for name, a := range s.Live.Addons {
		if a.Status != "ACTIVE" {
			t.Errorf("add-on %s %s is %s", name, a.Version, a.Status)
		}
	}
}

// A cluster goes up by two minors in one plan, in rounds: what does not fit goes first, the
// CNI one minor at a time, the nodes once, at the end; and back by one, nodes first.
func TestAClusterIsUpgradedAndGoesBack(t *testing.T) {
	r := up(t, old)
	guarded(t, r, 1)
	s := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, MaxParallel: 2})
	if k := kinds(s); k[rules.ClusterVersion] != 2 || k[rules.GroupVersion] != 2 || k[rules.AddonVersion] != 4 || k[rules.Verified] != 2 {
		t.Errorf("the plan has %v", k)
	}
	for _, x := range [][2]string{
		{"addon-version/coredns/v1.12.4-eksbuild.1", "cluster-version/1.34"},
		{"cluster-version/1.34", "cluster-version/1.35"},
		{"cluster-version/1.35", "addon-version/kube-proxy/v1.35.2-eksbuild.1"},
		{"addon-version/vpc-cni/v1.20.0-eksbuild.1", "addon-version/vpc-cni/v1.21.1-eksbuild.1"},
		{"addon-version/vpc-cni/v1.21.1-eksbuild.1", "nodegroup-version/w/1.35"},
		{"nodegroup-version/w/1.35", "upgrade-verified/1.35"},
	} {
		if !follows(s, x[0], x[1]) {
			t.Errorf("%s does not wait for %s", x[1], x[0])
		}
	}
	for n, waits := range map[int]bool{1: true, 2: false} {
		if s := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, MaxParallel: n}); follows(s, "nodegroup-version/w/1.35", "nodegroup-version/x/1.35") != waits {
			t.Errorf("--max-parallel %d: one group waits for the other: %t", n, !waits)
		}
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	isAt(t, r, "1.35")
	st, err := run.Look(t.Context(), r.AWS, "test", nil)
	must(t, err)
	if st.Clock(r.Sim.World.Date()); st.Back == nil || st.Back.Version != "1.34" || !strings.HasPrefix(st.Back.Left, "6 days") {
		t.Errorf("the way back: %+v", st.Back)
	}
	s = upgrade(t, r, run.Upgrade{Back: true, Strategy: run.StrategyInPlace})
	for _, x := range [][2]string{ // nodes, then add-ons, then EKS's look, then the control plane, then all of it
		{"nodegroup-version/w/1.34", "addon-version/kube-proxy/v1.34.4-eksbuild.3"},
		{"nodegroup-version/x/1.34", "addon-version/kube-proxy/v1.34.4-eksbuild.3"},
		{"nodegroup-version/w/1.34", "cluster-version/1.34"},
		{"upgrade-ready/1.34", "cluster-version/1.34"},
		{"cluster-version/1.34", "upgrade-verified/1.34"},
		{"addon-version/kube-proxy/v1.34.4-eksbuild.3", "upgrade-verified/1.34"},
	} {
		if !follows(s, x[0], x[1]) {
			t.Errorf("on the way back, %s does not wait for %s", x[1], x[0])
		}
	}
	if up, err := r.Sim.Save(); err == nil { // whoever waits for longer than a week has no way back any more
		late := testregion.Again(t, up)
		for _, after := range []time.Duration{7*24*time.Hour + 2*time.Hour, 24 * time.Hour} { // what EKS found last still tells of one, and no more
			late.Sim.World.Advance(after)
			b := newProcess(t, late, store.NewMemory(), alive).b
			_, err := run.PrepareUpgrade(t.Context(), late.AWS, "test", run.Upgrade{Back: true, Strategy: run.StrategyInPlace, Books: b})
			if err == nil || !strings.Contains(err.Error(), "no-way-back") || !strings.Contains(err.Error(), "for seven days") {
				t.Errorf("after a week: %v", err)
			}
		}
	} else {
		t.Error(err)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	isAt(t, r, "1.34")
	r.Sim.World.Advance(8 * 24 * time.Hour)
	if s = upgrade(t, r, run.Upgrade{Back: true, Strategy: run.StrategyInPlace}); !s.Plan.Empty() {
		t.Errorf("back already: %v", kinds(s))
	}
}

// up with another version in the file takes the same stages, and is done then.
func TestUpUpgradesWhatTheFileNames(t *testing.T) {
	const text = testregion.Cluster + "managedNodeGroups: [{name: w, desiredCapacity: 1}]\n"
	r, next := up(t, text), strings.Replace(text, "1.34", "1.35", 1)
	s := prepare(t, r, next)
	if k := kinds(s); k[rules.ClusterVersion] != 1 || k[rules.GroupVersion] != 1 || s.Plan.WantNodes != 1 {
		t.Errorf("the plan has %v, and wants %d nodes", k, s.Plan.WantNodes)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if s = prepare(t, r, next); !s.Plan.Empty() {
		t.Errorf("again: %v", kinds(s))
	}
	isAt(t, r, "1.35")
}

// Groups are replaced on the way where that is wanted, and those that EKS does not manage
// always.
func TestAnUpgradeReplacesGroups(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 1)
	s := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen, MaxParallel: 1})
	if k := kinds(s); k[rules.NodeGroup] != 2 || k[rules.GroupVersion] != 0 || !follows(s, "cluster-version/1.35", "replacement-begun/s") {
		t.Errorf("the plan has %v", k)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	isAt(t, r, "1.35")
	if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
		t.Errorf("the groups are %v", now)
	}
	nothingLeft(t, r)
}

// What there is no way to, and what would stop an upgrade, is named before anything is done.
func TestAnUpgradeThatCannotBeIsRefused(t *testing.T) {
	r := testregion.Again(t, stood(t, old))
	guarded(t, r, 2)
	k := kubernetesOf(t, r)
	fail := admissionv1.Fail
	none := admissionv1.SideEffectClassNone
	_, err := k.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(), &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "policy"}, Webhooks: []admissionv1.ValidatingWebhook{{Name: "pods.policy.example", FailurePolicy: &fail, SideEffects: &none,
			AdmissionReviewVersions: []string{"v1"}, ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: "policy", Name: "hook"}},
			Rules: []admissionv1.RuleWithOperations{{Operations: []admissionv1.OperationType{"CREATE"}, Rule: admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}}}}}}},
		metav1.CreateOptions{})
	must(t, err)
	for _, c := range []struct {
		w    run.Upgrade
		says []string
	}{
		{run.Upgrade{To: "1.99"}, []string{"version-not-offered", "1.35, 1.34"}},
		{run.Upgrade{To: "1.32"}, []string{"version-below", "runs Kubernetes 1.33"}},
		{run.Upgrade{Back: true}, []string{"no-way-back", "seven days"}},
		{run.Upgrade{To: "1.35"}, []string{"PodDisruptionBudget default/web", "--force", "ValidatingWebhookConfiguration policy", "no pod of Service policy/hook is ready"}},
	} {
		c.w.Strategy = run.StrategyInPlace
		_, err := run.PrepareUpgrade(t.Context(), r.AWS, "test", c.w)
		for _, want := range c.says {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v, expected %q", c.w, err, want)
			}
		}
	}
}

// So does one that replaces the groups, and is killed anywhere, by another process that continues
// from the cluster alone.
func TestAnUpgradeByReplacementKilledAnywhereAndRunAgain(t *testing.T) {
	killedNowAndThen(t, 40, again(t, withBudget(t, pair)), func(p *process) (*outcome.Outcome, error) {
		return p.upgrade(run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen, MaxParallel: 2, Watch: plan.Watch{Gates: []string{"true"}}})
	}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
		isAt(t, r, "1.35")
		if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
			t.Errorf("killed at %d: the groups take pods on %v", at, now)
		}
		nothingLeft(t, r)
	})
}

// One whose replacement fails, and that is killed anywhere on its way or on the way back of that,
// ends as wanted once the gate opens.
func TestAnUpgradeThatIsTakenBackKilledAnywhereAndRunAgain(t *testing.T) {
	before := withBudget(t, pair)
	first := true
	killedNowAndThen(t, 40, func() (*testregion.Region, store.Store) { first = true; return again(t, before)() }, func(p *process) (*outcome.Outcome, error) {
		gate := "true"
		if first {
			gate = `test "$SLIPWAY_STAGE" = after-green`
		}
		o, err := p.upgrade(run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen, MaxParallel: 1, Watch: plan.Watch{Gates: []string{gate}}})
		if first = false; err == nil && o.Code == outcome.ExitPartial && o.Returns && !p.over() { // it went back
			return &outcome.Outcome{Result: outcome.Done}, nil
		}
		return o, err
	}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
		isAt(t, r, "1.35")
		if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
			t.Errorf("killed at %d: the groups take pods on %v", at, now)
		}
		nothingLeft(t, r)
	})
}

// An upgrade that is killed anywhere, and run again, ends at the version that was wanted; so
// does the way back.
func TestAnUpgradeKilledAnywhereAndRunAgain(t *testing.T) {
	before := withBudget(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 2}]\n")
	killedAnywhere(t, 10, again(t, before), func(p *process) (*outcome.Outcome, error) {
		return p.change("upgrade", func(b *run.Books) (*run.Session, error) {
			return run.PrepareUpgrade(t.Context(), p.aws, "test", run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, Books: b})
		})
	}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) { isAt(t, r, "1.35") })
	r := testregion.Again(t, before)
	if rep := drive(t, r, upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	up, err := r.Sim.Save()
	must(t, err)
	killedAnywhere(t, 10, again(t, up), func(p *process) (*outcome.Outcome, error) {
		return p.change("upgrade --rollback", func(b *run.Books) (*run.Session, error) {
			return run.PrepareUpgrade(t.Context(), p.aws, "test", run.Upgrade{Back: true, Strategy: run.StrategyInPlace, Books: b})
		})
	}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) { isAt(t, r, "1.34") })
}
