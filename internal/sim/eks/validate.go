package eks

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// What EKS refuses beside lengths, patterns and enumerations, which its model says. The
// words are EKS's where a client's issue tracker or AWS's documentation quotes them, and
// assumed otherwise.

// errorOf is the first error.
func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func lower[T ~string](s T) string { return strings.ToLower(string(s)) }

// rewrite copies what two structures have in common.
func rewrite(from, to any) {
	if b, err := json.Marshal(from); err == nil {
		_ = json.Unmarshal(b, to) // both are AWS's own shapes of one thing
	}
}

// mostTags is how many tags a resource has at most.
const mostTags = 50

// checkTags refuses too many tags, and AWS's own keys but of AWS's own services, which call
// without HTTP: CloudFormation sets some.
func checkTags(by *wire.Caller, tags map[string]string) error {
	if len(tags) > mostTags {
		return wire.Errorf("BadRequestException", "The number of tags exceeds the limit of %d", mostTags)
	}
	for k := range tags {
		if by != nil && by.HTTP != nil && strings.HasPrefix(strings.ToLower(k), "aws:") {
			return invalid("aws: prefixed tag key names are not allowed for external use.")
		}
	}
	return nil
}

// tagsOf are a resource's tags as EKS answers them: never null.
func tagsOf(tags map[string]string) map[string]string {
	if tags == nil {
		return map[string]string{}
	}
	return tags
}

// mostClusters is the default quota of clusters in a region.
const mostClusters = 100

// checkNetwork refuses service ranges that a cluster cannot have.
func (s *EKS) checkNetwork(in *types.KubernetesNetworkConfigRequest, vpcID string) error {
	if in == nil {
		return nil
	}
	if in.IpFamily == types.IpFamilyIpv6 {
		if in.ServiceIpv4Cidr != nil {
			return invalid("serviceIpv4Cidr cannot be specified when ipFamily is ipv6")
		}
		if v := s.ec2.Vpc(vpcID); v != nil && len(v.Ipv6CidrBlockAssociationSet) == 0 {
			return invalid("The VPC %s does not have an IPv6 CIDR block associated with it", vpcID)
		}
	}
	if in.ServiceIpv4Cidr == nil {
		return nil
	}
	p, err := netip.ParsePrefix(*in.ServiceIpv4Cidr)
	private := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}
	if err != nil || p != p.Masked() || !slices.ContainsFunc(private, func(q netip.Prefix) bool { return q.Contains(p.Addr()) && p.Bits() >= q.Bits() }) {
		return invalid("CIDR %s is not valid. The service CIDR must be within one of the following ranges: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16",
			*in.ServiceIpv4Cidr)
	}
	if p.Bits() < 12 || p.Bits() > 24 {
		return invalid("The service CIDR %s must be between /24 and /12", *in.ServiceIpv4Cidr)
	}
	if v := s.ec2.Vpc(vpcID); v != nil {
		for _, a := range v.CidrBlockAssociationSet {
			if q, err := netip.ParsePrefix(aws.ToString(a.CidrBlock)); err == nil && q.Overlaps(p) {
				return invalid("The service CIDR %s overlaps with the VPC CIDR %s", *in.ServiceIpv4Cidr, *a.CidrBlock)
			}
		}
	}
	return nil
}

// badPrefixes are public ranges that nobody outside has.
var badPrefixes = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16")}

// mostPublicCIDRs is the quota of ranges that reach a public endpoint.
const mostPublicCIDRs = 40

// checkPublic refuses ranges that cannot be a public endpoint's.
func checkPublic(cidrs []string) error {
	if len(cidrs) > mostPublicCIDRs {
		return wire.Errorf("ResourceLimitExceededException", "The number of public access CIDRs exceeds the limit of %d", mostPublicCIDRs)
	}
	for _, c := range cidrs {
		p, err := netip.ParsePrefix(c)
		if err != nil || slices.ContainsFunc(badPrefixes, func(q netip.Prefix) bool { return q.Contains(p.Addr()) && p.Bits() >= q.Bits() }) {
			return invalid("The following CIDRs are invalid in publicAccessCidrs: [%s]", c)
		}
	}
	return nil
}

