package drift

import (
	"slices"
	"sync"

	"github.com/slipway-eks/slipway/internal/config/fields"
)

// Catalogue are the fields beyond those of the config file, in the order of a report:
// the record, the control plane, its network, nodes, roles, access, what runs on it.
var Catalogue = sync.OnceValue(func() []*Field {
	var out []*Field
	for _, part := range [][]Field{outputs, controlPlane, subnets, routes, gateways, securityGroups, nodegroups, instances, roles, access, workloads, stacks} {
		for i := range part {
			out = append(out, &part[i])
		}
	}
	return out
})

// notCompared are the fields of the file that AWS answers nothing about, or that mean
// nothing to a cluster that stands: the record alone knows what they were.
func notCompared() []string {
	var out []string
	for _, f := range fields.Values() {
		if f.Live == nil && f.NotLaunched == "" && !slices.Contains([]fields.Change{fields.Ignore, fields.Identity, fields.CreateOnly}, f.Change) {
			out = append(out, f.Path)
		}
	}
	return append(out, elsewhere...)
}

// elsewhere is what the catalogue does not look at, in words.
var elsewhere = []string{
	"VPC endpoints, flow logs and DHCP options", "KMS key policies", "objects of Kubernetes but aws-auth, nodes and add-ons' workloads",
	"inline policies' documents", "Karpenter's objects", "load balancers",
}
