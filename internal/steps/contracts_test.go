package steps_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const live = testregion.Cluster + `
addons: [{name: eks-pod-identity-agent}]
accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops"}]}
iam: {podIdentityAssociations: [{namespace: a, serviceAccountName: b, roleARN: "arn:aws:iam::111122223333:role/one"}]}
managedNodeGroups: [{name: m, desiredCapacity: 1, privateNetworking: true}]
`

// contract is one kind of step in one situation. spec is also called without a
// stage, for its kind alone.
type contract struct {
	name   string
	still  bool // it changes nothing
	before func(*stage)
	spec   func(*stage) steps.Spec
}

const one = "arn:aws:iam::111122223333:role/one"

func role(policy string) steps.Template {
	return steps.Text(stack.PodIdentity(stack.Role{Description: "r", ARNs: []string{"arn:aws:iam::aws:policy/" + policy}}))
}

// made takes another step to its end before.
func made(spec steps.Spec) func(*stage) {
	return func(s *stage) {
		s.spec = spec
		s.end(nil, true)
	}
}

// mayNetwork gives the role what the VPC CNI needs: its pods roll, and are ready with it alone.
func mayNetwork(s *stage) {
	in := &iam.AttachRolePolicyInput{RoleName: new("one"), PolicyArn: new("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy")}
	if _, err := s.r.AWS.IAM.AttachRolePolicy(s.t.Context(), in); err != nil {
		s.t.Fatal(err)
	}
}

// stuck is a stack whose update failed, and whose rollback failed at a subnet that
// somebody deleted.
func stuck(s *stage) {
	body := `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
		"Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "10.0.0.0/24"}}},
		"Outputs": {"Subnet": {"Value": {"Ref": "Subnet"}}}}`
	name := new("eksctl-test-stuck")
	_, err := s.r.AWS.CFN.CreateStack(s.t.Context(), &cloudformation.CreateStackInput{StackName: name, TemplateBody: &body})
	s.must(err)
	s.r.Sim.World.Advance(time.Hour)
	d, err := s.r.AWS.CFN.DescribeStacks(s.t.Context(), &cloudformation.DescribeStacksInput{StackName: name})
	s.must(err)
	body = strings.NewReplacer(`"10.0.0.0/24"}`, `"10.0.0.0/24", "MapPublicIpOnLaunch": true}`, `"Resources": {`,
		`"Resources": {"Bad": {"Type": "AWS::EC2::Subnet", "DependsOn": ["Subnet", "Slow"], "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "192.168.0.0/24"}},
			"Slow": {"Type": "AWS::EC2::InternetGateway", "DependsOn": "Subnet"},`).Replace(body)
	_, err = s.r.AWS.CFN.UpdateStack(s.t.Context(), &cloudformation.UpdateStackInput{StackName: name, TemplateBody: &body})
	s.must(err)
	s.r.Sim.World.Advance(10 * time.Second)
	_, err = s.r.Region.EC2.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: d.Stacks[0].Outputs[0].OutputValue})
	s.must(err)
	s.r.Sim.World.Advance(time.Hour)
}

var profile = config.FargateProfile{Name: "f", Selectors: []config.FargateProfileSelector{{Namespace: "x"}}}

func begun(*stage) steps.Spec { return &steps.ReplacementBegun{Group: "m", With: "m-b2"} }

func addonBegun(*stage) steps.Spec { return &steps.AddonBegun{Addon: "vpc-cni"} }

func nodesOfM(do string) func(*stage) steps.Spec {
	return func(*stage) steps.Spec { return &steps.GroupNodes{Group: "m", Replaced: "m", Do: do} }
}