// checkNewEndpoints refuses a control plane that nobody reaches.
func checkNewEndpoints(r *types.VpcConfigRequest) error {
	if r.EndpointPublicAccess != nil && !*r.EndpointPublicAccess && !aws.ToBool(r.EndpointPrivateAccess) {
		return invalid("Private and public endpoint access cannot both be disabled")
	}
	return checkPublic(r.PublicAccessCidrs)
}

// checkNewGroup refuses what a managed node group cannot be, whatever the cluster.
func checkNewGroup(by *wire.Caller, in *eks.CreateNodegroupInput) error {
	if len(in.Subnets) == 0 {
		return invalid("Subnets cannot be empty")
	}
	if in.DiskSize != nil && *in.DiskSize < 1 {
		return invalid("Disk size must be greater than 0")
	}
	if in.LaunchTemplate != nil && in.RemoteAccess != nil {
		return invalid("Remote access configuration cannot be specified with a launch template.")
	}
	return errorOf(checkTags(by, in.Tags), checkUpdateConfig(in.UpdateConfig))
}

// checkUpdateConfig refuses limits that say nothing, or two things.
func checkUpdateConfig(u *types.NodegroupUpdateConfig) error {
	switch {
	case u == nil:
		return nil
	case u.MaxUnavailable != nil && u.MaxUnavailablePercentage != nil:
		return invalid("Both maxUnavailable and maxUnavailablePercentage cannot be specified")
	case u.MaxUnavailable != nil && (*u.MaxUnavailable < 1 || *u.MaxUnavailable > 100):
		return invalid("maxUnavailable must be between 1 and 100")
	case u.MaxUnavailablePercentage != nil && (*u.MaxUnavailablePercentage < 1 || *u.MaxUnavailablePercentage > 100):
		return invalid("maxUnavailablePercentage must be between 1 and 100")
	}
	return nil
}

// Quotas of Fargate profiles (EKS user guide, "Service quotas").
const (
	mostProfiles  = 10
	mostSelectors = 5
	mostLabels    = 5 // of a selector
)

// checkSelectors refuses selectors that select nothing.
func checkSelectors(all []types.FargateProfileSelector) error {
	if len(all) == 0 {
		return invalid("Fargate Profile must have at least one selector")
	}
	if len(all) > mostSelectors {
		return wire.Errorf("ResourceLimitExceededException", "A Fargate profile can have at most %d selectors", mostSelectors)
	}
	for _, s := range all {
		if aws.ToString(s.Namespace) == "" {
			return invalid("A Fargate profile selector must have a namespace")
		}
		if len(s.Labels) > mostLabels {
			return invalid("A Fargate profile selector can have at most %d labels", mostLabels)
		}
	}
	return nil
}

// checkPrincipal refuses who cannot have an access entry.
func (s *EKS) checkPrincipal(arn, typ string) error {
	bad := invalid("The specified principalArn is invalid: invalid principal.")
	p := strings.SplitN(arn, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[1] != s.Partition || p[2] != "iam" && p[2] != "sts" || p[3] != "" || len(p[4]) != 12 {
		return bad
	}
	kind, name, _ := strings.Cut(p[5], "/")
	switch {
	case p[2] == "sts":
		return bad // a session is no principal; its role is
	case kind != "role" && kind != "user" || name == "":
		return bad
	case kind == "role" && strings.HasPrefix(name, "aws-service-role/"):
		return invalid("The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role.")
	case typ != "STANDARD" && kind != "role":
		return invalid("The specified principalArn is invalid: access entries of type %s need an IAM role.", typ)
	case kind == "role" && p[4] == s.Account && s.iam.Role(arn) == nil:
		return bad
	}
	return nil
}

// entryTypes are what access entries may be.
var entryTypes = []string{"STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"}
