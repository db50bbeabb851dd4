package plan

import (
	"fmt"

	"github.com/slipway-eks/slipway/internal/observe"
)

// groupsAlone makes the node groups that are not there yet, and nothing else: what the
// file says of the cluster and of groups that stand is another command's.
func (b *builder) groupsAlone() {
	if !b.exists() {
		b.refuse("metadata.name", "make it first (slipway up -f FILE), or say in which region it is", "there is no cluster %s in %s",
			b.cfg.Metadata.Name, b.cfg.Metadata.Region)
		return
	}
	for i := range b.cfg.ManagedNodeGroups {
		m := &b.cfg.ManagedNodeGroups[i]
		live := b.live.Groups[m.Name]
		if live != nil && b.stands(m.Name, live.Status == "CREATING") {
			if live.ScalingConfig != nil {
				b.plan.WantNodes += live.ScalingConfig.DesiredSize
			}
			continue
		}
		b.managed(i, m)
	}
	for i := range b.cfg.NodeGroups {
		g := &b.cfg.NodeGroups[i]
		live := b.live.ScalingGroupOf(g.Name)
		if live != nil && b.stands(g.Name, false) {
			b.plan.WantNodes += live.DesiredCapacity
			continue
		}
		b.selfManaged(i, g)
	}
}

// stands tells whether a group's stack is complete, and says so; one that is still coming is
// followed to its end.
func (b *builder) stands(group string, coming bool) bool {
	if p := b.phase(b.groupStack(group)); coming || p != observe.Complete && p != observe.Absent {
		return false
	}
	b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("The node group %s stands already, and is left as it is: slipway up -f FILE follows the file.", group))
	return true
}