var contracts = append([]contract{
	{"control plane", true, nil, func(*stage) steps.Spec { return &steps.ControlPlane{} }},
	{"nodes", true, nil, func(*stage) steps.Spec { return &steps.Nodes{Group: "m", Want: 1} }},
	{"OIDC provider", false, nil, func(*stage) steps.Spec { return &steps.OIDCProvider{} }},
	{"stack", false, nil, func(*stage) steps.Spec {
		return &steps.Stack{Name: "eksctl-test-role", Tags: map[string]string{eksfacts.TagCluster: "test"}, Template: role("AmazonS3ReadOnlyAccess")}
	}},
	{"record", false, nil, func(*stage) steps.Spec {
		return &steps.RecordSync{Stack: "eksctl-test-cluster", Edit: stack.Edit{Outputs: map[string]string{"SubnetsPublic": "subnet-1,subnet-2"}}}
	}},
	{"rollback that is stuck", false, stuck, func(*stage) steps.Spec {
		return &steps.RollbackContinue{Stack: "eksctl-test-stuck", Skip: []string{"Subnet"}}
	}},
	{"stack, started", false, nil, func(*stage) steps.Spec {
		return &steps.Stack{Name: "eksctl-test-role", Started: true, Template: role("AmazonS3ReadOnlyAccess")}
	}},
	{"node group's stack", false, nil, func(*stage) steps.Spec {
		return &steps.Stack{Name: "eksctl-test-nodegroup-n", Group: "n", Template: groupOf("n")}
	}},
	{"node group's early half", false, nil, func(*stage) steps.Spec {
		return &steps.Stack{Name: "eksctl-test-nodegroup-n", Template: earlyOf("n")}
	}},
	{"node group's stack, from its early half", false, made(&steps.Stack{Name: "eksctl-test-nodegroup-n", Template: earlyOf("n")}), func(*stage) steps.Spec {
		return &steps.Stack{Name: "eksctl-test-nodegroup-n", Group: "n", Template: groupOf("n")}
	}},
	{"stack that is under way", true, func(s *stage) {
		in := &cloudformation.CreateStackInput{StackName: new("eksctl-test-role"), TemplateBody: new(role("AmazonS3ReadOnlyAccess").Body), Capabilities: capabilities}
		_, err := s.r.AWS.CFN.CreateStack(s.t.Context(), in)
		s.must(err)
	}, func(*stage) steps.Spec { return &steps.StackWait{Name: "eksctl-test-role"} }},
	{"stack update", false, made(&steps.Stack{Name: "eksctl-test-role", Template: role("AmazonS3ReadOnlyAccess")}), func(*stage) steps.Spec {
		return &steps.StackUpdate{Name: "eksctl-test-role", Template: role("AmazonSQSReadOnlyAccess")}
	}},
	{"stack update of a group from what its template is", false, made(&steps.Stack{Name: "eksctl-test-nodegroup-n", Group: "n", Template: groupOf("n")}), func(*stage) steps.Spec {
		c := groupOf("n").Group.Config
		c.ManagedNodeGroups[0].MaxSize = new(7)
		return &steps.StackUpdate{Name: "eksctl-test-nodegroup-n", Template: steps.Template{Resize: &steps.Resize{Config: c}}}
	}},
	{"tag on a group", false, nil, func(*stage) steps.Spec { return &steps.Tag{Group: "m", Tags: map[string]string{"a": "b"}} }},
	{"add-on", false, nil, func(*stage) steps.Spec { return &steps.Addon{Name: "snapshot-controller", Until: steps.Active} }},
	{"add-on, not awaited", false, nil, func(*stage) steps.Spec { return &steps.Addon{Name: "snapshot-controller"} }},
	{"network add-on, applied", false, nil, func(*stage) steps.Spec { return &steps.Addon{Name: "eks-node-monitoring-agent", Until: steps.Applied} }},
	{"add-on health", true, nil, func(*stage) steps.Spec { return &steps.AddonHealth{Name: "coredns"} }},
	{"add-on update", false, nil, func(*stage) steps.Spec {
		return &steps.AddonUpdate{Input: eks.UpdateAddonInput{AddonName: new("coredns"), ConfigurationValues: new(`{"replicaCount": 3}`)}}
	}},
	{"add-on update with a pod identity", false, mayNetwork, func(*stage) steps.Spec {
		return &steps.AddonUpdate{Input: eks.UpdateAddonInput{AddonName: new("vpc-cni")}, PodRoles: map[string]string{"aws-node": one}}
	}},
	{"pod identity", false, nil, func(*stage) steps.Spec {
		return &steps.PodIdentity{Association: config.PodIdentityAssociation{Namespace: "c", ServiceAccountName: "d"}, Role: one}
	}},
	{"pod identity update", false, nil, func(s *stage) steps.Spec {
		return &steps.PodIdentityUpdate{Input: eks.UpdatePodIdentityAssociationInput{AssociationId: s.association(), DisableSessionTags: new(true)}}
	}},
	{"access entry update", false, nil, func(*stage) steps.Spec {
		view := config.AccessPolicy{PolicyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", AccessScope: &config.AccessScope{Type: "namespace", Namespaces: []string{"a"}}}
		return &steps.AccessEntryUpdate{Entry: config.AccessEntry{PrincipalARN: "arn:aws:iam::444455556666:role/ops", KubernetesGroups: []string{"crew"}, AccessPolicies: []config.AccessPolicy{view}}}
	}},
	{"Fargate profile", false, pods, func(*stage) steps.Spec { return &steps.FargateProfile{Profile: profile, Role: podsRole} }},
	{"identity provider", false, nil, func(*stage) steps.Spec {
		return &steps.IdentityProvider{Provider: config.IdentityProvider{Name: "dex", IssuerURL: "https://dex.example", ClientID: "c"}}
	}},
	{"cluster update: logging", false, nil, func(*stage) steps.Spec {
		audit := types.LogSetup{Enabled: new(true), Types: []types.LogType{types.LogTypeAudit}}
		return &steps.ClusterUpdate{Input: eks.UpdateClusterConfigInput{Logging: &types.Logging{ClusterLogging: []types.LogSetup{audit}}}}
	}},
	{"cluster update: endpoints", false, nil, func(*stage) steps.Spec {
		open := &types.VpcConfigRequest{EndpointPublicAccess: new(true), EndpointPrivateAccess: new(true), PublicAccessCidrs: []string{"192.0.2.0/24", "198.51.100.0/24"}}
		return &steps.ClusterUpdate{Input: eks.UpdateClusterConfigInput{ResourcesVpcConfig: open}}
	}},
	{"cluster version", false, nil, func(*stage) steps.Spec { return &steps.ClusterVersion{Version: "1.35"} }},
	{"cluster version, back", false, made(&steps.ClusterVersion{Version: "1.35"}), func(*stage) steps.Spec { return &steps.ClusterVersion{Version: "1.34", Force: true} }},
	{"what stands in the way of the next version", true, made(&steps.ClusterVersion{Version: "1.35"}), func(*stage) steps.Spec {
		return &steps.UpgradeReady{Version: "1.34", Back: true, Force: true}
	}},
	{"upgrade verified", true, nil, func(*stage) steps.Spec {
		return &steps.UpgradeVerified{Version: "1.34", Addons: []string{"vpc-cni", "coredns"}, Groups: []string{"m"}}
	}},
	{"encryption", false, key, func(*stage) steps.Spec { return &steps.Encryption{KeyARN: keyARN} }},
	{"log retention", false, logs, func(*stage) steps.Spec { return &steps.LogRetention{Days: 7} }},
	{"group update", false, nil, func(*stage) steps.Spec {
		return &steps.GroupUpdate{Input: eks.UpdateNodegroupConfigInput{NodegroupName: new("m"), Labels: &types.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"a": "b"}},
			Taints: &types.UpdateTaintsPayload{AddOrUpdateTaints: []types.Taint{{Key: new("t"), Effect: types.TaintEffectPreferNoSchedule}}}}}
	}},
	{"group update: bounds", false, nil, func(*stage) steps.Spec {
		return &steps.GroupUpdate{Input: eks.UpdateNodegroupConfigInput{NodegroupName: new("m")}, Bounds: &steps.Bounds{Min: 0, Max: 7}}
	}},
	{"group version", false, nil, func(*stage) steps.Spec {
		return &steps.GroupVersion{Input: eks.UpdateNodegroupVersionInput{NodegroupName: new("m"), Version: new("1.34"), ReleaseVersion: new("1.34.1-20260901")}}
	}},
	{"group version: another minor", false, upgraded, func(*stage) steps.Spec {
		return &steps.GroupVersion{Input: eks.UpdateNodegroupVersionInput{NodegroupName: new("m"), Version: new("1.35")}}
	}},
	{"group rolled", true, nil, func(*stage) steps.Spec {
		return &steps.GroupRolled{Group: "m", Min: 1, Max: 9, Nodes: 9, Ran: []string{"ReplicaSet/default/none"}}
	}},
	{"nodes followed", true, nil, func(*stage) steps.Spec {
		return &steps.NodesFollowed{Version: "1.34", Of: []string{"karpenter", "auto"}}
	}},
	{"group scaling", false, nil, func(*stage) steps.Spec {
		return &steps.GroupScaling{Group: "m", Suspend: []string{"AZRebalance"}, Tags: map[string]string{"a": "b"}}
	}},
	{"key pair", false, nil, func(*stage) steps.Spec {
		return &steps.KeyPair{Name: "k", Key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut k"}
	}},
	{"tag", false, nil, func(s *stage) steps.Spec { return &steps.Tag{ARN: s.clusterARN(), Tags: map[string]string{"a": "b"}} }},
	{"service account", false, nil, func(*stage) steps.Spec {
		return &steps.ServiceAccount{Namespace: "n", Name: "s", Labels: map[string]string{"a": "b"}, Role: one}
	}},
	{"identity mapping", false, nil, func(*stage) steps.Spec {
		return &steps.IdentityMapping{Mapping: config.IAMIdentityMapping{ARN: one, Username: "u", Groups: []string{"g"}}}
	}},
	{"EMR access", false, nil, func(*stage) steps.Spec { return &steps.EMRAccess{Namespace: "emr"} }},
	{"Windows support", false, nil, func(*stage) steps.Spec { return &steps.WindowsSupport{} }},
	{"CNI gate", true, cilium, func(*stage) steps.Spec { return &steps.CNIGate{DaemonSet: "kube-system/cilium"} }},
	{"delete Fargate profile", false, func(s *stage) {
		pods(s)
		made(&steps.FargateProfile{Profile: profile, Role: podsRole})(s)
	}, func(*stage) steps.Spec { return &steps.Delete{Resource: "fargate-profile", Name: "f"} }},
	{"delete stack", false, made(&steps.Stack{Name: "eksctl-test-role", Template: role("AmazonS3ReadOnlyAccess")}), func(*stage) steps.Spec {
		return &steps.Delete{Resource: "stack", Name: "eksctl-test-role"}
	}},
	{"delete key pair", false, made(&steps.KeyPair{Name: "k", Key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut k"}), func(*stage) steps.Spec { return &steps.Delete{Resource: "key-pair", Name: "k"} }},
	{"delete OIDC provider", false, made(&steps.OIDCProvider{}), func(s *stage) steps.Spec { return &steps.Delete{Resource: "oidc-provider", Name: s.issuerARN()} }},
	{"delete log group", false, logs, func(*stage) steps.Spec { return &steps.Delete{Resource: "log-group", Name: eksfacts.LogGroup("test")} }},
	{"Service with its load balancer", false, published, func(*stage) steps.Spec {
		return &steps.Unpublish{Kind: "Service", Namespace: "default", Name: "web"}
	}},
	{"delete add-on", false, nil, func(*stage) steps.Spec { return &steps.Delete{Resource: "addon", Name: "coredns"} }},
	{"drain", false, unguarded, func(*stage) steps.Spec { return &steps.Drain{Group: "m"} }},
	{"end instances", false, roomy, func(s *stage) steps.Spec {
		g := s.scalingGroup()
		return &steps.EndInstances{ScalingGroup: g.name, Instances: g.instances}
	}},
	{"sizes of an Auto Scaling group", false, nil, func(*stage) steps.Spec {
		return &steps.GroupScaling{Group: "m", Sizes: &steps.Sizes{Max: new(int32(3))}}
	}},
	{"subnets of an Auto Scaling group", false, nil, func(s *stage) steps.Spec {
		if s == nil {
			return &steps.GroupScaling{Group: "m"}
		}
		out, err := s.r.AWS.CFN.DescribeStackResource(s.t.Context(), &cloudformation.DescribeStackResourceInput{
			StackName: new("eksctl-test-cluster"), LogicalResourceId: new("SubnetPrivateUSWEST2A")})
		s.must(err)
		return &steps.GroupScaling{Group: "m", Subnets: []string{*out.StackResourceDetail.PhysicalResourceId}}
	}},
	{"access of nodes", false, nil, func(*stage) steps.Spec { return &steps.NodeAccess{Role: one, Type: "EC2_LINUX"} }},
	{"delete access entry", false, made(&steps.NodeAccess{Role: one, Type: "EC2_LINUX"}), func(*stage) steps.Spec {
		return &steps.Delete{Resource: "access-entry", Name: one}
	}},
	{"delete Auto Scaling group", false, nil, func(s *stage) steps.Spec {
		return &steps.Delete{Resource: "scaling-group", Name: s.scalingGroup().name}
	}},
	{"delete security group", false, referred, func(s *stage) steps.Spec {
		return &steps.Delete{Resource: "security-group", Name: s.groupNamed("left")}
	}},
	{"aws-auth mapping that goes", false, made(&steps.IdentityMapping{Mapping: config.IAMIdentityMapping{ARN: one, Username: "u", Groups: []string{"g"}}}),
		func(*stage) steps.Spec {
			return &steps.IdentityMapping{Mapping: config.IAMIdentityMapping{ARN: one}, Gone: true}
		}},
	{"what is before a replacement", false, nil, begun},
	{"what an earlier replacement left", false, made(&steps.ReplacementBegun{Group: "m", With: "another"}), begun},
	{"pause of a replacement", false, made(begun(nil)), func(*stage) steps.Spec { return &steps.ReplacementPaused{Group: "m", After: "after-green"} }},
	{"end of a replacement", false, made(begun(nil)), func(*stage) steps.Spec { return &steps.ReplacementEnded{Group: "m"} }},
	{"gate of what is available", true, made(begun(nil)), func(*stage) steps.Spec { return &steps.GateAvailable{Group: "m"} }},
	{"gate of a command", true, nil, func(*stage) steps.Spec {
		return &steps.GateCommand{Command: `test "$SLIPWAY_CLUSTER $SLIPWAY_GROUP $SLIPWAY_REPLACEMENT $SLIPWAY_STAGE" = "test m m-b2 after-green"`,
			Group: "m", With: "m-b2", Stage: "after-green", Timeout: 60}
	}},
	{"what is before an add-on's change", false, nil, addonBegun},
	{"end of an add-on's change", false, made(addonBegun(nil)), func(*stage) steps.Spec { return &steps.AddonEnded{Addon: "vpc-cni"} }},
	{"gate of an add-on's change", true, made(addonBegun(nil)), func(*stage) steps.Spec { return &steps.GateAvailable{Addon: "vpc-cni"} }},
	{"gate of a command about an add-on", true, nil, func(*stage) steps.Spec {
		return &steps.GateCommand{Command: `test "$SLIPWAY_CLUSTER $SLIPWAY_ADDON$SLIPWAY_GROUP $SLIPWAY_STAGE" = "test vpc-cni after-change"`,
			Addon: "vpc-cni", Stage: "after-change", Timeout: 60}
	}},
	{"version of a launch template", false, templated, func(s *stage) steps.Spec {
		return &steps.TemplateVersion{Template: s.templateNamed("mine"), From: "1", Image: "ami-0fedcba9876543210", Version: "2"}
	}},
	{"scaling held", false, nil, func(*stage) steps.Spec { return &steps.ScalingHeld{Group: "m"} }},
	{"scaling released", false, made(&steps.ScalingHeld{Group: "m"}), func(*stage) steps.Spec { return &steps.ScalingHeld{Group: "m", Release: true} }},
	{"nodes cordoned", false, nil, nodesOfM("cordon")},
	{"nodes out of load balancers", false, nil, nodesOfM("exclude")},
	{"nodes kept from the autoscaler", false, nil, nodesOfM("hold-scale-down")},
	{"nodes as before", false, made(nodesOfM("cordon")(nil)), nodesOfM("restore")},
	{"nodes the autoscaler's again", false, made(nodesOfM("hold-scale-down")(nil)), nodesOfM("let-scale-down")},
	{"nodes proven", true, nil, func(*stage) steps.Spec { return &steps.NodesProven{Group: "m"} }},
	{"delete node group", false, nil, func(*stage) steps.Spec { return &steps.Delete{Resource: "nodegroup", Name: "m"} }},
}, networkContracts...)

// scaling is the Auto Scaling group behind the node group of the test.
type scaling struct {
	name      string
	instances []string
}

// scalingGroup finds it; of no stage, it is nothing.
func (s *stage) scalingGroup() (out scaling) {
	if s == nil {
		return out
	}
	d, err := s.r.AWS.ASG.DescribeAutoScalingGroups(s.t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
	s.must(err)
	g := d.AutoScalingGroups[0]
	for _, i := range g.Instances {
		out.instances = append(out.instances, *i.InstanceId)
	}
	out.name = *g.AutoScalingGroupName
	return out
}

// referred makes a security group that a rule of another one names.
func referred(s *stage) {
	v, err := s.r.AWS.EC2.DescribeVpcs(s.t.Context(), &ec2.DescribeVpcsInput{})
	s.must(err)
	for _, name := range []string{"left", "other"} {
		_, err := s.r.Region.EC2.CreateSecurityGroup(nil, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name, VpcId: v.Vpcs[0].VpcId})
		s.must(err)
	}
	_, err = s.r.AWS.EC2.AuthorizeSecurityGroupIngress(s.t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: new(s.groupNamed("other")),
		IpPermissions: []ec2types.IpPermission{{IpProtocol: new("tcp"), FromPort: new(int32(1)), ToPort: new(int32(2)),
			UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: new(s.groupNamed("left"))}, {GroupId: new(s.groupNamed("other"))}}}}})
	s.must(err)
}

