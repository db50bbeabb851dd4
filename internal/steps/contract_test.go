package steps_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const live = testregion.Cluster + `
addons: [{name: eks-pod-identity-agent}]
secretsEncryption: {keyARN: "arn:aws:kms:us-west-2:111122223333:key/k"}
accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops"}]}
iam: {podIdentityAssociations: [{namespace: a, serviceAccountName: b, roleARN: "arn:aws:iam::111122223333:role/one"}]}
managedNodeGroups: [{name: m, desiredCapacity: 1, privateNetworking: true}]
`

// standing is a cluster that stands, and the environment of steps in it.
func standing(t *testing.T) (*testregion.Region, *steps.Env) {
	t.Helper()
	text := strings.Replace(live, "secretsEncryption", "#", 1)
	r := testregion.New(t, testregion.Load(t, live), 1)
	s, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := s.Run(t.Context(), r.Clock, 1, nil); err != nil || !rep.OK() {
		t.Fatal(rep.FirstFailure, err)
	}
	return r, s.Env
}

// turn runs a step until it is done; every turn must come back at once.
func turn(t *testing.T, r *testregion.Region, s engine.Step) (changed bool) {
	t.Helper()
	for range 400 {
		before := r.Sim.World.Elapsed()
		res, err := s.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r.Sim.World.Elapsed() != before {
			t.Fatal("the step waited inside its turn")
		}
		changed = changed || res.Changed
		if res.State == engine.Done {
			return changed
		}
		if res.Reason == "" {
			t.Fatal("the step waits and does not say for what")
		}
		r.Sim.World.Advance(5 * time.Second)
	}
	t.Fatal("the step never ends")
	return false
}

// Every step keeps one contract: it never waits inside a turn, says what it waits
// for, ends done, and where it looks first, a second one finds nothing to change.
func TestEveryStepKeepsTheContract(t *testing.T) {
	r, e := standing(t)
	ctx := t.Context()
	k, err := e.Kube(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.AppsV1().DaemonSets("kube-system").Create(ctx, daemonSet("cilium"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Cluster(ctx); err != nil {
		t.Fatal(err)
	}
	one := "arn:aws:iam::111122223333:role/one"
	role := func(policy string) string {
		return stack.PodIdentity(stack.Role{Description: "r", ARNs: []string{"arn:aws:iam::aws:policy/" + policy}}).JSON()
	}
	association := func() *string {
		out, err := r.AWS.EKS.ListPodIdentityAssociations(ctx, &eks.ListPodIdentityAssociationsInput{ClusterName: new("test"), Namespace: new("a")})
		if err != nil || len(out.Associations) != 1 {
			t.Fatal(out, err)
		}
		return out.Associations[0].AssociationId
	}
	cluster, err := e.Cluster(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		make  func() engine.Step
		looks bool // a second one must find nothing to change
		still bool // the first one changes nothing either
	}{
		{"control plane", func() engine.Step { return &steps.ControlPlane{Env: e} }, true, true},
		{"nodes", func() engine.Step { return &steps.Nodes{Env: e, Group: "m", Want: 1} }, true, true},
		{"OIDC provider", func() engine.Step { return &steps.OIDCProvider{Env: e} }, true, false},
		{"stack", func() engine.Step {
			return &steps.Stack{Env: e, Name: "eksctl-test-role", Body: func(context.Context) (string, error) { return role("AmazonS3ReadOnlyAccess"), nil }}
		}, true, false},
		{"stack update", func() engine.Step {
			return &steps.StackUpdate{Env: e, Name: "eksctl-test-role", Body: role("AmazonSQSReadOnlyAccess")}
		}, true, false},
		{"add-on", func() engine.Step {
			return &steps.Addon{Env: e, Addon: config.Addon{Name: "snapshot-controller"}, Await: true}
		}, true, false},
		{"add-on health", func() engine.Step { return &steps.AddonHealth{Env: e, Name: "snapshot-controller"} }, true, true},
		{"add-on update", func() engine.Step {
			return &steps.AddonUpdate{Env: e, Input: &eks.UpdateAddonInput{ClusterName: new("test"), AddonName: new("coredns"), ConfigurationValues: new(`{"replicaCount": 3}`)}}
		}, false, false},
		{"pod identity", func() engine.Step {
			return &steps.PodIdentity{Env: e, Association: config.PodIdentityAssociation{Namespace: "c", ServiceAccountName: "d"}, Role: one}
		}, true, false},
		{"pod identity update", func() engine.Step {
			return &steps.PodIdentityUpdate{Env: e, Input: &eks.UpdatePodIdentityAssociationInput{ClusterName: new("test"), AssociationId: association(), DisableSessionTags: new(true)}}
		}, false, false},
		{"access entry update", func() engine.Step {
			return &steps.AccessEntryUpdate{Env: e, Entry: config.AccessEntry{PrincipalARN: "arn:aws:iam::444455556666:role/ops", KubernetesGroups: []string{"crew"}}}
		}, false, false},
		{"Fargate profile", func() engine.Step {
			return &steps.FargateProfile{Env: e, Profile: config.FargateProfile{Name: "f", PodExecutionRoleARN: pods(t, r), Selectors: []config.FargateProfileSelector{{Namespace: "x"}}}}
		}, true, false},
		{"identity provider", func() engine.Step {
			return &steps.IdentityProvider{Env: e, Provider: config.IdentityProvider{Name: "dex", IssuerURL: "https://dex.example", ClientID: "c"}}
		}, true, false},
		{"cluster update", func() engine.Step {
			return &steps.ClusterUpdate{Env: e, Input: &eks.UpdateClusterConfigInput{Logging: &types.Logging{ClusterLogging: []types.LogSetup{{Enabled: new(true), Types: []types.LogType{types.LogTypeAudit}}}}}}
		}, true, false},
		{"encryption", func() engine.Step {
			return &steps.Encryption{Env: e, KeyARN: "arn:aws:kms:us-west-2:111122223333:key/k"}
		}, false, false},
		{"log retention", func() engine.Step { return &steps.LogRetention{Env: e, Days: 7} }, false, false},
		{"group update", func() engine.Step {
			return &steps.GroupUpdate{Env: e, Input: &eks.UpdateNodegroupConfigInput{ClusterName: new("test"), NodegroupName: new("m"), Labels: &types.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"a": "b"}}}}
		}, false, false},
		{"group scaling", func() engine.Step {
			return &steps.GroupScaling{Env: e, Group: "m", Suspend: []string{"AZRebalance"}}
		}, false, false},
		{"key pair", func() engine.Step { return &steps.KeyPair{Env: e, Name: "k", Key: "ssh-rsa AAAA k"} }, true, false},
		{"tag", func() engine.Step { return &steps.Tag{Env: e, ARN: *cluster.Arn, Tags: map[string]string{"a": "b"}} }, false, false},
		{"service account", func() engine.Step {
			return &steps.ServiceAccount{Env: e, Namespace: "n", Name: "s", Labels: map[string]string{"a": "b"}, Role: one}
		}, true, false},
		{"identity mapping", func() engine.Step {
			return &steps.IdentityMapping{Env: e, Mapping: config.IAMIdentityMapping{ARN: one, Username: "u", Groups: []string{"g"}}}
		}, true, false},
		{"EMR access", func() engine.Step { return &steps.EMRAccess{Env: e, Namespace: "emr"} }, true, false},
		{"Windows support", func() engine.Step { return &steps.WindowsSupport{Env: e} }, true, false},
		{"CNI gate", func() engine.Step { return &steps.CNIGate{Env: e, DaemonSet: "kube-system/cilium"} }, true, true},
		{"delete Fargate", func() engine.Step { return &steps.DeleteFargate{Env: e, Name: "f"} }, true, false},
		{"delete stack", func() engine.Step { return &steps.DeleteStack{AWS: e.AWS, Name: "eksctl-test-role"} }, true, false},
		{"delete key", func() engine.Step { return &steps.DeleteKey{Env: e, Name: "k"} }, false, false},
		{"delete OIDC provider", func() engine.Step {
			return &steps.DeleteOIDC{Env: e, ARN: "arn:aws:iam::111122223333:oidc-provider/" + strings.TrimPrefix(*cluster.Identity.Oidc.Issuer, "https://")}
		}, false, false},
		{"delete logs", func() engine.Step { return &steps.DeleteLogs{Env: e} }, false, false},
		{"delete group", func() engine.Step { return &steps.DeleteGroup{Env: e, Name: "m"} }, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if changed := turn(t, r, c.make()); changed == c.still {
				t.Errorf("the first one changed something: %t", changed)
			}
			if c.looks && turn(t, r, c.make()) {
				t.Error("a second one changes something again")
			}
		})
	}
}

