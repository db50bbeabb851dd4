package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/finding"
)

// FuzzLoad: whatever a file holds, it is a config or it is refused in findings that
// are whole, in bounded time; and what is read is read again from the same text alike.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		"", "---\n# a\n---\n" + head, "\ufeff" + head, "\xff\xfea\x00", head + "...\n", "a: {b: [1, {c: d}]}", "? [a]\n: b\n", "!!str 1", "\"a\\e\": 1",
		head + "managedNodeGroups:\n  - &a\n    name: a\n    labels: &l {x: y}\n  - <<: *a\n    name: b\n    labels: {<<: [*l, {z: w}], x: v}\n",
		head + "nodeGroups: [{name: n, kubeletExtraConfig: &k {a: *k}}]\n", bomb(4, true), bomb(4, false),
		head + "managedNodeGroups: [{name: g, taints: {a: b}, maxSize: 3.0, minSize: \"1\", privateNetworking: yes, volumeSize: 12345678901234567890}, null]\n",
		head + "metadata: {tags: {a: 1, b: true, c: 1e3, d: 2020-01-01, e: 0x10, f: ~, g: 1_0, h: .inf}}\n",
		head + "iam: {withOIDC: \"true\", serviceAccounts: [{metadata: {name: sa}, attachPolicy: {Statement: [{Resource: arn:aws:s3:::b}]}}]}\n",
		head + "vpc: {cidr: 10.0.0.0/16, nat: {gateway: single}, subnets: {public: {a: {id: s}}}}\naddons: [{name: a, configurationValues: '{'}]\n",
		"apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetAdAtA: 1\n", strings.Repeat("[", 2000), strings.Repeat("a:\n ", 50), head + "k: |\n  text\n", head + "k: >-\r\n  text\r\n", "a: \"x\n", "\t", "- - - a",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Load("fuzz.yaml", b)
		if err == nil {
			if again, err := Load("fuzz.yaml", b); err != nil || len(Differences(c.Cluster, again.Cluster)) > 0 {
				t.Errorf("read twice, it differs: %v", err)
			}
			return
		}
		var fs finding.Findings
		if !errors.As(err, &fs) || len(fs) == 0 {
			t.Fatalf("an error that is no finding: %v", err)
		}
		for _, x := range fs {
			if x.Code == "" || x.What == "" || !x.Input || x.Where.File != "fuzz.yaml" || x.Where.Line == 0 && x.Code != "file-encoding" {
				t.Errorf("a finding that is not whole: %+v", x)
			}
		}
	})
}
