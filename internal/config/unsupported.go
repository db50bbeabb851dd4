package config

// feature is a part of eksctl's schema that Slipway reads but does not launch.
type feature struct {
	Path string
	used func(*ClusterConfig) bool
	why  string
}

// NotLaunched lists, by schema definition and property, what is refused by name
// before anything is created.
var NotLaunched = []feature{
	{"gitops", func(c *ClusterConfig) bool { return c.GitOps() }, "installing Flux is not launched yet; bootstrap it once the cluster is up"},
	{"karpenter", func(c *ClusterConfig) bool { return c.Karpenter != nil }, "installing Karpenter is not launched yet; use node groups or Auto Mode"},
	{"outpost", func(c *ClusterConfig) bool { return c.Outpost != nil }, "clusters on AWS Outposts are not launched yet"},
	{"remoteNetworkConfig", func(c *ClusterConfig) bool { return c.RemoteNetworkConfig != nil }, "hybrid nodes are not launched yet"},
	{"capabilities", func(c *ClusterConfig) bool { return len(c.Capabilities) > 0 }, "EKS capabilities are not launched yet"},
	{"localZones", func(c *ClusterConfig) bool { return len(c.LocalZones) > 0 }, "subnets in local zones are not launched yet"},
	{"privateCluster", func(c *ClusterConfig) bool { return c.PrivateCluster != nil && On(c.PrivateCluster.Enabled, false) }, "fully private clusters are not launched yet; vpc.clusterEndpoints makes the endpoint private"},
	{"kubeAPIServerConfig", func(c *ClusterConfig) bool { return c.KubeAPIServerConfig != nil }, "control-plane component settings are not launched yet"},
	{"kubeControllerManagerConfig", func(c *ClusterConfig) bool { return c.KubeControllerManagerConfig != nil }, "control-plane component settings are not launched yet"},
	{"kubeSchedulerConfig", func(c *ClusterConfig) bool { return c.KubeSchedulerConfig != nil }, "control-plane component settings are not launched yet"},
	{"vpc.ipv6Cidr", func(c *ClusterConfig) bool { return c.VPC != nil && c.VPC.Ipv6Cidr != "" }, "bring-your-own IPv6 blocks are not launched yet"},
	{"vpc.ipv6Pool", func(c *ClusterConfig) bool { return c.VPC != nil && c.VPC.Ipv6Pool != "" }, "bring-your-own IPv6 pools are not launched yet"},
	{"kubernetesNetworkConfig.serviceIPv6CIDR", func(c *ClusterConfig) bool {
		return c.KubernetesNetworkConfig != nil && c.KubernetesNetworkConfig.ServiceIPv6CIDR != ""
	}, "EKS chooses the IPv6 service block itself"},
	{"metadata.rollbackConfig", func(c *ClusterConfig) bool { return c.Metadata != nil && c.Metadata.RollbackConfig != nil }, "version rollback belongs to upgrades, not to a launch"},
}

// GitOps tells whether the file asks for Flux.
func (c *ClusterConfig) GitOps() bool { return c.Gitops != nil && c.Gitops.Flux != nil }

// groupFeature is the same for a property of node groups.
type groupFeature struct {
	Path string
	used func(*NodeGroupBase) bool
	why  string
}

var GroupNotLaunched = []groupFeature{
	{"outpostARN", func(n *NodeGroupBase) bool { return n.OutpostARN != "" }, "node groups on Outposts are not launched yet"},
	{"placement.spreadLevel", func(n *NodeGroupBase) bool { return n.Placement != nil && n.Placement.SpreadLevel != "" }, "spread levels belong to Outposts, which are not launched yet"},
	{"instanceSelector.neuron_devices", func(n *NodeGroupBase) bool {
		return n.InstanceSelector != nil && Int(n.InstanceSelector.NeuronDevices, 0) > 0
	}, "selecting by Neuron devices is not launched yet; name instance types, or use allow: \"inf2.*\""},
	{"efaEnabled", func(n *NodeGroupBase) bool { return On(n.EfaEnabled, false) }, "Elastic Fabric Adapter interfaces are not launched yet"},
}

func (f *File) unsupported() Problems {
	var ps Problems
	for _, x := range NotLaunched {
		if x.used(f.Cluster) {
			ps = append(ps, f.At(x.Path, "%s", x.why))
		}
	}
	for i := range f.Cluster.NodeGroups {
		n := &f.Cluster.NodeGroups[i]
		if len(n.LocalZones) > 0 {
			ps = append(ps, f.At(nodeGroupPath(i)+".localZones", "node groups in local zones are not launched yet"))
		}
		if r := n.ContainerRuntime; r != "" && r != "containerd" {
			ps = append(ps, f.At(nodeGroupPath(i)+".containerRuntime", "%q has ended; containerd is the only container runtime of EKS's AMIs", r))
		}
		ps = append(ps, f.unsupportedGroup(nodeGroupPath(i), &n.NodeGroupBase)...)
	}
	for i := range f.Cluster.ManagedNodeGroups {
		ps = append(ps, f.unsupportedGroup(managedPath(i), &f.Cluster.ManagedNodeGroups[i].NodeGroupBase)...)
	}
	return ps
}

func (f *File) unsupportedGroup(path string, n *NodeGroupBase) Problems {
	var ps Problems
	for _, x := range GroupNotLaunched {
		if x.used(n) {
			ps = append(ps, f.At(path+"."+x.Path, "%s", x.why))
		}
	}
	return ps
}
