package plan

import (
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// labelled is a step about what of names: a stack, an add-on, a Fargate profile.
func labelled(kind, name, of string) rules.Step {
	return rules.Step{Kind: kind, Name: name, Labels: []string{rules.With(rules.Of, of)}}
}

// when is a label that a step carries if something holds.
func when(holds bool, label string) string {
	if holds {
		return label
	}
	return ""
}

// addonStep is a step about an add-on, with what rules ask of one.
func (b *builder) addonStep(kind string, a config.Addon) rules.Step {
	s := rules.Step{Kind: kind, Name: a.Name}.Label(rules.With(rules.Is, "addon/"+a.Name),
		when(eksfacts.AddonNamed(a.Name).DaemonSet != "", rules.Daemon),
		when(config.On(a.BeforeCompute, false), rules.BeforeCompute),
		when(a.Name == eksfacts.PodIdentityAgent && b.cfg.CNIPermissions() == config.FromPodIdentity, rules.CNIPermission))
	for _, n := range a.DependsOn {
		s = s.Label(rules.With(rules.Needs, n))
	}
	return s
}

// groupStep is a step about a node group, with what rules ask of one; m is nil where
// it is self-managed, or where that is no matter.
func (b *builder) groupStep(kind string, n *config.NodeGroupBase, m *config.ManagedNodeGroup) rules.Step {
	s := rules.Step{Kind: kind, Name: n.Name}.Label(rules.With(rules.Is, "nodegroup/"+n.Name), when(m != nil, rules.Managed), when(n.Windows(), rules.OnWindows))
	if m != nil {
		for _, d := range m.DependsOn {
			s = s.Label(rules.With(rules.Needs, d))
		}
	}
	return s
}

// dependencies refuses what dependsOn names and the file does not have.
func (b *builder) dependencies() {
	known := map[string]bool{}
	for _, a := range b.cfg.Addons {
		known["addon/"+a.Name] = true
	}
	for _, n := range b.cfg.Groups() {
		known["nodegroup/"+n.Name] = true
	}
	check := func(path, what string, on []string) {
		for _, d := range on {
			switch kind, _, ok := strings.Cut(d, "/"); {
			case !ok || kind != "addon" && kind != "nodegroup":
				b.refused = append(b.refused, b.in.File.At("depends-on", path, "%s depends on %q, which is neither addon/NAME nor nodegroup/NAME", what, d).
					With("name it so, or take it out"))
			case !known[d]:
				b.refused = append(b.refused, b.in.File.At("depends-on", path, "%s depends on %s, which the config does not have", what, d).With("add it, or take it out"))
			}
		}
	}
	for i, a := range b.cfg.Addons {
		check(at("addons", i, "dependsOn"), "addon "+a.Name, a.DependsOn)
	}
	for i := range b.cfg.ManagedNodeGroups {
		m := &b.cfg.ManagedNodeGroups[i]
		check(at("managedNodeGroups", i, "dependsOn"), "node group "+m.Name, m.DependsOn)
	}
}

// earlyAddons are the add-ons that node groups wait for.
func earlyAddons(c *config.ClusterConfig) []string {
	out := eksfacts.NetworkAddons()
	if c.CNIPermissions() == config.FromPodIdentity {
		out = append(out, eksfacts.PodIdentityAgent)
	}
	for _, a := range c.Addons {
		if config.On(a.BeforeCompute, false) && !slices.Contains(out, a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}

// fargateOnly tells whether pods can run on Fargate alone.
func fargateOnly(c *config.ClusterConfig) bool {
	return len(c.Groups()) == 0 && !c.AutoMode() && len(c.FargateProfiles) > 0
}
