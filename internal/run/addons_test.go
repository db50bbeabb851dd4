package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubetypes "k8s.io/apimachinery/pkg/types"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const withOldCNI = testregion.Cluster + "addons: [{name: vpc-cni, version: v1.18.6-eksbuild.1}, {name: eks-pod-identity-agent}, {name: kube-proxy}, {name: coredns}]\n" +
	"managedNodeGroups: [{name: w, desiredCapacity: 2}]\n"

func addon(t *testing.T, r *testregion.Region, added bool, properties map[string]any) *run.Session {
	t.Helper()
	s, err := run.PrepareAddon(t.Context(), r.AWS, "test", run.AddonChange{Properties: properties, New: added})
	must(t, err)
	return s
}

// An add-on is added with the permissions that it needs, changed, and removed with what was
// made for it; asked again, nothing is to be done.
func TestAnAddonComesChangesAndGoes(t *testing.T) {
	r := testregion.Again(t, stood(t, withOldCNI))
	csi := map[string]any{"name": "aws-ebs-csi-driver", "useDefaultPodIdentityAssociations": true}
	for _, added := range []bool{true, false} {
		e := csi
		if !added {
			e = map[string]any{"name": "aws-ebs-csi-driver", "configurationValues": `{"controller": {"replicaCount": 3}}`}
		}
		s := addon(t, r, added, e)
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		if s = addon(t, r, added, e); !s.Plan.Empty() {
			t.Errorf("again: %v", kinds(s))
		}
		if a := s.Live.Addons["aws-ebs-csi-driver"]; a.Status != "ACTIVE" || len(a.PodIdentityAssociations) != 1 {
			t.Errorf("%+v", a)
		}
	}
	gone := func() *run.Session {
		s, err := run.PrepareAddonRemoval(t.Context(), r.AWS, "test", run.AddonRemoval{Name: "aws-ebs-csi-driver"})
		must(t, err)
		return s
	}
	s := gone()
	if k := kinds(s); k[rules.DeleteAddon] != 1 || k[rules.DeleteStack] != 1 {
		t.Errorf("the removal has %v", k)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if s = gone(); !s.Plan.Empty() || s.Live.Kubernetes.Deployments["kube-system/ebs-csi-controller"] != nil {
		t.Errorf("still %v", kinds(s))
	}
}

// The VPC CNI is raised one minor at a time, each a step.
func TestTheCNIIsRaisedOneMinorAtATime(t *testing.T) {
	r := testregion.Again(t, stood(t, withOldCNI))
	s := addon(t, r, false, map[string]any{"name": "vpc-cni", "version": "latest"})
	var titles []string
	for _, e := range s.Plan.Entries {
		if e.Kind == rules.AddonVersion || e.Kind == rules.AddonUpdate {
			titles = append(titles, e.Title)
		}
	}
	want := []string{"add-on vpc-cni v1.18.6-eksbuild.1 → v1.19.6-eksbuild.7", "add-on vpc-cni v1.19.6-eksbuild.7 → v1.20.0-eksbuild.1",
		"add-on vpc-cni: version v1.21.1-eksbuild.3"}
	if !slices.Equal(titles, want) {
		t.Errorf("%q", titles)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	l, err := run.Addons(t.Context(), r.AWS, "test")
	must(t, err)
	i := slices.IndexFunc(l.Addons, func(a outcome.Addon) bool { return a.Name == "vpc-cni" })
	if a := l.Addons[i]; a.Version != "v1.21.1-eksbuild.3" || a.Newest != a.Version || a.Default != "v1.21.1-eksbuild.1" || !a.Fits {
		t.Errorf("%+v", a)
	}
}

// What cannot be is said before anything is done.
func TestAnAddonThatCannotBeIsRefused(t *testing.T) {
	r := testregion.Again(t, stood(t, withOldCNI))
	for _, c := range []struct {
		added bool
		e     map[string]any
		says  string
	}{
		{true, map[string]any{"name": "snapshot-control"}, `did you mean "snapshot-controller"`},
		{true, map[string]any{"name": "snapshot-controller", "version": "v0.1.0"}, "has no version v0.1.0 for Kubernetes 1.34"},
		{false, map[string]any{"name": "coredns", "configurationValues": `{"replicas": 2}`}, "unknown key replicas"},
		{false, map[string]any{"name": "snapshot-controller"}, "slipway addon add test snapshot-controller"},
	} {
		_, err := run.PrepareAddon(t.Context(), r.AWS, "test", run.AddonChange{Properties: c.e, New: c.added})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, expected %q", c.e, err, c.says)
		}
	}
	if _, err := run.PrepareAddonRemoval(t.Context(), r.AWS, "test", run.AddonRemoval{Name: "vpc-cni"}); err == nil || !strings.Contains(err.Error(), "--preserve") {
		t.Errorf("the network goes: %v", err)
	}
}

// A network plugin that nobody manages is taken over by EKS, and is never absent: nor where
// the run is killed. Before that it is asked what becomes of what is set in it.
func TestThePluginIsTakenOver(t *testing.T) {
	const text = testregion.Cluster + `
iam: {serviceRoleARN: "arn:aws:iam::111122223333:role/control-plane"}
vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-pa}, us-west-2b: {id: subnet-pb}}}}
`
	r := testregion.New(t, testregion.Load(t, text), 1)
	_, err := r.AWS.EKS.CreateCluster(t.Context(), &eks.CreateClusterInput{Name: new("test"), RoleArn: new("arn:aws:iam::111122223333:role/control-plane"),
		Version: new("1.34"), BootstrapSelfManagedAddons: new(true), ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"subnet-pa", "subnet-pb"}},
		AccessConfig: &types.CreateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApiAndConfigMap}})
	must(t, err)
	r.Sim.World.Advance(20 * time.Minute)
	_, err = run.PrepareAddon(t.Context(), r.AWS, "test", run.AddonChange{Properties: map[string]any{"name": "vpc-cni"}, New: true})
	if err == nil || !strings.Contains(err.Error(), "--resolve-conflicts overwrite") || !strings.Contains(err.Error(), ".spec") {
		t.Errorf("unasked: %v", err)
	}
	saved, err := r.Sim.Save()
	must(t, err)
	there := func(r *testregion.Region) {
		t.Helper()
		if _, err := kubernetesOf(t, r).AppsV1().DaemonSets("kube-system").Get(t.Context(), "aws-node", metav1.GetOptions{}); err != nil {
			t.Errorf("the plugin is absent: %v", err)
		}
	}
	killedAnywhere(t, 4, again(t, saved), func(p *process) (*outcome.Outcome, error) {
		return p.change("addon add", func(b *run.Books) (*run.Session, error) {
			return run.PrepareAddon(t.Context(), p.aws, "test", run.AddonChange{New: true, Books: b,
				Properties: map[string]any{"name": "vpc-cni", "resolveConflicts": "overwrite"}})
		})
	}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
		there(r)
		if l, err := kubernetesOf(t, r).CoreV1().ConfigMaps("kube-system").List(t.Context(), metav1.ListOptions{LabelSelector: marks.AddonState}); err != nil || len(l.Items) > 0 {
			t.Errorf("killed at %d: %v is kept of the change, %v", at, l, err)
		}
		l, err := run.Addons(t.Context(), r.AWS, "test")
		must(t, err)
		if len(l.Addons) != 1 || l.Addons[0].Status != "ACTIVE" || !slices.Contains(l.Others, "kube-proxy") {
			t.Errorf("killed at %d: %+v, others %v", at, l.Addons, l.Others)
		}
	})
	r = testregion.Again(t, saved)
	_, err = run.PrepareAddon(t.Context(), r.AWS, "test", run.AddonChange{Properties: map[string]any{"name": "vpc-cni", "resolveConflicts": "preserve"}, New: true})
	if err == nil || !strings.Contains(err.Error(), "preserves in updates only") {
		t.Errorf("preserved: %v", err)
	}
	s := addon(t, r, true, map[string]any{"name": "vpc-cni", "resolveConflicts": "overwrite"})
	rep, err := s.Run(t.Context(), r.Clock, 1, func(engine.Event) { there(r) })
	if err != nil || !rep.OK() {
		t.Fatal(rep, err)
	}
	// What EKS left to whom it took over is nobody's conflict later.
	if s = addon(t, r, false, map[string]any{"name": "vpc-cni", "version": "latest"}); s.Plan.Empty() {
		t.Error("there is no newer version")
	}
}

