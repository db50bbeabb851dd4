package eks

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// nodesBack is the first half of an Auto Mode cluster's way to the minor before: its nodes go
// back, and the cluster is ACTIVE meanwhile (EKS user guide, "Rollback EKS Auto Mode clusters").
type nodesBack struct {
	Update string // its identifier
	To     string // the minor
	Force  bool
	Until  time.Duration // when it is given up
	Over   bool          `json:",omitempty"` // the nodes are back, the control plane is at it
}

const (
	driftTick    = 15 * time.Second
	doNotDisrupt = "karpenter.sh/do-not-disrupt"
)

// autoCompute is Auto Mode's own Karpenter.
var autoCompute = kubeapi.NewWriter("eks:auto-mode", "karpenter", "")

func (c *cluster) auto() bool { return c.ComputeConfig != nil && aws.ToBool(c.ComputeConfig.Enabled) }

// runs tells whether a node is one of Auto Mode's.
func (c *cluster) runs(node string) bool {
	h, own := c.Hosts[node]
	return own && h.Pod == ""
}

// autoVersion is the minor of the nodes that Auto Mode starts.
func (c *cluster) autoVersion() string {
	if c.Back != nil {
		return c.Back.To
	}
	return *c.Version
}

// checkRollback refuses a time for Auto Mode's nodes that is none, or that is not for them: 2
// hours to 7 days.
func checkRollback(r *types.RollbackConfig, kind types.UpdateType) *wire.Error {
	switch {
	case r == nil:
		return nil
	case kind != types.UpdateTypeVersionRollback:
		return invalid("rollbackConfig can only be specified for a version rollback")
	case r.TimeoutMinutes != nil && (*r.TimeoutMinutes < 120 || *r.TimeoutMinutes > 10080):
		return invalid("timeoutMinutes must be between 120 and 10080")
	}
	return nil
}

// sendNodesBack has Auto Mode's nodes go back to a minor; the control plane follows.
func (c *cluster) sendNodesBack(u *types.Update, to string, in *eks.UpdateClusterVersionInput) {
	most := 12 * time.Hour
	if r := in.RollbackConfig; r != nil && r.TimeoutMinutes != nil {
		most = time.Duration(*r.TimeoutMinutes) * time.Minute
	}
	c.Back = &nodesBack{Update: *u.Id, To: to, Force: in.Force, Until: c.e.w.Elapsed() + most}
	c.drift()
}

// drift has Auto Mode look soon at whether its nodes are of the version that they are to have.
func (c *cluster) drift() {
	if !c.Drifting && c.auto() {
		c.Drifting = true
		c.e.w.Schedule(driftTick, "eks:auto-drift", c.ID, nil)
	}
}

// autoDrift is one look: a node of another version is replaced, one at a time, which is what
// Karpenter's budget of a tenth of the nodes comes to in small clusters.
func (c *cluster) autoDrift() {
	c.Drifting = false
	if c.Deleting || c.kube == nil {
		return
	}
	left := c.drifted()
	c.replace(left)
	if c.Back != nil && !c.Back.Over {
		c.goingBack(len(left))
	}
	if len(left) > 0 || c.Back != nil && !c.Back.Over {
		c.drift()
	}
}

// drifted are Auto Mode's nodes of another version than they are to have.
func (c *cluster) drifted() (out []*corev1.Node) {
	for _, name := range slices.Sorted(maps.Keys(c.Hosts)) {
		n := kubeapi.Get[corev1.Node](c.kube, "", name)
		if n != nil && c.runs(name) && minorOf(n.Status.NodeInfo.KubeletVersion) != minorNumber(c.autoVersion()) {
			out = append(out, n)
		}
	}
	return out
}

// replace empties the first node that may be disrupted and gives it back; pods that wait have
// Auto Mode start another. A pod that must not be disrupted, or whose budget is used up, holds
// its node.
func (c *cluster) replace(nodes []*corev1.Node) {
	i := slices.IndexFunc(nodes, func(n *corev1.Node) bool { return n.Annotations[doNotDisrupt] != "true" })
	if i < 0 {
		return
	}
	n := nodes[i].DeepCopy()
	if !n.Spec.Unschedulable {
		n.Spec.Unschedulable = true
		n.Spec.Taints = addTaints(n.Spec.Taints, []corev1.Taint{{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule},
			{Key: "karpenter.sh/disrupted", Effect: corev1.TaintEffectNoSchedule}})
		c.kube.Save(n)
	}
	pods := c.remaining([]string{n.Name})
	if len(pods) == 0 {
		c.endHost(n.Name)
		return
	}
	c.evict(autoCompute, slices.DeleteFunc(pods, func(p *corev1.Pod) bool { return p.Annotations[doNotDisrupt] == "true" }), false)
}

// goingBack goes on with the control plane once no node is left to go back, or gives up.
func (c *cluster) goingBack(left int) {
	b, u := c.Back, c.Updates.Get(c.Back.Update)
	switch {
	case left == 0:
		c.lookAhead()
		if category := types.CategoryRollbackReadiness; !b.Force && c.blocked(category) {
			c.notBack(u, fmt.Sprintf(unready, readiness[category]))
			return
		}
		b.Over = true
		c.replaceControlPlane(u, b.To)
	case c.e.w.Elapsed() > b.Until:
		c.notBack(u, "The rollback of Auto Mode nodes did not complete within the timeout.") // the words are assumed
	}
}

// notBack ends a rollback whose nodes did not get there: they become of the cluster's version
// again.
func (c *cluster) notBack(u *types.Update, why string) {
	c.Back = nil
	u.Status, u.Errors = types.UpdateStatusFailed, []types.ErrorDetail{*detail(types.ErrorCodeUnknown, why)}
	c.drift()
}
