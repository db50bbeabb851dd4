package stack_test

import (
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/sim/node/bootstrap"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// FuzzUserData: whatever texts a file puts into a group's user data, a node of its
// family reads it as it was meant, and joins; and its size is what was said.
func FuzzUserData(f *testing.F) {
	families := []struct {
		name string
		is   bootstrap.Family
	}{{"AmazonLinux2023", bootstrap.AL2023}, {"AmazonLinux2", bootstrap.AL2}, {"Bottlerocket", bootstrap.Bottlerocket}, {"WindowsServer2022FullContainer", bootstrap.Windows}}
	base := testregion.Load(f, strings.Replace(testregion.Cluster, "1.34", "1.32", 1)+"nodeGroups: [{name: g, labels: {tier: x}}]\n").Cluster
	for i := range families {
		for _, s := range []string{"", "echo 'it''s'", "--slipway-0\r\n\r\nContent-Type: application/node.eks.aws\r\n\r\nkind: X", "</powershell>", "EOF\nSLIPWAY\n'", "a.b \"c\"\n[settings]", "#!/bin/sh\nü\x00", "$(x)`y`"} {
			f.Add(uint8(i), s, s, s)
		}
	}
	f.Fuzz(func(t *testing.T, family uint8, command, key, value string) {
		c, g := *base, base.NodeGroups[0]
		if !utf8.ValidString(command+key+value) || key == "" {
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
		data := userData(t, &c)
		n, err := bootstrap.Read(x.is, data, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, decoded(t, data))
		}
		if n.Cluster != "test" || n.Labels["tier"] != "x" {
			t.Errorf("%+v\n%s", n, decoded(t, data))
		}
		c.EachGroup(func(g config.Group) {
			if have, said := len(decoded(t, data)), stack.UserDataSize(&c, g, live()); have != said {
				t.Errorf("%d bytes, not %d", have, said)
			}
		})
		if x.is == bootstrap.Bottlerocket {
			var doc struct{ Settings map[string]any }
			if err := toml.Unmarshal([]byte(decoded(t, data)), &doc); err != nil {
				t.Fatal(err)
			}
			if sub, _ := doc.Settings[key+"x"].(map[string]any); doc.Settings["motd"] != command || !maps.Equal(sub, map[string]any{key: value}) {
				t.Errorf("%q %v", command, sub)
			}
		}
	})
}
