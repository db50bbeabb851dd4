package eks

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/node/bootstrap"
)

// boots is what an instance's AMI makes of its user data.
func (s *EKS) boots(i *ec2types.Instance) (*bootstrap.Config, error) {
	name := ""
	if img := s.ec2.Image(aws.ToString(i.ImageId)); img != nil {
		name = aws.ToString(img.Name)
	}
	zone := aws.ToString(i.Placement.AvailabilityZone)
	return bootstrap.Read(bootstrap.FamilyOf(name), s.ec2.UserData(*i.InstanceId), map[string]string{
		"instance-id": *i.InstanceId, "instance-type": string(i.InstanceType), "ami-id": aws.ToString(i.ImageId),
		"local-ipv4": aws.ToString(i.PrivateIpAddress), "local-hostname": aws.ToString(i.PrivateDnsName), "hostname": aws.ToString(i.PrivateDnsName),
		"placement/availability-zone": zone, "placement/region": s.Region, "instance-life-cycle": cmp.Or(string(i.InstanceLifecycle), "on-demand"),
	})
}

// console is what the software of a node's AMI writes to the console: how it fares
// with its user data, and what keeps its kubelet from the cluster.
func (s *EKS) console(i *ec2types.Instance) string {
	if i.State.Name != ec2types.InstanceStateNameRunning {
		return ""
	}
	n, err := s.boots(i)
	if err != nil {
		return err.Error() + "\n"
	}
	c := s.clusters.Get(n.Cluster)
	if c == nil {
		return fmt.Sprintf("kubelet: Unable to register node with API server: no such host: %s\n", n.Endpoint)
	}
	if c.ByInstance[*i.InstanceId] != "" {
		return fmt.Sprintf("kubelet: Successfully registered node %s\n", aws.ToString(i.PrivateDnsName))
	}
	if why := cmp.Or(strange(c, n), s.cannotJoin(c, i)); why != "" {
		return why + "\n"
	}
	return "kubelet: Attempting to register node\n"
}

// strange says why a kubelet does not find its way to a cluster whose endpoint or
// certificate authority it was told wrongly.
func strange(c *cluster, n *bootstrap.Config) string {
	if n.Endpoint != "" && n.Endpoint != aws.ToString(c.Endpoint) {
		return fmt.Sprintf("kubelet: Unable to register node with API server: %s is not the endpoint of %s", n.Endpoint, *c.Name)
	}
	if n.CA != "" && c.CertificateAuthority != nil && n.CA != aws.ToString(c.CertificateAuthority.Data) {
		return "kubelet: Unable to register node with API server: tls: failed to verify certificate: x509: certificate signed by unknown authority"
	}
	return ""
}

// userData is what the nodes of a managed group are launched with: the user's own,
// and EKS's where the AMI is EKS's.
func (g *nodegroup) userData(own string) (string, error) {
	if g.AmiType == types.AMITypesCustom {
		return own, nil
	}
	c := g.c
	n := bootstrap.Config{Cluster: *c.Name, Endpoint: aws.ToString(c.Endpoint), Labels: g.nodeLabels(), Taints: g.nodeTaints()}
	if c.CertificateAuthority != nil {
		n.CA = aws.ToString(c.CertificateAuthority.Data)
	}
	if k := c.KubernetesNetworkConfig; k != nil {
		n.CIDR = cmp.Or(aws.ToString(k.ServiceIpv6Cidr), aws.ToString(k.ServiceIpv4Cidr))
	}
	family, _, _ := amiFamily(g.AmiType)
	return bootstrap.Merge(bootstrap.FamilyOf(family+"-"), own, n)
}

// nodeLabels and nodeTaints are those that a managed group's nodes carry.
func (g *nodegroup) nodeLabels() map[string]string {
	out := map[string]string{"eks.amazonaws.com/nodegroup": *g.NodegroupName, "eks.amazonaws.com/capacityType": string(g.CapacityType)}
	for k, v := range g.Labels {
		out[k] = v
	}
	return out
}

func (g *nodegroup) nodeTaints() []corev1.Taint {
	var out []corev1.Taint
	for _, t := range g.Taints {
		out = append(out, corev1.Taint{Key: *t.Key, Value: aws.ToString(t.Value), Effect: taintEffect(t.Effect)})
	}
	return out
}

// addTaints adds taints that are not there; a node has one of each key and effect.
func addTaints(to, more []corev1.Taint) []corev1.Taint {
	for _, t := range more {
		if !slices.ContainsFunc(to, func(x corev1.Taint) bool { return x.Key == t.Key && x.Effect == t.Effect }) {
			to = append(to, t)
		}
	}
	return to
}
