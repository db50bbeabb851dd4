package config

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/finding"
)

const head = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: us-west-2}\n"

func TestProblemsSayWhereAndWhatElse(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line, col  int
		says       []string
	}{
		{"typo", head + "managedNodeGroups:\n  - name: a\n    desiredCapcity: 2\n", 6, 5,
			[]string{`unknown key "desiredCapcity"`, `did you mean "desiredCapacity"?`}},
		{"wrong type", head + "managedNodeGroups:\n  - name: a\n    desiredCapacity: two\n", 6, 22, []string{"expected a whole number", `"two"`}},
		{"unquoted version", "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: us-west-2, version: 1.34}\n", 3, 49,
			[]string{"expected a text", `quote it: "1.34"`}},
		{"impossible value", head + "vpc: {nat: {gateway: Double}}\n", 4, 22, []string{`"Double" is not possible`, "HighlyAvailable, Single, Disable"}},
		{"list for one", head + "availabilityZones: us-west-2a\n", 4, 20, []string{"expected a list"}},
		{"not a block", head + "vpc: {cidr: 10.0.0.1/16}\n", 4, 13, []string{"not the start of a block", "10.0.0.0/16"}},
		{"missing key", "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n", 1, 11, []string{`"metadata" is missing`}},
		{"duplicate group", head + "managedNodeGroups: [{name: a}, {name: a}]\n", 4, 33, []string{`"a" is taken by managedNodeGroups[0]`}},
		{"sizes", head + "managedNodeGroups: [{name: a, minSize: 3, desiredCapacity: 1}]\n", 4, 21, []string{"must rise"}},
		{"not launched", head + "karpenter: {version: v1}\n", 4, 1, []string{"Karpenter is not launched yet"}},
		{"syntax", "a: [", 0, 0, []string{"is not valid YAML"}},
		{"empty", "# nothing\n", 1, 1, []string{"is empty"}},
		{"bad timeout", head + "addons: [{name: coredns, timeout: soon}]\n", 4, 26, []string{`"soon" is not a duration`}},
		{"managed group's own groups", head + "managedNodeGroups: [{name: a, securityGroups: {withLocal: true}}]\n", 4, 31,
			[]string{"withLocal and withShared are for self-managed groups"}},
		{"managed group's profile", head + "managedNodeGroups: [{name: a, iam: {instanceProfileARN: x}}]\n", 4, 37, []string{"EKS makes the instance profile"}},
		{"add-on association",
			head + "addons: [{name: eks-pod-identity-agent}, {name: vpc-cni, podIdentityAssociations: [{serviceAccountName: a, namespace: c}]}]\n", 4, 108, []string{"is not for add-ons"}},
		{"Neuron devices", head + "nodeGroups: [{name: a, instanceSelector: {neuron_devices: 1}}]\n", 4, 43, []string{"Neuron"}},
		{"unknown service", head + "iamIdentityMappings: [{serviceName: batch, namespace: a}]\n", 4, 24, []string{`"batch" is not known`}},
		{"AL2 after its end", head + "managedNodeGroups: [{name: a, amiFamily: AmazonLinux2}]\n", 4, 31, []string{"has ended"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load("f.yaml", []byte(c.text))
			var ps finding.Findings
			if !errors.As(err, &ps) {
				t.Fatalf("got %v", err)
			}
			p := ps[0]
			if c.line > 0 && (p.Where.Line != c.line || p.Where.Column != c.col) {
				t.Errorf("at %d:%d, expected %d:%d: %v", p.Where.Line, p.Where.Column, c.line, c.col, p)
			}
			for _, s := range c.says {
				if !strings.Contains(p.Error(), s) {
					t.Errorf("%q does not say %q", p.Error(), s)
				}
			}
		})
	}
}

func TestAllProblemsComeAtOnce(t *testing.T) {
	_, err := Load("f.yaml", []byte(head+"nope: 1\nvpc: {nah: 2}\nmanagedNodeGroups: [{desiredCapacity: x}]\n"))
	var ps finding.Findings
	if !errors.As(err, &ps) || len(ps) != 4 {
		t.Fatalf("expected four problems, got %v", err)
	}
}

