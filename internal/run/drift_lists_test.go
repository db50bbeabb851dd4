package run_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const listing = testregion.Cluster + `vpc: {nat: {gateway: Disable}}
iam:
  withOIDC: true
  podIdentityAssociations: [{namespace: shop, serviceAccountName: cart, permissionPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]
addons: [{name: vpc-cni}, {name: coredns}, {name: kube-proxy}, {name: eks-pod-identity-agent}]
accessConfig:
  authenticationMode: API_AND_CONFIG_MAP
  accessEntries: [{principalARN: "arn:aws:iam::111122223333:role/viewer", kubernetesGroups: [ops]}]
iamIdentityMappings: [{arn: "arn:aws:iam::111122223333:role/ops", username: ops, groups: [ops]}]
identityProviders: [{name: dex, type: oidc, issuerURL: "https://dex.example", clientID: kubernetes}]
managedNodeGroups: [{name: m, desiredCapacity: 1}]
nodeGroups: [{name: s, desiredCapacity: 1}]
`

// Of each list of the file, an element that is gone is named, as is one that somebody added
// where that is told, and up brings it back.
func TestWhatTheFileListsAndIsGone(t *testing.T) {
	f := testregion.Load(t, listing)
	r := testregion.New(t, f, 1)
	if rep := drive(t, r, prepare(t, r, listing)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	named := func() string {
		var out []string
		for _, d := range drifted(t, r, run.DriftOptions{File: f}).Drifted() {
			out = append(out, d.Path+" "+d.Key+" "+string(d.Kind))
		}
		slices.Sort(out)
		return strings.Join(out, "\n")
	}
	if got := named(); got != "" {
		t.Fatalf("just made, and\n%s", got)
	}
	edit(t, r, `edits:
- {service: eks, operation: DeleteAddon, parameters: {clusterName: test, addonName: eks-pod-identity-agent}}
- {service: eks, operation: DeleteAccessEntry, parameters: {clusterName: test, principalArn: "arn:aws:iam::111122223333:role/viewer"}}
- {service: eks, operation: DisassociateIdentityProviderConfig, parameters: {clusterName: test, identityProviderConfig: {type: oidc, name: dex}}}
`)
	list, err := r.AWS.EKS.ListPodIdentityAssociations(t.Context(), &eks.ListPodIdentityAssociationsInput{ClusterName: new("test")})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list.Associations {
		edit(t, r, `edits: [{service: eks, operation: DeletePodIdentityAssociation, parameters: {clusterName: test, associationId: `+*p.AssociationId+`}}]`)
	}
	maps := kubernetesOf(t, r).CoreV1().ConfigMaps("kube-system")
	auth, err := maps.Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	auth.Data["mapRoles"] = strings.ReplaceAll(auth.Data["mapRoles"], "role/ops", "role/ops-2") // a name that begins alike is another
	if _, err := maps.Update(t.Context(), auth, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	want := `accessConfig.accessEntries arn:aws:iam::111122223333:role/viewer gone
addons eks-pod-identity-agent gone
iam.podIdentityAssociations shop/cart gone
iamIdentityMappings arn:aws:iam::111122223333:role/ops gone
identityProviders dex gone`
	if got := named(); got != want {
		t.Errorf("named\n%s", got)
	}
	if rep := drive(t, r, prepare(t, r, listing)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if got := named(); got != "" {
		t.Errorf("after up\n%s", got)
	}
}