// groupNamed is the ID of a security group; of no stage, it is nothing.
func (s *stage) groupNamed(name string) string {
	if s == nil {
		return ""
	}
	d, err := s.r.AWS.EC2.DescribeSecurityGroups(s.t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: new("group-name"), Values: []string{name}}}})
	s.must(err)
	if len(d.SecurityGroups) == 0 {
		return ""
	}
	return *d.SecurityGroups[0].GroupId
}

// templated makes a launch template.
func templated(s *stage) {
	_, err := s.r.Region.EC2.CreateLaunchTemplate(nil, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: new("mine"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: new("ami-0123456789abcdef0")}})
	s.must(err)
}

// templateNamed is the ID of a launch template; of no stage, it is nothing.
func (s *stage) templateNamed(name string) string {
	if s == nil {
		return ""
	}
	d, err := s.r.AWS.EC2.DescribeLaunchTemplates(s.t.Context(), &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{name}})
	s.must(err)
	return *d.LaunchTemplates[0].LaunchTemplateId
}

// unguarded takes the disruption budgets away: these are the only nodes, and the pods of
// CoreDNS find no other.
func unguarded(s *stage) {
	k, err := s.env.Kube(s.t.Context())
	s.must(err)
	all, err := k.PolicyV1().PodDisruptionBudgets("").List(s.t.Context(), metav1.ListOptions{})
	s.must(err)
	for _, b := range all.Items {
		s.must(k.PolicyV1().PodDisruptionBudgets(b.Namespace).Delete(s.t.Context(), b.Name, metav1.DeleteOptions{}))
	}
}

