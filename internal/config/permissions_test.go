package config

import (
	"testing"
)

func TestCNIPermissions(t *testing.T) {
	const oidc, agent = "iam: {withOIDC: true}\n", "{name: eks-pod-identity-agent}, "
	for text, want := range map[string]Permissions{
		"":                                   FromNode,
		oidc:                                 FromNode, // the default add-on has no role of its own
		oidc + "addons: [{name: vpc-cni}]\n": FromAccount,
		"addons: [{name: vpc-cni}]\n":        FromNode,
		"addons: [{name: vpc-cni, serviceAccountRoleARN: \"arn:aws:iam::111122223333:role/r\"}]\n":         FromAccount,
		"addons: [" + agent + "{name: vpc-cni, useDefaultPodIdentityAssociations: true}]\n":                FromPodIdentity,
		"addonsConfig: {autoApplyPodIdentityAssociations: true}\naddons: [" + agent + "{name: vpc-cni}]\n": FromPodIdentity,
		oidc + "addonsConfig: {autoApplyPodIdentityAssociations: true}\n":                                  FromPodIdentity,
		"addons: [" + agent + "{name: vpc-cni, attachPolicyARNs: [\"arn:aws:iam::aws:policy/p\"]}]\n":      FromPodIdentity,
		oidc + "addons: [{name: vpc-cni, wellKnownPolicies: {autoScaler: true}}]\n":                        FromAccount,
		oidc + "kubernetesNetworkConfig: {ipFamily: IPv6}\n":                                               FromAccount,
		"cni: {daemonSet: a/b}\n":                      "",
		"addonsConfig: {disableDefaultAddons: true}\n": FromNode, // a copy that EKS does not manage
	} {
		f, err := Load("test.yaml", []byte(head+text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := f.Cluster.CNIPermissions(); got != want {
			t.Errorf("%s: %q, expected %q", text, got, want)
		}
	}
}

// The services that policies are for must be known.
func TestPoliciesForAnUnknownAccount(t *testing.T) {
	fs := refused(t, head+"iam: {withOIDC: true}\naddons: [{name: snapshot-controller, attachPolicyARNs: [\"arn:aws:iam::aws:policy/p\"]}]\n")
	if len(fs) != 1 || fs[0].Code != "addon-account-unknown" || fs[0].Where.Line == 0 || fs[0].Remedy == "" {
		t.Errorf("%v", fs)
	}
}
