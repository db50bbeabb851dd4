package eks

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// host is a node that EKS runs itself, Fargate's or Auto Mode's: no instance of the
// account's, but with an interface in its subnets.
type host struct {
	ENI     string
	Pod     string `json:",omitempty"` // Fargate: the UID of the pod that it runs
	Profile string `json:",omitempty"` // and whose
}

// hostInterface makes the interface of a host in one of some subnets, drawn by a key, and
// answers its zone too; "" where there is no room.
func (c *cluster) hostInterface(subnets []string, key, desc string) (eni, zone string) {
	if len(subnets) == 0 {
		subnets = c.ResourcesVpcConfig.SubnetIds
	}
	at := c.e.w.Pick("host "+key, len(subnets))
	for i := range subnets {
		s := c.e.ec2.Subnet(subnets[(at+i)%len(subnets)])
		if s == nil {
			continue
		}
		if id := c.e.ec2.NewServiceInterface(*s.SubnetId, desc, "eks", ec2types.NetworkInterfaceTypeInterface,
			[]string{*c.ResourcesVpcConfig.ClusterSecurityGroupId}, false); id != "" {
			return id, *s.AvailabilityZone
		}
	}
	return "", ""
}

func (c *cluster) holds(node string, h host) {
	if c.Hosts == nil {
		c.Hosts = map[string]host{}
	}
	c.Hosts[node] = h
}

// endHosts gives hosts back with what runs on them.
func (c *cluster) endHosts(which func(host) bool) {
	for _, n := range slices.Sorted(maps.Keys(c.Hosts)) {
		if which(c.Hosts[n]) {
			c.endHost(n)
		}
	}
}

func (c *cluster) endHost(node string) {
	h := c.Hosts[node]
	delete(c.Hosts, node)
	delete(c.OnFargate, h.Pod)
	c.e.ec2.DropInterface(h.ENI)
	if c.nodes != nil && !c.Deleting {
		c.nodes.Forget(node)
	}
}

// idleHosts gives the micro-VMs back whose pods are over.
func (c *cluster) idleHosts() {
	if len(c.Hosts) == 0 {
		return
	}
	there := map[string]bool{}
	for _, p := range kubeapi.List[corev1.Pod](c.kube) {
		there[string(p.UID)] = true
	}
	c.endHosts(func(h host) bool { return h.Pod != "" && !there[h.Pod] })
}

// PodAddress gets a pod's address as the VPC CNI on its node does.
func (c *cluster) PodAddress(n *corev1.Node, taken map[string]bool) (string, error) {
	h, own := c.Hosts[n.Name]
	switch {
	case own && h.Pod != "":
		return c.e.ec2.AddressOf(h.ENI), nil // the micro-VM is the pod's
	case own:
		return c.e.ec2.PodAddressOn(h.ENI, taken)
	case c.KubernetesNetworkConfig != nil && c.KubernetesNetworkConfig.IpFamily == types.IpFamilyIpv6:
		return c.e.ec2.PodAddress6(c.ByNode[n.Name], taken, func(k int) int { return c.e.w.Pick("podip "+n.Name, k) })
	}
	return c.e.ec2.PodAddress(c.ByNode[n.Name], taken)
}