// upgraded takes the control plane to the next minor; no budget holds the group's pods.
func upgraded(s *stage) {
	unguarded(s)
	made(&steps.ClusterVersion{Version: "1.35"})(s)
}

// roomy lets the group have no node at all.
func roomy(s *stage) {
	_, err := s.r.AWS.ASG.UpdateAutoScalingGroup(s.t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: new(s.scalingGroup().name), MinSize: new(int32(0))})
	s.must(err)
}

var capabilities = []cfntypes.Capability{cfntypes.CapabilityCapabilityIam, cfntypes.CapabilityCapabilityNamedIam}

func groupOf(name string) steps.Template {
	f, err := config.Load("test.yaml", []byte(testregion.Cluster+"managedNodeGroups: [{name: "+name+", desiredCapacity: 1, privateNetworking: true}]\n"))
	if err != nil {
		panic(err)
	}
	return steps.Template{Group: &steps.Group{Config: f.Cluster, CNIOnNode: true}}
}

// earlyOf is the half of it that is made while the control plane is.
func earlyOf(name string) steps.Template {
	t := groupOf(name)
	t.Group.Early = true
	return t
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) association() *string {
	if s == nil {
		return nil
	}
	out, err := s.r.AWS.EKS.ListPodIdentityAssociations(s.t.Context(), &eks.ListPodIdentityAssociationsInput{ClusterName: new("test"), Namespace: new("a")})
	s.must(err)
	return out.Associations[0].AssociationId
}

