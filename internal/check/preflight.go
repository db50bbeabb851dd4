package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/sshkey"
	"github.com/slipway-eks/slipway/internal/stack"
)

// subject is what preflight checks look at.
type subject struct {
	aws  *awsc.Clients
	file *config.File
	cfg  *config.ClusterConfig
	net  stack.Network
	live *observe.Observed
}

// Preflight runs every check before the first create, and reports them together.
func Preflight(ctx context.Context, c *awsc.Clients, f *config.File, net stack.Network, live *observe.Observed) Failures {
	s := &subject{c, f, f.Cluster, net, live}
	var out Failures
	for _, check := range []func(context.Context, *subject) Failures{version, subnets, keys, offerings, quotas, permissions, encryptionKey} {
		out = append(out, check(ctx, s)...)
	}
	return out
}

// at makes an input failure at a field of the config.
func (s *subject) at(code, path, remedy, format string, a ...any) Failure {
	return Failure{Code: code, What: s.file.At(path, format, a...).Error(), Remedy: remedy, Input: true}
}

// version: the Kubernetes minor must be on offer, unless the cluster runs it already.
func version(ctx context.Context, s *subject) Failures {
	want := s.cfg.Metadata.Version
	if s.live.Cluster != nil {
		if have := s.live.Cluster.Version; have != want {
			if _, written := s.file.Written("metadata.version"); written {
				return Failures{s.at("version-differs", "metadata.version", "a launch does not upgrade; set the version to "+have+", or upgrade the cluster", "the cluster runs %s, the file wants %s", have, want)}
			}
			s.cfg.Metadata.Version = have
		}
		return nil
	}
	out, err := s.aws.EKS.DescribeClusterVersions(ctx, &eks.DescribeClusterVersionsInput{})
	if err != nil {
		return Failures{unread("the Kubernetes versions on offer", err)}
	}
	var offered []string
	for _, v := range out.ClusterVersions {
		offered = append(offered, aws.ToString(v.ClusterVersion))
	}
	if slices.Contains(offered, want) {
		return nil
	}
	return Failures{s.at("version-not-offered", "metadata.version", "one of "+strings.Join(offered, ", "), "EKS does not offer Kubernetes %s", want)}
}

func unread(what string, err error) Failure {
	return Failure{Code: "cannot-read", What: what + " cannot be read: " + firstLine(awsc.Message(err)), Cause: err}
}

// subnets: enough zones and addresses in subnets that exist.
func subnets(ctx context.Context, s *subject) Failures {
	if s.net.VPC == "" || s.live.Cluster != nil {
		return nil
	}
	out, err := s.aws.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: new("vpc-id"), Values: []string{s.net.VPC}}}})
	if err != nil {
		return Failures{unread("the subnets of "+s.net.VPC, err)}
	}
	var fails Failures
	if len(s.net.Zones()) < 2 {
		fails = append(fails, s.at("too-few-zones", "vpc.subnets", "name subnets in a second zone", "the subnets are all in %s; EKS wants two zones", strings.Join(s.net.Zones(), ", ")))
	}
	named := map[string]bool{}
	for _, x := range slices.Concat(s.net.Public, s.net.Private) {
		named[x.ID] = true
	}
	for _, x := range out.Subnets {
		if named[*x.SubnetId] && aws.ToInt32(x.AvailableIpAddressCount) < 6 {
			fails = append(fails, s.at("too-few-addresses", "vpc.subnets", "free addresses, or name a larger subnet", "the subnet %s has %d free addresses; EKS wants 6 for the control plane", *x.SubnetId, aws.ToInt32(x.AvailableIpAddressCount)))
		}
	}
	for _, n := range s.cfg.Groups() {
		side, word := s.net.Public, "public"
		if config.On(n.PrivateNetworking, false) {
			side, word = s.net.Private, "private"
		}
		if len(n.Subnets) == 0 && len(side) == 0 {
			fails = append(fails, s.at("no-subnets", "vpc.subnets", "name "+word+" subnets, or set privateNetworking", "the node group %s wants %s subnets and the file names none", n.Name, word))
		}
	}
	return fails
}

