package eks

import (
	"slices"
	"time"

	asgsdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/node"
)

// joinTimeout is how long a new node may take from the moment that the Auto Scaling group is
// to have it until it is Ready (EKS user guide, "Understand each phase of node updates": "Each
// node must bootstrap within 15 minutes").
const joinTimeout = 15 * time.Minute

// surge adds the nodes that take the pods of those that go: twice as many as there are
// zones, or as may be unavailable at once if that is more.
func (g *nodegroup) surge() {
	r := g.Rolling
	if g.minimal() || r.Desired == 0 {
		r.Phase = drain
		g.cordon(g.old()...)
		return
	}
	zones := map[string]bool{}
	for _, id := range g.Subnets {
		if s := g.c.e.ec2.Subnet(id); s != nil {
			zones[*s.AvailabilityZone] = true
		}
	}
	r.Surge = int32(max(2*len(zones), g.unavailable()))
	g.size(r.Surge)
}

// size lets the Auto Scaling group have some nodes more than the node group.
func (g *nodegroup) size(more int32) {
	g.c.e.asg.UpdateAutoScalingGroup(nil, &asgsdk.UpdateAutoScalingGroupInput{AutoScalingGroupName: new(g.ASG), MinSize: g.ScalingConfig.MinSize,
		MaxSize: new(max(*g.ScalingConfig.MaxSize, g.Rolling.Desired) + more), DesiredCapacity: new(g.Rolling.Desired + more)})
}

// awaitSurge goes on once the new nodes are there, or goes back.
func (g *nodegroup) awaitSurge() {
	fresh := g.instances(true)
	switch {
	case g.surged(fresh):
		g.cordon(g.old()...)
		g.Rolling.Came = len(fresh) + len(g.old())
		g.next(drain)
	case g.c.e.w.Elapsed()-g.Rolling.Since > joinTimeout:
		g.goBack(len(fresh))
	}
}

// surged tells whether the new nodes are what the user guide has EKS wait for: at least one in
// every zone that has an old one, all of them Ready, with the labels that EKS gives its nodes.
// They may be fewer than were asked for: capacity lacked, or an autoscaler took some away.
func (g *nodegroup) surged(fresh []string) bool {
	all := !slices.ContainsFunc(fresh, func(id string) bool { return !g.labelled(g.nodeOf(id)) })
	have := g.zones(fresh)
	return len(fresh) > 0 && all && !slices.ContainsFunc(g.zones(g.old()), func(z string) bool { return !slices.Contains(have, z) })
}

// labelled tells whether a node is Ready and bears the labels of its group.
func (g *nodegroup) labelled(n *corev1.Node) bool {
	return n != nil && node.NodeReady(n) && n.Labels["eks.amazonaws.com/nodegroup"] == *g.NodegroupName &&
		n.Labels["eks.amazonaws.com/nodegroup-image"] != ""
}

// zones are those of instances of the group.
func (g *nodegroup) zones(instances []string) (out []string) {
	for _, id := range instances {
		if i := g.c.e.ec2.Instance(id); i != nil {
			out = append(out, *i.Placement.AvailabilityZone)
		}
	}
	return out
}

// goBack ends an upgrade whose new nodes do not join: new instances come from EKS's template of
// before again, and those beyond the group's size end, those first that are no Ready node.
// The old nodes are untouched, but those that were replaced already: the group has nodes of
// both kinds then, and its version is what it was (facts/eks.md §6).
func (g *nodegroup) goBack(surplus int) {
	fresh := g.instances(true)
	slices.SortStableFunc(fresh, func(a, b string) int { return g.ready([]string{a}) - g.ready([]string{b}) })
	unready := len(fresh) - g.ready(fresh)
	failed := slices.Clone(fresh[:unready])
	g.Current = g.Rolling.Before
	g.point(g.Current)
	for i, id := range fresh {
		if i < max(surplus, unready) {
			g.end(id, i < surplus) // what is no surplus is replaced
		}
	}
	g.size(0)
	g.rolled(&types.ErrorDetail{ErrorCode: types.ErrorCodeNodeCreationFailure, ResourceIds: failed, ErrorMessage: new(
		"Couldn't proceed with upgrade process as new nodes are not joining node group " + *g.NodegroupName)})
}
