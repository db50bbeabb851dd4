package check_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// The role that the live plugin takes on is looked for wherever it is named, and only where a
// group is to be made; what may not be read is said.
func TestPluginRole(t *testing.T) {
	const group = testregion.Cluster + "managedNodeGroups: [{name: g}]\n"
	const arn = "arn:aws:iam::111122223333:role/path/cni"
	annotated := stands(&observe.Kubernetes{ServiceAccounts: map[string]*observe.ServiceAccount{
		"kube-system/aws-node": {Annotations: map[string]string{observe.RoleAnnotation: arn}}}})
	addon, identity := stands(nil), stands(nil)
	addon.Addons = map[string]*observe.Addon{"vpc-cni": {Name: "vpc-cni", ServiceAccountRoleARN: arn}}
	identity.PodIdentities = map[string]*observe.PodIdentity{"kube-system/aws-node": {Namespace: "kube-system", ServiceAccount: "aws-node", RoleARN: arn}}
	other := stands(nil)
	other.PodIdentities = map[string]*observe.PodIdentity{"x/aws-node": {Namespace: "x", ServiceAccount: "aws-node", RoleARN: arn}}
	for what, live := range map[string]*observe.Observed{"annotated": annotated, "the add-on's": addon, "an association's": identity} {
		fs := one(t, "plugin-role", group, live)
		if len(fs) != 1 {
			t.Fatalf("%s: %v", what, fs)
		}
		finds(t, fs, "plugin-role-gone", "managedNodeGroups[0].name", arn, "slipway drift", "stay NotReady")
	}
	for what, live := range map[string]*observe.Observed{"no cluster": nil, "the nodes' role": stands(nil), "another's": other} {
		if fs := one(t, "plugin-role", group, live); len(fs) > 0 {
			t.Errorf("%s: %v", what, fs)
		}
	}
	if fs := one(t, "plugin-role", testregion.Cluster, annotated); len(fs) > 0 {
		t.Errorf("no group is made: %v", fs)
	}
	if fs := one(t, "plugin-role", group+"cni: {daemonSet: kube-system/cilium}\n", annotated); len(fs) > 0 {
		t.Errorf("another plugin: %v", fs)
	}
	f := testregion.Load(t, group)
	r := testregion.New(t, f, 1)
	run := func() finding.Findings {
		for _, c := range check.All() {
			if c.Name == "plugin-role" {
				return c.Run(t.Context(), check.NewInput(r.AWS, f, vpc.Network{}, annotated))
			}
		}
		return nil
	}
	if _, err := r.AWS.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: new("cni"), Path: new("/path/"), AssumeRolePolicyDocument: new(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}); err != nil {
		t.Fatal(err)
	}
	if fs := run(); len(fs) > 0 {
		t.Errorf("the role is there: %v", fs)
	}
	r.Region.IAM.Deny("iam:GetRole")
	if fs := run(); len(fs) != 1 || fs[0].Code != "not-checked" || fs[0].Severity == finding.Error || !strings.Contains(fs[0].What, arn) {
		t.Errorf("%v", fs)
	}
}
