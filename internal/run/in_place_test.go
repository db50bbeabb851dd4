package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// older are a managed group of an older AMI release, as the file says, and a self-managed one.
const (
	oldRelease = "1.34.1-20260901"
	older      = testregion.Cluster + "managedNodeGroups: [{name: w, desiredCapacity: 3, minSize: 2, maxSize: 4, releaseVersion: " + oldRelease + "}]\n" +
		"nodeGroups: [{name: s, desiredCapacity: 2, minSize: 1, maxSize: 2}]\n"
)

func inPlace(t *testing.T, r *testregion.Region, w run.InPlace) *run.Session {
	t.Helper()
	s, err := run.PrepareInPlace(t.Context(), r.AWS, "test", w)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func releaseOf(t *testing.T, r *testregion.Region, group string) (string, types.NodegroupStatus) {
	t.Helper()
	g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: &group})
	must(t, err)
	return *g.Nodegroup.ReleaseVersion, g.Nodegroup.Status
}

func templateOf(t *testing.T, r *testregion.Region, group string) string {
	t.Helper()
	out, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new("eksctl-test-nodegroup-" + group)})
	must(t, err)
	return *out.TemplateBody
}

// EKS replaces a group's nodes by ones of the newest release, pods within their budget; the
// group's stack says so, where it said which; nothing is left to do then, and a release is
// gone back to in the same way.
func TestAGroupIsUpgradedInPlace(t *testing.T) {
	r := testregion.Again(t, stood(t, older))
	guarded(t, r, 1)
	s := inPlace(t, r, run.InPlace{Group: "w"})
	if k := kinds(s); k[rules.GroupVersion] != 1 || k[rules.GroupUpdate] != 1 || k[rules.Nodes] != 1 || k[rules.GroupRolled] != 1 || len(s.Plan.Entries) != 4 {
		t.Errorf("the plan has %v", k)
	}
	for _, want := range []string{"EKS adds up to", "for 15 minutes fails the update"} {
		if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, want) {
			t.Errorf("the notes are %s, expected %q", notes, want)
		}
	}
	said := map[string]bool{}
	rep, err := s.Run(t.Context(), r.Clock, 1, func(e engine.Event) { said[e.Reason] = true })
	must(t, err)
	if !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if !slices.ContainsFunc(keysOf(said), func(x string) bool { return strings.Contains(x, "nodes are new; ip-") && strings.Contains(x, "left") }) {
		t.Errorf("its progress says %q", keysOf(said))
	}
	if !slices.ContainsFunc(keysOf(said), func(x string) bool {
		return strings.Contains(x, "3 of 3 nodes Ready, the sizes as before, and its pods run")
	}) {
		t.Errorf("what is left says %q", keysOf(said))
	}
	newest, _ := releaseOf(t, r, "w")
	if newest == oldRelease || !strings.Contains(templateOf(t, r, "w"), newest) || strings.Contains(templateOf(t, r, "w"), oldRelease) {
		t.Errorf("the release is %s, and the template %s", newest, templateOf(t, r, "w"))
	}
	if s = inPlace(t, r, run.InPlace{Group: "w", Release: run.Latest}); !s.Plan.Empty() || !strings.Contains(strings.Join(s.Plan.Notes, " "), newest+" already") {
		t.Errorf("again %v %v", kinds(s), s.Plan.Notes)
	}
	if now := groupsOf(t, r); now["w"] != 3 {
		t.Errorf("the groups take pods on %v", now)
	}
	if rep := drive(t, r, inPlace(t, r, run.InPlace{Group: "w", Release: oldRelease})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if was, _ := releaseOf(t, r, "w"); was != oldRelease {
		t.Errorf("gone back, the release is %s", was)
	}
	must(t, clean(t, r, older))
}

// clean tells what a file would change of a cluster that stands.
func clean(t *testing.T, r *testregion.Region, text string) error {
	t.Helper()
	s, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
	if err == nil && !s.Plan.Empty() {
		err = fmt.Errorf("up would do %v", kinds(s))
	}
	return err
}

func keysOf(m map[string]bool) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// What would hold it up is named before anything is done; where a budget shuts meanwhile, EKS
// gives up, and the pod and the budget are named with what to do; a run after that goes on
// from where it is, and one that finds an update under way follows it.
func TestABudgetHoldsAnUpgradeInPlaceUp(t *testing.T) {
	r := testregion.Again(t, stood(t, older))
	guarded(t, r, 2)
	_, err := run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: "w"})
	for _, want := range []string{"PodDisruptionBudget default/web", "never lets a pod go", "--force: EKS ends such pods"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	k := kubernetesOf(t, r).PolicyV1().PodDisruptionBudgets("default")
	budget := func(least int) {
		b, err := k.Get(t.Context(), "web", metav1.GetOptions{})
		must(t, err)
		b.Spec.MinAvailable = new(intstr.FromInt32(int32(least)))
		_, err = k.Update(t.Context(), b, metav1.UpdateOptions{})
		must(t, err)
		r.Sim.World.Advance(time.Minute)
	}
	budget(1)
	s := inPlace(t, r, run.InPlace{Group: "w"})
	budget(2)
	rep := drive(t, r, s)
	for _, want := range []string{"PodEvictionFailure", "pod default/web-", "PodDisruptionBudget default/web (it wants 2 of its 2 pods healthy", "run the same command again",
		"--force"} {
		if rep.OK() || !strings.Contains(rep.FirstFailure, want) {
			t.Errorf("%s, expected %q", rep.FirstFailure, want)
		}
	}
	if o := s.Conclude(t.Context(), rep); o.Code != outcome.ExitPartial || o.Returns {
		t.Errorf("%+v", o)
	}
	budget(1)
	s = inPlace(t, r, run.InPlace{Group: "w"})
	_, err = r.AWS.EKS.UpdateNodegroupVersion(t.Context(), &eks.UpdateNodegroupVersionInput{ClusterName: new("test"), NodegroupName: new("w")}) // somebody was faster
	must(t, err)
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	updates, err := r.AWS.EKS.ListUpdates(t.Context(), &eks.ListUpdatesInput{Name: new("test"), NodegroupName: new("w")})
	must(t, err)
	if len(updates.UpdateIds) > 3 { // that which failed, that which was followed, and CloudFormation's
		t.Errorf("%d updates", len(updates.UpdateIds))
	}
	if now := groupsOf(t, r); now["w"] != 3 {
		t.Errorf("the groups take pods on %v", now)
	}
}

