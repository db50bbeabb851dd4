package check_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestPluginPermissions(t *testing.T) {
	const six = testregion.Cluster + "kubernetesNetworkConfig: {ipFamily: IPv6}\niam: {withOIDC: true}\nmanagedNodeGroups: [{name: g}]\n"
	const four = testregion.Cluster + "iam: {withOIDC: true}\nmanagedNodeGroups: [{name: g}]\n"
	const old = "[\"arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy\"]"
	document := func(action string) string {
		return "attachPolicy: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Action: \"" + action + "\", Resource: \"*\"}]}"
	}
	cni := func(s string) string { return "addons: [{name: eks-pod-identity-agent}, {name: vpc-cni, " + s + "}]\n" }
	const v6, v4 = "ec2:AssignIpv6Addresses", "ec2:AssignPrivateIpAddresses"
	for _, x := range []struct{ text, at, action string }{
		{six + cni("attachPolicyARNs: "+old), "addons[1].attachPolicyARNs", v6},
		{six + cni(document("ec2:AssignPrivate*")), "addons[1].attachPolicy", v6},
		{six + cni("wellKnownPolicies: {autoScaler: true}"), "addons[1].wellKnownPolicies", v6},
		{six + cni("podIdentityAssociations: [{serviceAccountName: aws-node, permissionPolicyARNs: "+old+"}]"), "addons[1].podIdentityAssociations[0]", v6},
		{four + cni("attachPolicyARNs: [\"arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy\"]"), "addons[1].attachPolicyARNs", v4},
		{testregion.Cluster + "iam: {withOIDC: true, serviceAccounts: [{metadata: {name: aws-node, namespace: kube-system}, attachPolicyARNs: " + old +
			"}]}\nkubernetesNetworkConfig: {ipFamily: IPv6}\nnodeGroups: [{name: g}]\n", "iam.serviceAccounts[0]", v6},
	} {
		finds(t, one(t, "plugin-permissions", x.text, nil), "plugin-not-permitted", "test.yaml:", x.at, x.action, "stay NotReady")
	}
	for _, text := range []string{
		four, six, four + cni("attachPolicyARNs: "+old), six + cni("attachPolicyARNs: [\"arn:aws:iam::aws:policy/AmazonEC2FullAccess\"]"),
		six + cni(document("ec2:assign*")), six + cni(document("*")), six + cni("useDefaultPodIdentityAssociations: true"),
		four + cni("serviceAccountRoleARN: \"arn:aws:iam::111122223333:role/cni\""), six + cni("serviceAccountRoleARN: \"arn:aws:iam::111122223333:role/cni\""),
		testregion.Cluster + "cni: {daemonSet: kube-system/cilium}\nmanagedNodeGroups: [{name: g}]\n",
		testregion.Cluster + "managedNodeGroups: [{name: g, iam: {instanceRoleARN: \"arn:aws:iam::111122223333:role/n\"}}]\n",
		testregion.Cluster + "kubernetesNetworkConfig: {ipFamily: IPv6}\niam: {withOIDC: true}\naddons: [{name: vpc-cni, attachPolicyARNs: " + old + "}]\n", // no group
	} {
		if fs := one(t, "plugin-permissions", text, nil); len(fs) > 0 {
			t.Errorf("%s\n%v", text, fs)
		}
	}
	// A policy that cannot be read.
	fs := one(t, "plugin-permissions", four+cni("attachPolicyARNs: [\"arn:aws:iam::111122223333:policy/mine\"]"), nil)
	if len(fs) != 1 || fs[0].Code != "not-checked" || fs[0].Severity != finding.Warning {
		t.Errorf("%v", fs)
	}
}

// Roles that exist are asked about.
func TestPluginRoles(t *testing.T) {
	node := testregion.Cluster + "managedNodeGroups: [{name: g, desiredCapacity: 1, iam: {instanceRoleARN: \"arn:aws:iam::111122223333:role/n\"}}]\n"
	role := testregion.Cluster + "addons: [{name: eks-pod-identity-agent}, {name: vpc-cni, podIdentityAssociations: [{serviceAccountName: aws-node, roleARN: \"arn:aws:iam::111122223333:role/n\"}]}]\n" +
		"managedNodeGroups: [{name: g, desiredCapacity: 1}]\n"
	for text, at := range map[string]string{node: "managedNodeGroups[0].iam.instanceRoleARN", role: "addons[1].podIdentityAssociations[0].roleARN"} {
		if fs := look(t, text, nil); len(fs) > 0 {
			t.Errorf("%v", fs)
		}
		fs := look(t, text, func(r *testregion.Region) { detach(t, r, "n", "AmazonEKS_CNI_Policy") })
		finds(t, fs, "plugin-not-permitted", at, "attach a policy that allows ec2:AssignPrivateIpAddresses to arn:aws:iam::111122223333:role/n")
	}
}

func detach(t *testing.T, r *testregion.Region, role, policy string) {
	t.Helper()
	if _, err := r.Region.IAM.DetachRolePolicy(nil, &iam.DetachRolePolicyInput{RoleName: &role, PolicyArn: new("arn:aws:iam::aws:policy/" + policy)}); err != nil {
		t.Fatal(err)
	}
}