// pods is a role that Fargate may assume.
func pods(t *testing.T, r *testregion.Region) string {
	t.Helper()
	arn := "arn:aws:iam::111122223333:role/pods"
	r.Sim.World.Lock()
	defer r.Sim.World.Unlock()
	if r.Region.IAM.Role(arn) == nil {
		r.Region.IAM.AdoptRole(arn, []string{"eks-fargate-pods.amazonaws.com"})
	}
	return arn
}

func daemonSet(name string) *appsv1.DaemonSet {
	l := map[string]string{"app": name}
	return &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: appsv1.DaemonSetSpec{Selector: &metav1.LabelSelector{MatchLabels: l},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: l}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: name, Image: name}}}}}}
}

// A gate that is shut says who must act; a stack that fails says why and stands.
func TestStepsThatCannotEndSayWhy(t *testing.T) {
	r, e := standing(t)
	res, err := (&steps.CNIGate{Env: e, DaemonSet: "kube-system/calico"}).Run(t.Context())
	if err != nil || res.State != engine.Blocked || !strings.Contains(res.Reason, "install the network plugin: DaemonSet") {
		t.Errorf("%+v %v", res, err)
	}
	bad := &steps.Stack{Env: e, Name: "eksctl-test-bad", Body: func(context.Context) (string, error) {
		return `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "nonsense"}}}}`, nil
	}}
	for range 20 {
		if _, err = bad.Run(t.Context()); err != nil {
			break
		}
		r.Sim.World.Advance(10 * time.Second)
	}
	if err == nil || !strings.Contains(err.Error(), "VPC (AWS::EC2::VPC)") || !strings.Contains(err.Error(), "nonsense") || !strings.Contains(err.Error(), "left standing") {
		t.Errorf("got %v", err)
	}
	up := &steps.StackUpdate{Env: e, Name: "eksctl-test-nodegroup-m", Body: `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "nonsense"}}}}`}
	for range 60 {
		if _, err = up.Run(t.Context()); err != nil {
			break
		}
		r.Sim.World.Advance(10 * time.Second)
	}
	if err == nil || !strings.Contains(err.Error(), "nonsense") || !strings.Contains(err.Error(), "put back what was before") {
		t.Errorf("got %v", err)
	}
}
