package stack

import (
	"fmt"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
)

// Role describes an IAM role that a stack of its own holds, with output Role1.
type Role struct {
	Stack       string // name of the stack that holds it
	Description string
	Issuer      string // OIDC issuer without https://, for IRSA
	Account     string
	Partition   string
	Namespace   string
	Name        string // service account; a pattern where Pattern
	Pattern     bool
	RoleName    string
	Boundary    string
	ARNs        []string
	Policy      config.Document
	PolicyName  string // of Policy; "": named after the stack
	WellKnown   *config.WellKnownPolicies
}

// IRSA is the template of a role that a service account assumes by web identity.
func IRSA(r Role) *Template {
	op := "StringEquals"
	if r.Pattern {
		op = "StringLike"
	}
	trust := M{"Version": "2012-10-17", "Statement": L{M{"Effect": "Allow", "Action": L{"sts:AssumeRoleWithWebIdentity"},
		"Principal": M{"Federated": fmt.Sprintf("arn:%s:iam::%s:oidc-provider/%s", r.Partition, r.Account, r.Issuer)},
		"Condition": M{op: M{r.Issuer + ":sub": "system:serviceaccount:" + r.Namespace + ":" + r.Name, r.Issuer + ":aud": "sts.amazonaws.com"}}}}}
	return r.template(trust)
}

// PodIdentity is the template of a role that pods assume through EKS Pod Identity.
func PodIdentity(r Role) *Template {
	return r.template(M{"Version": "2012-10-17", "Statement": L{M{"Effect": "Allow", "Action": L{"sts:AssumeRole", "sts:TagSession"},
		"Principal": M{"Service": "pods.eks.amazonaws.com"}}}})
}

func (r Role) template(trust M) *Template {
	t := newTemplate(r.Description)
	p := M{"AssumeRolePolicyDocument": trust}
	if r.RoleName != "" {
		p["RoleName"] = r.RoleName
	}
	boundary(p, r.Boundary)
	arns := L{}
	for _, a := range r.ARNs {
		arns = append(arns, a)
	}
	type named struct {
		id  string
		doc any
	}
	var inline []named
	if r.Policy != nil {
		inline = append(inline, named{"Policy1", map[string]any(r.Policy)})
	}
	if w := r.WellKnown; w != nil {
		for _, x := range wellKnown(w) {
			if x.managed != "" {
				arns = append(arns, managedPolicy(x.managed))
			} else {
				inline = append(inline, named{x.id, x.doc})
			}
		}
	}
	if len(arns) > 0 {
		p["ManagedPolicyArns"] = arns
	}
	t.add("Role1", "AWS::IAM::Role", p)
	for _, x := range inline {
		name := policyName(r.Stack, x.id)
		if x.id == "Policy1" && r.PolicyName != "" {
			name = r.PolicyName
		}
		t.add(x.id, "AWS::IAM::Policy", M{"PolicyName": name, "PolicyDocument": x.doc, "Roles": L{Ref("Role1")}})
	}
	t.output("Role1", Att("Role1", "Arn"), false)
	return t
}

type known struct {
	id, managed string
	doc         M
}

func allow(actions ...string) M { return statement("*", actions...) }

func statement(resource any, actions ...string) M {
	a := L{}
	for _, x := range actions {
		a = append(a, x)
	}
	return M{"Version": "2012-10-17", "Statement": L{M{"Effect": "Allow", "Action": a, "Resource": resource}}}
}

func wellKnown(w *config.WellKnownPolicies) []known {
	var out []known
	add := func(on *bool, k ...known) {
		if config.On(on, false) {
			out = append(out, k...)
		}
	}
	add(w.ImageBuilder, known{managed: "AmazonEC2ContainerRegistryPowerUser"})
	add(w.AutoScaler, known{id: "PolicyAutoScaling", doc: autoScaling})
	add(w.AwsLoadBalancerController, known{id: "PolicyAWSLoadBalancerController", doc: loadBalancer})
	add(w.ExternalDNS, known{id: "PolicyExternalDNSChangeSet", doc: dnsChange}, known{id: "PolicyExternalDNSHostedZones", doc: dnsList})
	add(w.CertManager, known{id: "PolicyCertManagerChangeSet", doc: dnsChange}, known{id: "PolicyCertManagerGetChange", doc: dnsGet},
		known{id: "PolicyCertManagerHostedZones", doc: dnsList})
	add(w.EbsCSIController, known{managed: "service-role/AmazonEBSCSIDriverPolicy"})
	add(w.EfsCSIController, known{managed: "service-role/AmazonEFSCSIDriverPolicy"})
	return out
}

