package config

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

// network: the VPC and the endpoint.
func network(f *File) finding.Findings {
	var ps finding.Findings
	v := f.Cluster.VPC
	if v.CIDR != "" {
		if p := netip.MustParsePrefix(string(v.CIDR)); p.Bits() < 16 || p.Bits() > 24 {
			ps = append(ps, f.At("block-invalid", "vpc.cidr", "a /%d cannot hold the subnets of a cluster; from /16 to /24", p.Bits()))
		}
	}
	if !On(v.ClusterEndpoints.PublicAccess, true) && !On(v.ClusterEndpoints.PrivateAccess, false) {
		ps = append(ps, f.At("endpoint-closed", "vpc.clusterEndpoints", "the Kubernetes API endpoint cannot be neither public nor private"))
	}
	for i, x := range v.PublicAccessCIDRs {
		if _, err := netip.ParsePrefix(x); err != nil {
			ps = append(ps, f.At("block-invalid", fmt.Sprintf("vpc.publicAccessCIDRs[%d]", i), "%q is not an address block", x))
		}
	}
	if n := len(v.PublicAccessCIDRs); n > 40 {
		ps = append(ps, f.At("too-many-blocks", "vpc.publicAccessCIDRs", "EKS takes at most 40 blocks, not %d", n))
	}
	return append(ps, addressBlocks(f)...)
}

// addressBlocks: lists of blocks beside the VPC's own.
func addressBlocks(f *File) finding.Findings {
	var ps finding.Findings
	v := f.Cluster.VPC
	for _, l := range []struct {
		path   string
		blocks []string
	}{{"vpc.extraCIDRs", v.ExtraCIDRs}, {"vpc.extraIPv6CIDRs", v.ExtraIPv6CIDRs}, {"kubernetesNetworkConfig.serviceIPv4CIDR",
		one(f.Cluster.KubernetesNetworkConfig.ServiceIPv4CIDR)}} {
		for i, x := range l.blocks {
			path := l.path
			if strings.HasSuffix(path, "s") {
				path = fmt.Sprintf("%s[%d]", path, i)
			}
			if _, err := netip.ParsePrefix(x); err != nil {
				ps = append(ps, f.At("block-invalid", path, "%q is not an address block", x))
			}
		}
	}
	return ps
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// ipv6: what pods with IPv6 addresses need.
func ipv6(f *File) finding.Findings {
	var ps finding.Findings
	v := f.Cluster.VPC
	if !f.Cluster.IPv6() {
		return nil
	}
	for _, need := range []string{eksfacts.VPCCNI, eksfacts.CoreDNS, eksfacts.KubeProxy} {
		if f.Cluster.Addon(need) == nil && !f.Cluster.AutoMode() {
			ps = append(ps, f.At("ipv6-addon-missing", "addons", "an IPv6 cluster needs the add-on %s", need))
		}
	}
	if !f.Cluster.AutoMode() && !On(f.Cluster.IAM.WithOIDC, false) {
		a := f.Cluster.Addon(eksfacts.VPCCNI)
		if a != nil && a.ServiceAccountRoleARN == "" && len(a.PodIdentityAssociations) == 0 && !f.Cluster.AutoPodIdentity(a) {
			ps = append(ps, f.At("ipv6-needs-oidc", "iam.withOIDC", "an IPv6 cluster needs iam.withOIDC: true, for the VPC CNI's role"))
		}
	}
	if v.NAT != nil && v.NAT.Gateway != "Single" {
		if _, written := f.where["vpc.nat.gateway"]; written && v.NAT.Gateway == "Disable" {
			ps = append(ps, f.At("ipv6-needs-nat", "vpc.nat.gateway", "NAT cannot be disabled in an IPv6 cluster"))
		}
	}
	return ps
}

// subnetsNamed: subnets that the file names.
func subnetsNamed(f *File) finding.Findings {
	var ps finding.Findings
	v := f.Cluster.VPC
	names := map[string]string{}
	for _, side := range []struct {
		key string
		m   map[string]Subnet
	}{{"public", v.Subnets.Public}, {"private", v.Subnets.Private}} {
		for _, n := range sorted(side.m) {
			s := side.m[n]
			p := "vpc.subnets." + side.key + "." + n
			if s.ID == "" && s.CIDR == "" && s.AZ == "" && !strings.Contains(n, "-") {
				ps = append(ps, f.At("subnet-undescribed", p, "names no subnet: give id, or cidr, or az"))
			}
			if s.ID != "" && names[s.ID] != "" {
				ps = append(ps, f.At("subnet-twice", p, "%s stands under %s already", s.ID, names[s.ID]))
			}
			names[s.ID] = side.key + "." + n
		}
	}
	return ps
}
