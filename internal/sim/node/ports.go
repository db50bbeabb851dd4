package node

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// hostPort is a port that a pod has on its node.
type hostPort struct {
	address  string // "" and 0.0.0.0 mean all
	protocol corev1.Protocol
	port     int32
}

// hostPorts are those that a pod asks for, its sidecars' among them (the scheduler's
// util.GetHostPorts).
func hostPorts(p *corev1.Pod) (out []hostPort) {
	running := p.Spec.Containers
	for _, k := range p.Spec.InitContainers {
		if k.RestartPolicy != nil && *k.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			running = append(slices.Clip(running), k)
		}
	}
	for _, k := range running {
		for _, x := range k.Ports {
			if x.HostPort > 0 {
				out = append(out, hostPort{x.HostIP, x.Protocol, x.HostPort})
			}
		}
	}
	return out
}

// everywhere tells whether the port is taken on all of a node's addresses.
func (x hostPort) everywhere() bool { return x.address == "" || x.address == "0.0.0.0" }

// clashes tells whether one of some ports is taken on a node: by the same protocol, and on the
// same address unless one of the two is on all of them.
func (r *room) clashes(want []hostPort) bool {
	return slices.ContainsFunc(want, func(w hostPort) bool {
		return slices.ContainsFunc(r.port, func(h hostPort) bool {
			return w.port == h.port && w.protocol == h.protocol && (w.address == h.address || w.everywhere() || h.everywhere())
		})
	})
}
