package stack

import (
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
)

// Managed is the template of a managed node group.
func Managed(c *config.ClusterConfig, m *config.ManagedNodeGroup, live Live) *Template {
	t, role, ssh := managedBase(c, m, live)
	p := managedProperties(c, m, role, live)
	if lt := m.LaunchTemplate; lt != nil {
		p["LaunchTemplate"] = pick(M{"Id": lt.ID, "Version": lt.Version})
	} else {
		data := t.managedTemplate(c, m, live, ssh)
		t.add("LaunchTemplate", "AWS::EC2::LaunchTemplate", M{"LaunchTemplateName": Sub("${AWS::StackName}"), "LaunchTemplateData": data})
		p["LaunchTemplate"] = M{"Id": Ref("LaunchTemplate")}
	}
	t.add("ManagedNodeGroup", "AWS::EKS::Nodegroup", p)
	return t
}

// managedBase is the part of a managed group's template that waits for nothing: the
// node role, and the group that admits SSH where the VPC is known. ssh is nil
// without one.
func managedBase(c *config.ClusterConfig, m *config.ManagedNodeGroup, live Live) (t *Template, role, ssh any) {
	n := &m.NodeGroupBase
	t = newTemplate("EKS Managed Nodes (SSH access: " + yesNo(allowsSSH(n)) + ")").withPrincipals()
	role = t.nodeRole(GroupName(c.Metadata.Name, n.Name), n, live.CNIOnNode)
	if live.VPC != "" && m.LaunchTemplate == nil {
		ssh = t.sshGroup(n, live)
	}
	t.keep(groupPart(c, m, nil))
	return t, role, ssh
}

func managedProperties(c *config.ClusterConfig, m *config.ManagedNodeGroup, role any, live Live) M {
	n := &m.NodeGroupBase
	labels := M{}
	for k, v := range nodeLabels(c, n) {
		labels[k] = v
	}
	tags := M{eksfacts.TagGroup: n.Name, eksfacts.TagGroupType: "managed"}
	for k, v := range n.Tags {
		tags[k] = v
	}
	p := M{
		"ClusterName": c.Metadata.Name, "NodegroupName": n.Name, "NodeRole": role, "Subnets": strs(live.Subnets), "Labels": labels, "Tags": tags,
		"ScalingConfig": M{"MinSize": *n.MinSize, "MaxSize": *n.MaxSize, "DesiredSize": *n.DesiredCapacity},
	}
	if m.Taints != nil {
		p["Taints"] = taints(m.Taints)
	}
	if config.On(m.Spot, false) {
		p["CapacityType"] = "SPOT"
	}
	if u := n.UpdateConfig; u != nil {
		p["UpdateConfig"] = updateConfig(u)
	}
	if r := m.NodeRepairConfig; r != nil {
		p["NodeRepairConfig"] = repair(r)
	}
	if m.ReleaseVersion != "" {
		p["ReleaseVersion"] = m.ReleaseVersion
	}
	types := managedTypes(m, live)
	if len(types) > 0 {
		p["InstanceTypes"] = strs(types)
	}
	if m.LaunchTemplate == nil && !customAMI(n) {
		p["AmiType"] = amiType(n, types)
	}
	return p
}

// managedTypes are a group's instance types; none where its own launch template
// says them.
func managedTypes(m *config.ManagedNodeGroup, live Live) []string {
	switch {
	case m.LaunchTemplate != nil && len(m.InstanceTypes) > 0:
		return m.InstanceTypes
	case len(live.InstanceTypes) > 0 || m.LaunchTemplate != nil:
		return live.InstanceTypes
	case len(m.InstanceTypes) > 0:
		return m.InstanceTypes
	}
	return []string{m.InstanceType}
}

func (t *Template) managedTemplate(c *config.ClusterConfig, m *config.ManagedNodeGroup, live Live, ssh any) M {
	n := &m.NodeGroupBase
	groups := L{live.ClusterGroup}
	groups = append(groups, strs(n.SecurityGroups.AttachIDs)...)
	if ssh != nil {
		groups = append(groups, ssh)
	}
	d := t.launchData(c, n, live, groups)
	if customAMI(n) {
		d["ImageId"] = n.AMI
	}
	if u := managedUserData(c, m, live); u != "" {
		d["UserData"] = u
	}
	return d
}

func updateConfig(u *config.NodeGroupUpdateConfig) M {
	return pick(M{"MaxUnavailable": u.MaxUnavailable, "MaxUnavailablePercentage": u.MaxUnavailablePercentage})
}

func repair(r *config.NodeGroupNodeRepairConfig) M {
	p := pick(M{
		"Enabled":                             r.Enabled,
		"MaxParallelNodesRepairedCount":       r.MaxParallelNodesRepairedCount,
		"MaxParallelNodesRepairedPercentage":  r.MaxParallelNodesRepairedPercentage,
		"MaxUnhealthyNodeThresholdCount":      r.MaxUnhealthyNodeThresholdCount,
		"MaxUnhealthyNodeThresholdPercentage": r.MaxUnhealthyNodeThresholdPercentage,
	})
	var over L
	for _, o := range r.NodeRepairConfigOverrides {
		over = append(over, pick(M{
			"NodeMonitoringCondition": o.NodeMonitoringCondition, "NodeUnhealthyReason": o.NodeUnhealthyReason,
			"MinRepairWaitTimeMins": o.MinRepairWaitTimeMins, "RepairAction": o.RepairAction,
		}))
	}
	if over != nil {
		p["NodeRepairConfigOverrides"] = over
	}
	return p
}