// With --force, EKS ends what a budget holds back.
func TestAnUpgradeInPlaceIsForced(t *testing.T) {
	r := testregion.Again(t, stood(t, older))
	guarded(t, r, 2)
	s := inPlace(t, r, run.InPlace{Group: "w", Force: true})
	for _, want := range []string{"never lets a pod go", "whatever the budgets say"} {
		if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, want) {
			t.Errorf("the notes are %s, expected %q", notes, want)
		}
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if is, _ := releaseOf(t, r, "w"); is == oldRelease {
		t.Errorf("the release is %s", is)
	}
}

// What EKS does not do in place is refused in words that lead to what does.
func TestAnUpgradeInPlaceThatCannotBeIsRefused(t *testing.T) {
	r := testregion.Again(t, stood(t, older))
	for _, c := range []struct {
		w    run.InPlace
		want []string
	}{
		{run.InPlace{Group: "none"}, []string{"none of that name"}},
		{run.InPlace{Group: "s"}, []string{"self-managed", "nodegroup upgrade test s --strategy blue-green"}},
		{run.InPlace{Group: "w", Release: "1.31.0-20260901"}, []string{"of Kubernetes 1.31", oldRelease, "newest release for Kubernetes 1.34"}},
		{run.InPlace{Group: "w", Template: "2"}, []string{"no launch template of your own", "blue-green"}},
	} {
		_, err := run.PrepareInPlace(t.Context(), r.AWS, "test", c.w)
		for _, x := range c.want {
			if err == nil || !strings.Contains(err.Error(), x) {
				t.Errorf("%+v: %v, expected %q", c.w, err, x)
			}
		}
	}
	if is, status := releaseOf(t, r, "w"); is != oldRelease || status != types.NodegroupStatusActive {
		t.Errorf("%s %s", is, status)
	}
}

// An upgrade in place that is killed anywhere, and run again, ends with new nodes alone, and
// a stack that says so.
func TestAnUpgradeInPlaceKilledAnywhereAndRunAgain(t *testing.T) {
	before := withBudget(t, older)
	killedAnywhere(t, 4, again(t, before), func(p *process) (*outcome.Outcome, error) {
		return p.change("nodegroup upgrade", func(b *run.Books) (*run.Session, error) {
			return run.PrepareInPlace(t.Context(), p.aws, "test", run.InPlace{Group: "w", Books: b})
		})
	}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
		is, status := releaseOf(t, r, "w")
		if is == oldRelease || status != types.NodegroupStatusActive || !strings.Contains(templateOf(t, r, "w"), is) {
			t.Errorf("killed at %d: %s %s %s", at, is, status, templateOf(t, r, "w"))
		}
		if now := groupsOf(t, r); now["w"] != 3 {
			t.Errorf("killed at %d: the groups take pods on %v", at, now)
		}
	})
}

// Another version of a group's own launch template goes the same way, and its stack says so.
func TestAGroupTakesAnotherVersionOfItsOwnTemplate(t *testing.T) {
	const own = testregion.Cluster + "managedNodeGroups: [{name: w, desiredCapacity: 2, launchTemplate: {id: lt-0123456789abcdef0, version: \"1\"}}]\n"
	r := up(t, own)
	w := run.InPlace{Group: "w", Template: "2"}
	s := inPlace(t, r, w)
	if title := s.Plan.Entry("nodegroup-version/w").Title; !strings.Contains(title, "launch template version 1 → 2") || strings.Contains(title, "AMI") {
		t.Error(title)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("w")})
	must(t, err)
	if v := *g.Nodegroup.LaunchTemplate.Version; v != "2" || !strings.Contains(templateOf(t, r, "w"), `"Version":"2"`) {
		t.Errorf("version %s, and the template %s", v, templateOf(t, r, "w"))
	}
	if s = inPlace(t, r, w); !s.Plan.Empty() {
		t.Errorf("again %v", kinds(s))
	}
	must(t, clean(t, r, strings.Replace(own, `version: "1"`, `version: "2"`, 1)))
}

// A release that AWS does not publish, and one that is older than what runs, are told before.
func TestAnOddReleaseIsTold(t *testing.T) {
	r := testregion.Again(t, stood(t, older))
	for release, want := range map[string]string{
		"1.34.0-20260101": "The AMI release 1.34.0-20260101 is older than " + oldRelease + ", which w has: its nodes go back.",
		"1.34.9-20270101": "AWS publishes no AMI release 1.34.9-20270101 of type AL2023_x86_64_STANDARD (SSM /aws/service/eks/optimized-ami/1.34/",
		"1.34.4-20261101": "",
	} {
		notes := strings.Join(inPlace(t, r, run.InPlace{Group: "w", Release: release}).Plan.Notes, "\n")
		if want == "" && (strings.Contains(notes, "publishes no") || strings.Contains(notes, "is older")) || !strings.Contains(notes, want) {
			t.Errorf("%s: %s, expected %q", release, notes, want)
		}
	}
}
