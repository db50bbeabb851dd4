package stack_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// resources are a template's, with their properties.
func resources(t *testing.T, body string) map[string]struct {
	Type       string
	Properties map[string]any
} {
	t.Helper()
	var tpl struct {
		Resources map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal([]byte(body), &tpl); err != nil {
		t.Fatal(err)
	}
	return tpl.Resources
}

// Every stack's name is one that CloudFormation takes, the same for the same parts
// and another one for others, and begins as eksctl's does.
func TestStackNamesAreWithinTheLimit(t *testing.T) {
	valid := regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)
	rapid.Check(t, func(t *rapid.T) {
		part := func(name string) string { return rapid.StringMatching(`[a-z]([-a-z0-9]{0,98}[a-z0-9])?`).Draw(t, name) }
		c, a, b := part("cluster"), part("a"), part("b")
		for _, n := range []func(a, b string) string{
			func(a, b string) string { return stack.ClusterName(c) },
			func(a, b string) string { return stack.GroupName(c, a) },
			func(a, b string) string { return stack.ServiceAccountName(c, a, b) },
			func(a, b string) string { return stack.AddonRoleName(c, a) },
			func(a, b string) string { return stack.AddonPodRoleName(c, a, b) },
			func(a, b string) string { return stack.PodRoleName(c, a, b) },
			func(a, b string) string { return stack.FargateName(c) },
			func(a, b string) string { return stack.AccessEntryName(c, a) },
		} {
			name := n(a, b)
			if !valid.MatchString(name) || !strings.HasPrefix(name, ("eksctl-" + c)[:min(len(c)+7, 100)]) || name != n(a, b) {
				t.Fatalf("%q", name)
			}
		}
		if stack.ServiceAccountName(c, a, b) == stack.ServiceAccountName(c, a, b+"x") {
			t.Fatal("two service accounts share a stack")
		}
	})
}

// CloudFormation's stack name makes IAM's policy name too long (eksctl#5614).
func TestPolicyNamesAreWithinIAMsLimit(t *testing.T) {
	long := stack.ServiceAccountName("test-012345678901234567890123456789012345678901234567890", "kube-system", "aws-load-balancer-controller")
	for name, want := range map[string]string{"eksctl-test-addon-iamserviceaccount-a-b": "", long: "eksctl-test-0123"} {
		role := stack.Role{Stack: name, Description: "r", Policy: config.Document{"Version": "2012-10-17"},
			WellKnown: &config.WellKnownPolicies{AwsLoadBalancerController: new(true), CertManager: new(true)}}
		seen := map[string]bool{}
		for id, r := range resources(t, stack.PodIdentity(role).JSON()) {
			if r.Type != "AWS::IAM::Policy" {
				continue
			}
			if want == "" {
				if sub := r.Properties["PolicyName"].(map[string]any)["Fn::Sub"]; sub != "${AWS::StackName}-"+id {
					t.Errorf("a short name is not eksctl's: %v", sub)
				}
				continue
			}
			got, _ := r.Properties["PolicyName"].(string)
			if len(got) > 128 || !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "-"+id) || seen[got] {
				t.Errorf("%s: %q (%d)", id, got, len(got))
			}
			seen[got] = true
		}
	}
}

func TestTheEleventhBlockHasALogicalID(t *testing.T) {
	var four, six []string
	for i := range 30 {
		four, six = append(four, fmt.Sprintf("10.%d.0.0/16", i)), append(six, fmt.Sprintf("2001:db8:%x::/48", i))
	}
	c := testregion.Load(t, testregion.Cluster+"vpc: {extraCIDRs: ["+strings.Join(four, ", ")+"], extraIPv6CIDRs: [\""+strings.Join(six,
		`", "`)+"\"]}\n").Cluster
	rs := resources(t, stack.Cluster(c, vpc.Split("192.168.0.0/16", zones, true, true)).JSON())
	for _, id := range []string{"IngressControlPlaneExtraCIDR10", "IngressControlPlaneExtraCIDR29", "IngressControlPlaneExtraIPv6CIDR10", "VPCCidrA",
		"VPCCidrZ", "VPCCidrAA", "VPCCidrAD"} {
		if rs[id].Type == "" {
			t.Errorf("no %s", id)
		}
	}
	for id := range rs {
		if !regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`).MatchString(id) {
			t.Errorf("%q is no logical ID", id)
		}
	}
}

// SSH to private nodes comes from the VPC, whatever its blocks (eksctl's
// makeSSHIngressRules); to public ones from everywhere, or from the groups named.
func TestSSHSources(t *testing.T) {
	for ssh, want := range map[string][]string{
		"privateNetworking: true, ssh: {allow: true, publicKeyName: k}":                                  {"10.0.0.0/16", "10.1.0.0/16"},
		"ssh: {allow: true, publicKeyName: k}":                                                           {"0.0.0.0/0", "::/0"},
		"privateNetworking: true, ssh: {allow: true, publicKeyName: k, sourceSecurityGroupIds: [sg-1a]}": {"sg-1a"},
	} {
		c := testregion.Load(t, testregion.Cluster+"managedNodeGroups: [{name: m, "+ssh+"}]\nnodeGroups: [{name: s, "+ssh+"}]\n").Cluster
		l := live()
		l.Blocks = []string{"10.0.0.0/16", "10.1.0.0/16"}
		managed := resources(t, stack.Managed(c, &c.ManagedNodeGroups[0], l).JSON())["SSH"]
		own := resources(t, stack.SelfManaged(c, &c.NodeGroups[0], l).JSON())["SG"]
		for _, group := range []map[string]any{managed.Properties, own.Properties} {
			var got []string
			for _, r := range group["SecurityGroupIngress"].([]any) {
				for _, k := range []string{"CidrIp", "CidrIpv6", "SourceSecurityGroupId"} {
					if v, ok := r.(map[string]any)[k]; ok {
						got = append(got, v.(string))
					}
				}
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: %v", ssh, got)
			}
		}
	}
}