func TestJSONIsRead(t *testing.T) {
	f, err := Load("f.json",
		[]byte(`{"apiVersion":"eksctl.io/v1alpha5","kind":"ClusterConfig","metadata":{"name":"c","region":"eu-west-1"},"managedNodeGroups":[{"name":"a"}]}`))
	if err != nil || *f.Cluster.ManagedNodeGroups[0].DesiredCapacity != 2 {
		t.Fatal(err)
	}
}

func TestDefaultsAreEksctls(t *testing.T) {
	f, err := Load("f.yaml", []byte(head+"managedNodeGroups: [{name: a}, {name: b, desiredCapacity: 5}, {name: c, minSize: 1, maxSize: 3}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := f.Cluster
	n := c.ManagedNodeGroups[0]
	if n.InstanceType != "m5.large" || n.AmiFamily != "AmazonLinux2023" || *n.VolumeSize != 80 || n.VolumeType != "gp3" || *n.DesiredCapacity != 2 || c.VPC.CIDR != "192.168.0.0/16" || c.VPC.NAT.Gateway != "Single" || c.AccessConfig.AuthenticationMode != "API_AND_CONFIG_MAP" || c.Metadata.Version != "1.34" {
		t.Errorf("%+v", n)
	}
	if b := c.ManagedNodeGroups[1]; *b.MinSize != 5 || *b.MaxSize != 5 {
		t.Errorf("sizes %d %d", *b.MinSize, *b.MaxSize)
	}
	if x := c.ManagedNodeGroups[2]; *x.DesiredCapacity != 1 || *x.MaxSize != 3 {
		t.Errorf("sizes %d %d", *x.DesiredCapacity, *x.MaxSize)
	}
	var names []string
	for _, a := range c.Addons {
		names = append(names, a.Name)
	}
	if !slices.Equal(names, []string{"vpc-cni", "kube-proxy", "coredns", "metrics-server"}) {
		t.Errorf("add-ons %v", names)
	}
}

// Every property of eksctl's published schema is in ours.
func TestSchemaCoversEksctls(t *testing.T) {
	b, err := os.ReadFile("../../../shared/eksctl/schema.json")
	if err != nil {
		if strings.Contains(os.Getenv("SLIPWAY_REQUIRE"), "shared") {
			t.Fatal(err)
		}
		t.Skip("eksctl's schema is not beside this checkout (../shared/eksctl/schema.json)")
	}
	type def struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var theirs struct{ Definitions map[string]def }
	var ours struct {
		Defs map[string]def `json:"$defs"`
	}
	if err := json.Unmarshal(b, &theirs); err != nil {
		t.Fatal(err)
	}
	s, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(s, &ours); err != nil {
		t.Fatal(err)
	}
	// Definitions that eksctl names otherwise, or that are free-form here.
	same := map[string]string{"AZSubnetSpec": "Subnet", "NodeGroupTaint": "Taint", "OIDCIdentityProvider": "IdentityProvider"}
	freeForm := []string{"ArgoCDConfiguration", "ArgoCDAWSIDC", "ArgoCDNetworkAccess", "ArgoCDRoleMapping", "SSOIdentity", "CapabilityConfiguration"}
	seen := 0
	for _, name := range sorted(theirs.Definitions) {
		mine := name
		if s := same[name]; s != "" {
			mine = s
		}
		if slices.Contains(freeForm, name) {
			continue // part of capabilities, which are refused by name (unsupported.go)
		}
		for _, p := range sorted(theirs.Definitions[name].Properties) {
			seen++
			if _, ok := ours.Defs[mine].Properties[p]; !ok {
				t.Errorf("%s.%s is in eksctl's schema and not in ours", name, p)
			}
		}
	}
	if seen < 300 {
		t.Errorf("only %d properties were compared", seen)
	}
}
