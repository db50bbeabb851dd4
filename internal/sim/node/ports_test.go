package node_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Two pods do not have one port of a node: of the same protocol, on the same address or where
// one of them is on all. A sidecar's port is its pod's.
func TestPodsShareANodesPorts(t *testing.T) {
	c := start(t)
	c.cni()
	c.node("n1")
	c.w.Advance(time.Minute)
	with := func(name, address string, protocol corev1.Protocol, sidecar bool) (string, string) {
		t.Helper()
		c.pod(name, "10m", func(p *corev1.Pod) {
			port := []corev1.ContainerPort{{ContainerPort: 8080, HostPort: 8080, HostIP: address, Protocol: protocol}}
			if sidecar {
				p.Spec.InitContainers = []corev1.Container{{Name: "s", Image: "i", Ports: port, RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
			} else {
				p.Spec.Containers[0].Ports = port
			}
		})
		c.w.Advance(time.Minute)
		return c.scheduled(name)
	}
	const taken = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. preemption: 0/1 nodes are available: " +
		"1 No preemption victims found for incoming pod."
	for _, x := range []struct {
		name, address string
		protocol      corev1.Protocol
		sidecar, goes bool
	}{
		{"local", "127.0.0.1", corev1.ProtocolTCP, false, true}, {"other-address", "127.0.0.2", corev1.ProtocolTCP, false, true},
		{"same-address", "127.0.0.1", corev1.ProtocolTCP, false, false}, {"all", "", corev1.ProtocolTCP, false, false},
		{"all-of-udp", "", corev1.ProtocolUDP, true, true}, {"local-of-udp", "127.0.0.3", corev1.ProtocolUDP, false, false},
		{"sidecar", "0.0.0.0", corev1.ProtocolUDP, true, false},
	} {
		on, why := with(x.name, x.address, x.protocol, x.sidecar)
		if x.goes && on != "n1" || !x.goes && (on != "" || why != taken) {
			t.Errorf("%s is on %q: %s", x.name, on, why)
		}
	}
}
