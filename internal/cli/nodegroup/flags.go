package nodegroup

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
)

// groupFlags describe a node group without a file.
type groupFlags struct {
	given func(string) bool // tells whether a flag was given

	name, family           string
	types, labels          []string
	nodes, least, most, gb int
	private, spot, managed bool
}

func (g *groupFlags) add(f *pflag.FlagSet) {
	f.StringVar(&g.name, "name", "", "the group's name")
	f.StringSliceVar(&g.types, "instance-types", nil, "instance types, such as m5.large")
	f.IntVar(&g.nodes, "nodes", 2, "how many nodes")
	f.IntVar(&g.least, "nodes-min", 0, "the fewest; default: as many as --nodes")
	f.IntVar(&g.most, "nodes-max", 0, "the most; default: as many as --nodes")
	f.IntVar(&g.gb, "node-volume-size", 0, "size of the root volumes in GiB")
	f.StringVar(&g.family, "node-ami-family", "", "AMI family, such as AmazonLinux2023 or Bottlerocket")
	f.StringSliceVar(&g.labels, "node-labels", nil, "labels of the nodes: KEY=VALUE")
	f.BoolVar(&g.private, "private", false, "nodes without public addresses, in private subnets")
	f.BoolVar(&g.spot, "spot", false, "spot instances")
	f.BoolVar(&g.managed, "managed", true, "an EKS managed node group; false: one of an Auto Scaling group alone")
}

// properties are those of the config file that the given flags stand for; empty where none
// was given.
func (g *groupFlags) properties() (out map[string]any, managed bool, err error) {
	out = map[string]any{}
	set := func(flag, property string, value any) {
		if g.given(flag) {
			out[property] = value
		}
	}
	set("name", "name", g.name)
	set("nodes", "desiredCapacity", g.nodes)
	set("nodes-min", "minSize", g.least)
	set("nodes-max", "maxSize", g.most)
	set("node-volume-size", "volumeSize", g.gb)
	set("node-ami-family", "amiFamily", g.family)
	set("private", "privateNetworking", g.private)
	switch {
	case len(g.types) == 1:
		out["instanceType"] = g.types[0]
	case len(g.types) > 1 && g.managed:
		out["instanceTypes"] = g.types
	case len(g.types) > 1:
		out["instancesDistribution"] = map[string]any{"instanceTypes": g.types}
	}
	if g.spot && !g.managed {
		return nil, false, cmdutil.Input("--spot is of managed groups; describe another one in a file (instancesDistribution)")
	}
	set("spot", "spot", g.spot)
	labels := map[string]string{}
	for _, l := range g.labels {
		k, v, ok := strings.Cut(l, "=")
		if !ok {
			return nil, false, cmdutil.Input("--node-labels %s: write KEY=VALUE", l)
		}
		labels[k] = v
	}
	if len(labels) > 0 {
		out["labels"] = labels
	}
	return out, g.managed, nil
}
