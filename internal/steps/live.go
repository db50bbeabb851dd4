package steps

import (
	"context"
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/stack"
)

// subnets finds the IDs of the cluster's subnets, live: by the IDs that the config
// names, or by their blocks in the cluster's VPC. zones and names narrow the choice.
func (e *Env) subnets(ctx context.Context, private bool, zones, names []string) ([]string, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return nil, err
	}
	vpc := aws.ToString(c.ResourcesVpcConfig.VpcId)
	out, err := e.AWS.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: new("vpc-id"), Values: []string{vpc}}}})
	if err != nil {
		return nil, fmt.Errorf("listing the subnets of %s: %w", vpc, err)
	}
	side := e.Net.Public
	word := "public"
	if private {
		side, word = e.Net.Private, "private"
	}
	var ids []string
	if len(names) > 0 {
		for _, n := range names {
			id, err := e.named(n, out.Subnets)
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		return ids, nil
	}
	for _, s := range side {
		if len(zones) > 0 && !slices.Contains(zones, s.Zone) {
			continue
		}
		for _, x := range out.Subnets {
			if s.ID == *x.SubnetId || s.ID == "" && s.CIDR == *x.CidrBlock {
				ids = append(ids, *x.SubnetId)
			}
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("the cluster's VPC %s has no %s subnets for this: vpc.subnets.%s lists none that exist", vpc, word, word)
	}
	return ids, nil
}

// named resolves a subnet by the config's name for it, its zone, or its ID.
func (e *Env) named(n string, live []ec2types.Subnet) (string, error) {
	for _, s := range slices.Concat(e.Net.Public, e.Net.Private) {
		if s.Key == n && s.ID != "" {
			return s.ID, nil
		}
		if s.Key == n {
			for _, x := range live {
				if *x.CidrBlock == s.CIDR {
					return *x.SubnetId, nil
				}
			}
		}
	}
	for _, x := range live {
		if *x.SubnetId == n {
			return n, nil
		}
	}
	return "", fmt.Errorf("the subnet %s does not exist in the cluster's VPC", n)
}

// live gathers what a node group's stack takes from the cluster as it is.
func (e *Env) live(ctx context.Context, n *config.NodeGroupBase) (stack.Live, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return stack.Live{}, err
	}
	v := c.ResourcesVpcConfig
	l := stack.Live{Cluster: *c.Name, Version: *c.Version, Endpoint: aws.ToString(c.Endpoint), VPC: aws.ToString(v.VpcId), ClusterGroup: aws.ToString(v.ClusterSecurityGroupId), IPv6: e.Config().IPv6(), KeyName: e.KeyName(n), CNIOnNode: cniOnNode(e.Config())}
	if c.CertificateAuthority != nil {
		l.CA = aws.ToString(c.CertificateAuthority.Data)
	}
	if k := c.KubernetesNetworkConfig; k != nil {
		l.ServiceCIDR = aws.ToString(k.ServiceIpv4Cidr) + aws.ToString(k.ServiceIpv6Cidr)
	}
	if len(v.SecurityGroupIds) > 0 {
		l.ControlGroup = v.SecurityGroupIds[0]
	}
	l.SharedGroup = e.Config().VPC.SharedNodeSecurityGroup
	if l.SharedGroup == "" {
		// The physical resource of the stack, not its output: a live value.
		r, err := e.AWS.CFN.DescribeStackResource(ctx, &cloudformation.DescribeStackResourceInput{StackName: new(stack.ClusterName(e.Name())), LogicalResourceId: new("ClusterSharedNodeSecurityGroup")})
		if err == nil {
			l.SharedGroup = aws.ToString(r.StackResourceDetail.PhysicalResourceId)
		} else if !awsc.NotFound(err) {
			return l, err
		}
	}
	if l.Subnets, err = e.subnets(ctx, config.On(n.PrivateNetworking, false), n.AvailabilityZones, n.Subnets); err != nil {
		return l, err
	}
	if stack.OpensSSHToVPC(n) {
		if l.Blocks, err = e.blocks(ctx, l.VPC); err != nil {
			return l, err
		}
	}
	if n.InstanceSelector != nil {
		if l.InstanceTypes, err = cluster.SelectInstances(ctx, e.AWS, n.InstanceSelector); err != nil {
			return l, fmt.Errorf("node group %s: %w", n.Name, err)
		}
	}
	return l, nil
}

// blocks are the IPv4 blocks of a VPC.
func (e *Env) blocks(ctx context.Context, vpc string) ([]string, error) {
	out, err := e.AWS.EC2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{vpc}})
	if err != nil {
		return nil, fmt.Errorf("reading the blocks of %s: %w", vpc, err)
	}
	var blocks []string
	for _, v := range out.Vpcs {
		for _, a := range v.CidrBlockAssociationSet {
			if a.CidrBlockState == nil || a.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociated {
				blocks = append(blocks, aws.ToString(a.CidrBlock))
			}
		}
	}
	return blocks, nil
}

// cniOnNode tells whether the VPC CNI takes its permissions from node roles: it
// has neither IRSA nor a pod identity of its own.
func cniOnNode(c *config.ClusterConfig) bool {
	a := c.Addon("vpc-cni")
	if a == nil {
		return c.CNI == nil
	}
	if a.ServiceAccountRoleARN != "" || len(a.AttachPolicyARNs) > 0 || a.AttachPolicy != nil || len(a.PodIdentityAssociations) > 0 || config.On(a.UseDefaultPodIdentityAssociations, false) {
		return false
	}
	return !c.IPv6()
}

