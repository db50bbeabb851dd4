package stack

import (
	"maps"

	"github.com/pelletier/go-toml/v2"

	"github.com/slipway-eks/slipway/internal/config"
)

// bottlerocket is the settings document, one for the file's settings and ours; "":
// there is nothing to set. What the node group itself says wins over the settings,
// as with eksctl: cluster, labels, taints and maxPodsPerNode.
func (b bootstrap) bottlerocket() string {
	settings := map[string]any{}
	if x := b.n.Bottlerocket; x != nil {
		settings = table(x.Settings)
		if x.EnableAdminContainer != nil {
			within(settings, "host-containers", "admin")["enabled"] = *x.EnableAdminContainer
		}
	}
	kubernetes := map[string]any{}
	if b.joins {
		kubernetes["cluster-name"], kubernetes["api-server"], kubernetes["cluster-certificate"] = b.live.Cluster, b.live.Endpoint, b.live.CA
		kubernetes["node-labels"] = nodeLabels(b.c, b.n)
		if b.dns != "" {
			kubernetes["cluster-dns-ip"] = b.dns
		}
		if len(b.taints) > 0 {
			kubernetes["node-taints"] = taintTable(b.taints)
		}
	}
	if b.n.MaxPodsPerNode != nil {
		kubernetes["max-pods"] = *b.n.MaxPodsPerNode
	}
	if len(kubernetes) > 0 {
		maps.Copy(within(settings, "kubernetes"), kubernetes)
	}
	if len(settings) == 0 {
		return ""
	}
	out, err := toml.Marshal(map[string]any{"settings": settings})
	if err != nil {
		panic(err) // scalars, lists and tables only
	}
	return string(out)
}

// taintTable lists the taints of a key: a key may have one of each effect.
func taintTable(ts config.Taints) map[string][]string {
	out := map[string][]string{}
	for _, t := range ts {
		out[t.Key] = append(out[t.Key], t.Value+":"+t.Effect)
	}
	return out
}

// within is a table below another, made where it is missing.
func within(in map[string]any, path ...string) map[string]any {
	for _, k := range path {
		sub, ok := in[k].(map[string]any)
		if !ok {
			sub = map[string]any{}
			in[k] = sub
		}
		in = sub
	}
	return in
}

// table copies a tree of settings without nulls, which TOML does not know: a setting
// without value is not set. Whole numbers are integers again, which the config's JSON
// does not tell from fractions; Bottlerocket takes none for the other.
func table(in map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range in {
		if v != nil {
			out[k] = value(v)
		}
	}
	return out
}

func value(v any) any {
	switch x := v.(type) {
	case map[string]any:
		return table(x)
	case []any:
		out := make([]any, 0, len(x))
		for _, y := range x {
			if y != nil {
				out = append(out, value(y))
			}
		}
		return out
	case float64:
		if i := int64(x); float64(i) == x {
			return i
		}
	}
	return v
}
