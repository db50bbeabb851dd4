package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/resolve"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Template says where a stack's body comes from: exactly one of its fields is set.
type Template struct {
	// Body is the template, where it was known when the plan was made.
	Body string `json:"body,omitempty"`
	// IRSA is a role whose trust names the cluster's issuer, which is known once the
	// control plane is ACTIVE.
	IRSA *stack.Role `json:"irsa,omitempty"`
	// Group is a node group, whose template takes live values.
	Group *Group `json:"group,omitempty"`
	// Resize is a node group whose stack is brought to what the file says from whatever
	// its template is at the step's turn; for updates only.
	Resize *Resize `json:"resize,omitempty"`
	// Release is what EKS made of a managed group, for its stack to record, likewise.
	Release *Release `json:"release,omitempty"`
}

// Group is a node group with what its template needs of the file besides live values.
type Group struct {
	// Config is the file's part: the cluster's foundation and this one node group.
	Config      *config.ClusterConfig `json:"config"`
	KeyName     string                `json:"keyName,omitempty"`
	RoleName    string                `json:"roleName,omitempty"` // of the role that the stack makes; "": CloudFormation's
	CNIOnNode   bool                  `json:"cniOnNode,omitempty"`
	AccessEntry bool                  `json:"accessEntry,omitempty"` // the stack lets the node role in
	// Early: only what can be made while the control plane is, for a later step to
	// complete.
	Early bool `json:"early,omitempty"`
}

// notYet is why a template cannot be made yet.
type notYet string

func (n notYet) Error() string { return string(n) }

// Text is a template known when the plan is made.
func Text(t *stack.Template) Template { return Template{Body: t.JSON()} }

func (t Template) body(ctx context.Context, e *Env) (string, error) {
	switch {
	case t.IRSA != nil:
		c, err := e.Cluster(ctx)
		if err != nil {
			return "", err
		}
		return IRSA(e.AWS.Account, e.AWS.Partition, *t.IRSA, issuer(c)), nil
	case t.Group != nil:
		return t.Group.body(ctx, e)
	}
	return t.Body, nil
}

// IRSA is the template of a role that trusts an OIDC issuer.
func IRSA(account, partition string, r stack.Role, issuer string) string {
	r.Issuer, r.Account, r.Partition = issuer, account, partition
	return stack.IRSA(r).JSON()
}

// body makes a node group's template from live values.
func (g *Group) body(ctx context.Context, e *Env) (string, error) {
	if g.Early {
		return g.early(ctx, e)
	}
	if ms := g.Config.ManagedNodeGroups; len(ms) == 1 {
		l, err := g.live(ctx, e, &ms[0].NodeGroupBase)
		if err != nil {
			return "", err
		}
		return stack.Managed(g.Config, &ms[0], l).JSON(), nil
	}
	if len(g.Config.NodeGroups) != 1 {
		return "", fmt.Errorf("the plan's step names no node group")
	}
	n := &g.Config.NodeGroups[0]
	l, err := g.live(ctx, e, &n.NodeGroupBase)
	if err != nil {
		return "", err
	}
	if l.AMI, err = ami(ctx, e, n, g.Config.Metadata.Version, l.InstanceTypes); err != nil {
		return "", err
	}
	return stack.SelfManaged(g.Config, n, l).JSON(), nil
}

// early makes the part of a node group's template that needs no control plane, but
// for the network that it is being made in.
func (g *Group) early(ctx context.Context, e *Env) (string, error) {
	groups := g.Config.Groups()
	if len(groups) != 1 {
		return "", fmt.Errorf("the plan's step names no node group")
	}
	l := stack.Live{CNIOnNode: g.CNIOnNode, RoleName: g.RoleName}
	ssh := stack.OpensSSHToVPC(groups[0])
	if ssh || len(g.Config.NodeGroups) == 1 {
		c, err := e.Cluster(ctx)
		if awsc.NotFound(err) {
			return "", notYet("EKS does not name the cluster's network yet")
		}
		if err != nil {
			return "", err
		}
		v := c.ResourcesVpcConfig
		l.VPC = aws.ToString(v.VpcId)
		if len(v.SecurityGroupIds) > 0 {
			l.ControlGroup = v.SecurityGroupIds[0]
		}
		if ssh {
			if l.Blocks, err = blocks(ctx, e, l.VPC); err != nil {
				return "", err
			}
		}
	}
	var t *stack.Template
	if len(g.Config.ManagedNodeGroups) == 1 {
		t = stack.ManagedEarly(g.Config, &g.Config.ManagedNodeGroups[0], l)
	} else {
		t = stack.SelfManagedEarly(g.Config, &g.Config.NodeGroups[0], l)
	}
	if t == nil {
		return "", fmt.Errorf("nothing of node group %s can be made early", groups[0].Name)
	}
	return t.JSON(), nil
}

