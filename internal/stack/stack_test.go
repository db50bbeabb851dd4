package stack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/vpc"
)

var zones = []string{"us-west-2a", "us-west-2b", "us-west-2c"}

func live() stack.Live {
	return stack.Live{Cluster: "test", Version: "1.34", Endpoint: "https://x", CA: "Q0E=", ServiceCIDR: "10.100.0.0/16", VPC: "vpc-1a2b3c4d",
		ClusterGroup: "sg-1a2b3c4d", ControlGroup: "sg-2a2b3c4d", SharedGroup: "sg-3a2b3c4d", Subnets: []string{"subnet-1a2b3c4d", "subnet-2a2b3c4d"},
		AMI: "ami-1a2b3c4d", CNIOnNode: true, AccessEntry: true}
}

// templates are one of each kind, by name.
func templates(t *testing.T) map[string]string {
	rich := `
iam: {withOIDC: true}
secretsEncryption: {keyARN: "arn:aws:kms:us-west-2:111122223333:key/1a2b3c4d-0000-4000-8000-000000000000"}
cloudWatch: {clusterLogging: {enableTypes: ["*"]}}
vpc: {nat: {gateway: HighlyAvailable}, publicAccessCIDRs: [192.0.2.0/24], clusterEndpoints: {privateAccess: true}}
fargateProfiles: [{name: fp, selectors: [{namespace: a}]}]
managedNodeGroups:
  - {name: m, spot: true, taints: [{key: a, value: b, effect: NoSchedule}], ssh: {allow: true, publicKeyName: k}, iam: {withAddonPolicies: {autoScaler: true, ebs: true}}, preBootstrapCommands: [echo], updateConfig: {maxUnavailable: 2}, nodeRepairConfig: {enabled: true}}
nodeGroups:
  - {name: s, instancesDistribution: {instanceTypes: [m5.large, m5a.large], maxPrice: 0.1}, maxInstanceLifetime: 86400, labels: {a: b}}
  - {name: b, amiFamily: Bottlerocket, bottlerocket: {enableAdminContainer: true, settings: {motd: hi, kernel: {lockdown: integrity}}}}
  - {name: w, amiFamily: WindowsServer2022FullContainer}
`
	c := testregion.Load(t, testregion.Cluster+rich).Cluster
	six := testregion.Load(t, testregion.Cluster+"kubernetesNetworkConfig: {ipFamily: IPv6}\niam: {withOIDC: true}\naddons: [{name: vpc-cni}]\n").Cluster
	auto := testregion.Load(t, testregion.Cluster+"autoModeConfig: {enabled: true}\n").Cluster
	role := stack.Role{Description: "role", Issuer: "oidc.eks.us-west-2.amazonaws.com/id/A", Account: "111122223333", Partition: "aws", Namespace: "a",
		Name: "b", ARNs: []string{"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}, WellKnown: &config.WellKnownPolicies{AutoScaler: new(true),
			CertManager: new(true)}}
	return map[string]string{
		"cluster":   stack.Cluster(c, vpc.Split("192.168.0.0/16", zones, true, true)).JSON(),
		"ipv6":      stack.Cluster(six, vpc.Split("192.168.0.0/16", zones, true, true)).JSON(),
		"auto-mode": stack.Cluster(auto, vpc.Split("192.168.0.0/16", zones, true, true)).JSON(),
		"existing": stack.Cluster(c, vpc.Network{VPC: "vpc-1a2b3c4d", Private: []vpc.Subnet{{ID: "subnet-1a2b3c4d"},
			{ID: "subnet-2a2b3c4d"}}}).JSON(),
		"managed":            stack.Managed(c, &c.ManagedNodeGroups[0], live()).JSON(),
		"managed-early":      stack.ManagedEarly(c, &c.ManagedNodeGroups[0], live()).JSON(),
		"self-managed-early": stack.SelfManagedEarly(c, &c.NodeGroups[0], live()).JSON(),
		"self-managed":       stack.SelfManaged(c, &c.NodeGroups[0], live()).JSON(),
		"bottlerocket":       stack.SelfManaged(c, &c.NodeGroups[1], live()).JSON(),
		"windows":            stack.SelfManaged(c, &c.NodeGroups[2], live()).JSON(),
		"irsa":               stack.IRSA(role).JSON(),
		"pod-identity":       stack.PodIdentity(role).JSON(),
		"access-entry": stack.AccessEntry("test", config.AccessEntry{PrincipalARN: "arn:aws:iam::111122223333:role/r",
			AccessPolicies: []config.AccessPolicy{{PolicyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
				AccessScope: &config.AccessScope{Type: "namespace", Namespaces: []string{"a"}}}}}).JSON(),
	}
}

func TestTemplatesAreTheSameByteForByte(t *testing.T) {
	a, b := templates(t), templates(t)
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s differs between two makings", name)
		}
	}
}

func TestStackNamesAreEksctls(t *testing.T) {
	if got := stack.AccessEntryName("c", "arn:aws:iam::111122223333:role/r"); !strings.HasPrefix(got, "eksctl-c-accessentry-") ||
		len(got) != len("eksctl-c-accessentry-")+32 {
		t.Error(got)
	}
	if got := stack.ServiceAccountName("c", "ns", "sa"); got != "eksctl-c-addon-iamserviceaccount-ns-sa" {
		t.Error(got)
	}
}

// cfn-lint, where it is installed, finds no error in any template.
func TestCfnLint(t *testing.T) {
	testregion.Need(t, "cfn-lint")
	dir := t.TempDir()
	args := []string{"--regions", "us-west-2", "--non-zero-exit-code", "error", "--format", "parseable"}
	for name, body := range templates(t) {
		f := filepath.Join(dir, name+".json")
		if err := os.WriteFile(f, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, f)
	}
	if out, err := exec.Command("cfn-lint", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