func (s *stage) cluster() *types.Cluster {
	out, err := s.r.AWS.EKS.DescribeCluster(s.t.Context(), &eks.DescribeClusterInput{Name: new("test")})
	s.must(err)
	return out.Cluster
}

func (s *stage) clusterARN() string {
	if s == nil {
		return ""
	}
	return *s.cluster().Arn
}

func (s *stage) issuerARN() string {
	if s == nil {
		return ""
	}
	return "arn:aws:iam::111122223333:oidc-provider/" + strings.TrimPrefix(*s.cluster().Identity.Oidc.Issuer, "https://")
}

const podsRole = "arn:aws:iam::111122223333:role/pods"

// pods makes a role that Fargate may assume.
func pods(s *stage) {
	s.r.Sim.World.Lock()
	defer s.r.Sim.World.Unlock()
	s.r.Region.IAM.AdoptRole(podsRole, []string{"eks-fargate-pods.amazonaws.com"})
}

const keyARN = "arn:aws:kms:us-west-2:111122223333:key/k"

func key(s *stage) {
	s.r.Sim.World.Lock()
	defer s.r.Sim.World.Unlock()
	s.must(s.r.Region.KMS.Adopt("key", []byte(`{"Arn":"`+keyARN+`"}`)))
}

func logs(s *stage) {
	_, err := s.r.AWS.Logs.CreateLogGroup(s.t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: new(eksfacts.LogGroup("test"))})
	s.must(err)
}

