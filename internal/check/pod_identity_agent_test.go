package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestPodIdentityAgent(t *testing.T) {
	const policy = "permissionPolicyARNs: [\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"]"
	account := testregion.Cluster + "iam: {podIdentityAssociations: [{namespace: a, serviceAccountName: b, " + policy + "}]}\n"
	cni := testregion.Cluster + "addons: [{name: vpc-cni, podIdentityAssociations: [{serviceAccountName: aws-node, permissionPolicyARNs: [\"arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy\"]}]}]\nmanagedNodeGroups: [{name: g}]\n"
	auto := testregion.Cluster + "addonsConfig: {autoApplyPodIdentityAssociations: true}\n"
	uses := map[string]string{
		account: "iam.podIdentityAssociations[0]",
		cni:     "addons[0].podIdentityAssociations",
		testregion.Cluster + "addons: [{name: vpc-cni, useDefaultPodIdentityAssociations: true}]\n": "addons[0].useDefaultPodIdentityAssociations",
		auto: "addonsConfig.autoApplyPodIdentityAssociations",
		// The same with an OIDC provider: what the file asks for by name is not made by other means.
		auto + "iam: {withOIDC: true}\n": "addonsConfig.autoApplyPodIdentityAssociations",
		testregion.Cluster + "addons: [{name: aws-ebs-csi-driver, wellKnownPolicies: {ebsCSIController: true}}]\n": "set iam.withOIDC: true",
	}
	for text, at := range uses {
		finds(t, one(t, "pod-identity-agent", text, nil), "needs-pod-identity-agent", "test.yaml:", at, "add {name: eks-pod-identity-agent} to addons")
		finds(t, one(t, "pod-identity-agent", text, stands(&observe.Kubernetes{})), "needs-pod-identity-agent", at)
		live := stands(nil)
		live.Addons = map[string]*observe.Addon{"eks-pod-identity-agent": {Status: "ACTIVE"}}
		if fs := one(t, "pod-identity-agent", text, live); len(fs) > 0 {
			t.Errorf("%s\nwith the live add-on: %v", text, fs)
		}
		if fs := one(t, "pod-identity-agent", text, stands(&observe.Kubernetes{DaemonSets: map[string]*observe.Workload{"kube-system/eks-pod-identity-agent": {}}})); len(fs) > 0 {
			t.Errorf("%s\nwith an agent of the user's: %v", text, fs)
		}
		if fs := one(t, "pod-identity-agent", text, stands(nil)); len(fs) != 1 || fs[0].Severity != finding.Warning {
			t.Errorf("%s\nunread: %v", text, fs)
		}
	}
	finds(t, one(t, "pod-identity-agent", cni, nil), "needs-pod-identity-agent", "the nodes would stay NotReady")
	const mode = "autoModeConfig: {enabled: true}\n"
	if fs := one(t, "pod-identity-agent", account+mode, nil); len(fs) > 0 {
		t.Errorf("EKS's own nodes have the agent: %v", fs)
	}
	finds(t, one(t, "pod-identity-agent", cni+mode, nil), "needs-pod-identity-agent", "addons[0]")
	for _, text := range []string{testregion.Cluster, testregion.Cluster + "iam: {withOIDC: true}\naddons: [{name: vpc-cni}]\n",
		testregion.Cluster + "addons: [{name: eks-pod-identity-agent}, {name: vpc-cni, useDefaultPodIdentityAssociations: true}]\n"} {
		if fs := one(t, "pod-identity-agent", text, nil); len(fs) > 0 {
			t.Errorf("%s\n%v", text, fs)
		}
	}
}
