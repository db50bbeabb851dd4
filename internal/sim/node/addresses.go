package node

import (
	"fmt"

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
