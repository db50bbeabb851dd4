package drift

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/finding"
)

// Catalogue are the fields beyond those of the config file, in the order of a report:
// the record, the control plane, its network, nodes, roles, access, what runs on it.
var Catalogue = sync.OnceValue(func() []*Field {
	var out []*Field
	for _, part := range [][]Field{
		outputs, controlPlane, subnets, routes, gateways, securityGroups, nodegroups, instances, roles, access, recordedThings, workloads, stacks,
	} {
		for i := range part {
			out = append(out, &part[i])
		}
	}
	return out
})

// Brief compares the fields that a brief look answers.
func Brief(t *Truths) *Report {
	r := &Report{Cluster: t.Live.Name, Region: t.Live.Region, Differences: []Difference{}}
	t.known = derived{}
	for _, f := range Catalogue() {
		if f.Cheap {
			t.compare(f, r)
		}
	}
	slices.SortStableFunc(r.Differences, func(a, b Difference) int { return weight(a) - weight(b) })
	return r
}

// Paragraph is what a command that does something else says of it: what differs, what it
// breaks, and the command that repairs it; "" where nothing weighs anything.
func (r *Report) Paragraph() string {
	found := slices.DeleteFunc(r.Drifted(), func(d Difference) bool { return d.Severity == finding.Info })
	if len(found) == 0 {
		return ""
	}
	d := found[0]
	s := "Drift: " + d.What + "."
	if len(d.Breaks) > 0 {
		s += " What it breaks: " + strings.Join(d.Breaks, "; ") + "."
	}
	if len(d.Repairs) > 0 {
		s += " What repairs it: " + d.Repairs[0].Command + "."
	}
	more := ""
	if n := len(found) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return s + fmt.Sprintf(" All of it%s: slipway drift %s --region %s.", more, r.Cluster, r.Region)
}

// Syncs tells whether a sync of the record would repair something.
func (r *Report) Syncs() bool {
	return slices.ContainsFunc(r.Drifted(), func(d Difference) bool { return strings.HasPrefix(d.Path, "record.") && len(d.Repairs) > 0 })
}

// Unseen is why the brief comparison could not be made, or "".
func (r *Report) Unseen() string {
	for _, n := range r.NotChecked {
		return n.Why
	}
	return ""
}

// notCompared are the fields of the file that AWS answers nothing about, or that mean
// nothing to a cluster that stands: the record alone knows what they were.
var notCompared = sync.OnceValue(func() []string {
	var out []string
	for _, f := range fields.Values() {
		if f.Live == nil && f.NotLaunched == "" && !slices.Contains([]fields.Change{fields.Ignore, fields.Identity, fields.CreateOnly}, f.Change) {
			out = append(out, f.Path)
		}
	}
	return append(out, elsewhere...)
})

// elsewhere is what the catalogue does not look at, in words.
var elsewhere = []string{
	"the outputs ClusterFullyPrivate and RemoteNodes… but the role, and what a self-managed group's stack says of itself (Feature…, NodeGroupUsesAccessEntry)",
	"the settings of identity providers and capabilities without a file",
	"VPC endpoints, flow logs and DHCP options", "KMS key policies", "objects of Kubernetes but aws-auth, nodes and add-ons' workloads",
	"Karpenter's objects", "load balancers",
}
