package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/engine"
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
		titles = append(titles, e.Title)
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
}