func cilium(s *stage) {
	k, err := s.env.Kube(s.t.Context())
	s.must(err)
	l := map[string]string{"app": "cilium"}
	_, err = k.AppsV1().DaemonSets("kube-system").Create(s.t.Context(), &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "cilium"},
		Spec: appsv1.DaemonSetSpec{Selector: &metav1.LabelSelector{MatchLabels: l}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: l},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "cilium", Image: "cilium"}}}}}}, metav1.CreateOptions{})
	s.must(err)
}

func published(s *stage) {
	k, err := s.env.Kube(s.t.Context())
	s.must(err)
	_, err = k.CoreV1().Services("default").Create(s.t.Context(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Port: 80}}}}, metav1.CreateOptions{})
	s.must(err)
	s.r.Sim.World.Advance(time.Minute)
}

// fingerprint lists what a region holds, and how often its long operations began:
// what is made or changed twice shows.
func fingerprint(s *stage) []string {
	s.t.Helper()
	s.r.Sim.World.Advance(20 * time.Minute) // what a step began and does not await ends first
	var out []string
	add := func(format string, a ...any) { out = append(out, fmt.Sprintf(format, a...)) }
	ctx, c := s.t.Context(), s.r.AWS
	cl := new("test")
	stacks, err := c.CFN.ListStacks(ctx, &cloudformation.ListStacksInput{})
	s.must(err)
	for i, x := range stacks.StackSummaries {
		add("stack %d of them %s %s", i, *x.StackName, x.StackStatus)
		d, err := c.CFN.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: x.StackId})
		s.must(err)
		for _, o := range d.Stacks[0].Outputs {
			if *o.OutputKey == "SubnetsPublic" {
				add("stack %s says %s", *x.StackName, *o.OutputValue)
			}
		}
		sets, err := c.CFN.ListChangeSets(ctx, &cloudformation.ListChangeSetsInput{StackName: x.StackId})
		if err == nil {
			for _, y := range sets.Summaries {
				add("stack %s has a change set %s", *x.StackName, y.ExecutionStatus)
			}
		}
	}
	out = append(out, networkFingerprint(s)...)
	roles, err := c.IAM.ListRoles(ctx, &iam.ListRolesInput{})
	s.must(err)
	for _, x := range roles.Roles {
		p, err := c.IAM.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: x.RoleName})
		s.must(err)
		for _, y := range p.AttachedPolicies {
			add("role with %s", *y.PolicyName)
		}
	}
	add("%d roles", len(roles.Roles))
	oidc, err := c.IAM.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	s.must(err)
	add("%d OIDC providers", len(oidc.OpenIDConnectProviderList))
	keys, err := c.EC2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
	s.must(err)
	add("%d key pairs", len(keys.KeyPairs))
	lts, err := c.EC2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})
	s.must(err)
	for i, x := range lts.LaunchTemplates {
		add("launch template %d of them is at version %d", i, *x.LatestVersionNumber)
	}
	old, err := c.Classic.DescribeLoadBalancers(ctx, &elasticloadbalancing.DescribeLoadBalancersInput{})
	s.must(err)
	add("%d classic load balancers", len(old.LoadBalancerDescriptions))
	lgs, err := c.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	s.must(err)
	for _, x := range lgs.LogGroups {
		add("log group %s kept for %d days", *x.LogGroupName, aws.ToInt32(x.RetentionInDays))
	}
	asgs, err := c.ASG.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	s.must(err)
	for _, x := range asgs.AutoScalingGroups {
		add("Auto Scaling group of %d to %d with %d instances, %d processes suspended, %d tags and %d commas between subnets", *x.MinSize, *x.MaxSize, len(x.Instances),
			len(x.SuspendedProcesses), len(x.Tags), strings.Count(*x.VPCZoneIdentifier, ","))
	}
	out = append(out, eksFingerprint(s, cl)...)
	out = append(out, kubeFingerprint(s)...)
	begun := map[string]int{}
	for _, e := range s.r.Sim.World.Log() {
		if !strings.HasPrefix(e.Kind, "eks:health") {
			begun[e.Kind]++
		}
	}
	for k, n := range begun {
		add("%s began %d times", k, n)
	}
	slices.Sort(out)
	return out
}

