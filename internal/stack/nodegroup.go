package stack

import (
	"maps"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
)

// Live is what a node group stack takes from the cluster as it is now, where
// eksctl's imports what a record once said.
type Live struct {
	Cluster       string
	Version       string
	Endpoint      string
	CA            string // base64
	ServiceCIDR   string
	VPC           string
	Blocks        []string // IPv4 blocks of the VPC; read where OpensSSHToVPC
	ClusterGroup  string   // cluster security group
	ControlGroup  string   // control-plane security group, "" if none
	SharedGroup   string   // shared node security group, "" if none
	Subnets       []string
	AMI           string // resolved for self-managed groups
	InstanceTypes []string
	KeyName       string
	CNIOnNode     bool // the VPC CNI takes its permissions from the node role
	IPv6          bool
	RoleName      string // of the node role that a self-managed group's stack makes; "": CloudFormation's
	AccessEntry   bool   // create the node role's access entry (self-managed)
}

func nodeLabels(c *config.ClusterConfig, n *config.NodeGroupBase) map[string]string {
	out := map[string]string{eksfacts.TagCluster: c.Metadata.Name, eksfacts.TagGroup: n.Name}
	maps.Copy(out, n.Labels)
	return out
}

// OwnAMI tells whether a group is to run an AMI that is not EKS's.
func OwnAMI(n *config.NodeGroupBase) bool { return customAMI(n) }

func customAMI(n *config.NodeGroupBase) bool {
	return n.AMI != "" && n.AMI != "auto" && n.AMI != "auto-ssm" && n.AMI != "static"
}

func taints(ts config.Taints) L {
	out := L{}
	for _, t := range ts {
		x := M{"Key": t.Key, "Effect": eksfacts.EKSEffect(t.Effect)}
		if t.Value != "" {
			x["Value"] = t.Value
		}
		out = append(out, x)
	}
	return out
}
