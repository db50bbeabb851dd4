package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func managedPath(i int) string   { return fmt.Sprintf("managedNodeGroups[%d]", i) }
func nodeGroupPath(i int) string { return fmt.Sprintf("nodeGroups[%d]", i) }

var (
	clusterNameRE = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9-]{0,99}$`)
	groupNameRE   = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$`)
	versionRE     = regexp.MustCompile(`^1\.\d+$`)
	regionRE      = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
)

// validate finds what is wrong without asking AWS, all of it.
func (f *File) validate() Problems {
	var ps Problems
	for _, check := range []func() Problems{f.checkMeta, f.unsupported, f.checkVPC, f.checkGroups, f.checkAddons, f.checkIAM, f.checkAccess, f.checkOther} {
		ps = append(ps, check()...)
	}
	return ps
}

func (f *File) checkMeta() Problems {
	var ps Problems
	c := f.Cluster
	if c.APIVersion != APIVersion {
		ps = append(ps, f.At("apiVersion", "%q is not read here; expected %s", c.APIVersion, APIVersion))
	}
	if c.Kind != Kind {
		ps = append(ps, f.At("kind", "%q is not read here; expected %s", c.Kind, Kind))
	}
	m := c.Metadata
	if !clusterNameRE.MatchString(m.Name) {
		ps = append(ps, f.At("metadata.name", "%q cannot be a cluster's name: letters, digits and hyphens, at most 100, a letter or digit first", m.Name))
	}
	if !regionRE.MatchString(m.Region) {
		ps = append(ps, f.At("metadata.region", "%q is not an AWS region, such as us-west-2", m.Region))
	}
	if !versionRE.MatchString(m.Version) {
		ps = append(ps, f.At("metadata.version", "%q is not a Kubernetes version, such as %q", m.Version, DefaultVersion))
	}
	return ps
}

func (f *File) checkVPC() Problems {
	var ps Problems
	v := f.Cluster.VPC
	if v.CIDR != "" {
		if p := netip.MustParsePrefix(string(v.CIDR)); p.Bits() < 16 || p.Bits() > 24 {
			ps = append(ps, f.At("vpc.cidr", "a /%d cannot hold the subnets of a cluster; from /16 to /24", p.Bits()))
		}
	}
	if !On(v.ClusterEndpoints.PublicAccess, true) && !On(v.ClusterEndpoints.PrivateAccess, false) {
		ps = append(ps, f.At("vpc.clusterEndpoints", "the Kubernetes API endpoint cannot be neither public nor private"))
	}
	for i, x := range v.PublicAccessCIDRs {
		if _, err := netip.ParsePrefix(x); err != nil {
			ps = append(ps, f.At(fmt.Sprintf("vpc.publicAccessCIDRs[%d]", i), "%q is not an address block", x))
		}
	}
	if n := len(v.PublicAccessCIDRs); n > 40 {
		ps = append(ps, f.At("vpc.publicAccessCIDRs", "EKS takes at most 40 blocks, not %d", n))
	}
	if f.Cluster.IPv6() {
		for _, need := range []string{"vpc-cni", "coredns", "kube-proxy"} {
			if f.Cluster.Addon(need) == nil && !f.Cluster.AutoMode() {
				ps = append(ps, f.At("addons", "an IPv6 cluster needs the add-on %s", need))
			}
		}
		if !f.Cluster.AutoMode() && !On(f.Cluster.IAM.WithOIDC, false) {
			a := f.Cluster.Addon("vpc-cni")
			if a != nil && len(a.PodIdentityAssociations) == 0 && !On(a.UseDefaultPodIdentityAssociations, false) {
				ps = append(ps, f.At("iam.withOIDC", "an IPv6 cluster needs iam.withOIDC: true, for the VPC CNI's role"))
			}
		}
		if v.NAT != nil && v.NAT.Gateway != "Single" {
			if _, written := f.where["vpc.nat.gateway"]; written && v.NAT.Gateway == "Disable" {
				ps = append(ps, f.At("vpc.nat.gateway", "NAT cannot be disabled in an IPv6 cluster"))
			}
		}
	}
	names := map[string]string{}
	for _, side := range []struct {
		key string
		m   map[string]Subnet
	}{{"public", v.Subnets.Public}, {"private", v.Subnets.Private}} {
		for _, n := range sorted(side.m) {
			s := side.m[n]
			p := "vpc.subnets." + side.key + "." + n
			if s.ID == "" && s.CIDR == "" && s.AZ == "" && !strings.Contains(n, "-") {
				ps = append(ps, f.At(p, "names no subnet: give id, or cidr, or az"))
			}
			if s.ID != "" && names[s.ID] != "" {
				ps = append(ps, f.At(p, "%s stands under %s already", s.ID, names[s.ID]))
			}
			names[s.ID] = side.key + "." + n
		}
	}
	return ps
}