func eksFingerprint(s *stage, cl *string) (out []string) {
	ctx, c := s.t.Context(), s.r.AWS.EKS
	add := func(format string, a ...any) { out = append(out, fmt.Sprintf(format, a...)) }
	d := s.cluster()
	add("cluster %s, logging %v, encrypted %d, private %t, from %v, tags %v", d.Status, steps.EnabledLogs(d.Logging), len(d.EncryptionConfig), d.ResourcesVpcConfig.EndpointPrivateAccess, d.ResourcesVpcConfig.PublicAccessCidrs, d.Tags)
	count := func(in *eks.ListUpdatesInput, what string) {
		in.Name = cl
		u, err := c.ListUpdates(ctx, in)
		s.must(err)
		add("%d updates of %s", len(u.UpdateIds), what)
	}
	count(&eks.ListUpdatesInput{}, "the cluster")
	addons, err := c.ListAddons(ctx, &eks.ListAddonsInput{ClusterName: cl})
	s.must(err)
	for _, a := range addons.Addons {
		x, err := c.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: cl, AddonName: &a})
		s.must(err)
		add("add-on %s %s %s, %d associations", a, x.Addon.Status, aws.ToString(x.Addon.ConfigurationValues), len(x.Addon.PodIdentityAssociations))
		count(&eks.ListUpdatesInput{AddonName: &a}, a)
	}
	groups, err := c.ListNodegroups(ctx, &eks.ListNodegroupsInput{ClusterName: cl})
	s.must(err)
	for _, g := range groups.Nodegroups {
		x, err := c.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: cl, NodegroupName: &g})
		s.must(err)
		add("group %s %s %v %d taints, tags %v, up to %d", g, x.Nodegroup.Status, x.Nodegroup.Labels, len(x.Nodegroup.Taints), x.Nodegroup.Tags, *x.Nodegroup.ScalingConfig.MaxSize)
		count(&eks.ListUpdatesInput{NodegroupName: &g}, g)
	}
	profiles, err := c.ListFargateProfiles(ctx, &eks.ListFargateProfilesInput{ClusterName: cl})
	s.must(err)
	add("profiles %v", profiles.FargateProfileNames)
	as, err := c.ListPodIdentityAssociations(ctx, &eks.ListPodIdentityAssociationsInput{ClusterName: cl})
	s.must(err)
	for _, a := range as.Associations {
		x, err := c.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: cl, AssociationId: a.AssociationId})
		s.must(err)
		add("association of %s/%s, without session tags %t", *a.Namespace, *a.ServiceAccount, aws.ToBool(x.Association.DisableSessionTags))
	}
	ps, err := c.ListIdentityProviderConfigs(ctx, &eks.ListIdentityProviderConfigsInput{ClusterName: cl})
	s.must(err)
	add("%d identity providers", len(ps.IdentityProviderConfigs))
	entries, err := c.ListAccessEntries(ctx, &eks.ListAccessEntriesInput{ClusterName: cl})
	s.must(err)
	add("%d access entries", len(entries.AccessEntries))
	ops := new("arn:aws:iam::444455556666:role/ops")
	e, err := c.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: cl, PrincipalArn: ops})
	s.must(err)
	p, err := c.ListAssociatedAccessPolicies(ctx, &eks.ListAssociatedAccessPoliciesInput{ClusterName: cl, PrincipalArn: ops})
	s.must(err)
	add("ops in %v with %d policies", e.AccessEntry.KubernetesGroups, len(p.AssociatedAccessPolicies))
	return out
}

