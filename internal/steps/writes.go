package steps

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/owner"
)

// writer is a step that writes, or takes away, what may stand already. Steps that only make
// what is not there, or only look, are none.
type writer interface {
	// writes are the parts of the named cluster that the step touches.
	writes(cluster string) []owner.Ref
}

// Writes are the parts of a cluster that a step changes or takes away where they stand:
// they may be somebody else's.
func Writes(s Spec, cluster string) []owner.Ref {
	if w, ok := s.(writer); ok {
		return w.writes(cluster)
	}
	return nil
}

// whole is a stack with what it holds.
func whole(stack string) []owner.Ref {
	return []owner.Ref{{Kind: owner.CloudFormation, Name: stack}, {Kind: owner.Held, Name: stack}}
}

func one(kind, name string) []owner.Ref { return []owner.Ref{{Kind: kind, Name: name}} }

func (s *ClusterUpdate) writes(cluster string) []owner.Ref  { return one(owner.ControlPlane, cluster) }
func (s *ClusterVersion) writes(cluster string) []owner.Ref { return one(owner.ControlPlane, cluster) }
func (s *Encryption) writes(cluster string) []owner.Ref     { return one(owner.ControlPlane, cluster) }
func (s *GroupUpdate) writes(string) []owner.Ref {
	return one(owner.NodeGroup, aws.ToString(s.Input.NodegroupName))
}
func (s *GroupVersion) writes(string) []owner.Ref {
	return one(owner.NodeGroup, aws.ToString(s.Input.NodegroupName))
}
func (s *GroupScaling) writes(string) []owner.Ref {
	return append(one(owner.NodeGroup, s.Group), one(owner.ScalingGroup, s.Group)...) // one of no node group goes by its own name
}
func (s *ScalingHeld) writes(string) []owner.Ref {
	return append(one(owner.NodeGroup, s.Group), one(owner.ScalingGroup, s.Group)...)
}
func (s *EndInstances) writes(string) []owner.Ref { return one(owner.ScalingGroup, s.ScalingGroup) }
func (s *AddonUpdate) writes(string) []owner.Ref {
	return one(owner.AddOn, aws.ToString(s.Input.AddonName))
}
func (s *AccessEntryUpdate) writes(string) []owner.Ref {
	return one(owner.AccessEntry, s.Entry.PrincipalARN)
}
func (s *PodIdentityUpdate) writes(string) []owner.Ref {
	return one(owner.PodIdentity, aws.ToString(s.Input.AssociationId))
}
func (s *IdentityMapping) writes(string) []owner.Ref {
	return one(owner.Workload, "kube-system/aws-auth")
}

// writes are the objects that an add-on takes over where they stand: EKS overwrites them.
// The add-on itself is made where there is none.
func (s *Addon) writes(string) []owner.Ref {
	f := eksfacts.AddonNamed(s.Name)
	if s.ResolveConflicts != "" {
		return nil
	}
	out := one(owner.Workload, "kube-system/"+s.Name)
	if f.DaemonSet != "" && f.DaemonSet != s.Name {
		out = append(out, owner.Ref{Kind: owner.Workload, Name: "kube-system/" + f.DaemonSet})
	}
	return out
}

// writes are the account, which is amended where somebody else made it.
func (s *ServiceAccount) writes(string) []owner.Ref {
	return one(owner.Workload, s.Namespace+"/"+s.Name)
}

func (s *WindowsSupport) writes(string) []owner.Ref {
	return one(owner.Workload, "kube-system/amazon-vpc-cni")
}
func (s *LogRetention) writes(cluster string) []owner.Ref {
	return one(owner.LogGroup, eksfacts.LogGroup(cluster))
}
func (s *Stack) writes(string) []owner.Ref       { return whole(s.Name) }
func (s *StackUpdate) writes(string) []owner.Ref { return whole(s.Name) }
func (s *RecordSync) writes(string) []owner.Ref {
	if len(s.Edit.Gone)+len(s.Edit.Subnets)+len(s.Edit.Import) > 0 {
		return whole(s.Stack)
	}
	return one(owner.CloudFormation, s.Stack) // outputs touch no resource
}
func (s *RollbackContinue) writes(string) []owner.Ref { return one(owner.CloudFormation, s.Stack) }

// deleted are the parts that Delete takes away, by its own names of them.
var deleted = map[string]string{"addon": owner.AddOn, "fargate-profile": owner.FargateProfile,
	"nodegroup": owner.NodeGroup, "oidc-provider": owner.OIDCProvider, "log-group": owner.LogGroup,
	"access-entry": owner.AccessEntry, "scaling-group": owner.ScalingGroup}

func (s *Delete) writes(string) []owner.Ref {
	if s.Resource == "stack" {
		return whole(s.Name)
	}
	return one(deleted[s.Resource], s.Name)
}

// writes are what an ARN of EKS's names: …:cluster/NAME, …:nodegroup/CLUSTER/NAME/ID.
func (s *Tag) writes(cluster string) []owner.Ref {
	if s.Group != "" {
		return one(owner.NodeGroup, s.Group)
	}
	parts := strings.Split(s.ARN[strings.LastIndex(s.ARN, ":")+1:], "/")
	kinds := map[string]string{"nodegroup": owner.NodeGroup, "addon": owner.AddOn, "fargateprofile": owner.FargateProfile}
	if kind := kinds[parts[0]]; kind != "" && len(parts) > 2 {
		return one(kind, parts[2])
	}
	return one(owner.ControlPlane, cluster)
}

// at is the subnet of a place, which is known by its block: another may stand there by then.
func at(p Place) []owner.Ref { return one(owner.Resource, owner.Place(p.VPC, p.CIDR)) }

func (s *ControlPlaneNetwork) writes(cluster string) []owner.Ref {
	return one(owner.ControlPlane, cluster)
}
func (s *GroupSizes) writes(string) []owner.Ref       { return one(owner.NodeGroup, s.Group) }
func (s *Route) writes(string) []owner.Ref            { return one(owner.Resource, s.Table) }
func (s *GroupRules) writes(string) []owner.Ref       { return one(owner.Resource, s.Group) }
func (s *SubnetACL) writes(string) []owner.Ref        { return at(s.Place) }
func (s *SubnetAttributes) writes(string) []owner.Ref { return at(s.Place) }
func (s *SubnetRoutes) writes(string) []owner.Ref     { return at(s.Place) }
func (s *SubnetTags) writes(string) []owner.Ref       { return at(s.Place) }
func (s *VPCAttributes) writes(string) []owner.Ref    { return one(owner.Resource, s.VPC) }