// live gathers what a node group's stack takes from the cluster as it is.
func (g *Group) live(ctx context.Context, e *Env, n *config.NodeGroupBase) (stack.Live, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return stack.Live{}, err
	}
	v := c.ResourcesVpcConfig
	l := stack.Live{
		Cluster:      *c.Name,
		Version:      *c.Version,
		Endpoint:     aws.ToString(c.Endpoint),
		VPC:          aws.ToString(v.VpcId),
		ClusterGroup: aws.ToString(v.ClusterSecurityGroupId),
		IPv6:         g.Config.IPv6(),
		KeyName:      g.KeyName,
		CNIOnNode:    g.CNIOnNode,
		RoleName:     g.RoleName,
		AccessEntry:  g.AccessEntry,
	}
	if c.CertificateAuthority != nil {
		l.CA = aws.ToString(c.CertificateAuthority.Data)
	}
	if k := c.KubernetesNetworkConfig; k != nil {
		l.ServiceCIDR = aws.ToString(k.ServiceIpv4Cidr) + aws.ToString(k.ServiceIpv6Cidr)
	}
	if len(v.SecurityGroupIds) > 0 {
		l.ControlGroup = v.SecurityGroupIds[0]
	}
	if l.SharedGroup, err = sharedGroup(ctx, e, g.Config); err != nil {
		return l, err
	}
	if l.Subnets, err = e.subnets(ctx, config.On(n.PrivateNetworking, false), n.AvailabilityZones, n.Subnets); err != nil {
		return l, err
	}
	if stack.OpensSSHToVPC(n) {
		if l.Blocks, err = blocks(ctx, e, l.VPC); err != nil {
			return l, err
		}
	}
	if n.InstanceSelector != nil {
		if l.InstanceTypes, err = resolve.SelectInstances(ctx, e.AWS, n.InstanceSelector); err != nil {
			return l, fmt.Errorf("node group %s: %w", n.Name, err)
		}
	}
	return l, nil
}

// blocks are the IPv4 blocks of a VPC.
func blocks(ctx context.Context, e *Env, vpc string) ([]string, error) {
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

// sharedGroup is the security group that nodes of all groups share: the one that the
// file names, or the physical resource of the cluster's stack, not its output: a live
// value. "" where there is none.
func sharedGroup(ctx context.Context, e *Env, c *config.ClusterConfig) (string, error) {
	if id := c.VPC.SharedNodeSecurityGroup; id != "" {
		return id, nil
	}
	in := &cloudformation.DescribeStackResourceInput{StackName: new(stack.ClusterName(e.Name)), LogicalResourceId: new("ClusterSharedNodeSecurityGroup")}
	r, err := e.AWS.CFN.DescribeStackResource(ctx, in)
	if awsc.NotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("finding the shared security group of the nodes: %w", err)
	}
	return aws.ToString(r.StackResourceDetail.PhysicalResourceId), nil
}

// ami resolves a self-managed group's AMI: the one named, or the newest that AWS
// publishes for its family.
func ami(ctx context.Context, e *Env, g *config.NodeGroup, version string, types []string) (string, error) {
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
	p, err := Parameter(g.AmiFamily, version, eksfacts.ARM(t))
	if err != nil {
		return "", err
	}
	out, err := e.AWS.SSM.GetParameter(ctx, &ssm.GetParameterInput{Name: &p})
	if err != nil {
		return "", fmt.Errorf("finding the AMI of %s for Kubernetes %s (SSM parameter %s): %w", g.AmiFamily, version, p, err)
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