func kubeFingerprint(s *stage) (out []string) {
	ctx := s.t.Context()
	k, err := s.env.Kube(ctx)
	s.must(err)
	maps, err := k.CoreV1().ConfigMaps("kube-system").List(ctx, metav1.ListOptions{})
	s.must(err)
	for _, m := range maps.Items {
		if m.Name == "kube-root-ca.crt" {
			continue // another authority in each region
		}
		out = append(out, fmt.Sprintf("config map %s %v", m.Name, m.Data))
	}
	nodes, err := k.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	s.must(err)
	for _, n := range nodes.Items {
		mark := func(key string) string { return n.Annotations[key] + n.Labels[key] }
		out = append(out, fmt.Sprintf("node cordoned %t for %q, excluded %q for %q, kept %q for %q", n.Spec.Unschedulable, mark(marks.Cordoned),
			mark(marks.ExcludeLabel), mark(marks.Excluded), mark(marks.ScaleDownDisabled), mark(marks.Held)))
	}
	for _, ns := range []string{"n", "emr"} {
		accounts, err := k.CoreV1().ServiceAccounts(ns).List(ctx, metav1.ListOptions{})
		s.must(err)
		for _, a := range accounts.Items {
			out = append(out, fmt.Sprintf("service account %s/%s %v %v", ns, a.Name, a.Labels, a.Annotations))
		}
		bindings, err := k.RbacV1().RoleBindings(ns).List(ctx, metav1.ListOptions{})
		s.must(err)
		out = append(out, fmt.Sprintf("%d bindings in %s", len(bindings.Items), ns))
	}
	return out
}
