package eksfacts

// networkPlugins are the DaemonSets ("namespace/name") by which network plugins that
// people install are known, each as its project's own manifests or chart name it
// (Cilium, Calico by manifest and by operator, Antrea, Flannel, kube-router, Weave Net,
// Kube-OVN; read 2026-11-29). The first is the VPC CNI's, whoever manages it.
var networkPlugins = []string{"kube-system/aws-node", "kube-system/cilium", "kube-system/calico-node", "calico-system/calico-node",
	"kube-system/antrea-agent", "kube-flannel/kube-flannel-ds", "kube-system/kube-flannel-ds", "kube-system/kube-router", "kube-system/weave-net",
	"kube-system/kube-ovn-cni"}

// NetworkPlugins lists the DaemonSets of known network plugins.
func NetworkPlugins() []string { return append([]string(nil), networkPlugins...) }

// CNIAction is the call of EC2 without which the VPC CNI gets no address for a pod
// (EKS user guide, "AmazonEKS_CNI_Policy" and "AmazonEKS_CNI_IPv6_Policy").
func CNIAction(ipv6 bool) string {
	if ipv6 {
		return "ec2:AssignIpv6Addresses"
	}
	return "ec2:AssignPrivateIpAddresses"
}

// ComputeType is the label by which EKS marks nodes that it runs itself, with a network
// plugin of their own: fargate, or auto.
const ComputeType = "eks.amazonaws.com/compute-type"