// Whose fields an add-on's update meets is said before anything is asked of EKS: the field, its
// owner, what it is and what it was. What becomes of them is as one says: none refuses, preserve
// keeps, overwrite takes back. What others only added is in nobody's way.
func TestFieldsOfOthersAreNamedBeforeAnUpdate(t *testing.T) {
	saved := stood(t, withOldCNI)
	const field = `kubectl-edit sets .spec.template.spec.containers[name="aws-node"].env[name="WARM_ENI_TARGET"].value to "3" (before: "1")`
	edited := func() *testregion.Region {
		r := testregion.Again(t, saved)
		for _, patch := range []string{`[{"name": "WARM_ENI_TARGET", "value": "2"}, {"name": "MINE", "value": "yes"}]`, `[{"name": "WARM_ENI_TARGET", "value": "3"}]`} {
			_, err := kubernetesOf(t, r).AppsV1().DaemonSets("kube-system").Patch(t.Context(), "aws-node", kubetypes.StrategicMergePatchType,
				[]byte(`{"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}, "spec": {"containers": [{"name": "aws-node",
				"env": `+patch+`}]}}}}`), metav1.PatchOptions{FieldManager: "kubectl-edit"})
			must(t, err)
			r.Sim.World.Advance(time.Minute)
		}
		return r
	}
	env := func(r *testregion.Region) map[string]string {
		d, err := kubernetesOf(t, r).AppsV1().DaemonSets("kube-system").Get(t.Context(), "aws-node", metav1.GetOptions{})
		must(t, err)
		out := map[string]string{}
		for _, e := range d.Spec.Template.Spec.Containers[0].Env {
			out[e.Name] = e.Value
		}
		return out
	}
	for _, c := range []struct{ mode, target, note string }{{"", "", ""}, {"none", "", ""}, {"preserve", "3", "EKS keeps what"}, {"overwrite", "1", "EKS overwrites what"}} {
		r := edited()
		e := map[string]any{"name": "vpc-cni", "version": "v1.19.2-eksbuild.5"}
		if c.mode != "" {
			e["resolveConflicts"] = c.mode
		}
		s, err := run.PrepareAddon(t.Context(), r.AWS, "test", run.AddonChange{Properties: e})
		if c.target == "" {
			if err == nil || !strings.Contains(err.Error(), field) || strings.Contains(err.Error(), "MINE") || strings.Contains(err.Error(), "restartedAt") {
				t.Errorf("%q is not refused: %v", c.mode, err)
			}
			continue
		}
		must(t, err)
		if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, c.note) || !strings.Contains(notes, field) {
			t.Errorf("%s notes %q", c.mode, notes)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatalf("%s: %s", c.mode, rep.FirstFailure)
		}
		if x := env(r); x["WARM_ENI_TARGET"] != c.target || x["MINE"] != "yes" {
			t.Errorf("%s leaves WARM_ENI_TARGET at %q and MINE at %q", c.mode, x["WARM_ENI_TARGET"], x["MINE"])
		}
	}
}

