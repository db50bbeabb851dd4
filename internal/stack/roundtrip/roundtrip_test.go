// Package roundtrip holds what is written for nodes to what nodes read: a fuzz target in a
// package of its own, whose instrumented build is small. It has tests only.
package roundtrip

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"testing"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/sim/node/bootstrap"
	"github.com/slipway-eks/slipway/internal/stack"
)

// FuzzUserData: whatever texts a file puts into a group's user data, a node of its
// family reads it as it was meant, and joins; and its size is what was said.
func FuzzUserData(f *testing.F) {
	families := []struct {
		name string
		is   bootstrap.Family
	}{{"AmazonLinux2023", bootstrap.AL2023}, {"AmazonLinux2", bootstrap.AL2}, {"Bottlerocket", bootstrap.Bottlerocket}, {"WindowsServer2022FullContainer", bootstrap.Windows}}
	file, err := config.Load("test.yaml", []byte(`apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: test, region: us-west-2, version: "1.32"}
nodeGroups: [{name: g, labels: {tier: x}}]
`))
	if err != nil {
		f.Fatal(err)
	}
	base := file.Cluster
	for i := range families {
		for _, s := range []string{"", "echo 'it''s'", "--slipway-0\r\n\r\nContent-Type: application/node.eks.aws\r\n\r\nkind: X", "</powershell>", "EOF\nSLIPWAY\n'", "a.b \"c\"\n[settings]", "#!/bin/sh\nü\x00", "\x7f\u0085\u009f\ufeff\ufffe\uffff\u2028", "$(x)`y`"} {
			f.Add(uint8(i), s, s, s)
		}
	}
	f.Fuzz(func(t *testing.T, family uint8, command, key, value string) {
		c, g := *base, base.NodeGroups[0]
		if !utf8.ValidString(command) || !utf8.ValidString(key) || !utf8.ValidString(value) || key == "" {
			t.Skip() // YAML has no other texts
		}
		x := families[int(family)%len(families)]
		g.AmiFamily = x.name
		switch x.is {
		case bootstrap.AL2023:
			g.PreBootstrapCommands, g.KubeletExtraConfig = []string{command}, config.Document{key: value}
		case bootstrap.AL2:
			g.KubeletExtraConfig = config.Document{key: map[string]any{value: command}}
		case bootstrap.Bottlerocket:
			g.Bottlerocket = &config.NodeGroupBottlerocket{Settings: config.Document{"motd": command, key + "x": map[string]any{key: value}}}
		}
		c.NodeGroups = []config.NodeGroup{g}
		data, text := userData(t, &c)
		n, err := bootstrap.Read(x.is, data, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if n.Cluster != "test" || n.Labels["tier"] != "x" {
			t.Errorf("%+v\n%s", n, text)
		}
		c.EachGroup(func(g config.Group) {
			if have, said := len(text), stack.UserDataSize(&c, g, live()); have != said {
				t.Errorf("%d bytes, not %d", have, said)
			}
		})
		if x.is == bootstrap.Bottlerocket {
			var doc struct{ Settings map[string]any }
			if err := toml.Unmarshal([]byte(text), &doc); err != nil {
				t.Fatal(err)
			}
			if sub, _ := doc.Settings[key+"x"].(map[string]any); doc.Settings["motd"] != command || !maps.Equal(sub, map[string]any{key: value}) {
				t.Errorf("%q %v", command, sub)
			}
		}
	})
}

func live() stack.Live {
	return stack.Live{Cluster: "test", Endpoint: "https://x", CA: "Q0E=", ServiceCIDR: "10.100.0.0/16", Subnets: []string{"subnet-1"}, AMI: "ami-1"}
}

// userData is the group's, as the template holds it and decoded.
func userData(t *testing.T, c *config.ClusterConfig) (data, text string) {
	t.Helper()
	var template struct {
		Resources map[string]struct {
			Properties struct{ LaunchTemplateData struct{ UserData string } }
		}
	}
	if err := json.Unmarshal([]byte(stack.SelfManaged(c, &c.NodeGroups[0], live()).JSON()), &template); err != nil {
		t.Fatal(err)
	}
	data = template.Resources["NodeGroupLaunchTemplate"].Properties.LaunchTemplateData.UserData
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil || len(b) == 0 {
		t.Fatalf("%q: %v", data, err)
	}
	return data, string(b)
}