func (f *File) checkGroups() Problems {
	var ps Problems
	seen := map[string]string{}
	each := func(path string, n *NodeGroupBase, managed bool) {
		if !groupNameRE.MatchString(n.Name) {
			ps = append(ps, f.At(path+".name", "%q cannot be a node group's name: letters, digits, hyphens and underscores, at most 63", n.Name))
		}
		if at := seen[n.Name]; at != "" && n.Name != "" {
			ps = append(ps, f.At(path+".name", "the name %q is taken by %s", n.Name, at))
		}
		seen[n.Name] = path
		ps = append(ps, f.checkGroup(path, n, managed)...)
	}
	for i := range f.Cluster.ManagedNodeGroups {
		m := &f.Cluster.ManagedNodeGroups[i]
		each(managedPath(i), &m.NodeGroupBase, true)
		if len(m.InstanceTypes) > 0 && m.InstanceType != "" {
			ps = append(ps, f.At(managedPath(i)+".instanceType", "cannot stand beside instanceTypes"))
		}
		if m.LaunchTemplate != nil && m.AMI != "" {
			ps = append(ps, f.At(managedPath(i)+".ami", "cannot stand beside launchTemplate: name the AMI in the template"))
		}
		if g := m.SecurityGroups; g.WithLocal != nil || g.WithShared != nil {
			ps = append(ps, f.At(managedPath(i)+".securityGroups", "withLocal and withShared are for self-managed groups; a managed group's nodes are in the cluster security group, and attachIDs adds others"))
		}
		if m.IAM.InstanceProfileARN != "" {
			ps = append(ps, f.At(managedPath(i)+".iam.instanceProfileARN", "EKS makes the instance profile of a managed group; give iam.instanceRoleARN"))
		}
	}
	for i := range f.Cluster.NodeGroups {
		n := &f.Cluster.NodeGroups[i]
		each(nodeGroupPath(i), &n.NodeGroupBase, false)
		if d := n.InstancesDistribution; d != nil && n.InstanceType != "" && n.InstanceType != "mixed" {
			ps = append(ps, f.At(nodeGroupPath(i)+".instanceType", "cannot stand beside instancesDistribution, except as \"mixed\""))
		}
	}
	if n := len(f.Cluster.ManagedNodeGroups); n > 30 {
		ps = append(ps, f.At("managedNodeGroups", "EKS takes at most 30 managed node groups in a cluster, not %d", n))
	}
	return ps
}