// NodeRoleName is the name of the role that a self-managed group's stack makes, where
// it must be known before: aws-auth names it before there are instances. "" leaves
// the name to CloudFormation.
func (e *Env) NodeRoleName(n *config.NodeGroupBase) string {
	switch {
	case n.IAM.InstanceRoleARN != "" || n.IAM.InstanceProfileARN != "" || e.Config().AccessConfig.AuthenticationMode != "CONFIG_MAP":
		return ""
	case n.IAM.InstanceRoleName != "":
		return n.IAM.InstanceRoleName
	}
	name := stack.GroupName(e.Name(), n.Name) + "-NodeInstanceRole"
	if len(name) > 64 { // IAM's limit
		name = fmt.Sprintf("%s-%x", name[:51], md5.Sum([]byte(name)))[:64]
	}
	return name
}

// KeyName is the EC2 key pair of a node group, "" for none.
func (e *Env) KeyName(n *config.NodeGroupBase) string {
	s := n.SSH
	if s == nil {
		return ""
	}
	if s.PublicKeyName != "" {
		return s.PublicKeyName
	}
	if !config.On(s.Allow, false) {
		return ""
	}
	key, err := PublicKey(s)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("eksctl-%s-nodegroup-%s-%x", e.Name(), n.Name, md5.Sum([]byte(key)))
}

// PublicKey is the SSH key that a node group's nodes accept: inline, from a file,
// or the default file.
func PublicKey(s *config.NodeGroupSSH) (string, error) {
	if s.PublicKey != "" {
		return s.PublicKey, nil
	}
	path := s.PublicKeyPath
	if path == "" {
		path = "~/.ssh/id_rsa.pub"
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(home, rest)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the SSH public key cannot be read: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// ManagedBody makes a managed node group's template from live values.
func ManagedBody(e *Env, m *config.ManagedNodeGroup) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		l, err := e.live(ctx, &m.NodeGroupBase)
		if err != nil {
			return "", err
		}
		return stack.Managed(e.Config(), m, l).JSON(), nil
	}
}

// SelfManagedBody makes a self-managed node group's template from live values.
func SelfManagedBody(e *Env, g *config.NodeGroup) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		l, err := e.live(ctx, &g.NodeGroupBase)
		if err != nil {
			return "", err
		}
		l.RoleName = e.NodeRoleName(&g.NodeGroupBase)
		l.AccessEntry = e.Config().AccessConfig.AuthenticationMode != "CONFIG_MAP" && g.IAM.InstanceRoleARN == ""
		if l.AMI, err = e.ami(ctx, g, l.InstanceTypes); err != nil {
			return "", err
		}
		return stack.SelfManaged(e.Config(), g, l).JSON(), nil
	}
}

// ami resolves a self-managed group's AMI: the one named, or the newest that AWS
// publishes for its family.
func (e *Env) ami(ctx context.Context, g *config.NodeGroup, types []string) (string, error) {
	if strings.HasPrefix(g.AMI, "ami-") {
		return g.AMI, nil
	}
	t := g.InstanceType
	if len(types) > 0 {
		t = types[0]
	}
	if d := g.InstancesDistribution; d != nil && len(d.InstanceTypes) > 0 {
		t = d.InstanceTypes[0]
	}
	p, err := Parameter(g.AmiFamily, e.Config().Metadata.Version, stack.ARM(t))
	if err != nil {
		return "", err
	}
	out, err := e.AWS.SSM.GetParameter(ctx, &ssm.GetParameterInput{Name: &p})
	if err != nil {
		return "", fmt.Errorf("finding the AMI of %s for Kubernetes %s (SSM parameter %s): %w", g.AmiFamily, e.Config().Metadata.Version, p, err)
	}
	return aws.ToString(out.Parameter.Value), nil
}

// Parameter is the public SSM parameter of an AMI family.
func Parameter(family, version string, arm bool) (string, error) {
	arch, short := "x86_64", "amd64"
	if arm {
		arch, short = "arm64", "arm64"
	}
	switch {
	case family == "AmazonLinux2023":
		return "/aws/service/eks/optimized-ami/" + version + "/amazon-linux-2023/" + arch + "/standard/recommended/image_id", nil
	case family == "AmazonLinux2" && arm:
		return "/aws/service/eks/optimized-ami/" + version + "/amazon-linux-2-arm64/recommended/image_id", nil
	case family == "AmazonLinux2":
		return "/aws/service/eks/optimized-ami/" + version + "/amazon-linux-2/recommended/image_id", nil
	case family == "Bottlerocket":
		return "/aws/service/bottlerocket/aws-k8s-" + version + "/" + arch + "/latest/image_id", nil
	case family == "BottlerocketFips":
		return "/aws/service/bottlerocket/aws-k8s-" + version + "-fips/" + arch + "/latest/image_id", nil
	case strings.HasPrefix(family, "WindowsServer"):
		year, kind := family[13:17], "Full"
		if strings.Contains(family, "Core") {
			kind = "Core"
		}
		return "/aws/service/ami-windows-latest/Windows_Server-" + year + "-English-" + kind + "-EKS_Optimized-" + version + "/image_id", nil
	case strings.HasPrefix(family, "UbuntuPro"):
		r := family[9:]
		return "/aws/service/canonical/ubuntu/eks-pro/" + r[:2] + "." + r[2:] + "/" + version + "/stable/current/" + short + "/hvm/ebs-gp3/ami-id", nil
	case strings.HasPrefix(family, "Ubuntu"):
		r := family[6:]
		return "/aws/service/canonical/ubuntu/eks/" + r[:2] + "." + r[2:] + "/" + version + "/stable/current/" + short + "/hvm/ebs-gp3/ami-id", nil
	}
	return "", fmt.Errorf("no AMI is published for the family %q", family)
}