var (
	autoScaling = allow("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLaunchConfigurations",
		"autoscaling:DescribeScalingActivities", "autoscaling:DescribeTags", "autoscaling:SetDesiredCapacity",
		"autoscaling:TerminateInstanceInAutoScalingGroup", "ec2:DescribeImages", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplateVersions",
		"ec2:GetInstanceTypesFromInstanceRequirements", "eks:DescribeNodegroup")
	loadBalancer = allow("iam:CreateServiceLinkedRole", "ec2:DescribeAccountAttributes", "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones",
		"ec2:DescribeInternetGateways", "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups", "ec2:DescribeInstances",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeTags", "ec2:GetCoipPoolUsage", "ec2:DescribeCoipPools", "ec2:AuthorizeSecurityGroupIngress",
		"ec2:RevokeSecurityGroupIngress", "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup", "ec2:CreateTags", "ec2:DeleteTags",
		"elasticloadbalancing:*", "acm:ListCertificates", "acm:DescribeCertificate", "iam:ListServerCertificates", "iam:GetServerCertificate",
		"waf-regional:*", "wafv2:*", "shield:*")
	dnsChange = statement(Sub("arn:${AWS::Partition}:route53:::hostedzone/*"), "route53:ChangeResourceRecordSets")
	dnsGet    = statement(Sub("arn:${AWS::Partition}:route53:::change/*"), "route53:GetChange")
	dnsList   = allow("route53:ListHostedZones", "route53:ListHostedZonesByName", "route53:ListResourceRecordSets", "route53:ListTagsForResource")
)

// nodePolicies are the inline policies of a node role by withAddonPolicies.
func nodePolicies(w *config.NodeGroupIAMAddonPolicies) []known {
	if w == nil {
		return nil
	}
	var out []known
	add := func(on *bool, k ...known) {
		if config.On(on, false) {
			out = append(out, k...)
		}
	}
	add(w.AutoScaler, known{id: "PolicyAutoScaling", doc: autoScaling})
	add(w.CertManager, known{id: "PolicyCertManagerChangeSet", doc: dnsChange}, known{id: "PolicyCertManagerGetChange", doc: dnsGet})
	add(w.ExternalDNS, known{id: "PolicyExternalDNSChangeSet", doc: dnsChange}, known{id: "PolicyExternalDNSHostedZones", doc: dnsList})
	add(w.AppMesh, known{id: "PolicyAppMesh", doc: allow("servicediscovery:*", "route53:GetHealthCheck", "route53:CreateHealthCheck", "appmesh:*")})
	add(w.AppMeshPreview, known{id: "PolicyAppMeshPreview", doc: allow("appmesh-preview:*", "servicediscovery:*")})
	add(w.EBS, known{id: "PolicyEBS", doc: allow("ec2:AttachVolume", "ec2:CreateSnapshot", "ec2:CreateTags", "ec2:CreateVolume", "ec2:DeleteSnapshot",
		"ec2:DeleteTags", "ec2:DeleteVolume", "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeTags",
		"ec2:DescribeVolumes", "ec2:DescribeVolumesModifications", "ec2:DetachVolume", "ec2:ModifyVolume")})
	add(w.EFS, known{id: "PolicyEFS", doc: allow("elasticfilesystem:*")}, known{id: "PolicyEFSEC2", doc: allow("ec2:DescribeSubnets",
		"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")})
	add(w.FSx, known{id: "PolicyFSX", doc: allow("fsx:*")}, known{id: "PolicyServiceLinkRole", doc: allow("iam:CreateServiceLinkedRole",
		"iam:AttachRolePolicy", "iam:PutRolePolicy")})
	add(w.XRay, known{id: "PolicyXRay", doc: allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules",
		"xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries")})
	add(w.AwsLoadBalancerController, known{id: "PolicyAWSLoadBalancerController", doc: loadBalancer})
	add(w.AlbIngress, known{id: "PolicyALBIngress", doc: loadBalancer})
	return out
}

