package node

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// Network is where the network plugin of a cluster gets addresses for pods. An Env that has
// none is in no VPC.
type Network interface {
	// PodAddress is one for a pod on a node, not among those that other pods there have.
	PodAddress(n *corev1.Node, taken map[string]bool) (string, error)
}

// address gives a pod its addresses: its node's, and one of the pod network's unless it shares
// its node's. It says what stands in the way, in the plugin's words.
func (c *Cluster) address(p *corev1.Pod, n *corev1.Node) string {
	host := ""
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			host = a.Address
		}
	}
	ip := p.Status.PodIP
	switch {
	case ip != "":
	case p.Spec.HostNetwork:
		ip = host
	default:
		var err error
		if ip, err = c.podAddress(p, n); err != nil {
			return err.Error()
		}
	}
	if host != "" {
		p.Status.HostIP, p.Status.HostIPs = host, []corev1.HostIP{{IP: host}}
	}
	if ip != "" {
		p.Status.PodIP, p.Status.PodIPs = ip, []corev1.PodIP{{IP: ip}}
	}
	return ""
}

func (c *Cluster) podAddress(p *corev1.Pod, n *corev1.Node) (string, error) {
	net, ok := c.env.(Network)
	if !ok {
		k := c.w.Pick("podip:"+string(p.UID), 1<<14)
		return fmt.Sprintf("192.168.%d.%d", 64+k/250%64, k%250+2), nil
	}
	taken := map[string]bool{}
	for _, q := range kubeapi.List[corev1.Pod](c.API) {
		if q.Spec.NodeName == n.Name && !q.Spec.HostNetwork && !ended(q) {
			taken[q.Status.PodIP] = true
		}
	}
	return net.PodAddress(n, taken)
}

// withGates is a pod's readiness with that of its gates, which others set.
func withGates(p *corev1.Pod, x corev1.PodCondition) corev1.PodCondition {
	if x.Status != corev1.ConditionTrue {
		return x
	}
	for _, g := range p.Spec.ReadinessGates {
		i := slices.IndexFunc(p.Status.Conditions, func(y corev1.PodCondition) bool { return y.Type == g.ConditionType })
		switch {
		case i < 0:
			x.Status, x.Reason = corev1.ConditionFalse, "ReadinessGatesNotReady"
			x.Message = fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist.", g.ConditionType)
		case p.Status.Conditions[i].Status != corev1.ConditionTrue:
			x.Status, x.Reason, x.Message = corev1.ConditionFalse, "ReadinessGatesNotReady", fmt.Sprintf("the status of pod readiness gate %q is not \"True\", but %s",
				g.ConditionType, p.Status.Conditions[i].Status)
		}
	}
	return x
}