// Where nothing else is to be changed, what others set is taken back all the same, once.
func TestFieldsOfOthersAreTakenBackAlone(t *testing.T) {
	r := testregion.Again(t, stood(t, withOldCNI))
	_, err := kubernetesOf(t, r).CoreV1().ConfigMaps("kube-system").Patch(t.Context(), "coredns", kubetypes.MergePatchType, []byte(`{"data": {"Corefile": "mine"}}`),
		metav1.PatchOptions{FieldManager: "kubectl-edit"})
	must(t, err)
	take := map[string]any{"name": "coredns", "resolveConflicts": "overwrite"}
	if rep := drive(t, r, addon(t, r, false, take)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	m, err := kubernetesOf(t, r).CoreV1().ConfigMaps("kube-system").Get(t.Context(), "coredns", metav1.GetOptions{})
	must(t, err)
	if m.Data["Corefile"] == "mine" {
		t.Error("the Corefile is theirs still")
	}
	if s := addon(t, r, false, take); !s.Plan.Empty() {
		t.Errorf("again: %v", kinds(s))
	}
}

// So it is with what CoreDNS reads, which is no part of its Deployment.
func TestACorefileOfOthersIsNamed(t *testing.T) {
	r := testregion.Again(t, stood(t, withOldCNI))
	_, err := kubernetesOf(t, r).CoreV1().ConfigMaps("kube-system").Patch(t.Context(), "coredns", kubetypes.MergePatchType, []byte(`{"data": {"Corefile": "mine"}}`),
		metav1.PatchOptions{FieldManager: "kubectl-edit"})
	must(t, err)
	_, err = run.PrepareAddon(t.Context(), r.AWS, "test", run.AddonChange{Properties: map[string]any{"name": "coredns", "configurationValues": `{"replicaCount": 3}`}})
	if err == nil || !strings.Contains(err.Error(), `kubectl-edit sets ConfigMap coredns .data.Corefile to "mine"`) {
		t.Errorf("%v", err)
	}
}

// A file that is followed says it of its updates likewise; where it says nothing, EKS's values
// are what is wanted, and the plan tells whose go.
func TestAFileSaysWhatBecomesOfFieldsOfOthers(t *testing.T) {
	saved := stood(t, withOldCNI)
	for mode, want := range map[string]struct{ note, target string }{"": {"EKS overwrites what others set in the objects of vpc-cni: kubectl-edit sets", "1"},
		", resolveConflicts: preserve": {"EKS keeps what others set in the objects of vpc-cni: kubectl-edit sets", "3"}} {
		r := testregion.Again(t, saved)
		_, err := kubernetesOf(t, r).AppsV1().DaemonSets("kube-system").Patch(t.Context(), "aws-node", kubetypes.StrategicMergePatchType,
			[]byte(`{"spec": {"template": {"spec": {"containers": [{"name": "aws-node", "env": [{"name": "WARM_ENI_TARGET", "value": "3"}]}]}}}}`),
			metav1.PatchOptions{FieldManager: "kubectl-edit"})
		must(t, err)
		s := prepare(t, r, strings.Replace(withOldCNI, "version: v1.18.6-eksbuild.1", "version: v1.19.2-eksbuild.5"+mode, 1))
		if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, want.note) {
			t.Errorf("%q notes %q", mode, notes)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		d, err := kubernetesOf(t, r).AppsV1().DaemonSets("kube-system").Get(t.Context(), "aws-node", metav1.GetOptions{})
		must(t, err)
		for _, e := range d.Spec.Template.Spec.Containers[0].Env {
			if e.Name == "WARM_ENI_TARGET" && e.Value != want.target {
				t.Errorf("%q leaves it at %s", mode, e.Value)
			}
		}
	}
}