func (f *File) checkGroup(path string, n *NodeGroupBase, managed bool) Problems {
	var ps Problems
	lo, want, hi := *n.MinSize, *n.DesiredCapacity, *n.MaxSize
	if lo < 0 || lo > want || want > hi {
		ps = append(ps, f.At(path, "sizes must rise from minSize to desiredCapacity to maxSize, not %d, %d, %d", lo, want, hi))
	}
	if managed && hi > 450 {
		ps = append(ps, f.At(path+".maxSize", "EKS takes at most 450 nodes in a managed node group, not %d", hi))
	}
	for i, t := range n.allTaints(f.Cluster) {
		if t.Effect == "" || !slices.Contains([]string{"NoSchedule", "PreferNoSchedule", "NoExecute"}, t.Effect) {
			ps = append(ps, f.At(fmt.Sprintf("%s.taints[%d].effect", path, i), "%q is no effect: NoSchedule, PreferNoSchedule or NoExecute", t.Effect))
		}
	}
	if u := n.UpdateConfig; u != nil && u.MaxUnavailable != nil && u.MaxUnavailablePercentage != nil {
		ps = append(ps, f.At(path+".updateConfig", "takes maxUnavailable or maxUnavailablePercentage, not both"))
	}
	if s := n.InstanceSelector; s != nil && n.InstanceType != "" {
		ps = append(ps, f.At(path+".instanceSelector", "cannot stand beside instanceType"))
	}
	if n.AmiFamily == "AmazonLinux2" && minor(f.Cluster.Metadata.Version) > 32 {
		ps = append(ps, f.At(path+".amiFamily", "AmazonLinux2 has ended: EKS builds it for Kubernetes 1.32 and earlier; use AmazonLinux2023"))
	}
	if strings.HasPrefix(n.AmiFamily, "UbuntuPro2004") || n.AmiFamily == "Ubuntu2004" {
		ps = append(ps, f.At(path+".amiFamily", "%s has ended; use Ubuntu2404", n.AmiFamily))
	}
	if n.AMI != "" && strings.HasPrefix(n.AMI, "ami-") && n.OverrideBootstrapCommand == "" && (n.AmiFamily == "AmazonLinux2" || n.Windows()) && managed {
		ps = append(ps, f.At(path+".ami", "a custom AMI of family %s needs overrideBootstrapCommand", n.AmiFamily))
	}
	return ps
}

// allTaints finds the taints beside the shared part: each kind holds its own.
func (n *NodeGroupBase) allTaints(c *ClusterConfig) Taints {
	for i := range c.ManagedNodeGroups {
		if &c.ManagedNodeGroups[i].NodeGroupBase == n {
			return c.ManagedNodeGroups[i].Taints
		}
	}
	for i := range c.NodeGroups {
		if &c.NodeGroups[i].NodeGroupBase == n {
			return c.NodeGroups[i].Taints
		}
	}
	return nil
}

func minor(v string) int {
	_, m, _ := strings.Cut(v, ".")
	n, _ := strconv.Atoi(m)
	return n
}

