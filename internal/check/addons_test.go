package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestAddons(t *testing.T) {
	addon := func(s string) string { return testregion.Cluster + "addons: [{" + s + "}]\n" }
	for _, c := range []struct{ text, code, says string }{
		{addon("name: CoreDNS"), "addon-not-offered", `did you mean "coredns"?`},
		{addon("name: aws-ebs-csi"), "addon-not-offered", `did you mean "aws-ebs-csi-driver"?`},
		{addon("name: xyzzy-plugh-frotz"), "addon-not-offered", "one of adot, amazon-cloudwatch-observability"},
		{addon("name: vpc-cni, version: 9.9.9"), "addon-version-not-offered", "vpc-cni has no version 9.9.9 for Kubernetes 1.34 (one of v1."},
		{addon(`name: coredns, configurationValues: '{"replicas": 3}'`), "addon-configuration-invalid", "at the top: unknown key replicas"},
		{addon(`name: coredns, configurationValues: "replicaCount: many"`), "addon-configuration-invalid", "replicaCount: got string, want integer"},
		{addon(`name: coredns, configurationValues: "tolerations: [{key: a, effect: Never}]"`), "addon-configuration-invalid", "tolerations.0.effect"},
	} {
		finds(t, look(t, c.text, nil), c.code, "addons[0].", c.says)
	}
	for _, text := range []string{
		addon("name: vpc-cni, version: latest"), addon("name: vpc-cni, version: default"), addon("name: coredns, version: v1.12.4-eksbuild.3"),
		addon(`name: coredns, configurationValues: "replicaCount: 3\ntolerations: [{key: a, operator: Exists}]"`),
		addon(`name: aws-ebs-csi-driver, configurationValues: '{"controller":{"replicaCount":2}}'`),
	} {
		if fs := look(t, text, nil); len(fs) > 0 {
			t.Errorf("%s%v", text, fs)
		}
	}
}
