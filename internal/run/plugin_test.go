package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Wherever the network plugin takes its permissions from, in either IP family, nodes are
// Ready at the first try: what is made fits what nodes and pods then ask for.
func TestTheNetworkPluginHasItsPermissions(t *testing.T) {
	const (
		six    = "kubernetesNetworkConfig: {ipFamily: IPv6}\n"
		oidc   = "iam: {withOIDC: true}\n"
		agent  = "addons: [{name: eks-pod-identity-agent}, {name: vpc-cni"
		auto   = "addonsConfig: {autoApplyPodIdentityAssociations: true}\n"
		groups = "managedNodeGroups: [{name: m, desiredCapacity: 1}]\nnodeGroups: [{name: o, desiredCapacity: 1}]\n"
		policy = `"arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"`
	)
	for name, text := range map[string]string{
		"the node's role":                    "",
		"the node's role, beside a provider": oidc,
		"a service account":                  oidc + "addons: [{name: vpc-cni}]\n",
		"a service account of the file":      "iam: {withOIDC: true, serviceAccounts: [{metadata: {name: aws-node, namespace: kube-system}, attachPolicyARNs: [" + policy + "]}]}\n",
		"policies by service account":        oidc + "addons: [{name: vpc-cni, attachPolicyARNs: [" + policy + "]}]\n",
		"policies by pod identity":           agent + ", attachPolicyARNs: [" + policy + "]}]\n",
		"pod identity, recommended":          agent + ", useDefaultPodIdentityAssociations: true}]\n",
		"pod identity, for all":              auto + agent + "}]\n",
		"pod identity, for all, a provider":  auto + oidc + agent + "}]\n",
		"an association": agent + "}]\niam: {podIdentityAssociations: [{namespace: kube-system, serviceAccountName: aws-node, permissionPolicyARNs: [" +
			policy + "]}]}\n",
		"IPv6, a service account":        six + oidc,
		"IPv6, pod identity, for all":    six + auto + agent + "}]\n",
		"IPv6, pod identity, by itself":  six + agent + ", useDefaultPodIdentityAssociations: true}]\n",
		"IPv6, a document of the file's": six + oidc + "addons: [{name: vpc-cni, attachPolicy: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Action: \"ec2:*\", Resource: \"*\"}]}}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			text := testregion.Cluster + text + groups
			r := up(t, text)
			s := prepare(t, r, text)
			if v, err := s.Verify(t.Context()); err != nil || v.NodesReady != 2 || !s.Plan.Empty() {
				t.Errorf("%+v %v, and still %v: %s", v, err, s.Plan.Entries, strings.Join(s.Plan.Notes, "; "))
			}
		})
	}
}

// The first group of a cluster that another tool made: the copy of aws-node that EKS
// installs by default is a plugin, and without it the group is refused.
func TestTheFirstGroupOfAClusterThatExists(t *testing.T) {
	const text = testregion.Cluster + `
iam: {serviceRoleARN: "arn:aws:iam::111122223333:role/control-plane"}
vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-pa}, us-west-2b: {id: subnet-pb}}}}
addonsConfig: {disableDefaultAddons: true}
managedNodeGroups: [{name: g, desiredCapacity: 1}]
`
	for _, bootstrapped := range []bool{true, false} {
		r := testregion.New(t, testregion.Load(t, text), 1)
		_, err := r.AWS.EKS.CreateCluster(t.Context(), &eks.CreateClusterInput{Name: new("test"), RoleArn: new("arn:aws:iam::111122223333:role/control-plane"),
			Version: new("1.34"), BootstrapSelfManagedAddons: &bootstrapped, ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"subnet-pa", "subnet-pb"}},
			AccessConfig: &types.CreateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApiAndConfigMap}})
		if err != nil {
			t.Fatal(err)
		}
		r.Sim.World.Advance(20 * time.Minute)
		s, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
		if !bootstrapped {
			fs, _ := finding.Of(err)
			if len(fs) != 1 || fs[0].Code != "no-network-plugin" || !strings.Contains(fs[0].Error(), "nor has the cluster one") {
				t.Errorf("without any plugin: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		if v, err := prepare(t, r, text).Verify(t.Context()); err != nil || v.NodesReady != 1 {
			t.Errorf("%+v %v", v, err)
		}
	}
}