// nodeRole adds NodeInstanceRole, or returns the given one. cni: the VPC CNI takes
// its permissions from the node.
func (t *Template) nodeRole(stack string, n *config.NodeGroupBase, cni bool) any {
	i := n.IAM
	if i.InstanceRoleARN != "" {
		return i.InstanceRoleARN
	}
	names := []string{"AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy", "AmazonSSMManagedInstanceCore"}
	if cni {
		names = append(names, "AmazonEKS_CNI_Policy")
	}
	arns := L{}
	if len(i.AttachPolicyARNs) > 0 {
		for _, a := range i.AttachPolicyARNs {
			arns = append(arns, a)
		}
		if cni && !strings.Contains(strings.Join(i.AttachPolicyARNs, " "), "AmazonEKS_CNI_Policy") {
			arns = append(arns, managedPolicy("AmazonEKS_CNI_Policy"))
		}
	} else {
		for _, x := range names {
			arns = append(arns, managedPolicy(x))
		}
	}
	if w := i.WithAddonPolicies; w != nil {
		if config.On(w.ImageBuilder, false) {
			arns = append(arns, managedPolicy("AmazonEC2ContainerRegistryPowerUser"))
		}
		if config.On(w.CloudWatch, false) {
			arns = append(arns, managedPolicy("CloudWatchAgentServerPolicy"))
		}
	}
	p := M{"AssumeRolePolicyDocument": assume(principal("EC2")), "ManagedPolicyArns": arns, "Path": "/", "Tags": L{M{"Key": "Name",
		"Value": Sub("${AWS::StackName}/NodeInstanceRole")}}}
	if i.InstanceRoleName != "" {
		p["RoleName"] = i.InstanceRoleName
	}
	boundary(p, i.InstanceRolePermissionsBoundary)
	t.add("NodeInstanceRole", "AWS::IAM::Role", p)
	if i.AttachPolicy != nil {
		t.add("Policy1", "AWS::IAM::Policy", M{"PolicyName": policyName(stack, "Policy1"), "PolicyDocument": map[string]any(i.AttachPolicy),
			"Roles": L{Ref("NodeInstanceRole")}})
	}
	for _, k := range nodePolicies(i.WithAddonPolicies) {
		t.add(k.id, "AWS::IAM::Policy", M{"PolicyName": policyName(stack, k.id), "PolicyDocument": k.doc, "Roles": L{Ref("NodeInstanceRole")}})
	}
	return Att("NodeInstanceRole", "Arn")
}

// AccessEntry is the template of one access entry.
func AccessEntry(cluster string, e config.AccessEntry) *Template {
	t := newTemplate("access entry " + e.PrincipalARN)
	p := M{"ClusterName": cluster, "PrincipalArn": e.PrincipalARN}
	if e.Type != "" {
		p["Type"] = e.Type
	}
	if len(e.KubernetesGroups) > 0 {
		p["KubernetesGroups"] = strs(e.KubernetesGroups)
	}
	if e.KubernetesUsername != "" {
		p["Username"] = e.KubernetesUsername
	}
	var ps L
	for _, a := range e.AccessPolicies {
		scope := M{"Type": "cluster"}
		if a.AccessScope != nil {
			scope["Type"] = a.AccessScope.Type
			if len(a.AccessScope.Namespaces) > 0 {
				scope["Namespaces"] = strs(a.AccessScope.Namespaces)
			}
		}
		ps = append(ps, M{"PolicyArn": a.PolicyARN, "AccessScope": scope})
	}
	if ps != nil {
		p["AccessPolicies"] = ps
	}
	t.add("AccessEntry", "AWS::EKS::AccessEntry", p)
	return t
}