func (f *File) checkAddons() Problems {
	var ps Problems
	seen := map[string]bool{}
	for i := range f.Cluster.Addons {
		a := &f.Cluster.Addons[i]
		p := fmt.Sprintf("addons[%d]", i)
		if seen[a.Name] {
			ps = append(ps, f.At(p+".name", "the add-on %q is listed twice", a.Name))
		}
		seen[a.Name] = true
		if a.Timeout != "" {
			if d, err := time.ParseDuration(a.Timeout); err != nil || d <= 0 {
				ps = append(ps, f.At(p+".timeout", "%q is not a duration, such as 10m", a.Timeout))
			}
		}
		ways := 0
		for _, on := range []bool{a.ServiceAccountRoleARN != "", len(a.AttachPolicyARNs) > 0, a.AttachPolicy != nil, a.WellKnownPolicies != nil, len(a.PodIdentityAssociations) > 0} {
			if on {
				ways++
			}
		}
		if ways > 1 {
			ps = append(ps, f.At(p, "the add-on %s takes its permissions in one way: serviceAccountRoleARN, attachPolicyARNs, attachPolicy, wellKnownPolicies or podIdentityAssociations", a.Name))
		}
		if (len(a.AttachPolicyARNs) > 0 || a.AttachPolicy != nil || a.WellKnownPolicies != nil) && !On(f.Cluster.IAM.WithOIDC, false) && f.Cluster.Addon("eks-pod-identity-agent") == nil {
			ps = append(ps, f.At(p, "policies for the add-on %s need iam.withOIDC: true, or the add-on eks-pod-identity-agent", a.Name))
		}
	}
	for i, a := range f.Cluster.Addons {
		for k, p := range a.PodIdentityAssociations {
			for _, x := range []struct {
				field string
				used  bool
			}{{"namespace", p.Namespace != ""}, {"createServiceAccount", p.CreateServiceAccount != nil}, {"tags", p.Tags != nil}, {"policy", p.Policy != ""}, {"targetRoleARN", p.TargetRoleARN != ""}, {"disableSessionTags", p.DisableSessionTags != nil}} {
				if x.used {
					ps = append(ps, f.At(fmt.Sprintf("addons[%d].podIdentityAssociations[%d].%s", i, k, x.field), "is not for add-ons: EKS makes their associations from service account and role alone"))
				}
			}
		}
	}
	if c := f.Cluster.CNI; c != nil {
		if ns, n, ok := strings.Cut(c.DaemonSet, "/"); !ok || ns == "" || n == "" {
			ps = append(ps, f.At("cni.daemonSet", "%q does not name a DaemonSet as namespace/name", c.DaemonSet))
		}
		if a := f.Cluster.Addon("vpc-cni"); a != nil && !a.Implied {
			ps = append(ps, f.At("cni", "the file lists vpc-cni too; a cluster has one network plugin"))
		}
	}
	return ps
}

func (f *File) checkIAM() Problems {
	var ps Problems
	i := f.Cluster.IAM
	if len(i.ServiceAccounts) > 0 && !On(i.WithOIDC, false) {
		ps = append(ps, f.At("iam.serviceAccounts", "needs iam.withOIDC: true"))
	}
	seen := map[string]bool{}
	for k, s := range i.ServiceAccounts {
		p := fmt.Sprintf("iam.serviceAccounts[%d]", k)
		if s.Metadata == nil || s.Metadata.Name == "" {
			ps = append(ps, f.At(p, "the key metadata.name is missing"))
			continue
		}
		id := s.Metadata.Namespace + "/" + s.Metadata.Name
		if seen[id] {
			ps = append(ps, f.At(p, "the service account %s is listed twice", id))
		}
		seen[id] = true
		if len(s.AttachPolicyARNs) == 0 && s.AttachPolicy == nil && s.WellKnownPolicies == nil && s.AttachRoleARN == "" {
			ps = append(ps, f.At(p, "the service account %s gets no permissions: attachPolicyARNs, attachPolicy, wellKnownPolicies or attachRoleARN", id))
		}
	}
	if len(i.PodIdentityAssociations) > 0 && f.Cluster.Addon("eks-pod-identity-agent") == nil && !f.Cluster.AutoMode() {
		ps = append(ps, f.At("iam.podIdentityAssociations", "need the add-on eks-pod-identity-agent"))
	}
	for k, a := range i.PodIdentityAssociations {
		p := fmt.Sprintf("iam.podIdentityAssociations[%d]", k)
		if a.Namespace == "" || a.ServiceAccountName == "" {
			ps = append(ps, f.At(p, "needs namespace and serviceAccountName"))
		}
		if a.RoleARN != "" && (len(a.PermissionPolicyARNs) > 0 || a.PermissionPolicy != nil || a.WellKnownPolicies != nil || a.RoleName != "") {
			ps = append(ps, f.At(p+".roleARN", "cannot stand beside what describes a new role"))
		}
		if a.RoleARN == "" && len(a.PermissionPolicyARNs) == 0 && a.PermissionPolicy == nil && a.WellKnownPolicies == nil {
			ps = append(ps, f.At(p, "needs roleARN, or permissionPolicyARNs, permissionPolicy or wellKnownPolicies for a new role"))
		}
	}
	return ps
}