// keys: SSH keys from files can be read, and named ones exist.
func keys(ctx context.Context, s *subject) Failures {
	var fails Failures
	group := func(path string, n *config.NodeGroupBase) {
		k := n.SSH
		if k == nil || s.live.Has(stack.GroupName(s.cfg.Metadata.Name, n.Name)) {
			return
		}
		if k.PublicKeyName != "" {
			if _, err := s.aws.EC2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{k.PublicKeyName}}); awsc.NotFound(err) {
				fails = append(fails, s.at("key-not-found", path+".ssh.publicKeyName", "import it (aws ec2 import-key-pair) or name another", "EC2 has no key pair %q in %s", k.PublicKeyName, s.aws.Region))
			}
			return
		}
		if config.On(k.Allow, false) {
			if _, err := sshkey.Public(k); err != nil {
				fails = append(fails, s.at("key-unreadable", path+".ssh", "make the file, or set publicKeyName", "%s", err))
			}
		}
	}
	for i := range s.cfg.ManagedNodeGroups {
		group(fmt.Sprintf("managedNodeGroups[%d]", i), &s.cfg.ManagedNodeGroups[i].NodeGroupBase)
	}
	for i := range s.cfg.NodeGroups {
		group(fmt.Sprintf("nodeGroups[%d]", i), &s.cfg.NodeGroups[i].NodeGroupBase)
	}
	return fails
}

// offerings: every instance type is offered in the zones of its group.
func offerings(ctx context.Context, s *subject) Failures {
	where := map[string][]string{}
	p := ec2.NewDescribeInstanceTypeOfferingsPaginator(s.aws.EC2, &ec2.DescribeInstanceTypeOfferingsInput{LocationType: ec2types.LocationTypeAvailabilityZone})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return Failures{unread("the instance types on offer", err)}
		}
		for _, o := range out.InstanceTypeOfferings {
			where[string(o.InstanceType)] = append(where[string(o.InstanceType)], aws.ToString(o.Location))
		}
	}
	var fails Failures
	group := func(path string, n *config.NodeGroupBase, types []string) {
		zones := n.AvailabilityZones
		if len(zones) == 0 {
			zones = s.net.Zones()
		}
		for _, t := range types {
			if t == "" || t == "mixed" {
				continue
			}
			if len(where[t]) == 0 {
				fails = append(fails, s.at("type-not-offered", path+".instanceType", "choose another", "EC2 offers no instance type %q in %s", t, s.aws.Region))
				continue
			}
			if len(types) == 1 && !slices.ContainsFunc(zones, func(z string) bool { return slices.Contains(where[t], z) }) {
				fails = append(fails, s.at("type-not-in-zones", path+".instanceType", "choose another type, or zones among "+strings.Join(where[t], ", "), "%s is not offered in %s", t, strings.Join(zones, ", ")))
			}
		}
	}
	for i := range s.cfg.ManagedNodeGroups {
		m := &s.cfg.ManagedNodeGroups[i]
		group(fmt.Sprintf("managedNodeGroups[%d]", i), &m.NodeGroupBase, append([]string{m.InstanceType}, m.InstanceTypes...))
	}
	for i := range s.cfg.NodeGroups {
		n := &s.cfg.NodeGroups[i]
		types := []string{n.InstanceType}
		if n.InstancesDistribution != nil {
			types = append(types, n.InstancesDistribution.InstanceTypes...)
		}
		group(fmt.Sprintf("nodeGroups[%d]", i), &n.NodeGroupBase, types)
	}
	return fails
}

// quota reads one service quota; ok is false where it cannot be read, which stops
// nothing.
func (s *subject) quota(ctx context.Context, service, code string) (int, bool) {
	out, err := s.aws.Quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &service, QuotaCode: &code})
	if err != nil || out.Quota == nil {
		return 0, false
	}
	return int(aws.ToFloat64(out.Quota.Value)), true
}

// quotas: room for one VPC, its addresses, and the nodes' vCPUs.
func quotas(ctx context.Context, s *subject) Failures {
	var fails Failures
	if s.net.VPC == "" && s.live.Cluster == nil && !s.live.Has(stack.ClusterName(s.cfg.Metadata.Name)) && s.live.Stacks[stack.ClusterName(s.cfg.Metadata.Name)] == nil {
		vpcs, err := s.aws.EC2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
		if n, ok := s.quota(ctx, "vpc", "L-F678F1CE"); err == nil && ok && len(vpcs.Vpcs)+1 > n {
			fails = append(fails, Failure{Code: "quota-vpcs", What: fmt.Sprintf("the account has %d of %d VPCs in %s and the cluster needs one more", len(vpcs.Vpcs), n, s.aws.Region), Remedy: "delete one, raise the quota (L-F678F1CE), or name an existing VPC under vpc"})
		}
		need := map[string]int{"Single": 1, "HighlyAvailable": len(s.net.Public)}[s.cfg.VPC.NAT.Gateway]
		addrs, err := s.aws.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
		if n, ok := s.quota(ctx, "ec2", "L-0263D0A3"); err == nil && ok && len(addrs.Addresses)+need > n {
			fails = append(fails, Failure{Code: "quota-addresses", What: fmt.Sprintf("the account has %d of %d Elastic IP addresses in %s and NAT needs %d more", len(addrs.Addresses), n, s.aws.Region, need), Remedy: "release some, raise the quota (L-0263D0A3), or set vpc.nat.gateway to Single or Disable"})
		}
	}
	return append(fails, vcpus(ctx, s)...)
}

