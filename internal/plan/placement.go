package plan

import (
	"path"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
)

// toleration is the part of a pod's toleration that tells which taints it bears.
type toleration struct{ Key, Operator, Value, Effect string }

// bears tells whether a toleration covers a taint, as Kubernetes reads it.
func (t toleration) bears(x config.Taint) bool {
	if t.Effect != "" && t.Effect != x.Effect {
		return false
	}
	if t.Key == "" {
		return t.Operator == "Exists"
	}
	return t.Key == x.Key && (t.Operator == "Exists" || t.Value == x.Value)
}

// tolerations of an add-on's Deployment: its own, and those that the file's
// configuration values give it, in JSON or YAML. With values EKS's defaults go.
func tolerations(a config.Addon) []toleration {
	var v struct {
		Tolerations []toleration
		Controller  struct{ Tolerations []toleration }
	}
	if yaml.Unmarshal([]byte(a.ConfigurationValues), &v) != nil {
		return nil
	}
	out := append(v.Tolerations, v.Controller.Tolerations...)
	if eksfacts.AddonNamed(a.Name).Critical {
		out = append(out, toleration{Key: "CriticalAddonsOnly", Operator: "Exists"})
	}
	return out
}

// placed tells whether something that the file wants takes an add-on's pods.
func (b *builder) placed(a config.Addon) bool {
	if b.cfg.AutoMode() && len(b.cfg.AutoModeConfig.NodePools) > 0 {
		return true
	}
	bear := tolerations(a)
	fits := func(n *config.NodeGroupBase, ts config.Taints) bool {
		return *n.DesiredCapacity > 0 && !n.Windows() && !slices.ContainsFunc(ts, func(t config.Taint) bool {
			return t.Effect != "PreferNoSchedule" && !slices.ContainsFunc(bear, func(x toleration) bool { return x.bears(t) })
		})
	}
	for i := range b.cfg.ManagedNodeGroups {
		if m := &b.cfg.ManagedNodeGroups[i]; fits(&m.NodeGroupBase, m.Taints) {
			return true
		}
	}
	for i := range b.cfg.NodeGroups {
		if g := &b.cfg.NodeGroups[i]; fits(&g.NodeGroupBase, g.Taints) {
			return true
		}
	}
	return b.onFargate(a)
}

// onFargate tells whether a profile of the file selects an add-on's pods: namespaces
// may hold wildcards (EKS user guide, "Fargate profile components").
func (b *builder) onFargate(a config.Addon) bool {
	fact := eksfacts.AddonNamed(a.Name)
	ns, _ := eksfacts.SplitAccount(fact.Deployment + fact.DaemonSet)
	if n := a.NamespaceConfig; n != nil && n.Namespace != "" {
		ns = n.Namespace
	}
	for _, p := range b.cfg.FargateProfiles {
		for _, s := range p.Selectors {
			match, err := path.Match(s.Namespace, ns)
			if err != nil || !match {
				continue
			}
			if !slices.ContainsFunc(keys(s.Labels), func(k string) bool {
				ok, err := path.Match(s.Labels[k], fact.Labels[k])
				return err != nil || !ok
			}) {
				return true
			}
		}
	}
	return false
}