func (f *File) checkAccess() Problems {
	var ps Problems
	a := f.Cluster.AccessConfig
	if len(a.AccessEntries) > 0 && a.AuthenticationMode == "CONFIG_MAP" {
		ps = append(ps, f.At("accessConfig.accessEntries", "need authenticationMode API or API_AND_CONFIG_MAP"))
	}
	if len(f.Cluster.IamIdentityMappings) > 0 && a.AuthenticationMode == "API" {
		ps = append(ps, f.At("iamIdentityMappings", "are not read by a cluster with authenticationMode API; use accessConfig.accessEntries"))
	}
	for i, m := range f.Cluster.IamIdentityMappings {
		p := fmt.Sprintf("iamIdentityMappings[%d]", i)
		switch {
		case m.ServiceName != "" && m.ServiceName != EMRContainers:
			ps = append(ps, f.At(p+".serviceName", "%q is not known; %s is", m.ServiceName, EMRContainers))
		case m.ServiceName != "" && m.Namespace == "":
			ps = append(ps, f.At(p+".serviceName", "needs the namespace that %s works in", m.ServiceName))
		case m.ServiceName == "" && m.ARN == "" && m.Account == "":
			ps = append(ps, f.At(p, "maps nothing: arn, account or serviceName"))
		}
	}
	seen := map[string]bool{}
	for i, e := range a.AccessEntries {
		p := fmt.Sprintf("accessConfig.accessEntries[%d]", i)
		if !strings.HasPrefix(e.PrincipalARN, "arn:") {
			ps = append(ps, f.At(p+".principalARN", "%q is not an ARN", e.PrincipalARN))
		}
		if seen[e.PrincipalARN] {
			ps = append(ps, f.At(p+".principalARN", "%s has an entry already", e.PrincipalARN))
		}
		seen[e.PrincipalARN] = true
		if e.Type != "" && e.Type != "STANDARD" && (len(e.KubernetesGroups) > 0 || len(e.AccessPolicies) > 0) {
			ps = append(ps, f.At(p, "an entry of type %s takes neither groups nor policies", e.Type))
		}
	}
	return ps
}

func (f *File) checkOther() Problems {
	var ps Problems
	c := f.Cluster
	if n := len(c.FargateProfiles); n > 10 {
		ps = append(ps, f.At("fargateProfiles", "EKS takes at most 10 profiles in a cluster, not %d", n))
	}
	seen := map[string]bool{}
	for i, p := range c.FargateProfiles {
		path := fmt.Sprintf("fargateProfiles[%d]", i)
		if seen[p.Name] {
			ps = append(ps, f.At(path+".name", "the name %q is taken", p.Name))
		}
		seen[p.Name] = true
		if len(p.Selectors) == 0 || len(p.Selectors) > 5 {
			ps = append(ps, f.At(path+".selectors", "a profile takes one to five selectors, not %d", len(p.Selectors)))
		}
	}
	if len(c.IdentityProviders) > 1 {
		ps = append(ps, f.At("identityProviders", "EKS takes one OIDC identity provider in a cluster"))
	}
	if s := c.SecretsEncryption; s != nil && !strings.Contains(s.KeyARN, ":kms:") {
		ps = append(ps, f.At("secretsEncryption.keyARN", "%q is not a KMS key's ARN", s.KeyARN))
	}
	if w := c.CloudWatch; w != nil && w.ClusterLogging != nil && w.ClusterLogging.LogRetentionInDays != nil {
		days := []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
		if n := *w.ClusterLogging.LogRetentionInDays; n != 0 && !slices.Contains(days, n) {
			ps = append(ps, f.At("cloudWatch.clusterLogging.logRetentionInDays", "CloudWatch keeps logs for a fixed choice of days, not %d: %v", n, days))
		}
	}
	return ps
}