func vcpus(ctx context.Context, s *subject) Failures {
	limit, ok := s.quota(ctx, "ec2", "L-1216C47A")
	if !ok {
		return nil
	}
	want := map[string]int{}
	for i := range s.cfg.ManagedNodeGroups {
		m := &s.cfg.ManagedNodeGroups[i]
		if s.live.Groups[m.Name] == nil && !config.On(m.Spot, false) && m.InstanceType != "" {
			want[m.InstanceType] += *m.DesiredCapacity
		}
	}
	for i := range s.cfg.NodeGroups {
		n := &s.cfg.NodeGroups[i]
		if s.live.Stacks[stack.GroupName(s.cfg.Metadata.Name, n.Name)] == nil && n.InstanceType != "" && n.InstancesDistribution == nil {
			want[n.InstanceType] += *n.DesiredCapacity
		}
	}
	if len(want) == 0 {
		return nil
	}
	in := &ec2.DescribeInstanceTypesInput{}
	for t := range want {
		if t != "mixed" {
			in.InstanceTypes = append(in.InstanceTypes, ec2types.InstanceType(t))
		}
	}
	slices.Sort(in.InstanceTypes)
	out, err := s.aws.EC2.DescribeInstanceTypes(ctx, in)
	if err != nil {
		return nil // an unknown type is another check's finding
	}
	need := 0
	for _, t := range out.InstanceTypes {
		need += want[string(t.InstanceType)] * int(aws.ToInt32(t.VCpuInfo.DefaultVCpus))
	}
	if need > limit {
		return Failures{{Code: "quota-vcpus", What: fmt.Sprintf("the node groups want %d vCPUs at once and the account's quota in %s is %d", need, s.aws.Region, limit), Remedy: "raise the quota (L-1216C47A), or start with fewer nodes"}}
	}
	return nil
}

// actions that every launch needs.
var actions = []string{"cloudformation:CreateStack", "cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents", "eks:CreateCluster", "eks:DescribeCluster", "eks:CreateAddon", "eks:CreateNodegroup", "iam:CreateRole", "iam:PassRole", "iam:AttachRolePolicy", "ec2:CreateVpc", "ec2:CreateSubnet", "ec2:CreateSecurityGroup", "ec2:CreateLaunchTemplate", "ec2:RunInstances"}

// permissions: asks IAM what the caller may do. Where even that is not allowed,
// nothing is concluded.
func permissions(ctx context.Context, s *subject) Failures {
	out, err := s.aws.IAM.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: new(awsc.Principal(s.aws.Caller)), ActionNames: actions})
	if err != nil {
		return nil
	}
	var denied []string
	for _, r := range out.EvaluationResults {
		if r.EvalDecision != "allowed" {
			denied = append(denied, aws.ToString(r.EvalActionName))
		}
	}
	if len(denied) == 0 {
		return nil
	}
	return Failures{{Code: "permission-missing", What: s.aws.Caller + " may not do " + strings.Join(denied, ", "), Remedy: "let the caller do this, and repeat"}}
}

// encryptionKey: the KMS key exists and is enabled.
func encryptionKey(ctx context.Context, s *subject) Failures {
	e := s.cfg.SecretsEncryption
	if e == nil || s.live.Cluster != nil {
		return nil
	}
	out, err := s.aws.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: new(e.KeyARN)})
	switch {
	case awsc.NotFound(err):
		return Failures{s.at("key-not-found", "secretsEncryption.keyARN", "name a key of this region", "KMS has no key %s", e.KeyARN)}
	case err != nil:
		return nil
	case !out.KeyMetadata.Enabled:
		return Failures{s.at("key-disabled", "secretsEncryption.keyARN", "enable it, or name another", "the KMS key %s is %s", e.KeyARN, out.KeyMetadata.KeyState)}
	}
	return nil
}
