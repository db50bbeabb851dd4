package run_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/testregion"
)

const customAMI = "ami: ami-0e53ec15ae8271f82, "

// Groups with bootstrap commands, settings and maxPods of their own: their nodes join,
// and carry what the file says. Each is a kind that a public report tells went wrong.
func TestNodesJoinWithTheFilesUserData(t *testing.T) {
	groups := `
managedNodeGroups:
  - {name: override, desiredCapacity: 1, ` + customAMI + `overrideBootstrapCommand: "#!/bin/bash\n/etc/eks/bootstrap.sh test\n"}
  - {name: settings, desiredCapacity: 1, ` + customAMI + `labels: {tier: x}, taints: [{key: a, value: b, effect: PreferNoSchedule}],
     overrideBootstrapCommand: "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  kubelet:\n    config:\n      maxPods: 33\n"}
  - {name: pods, desiredCapacity: 1, instanceType: t3.medium, maxPodsPerNode: 110}
  - {name: bottle, desiredCapacity: 1, amiFamily: Bottlerocket, maxPodsPerNode: 50, labels: {role: w}, taints: [{key: pool, value: a, effect: PreferNoSchedule}],
     bottlerocket: {enableAdminContainer: true, settings: {motd: hi, kubernetes: {eviction-hard: {memory.available: "15%"}}}}}
nodeGroups:
  - {name: own, desiredCapacity: 1, amiFamily: Bottlerocket, maxPodsPerNode: 51, labels: {own: "y"}, taints: [{key: own, effect: PreferNoSchedule}], bottlerocket: {settings: {kubernetes: {cluster-name: other}}}}
`
	text := testregion.Cluster + groups
	r := up(t, text)
	k, err := prepare(t, r, text).Env.Kube(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[string]corev1.Node{}
	for _, n := range list.Items {
		nodes[n.Labels["alpha.eksctl.io/nodegroup-name"]] = n
	}
	for group, want := range map[string]struct {
		pods         int64
		label, taint string
	}{
		"override": {29, "", ""}, "settings": {33, "tier=x", "a=b:PreferNoSchedule"}, "pods": {110, "", ""},
		"bottle": {50, "role=w", "pool=a:PreferNoSchedule"}, "own": {51, "own=y", "own:PreferNoSchedule"},
	} {
		n, ok := nodes[group]
		if !ok {
			t.Errorf("no node of %s", group)
			continue
		}
		if got := n.Status.Capacity.Pods().Value(); got != want.pods {
			t.Errorf("%s: %d pods, not %d", group, got, want.pods)
		}
		if key, v, _ := strings.Cut(want.label, "="); n.Labels[key] != v {
			t.Errorf("%s: labels %v", group, n.Labels)
		}
		var taints []string
		for _, x := range n.Spec.Taints {
			taints = append(taints, x.ToString())
		}
		if got := strings.Join(taints, " "); got != want.taint {
			t.Errorf("%s: taints %q, not %q", group, got, want.taint)
		}
	}
}

// A private network's SSH rules admit the VPC, whatever its blocks.
func TestSSHRulesFollowTheVPC(t *testing.T) {
	text := testregion.Cluster + "vpc: {cidr: 10.0.0.0/16, extraCIDRs: [10.1.0.0/16]}\n" +
		"managedNodeGroups: [{name: m, desiredCapacity: 0, minSize: 0, privateNetworking: true, ssh: {allow: true, publicKeyName: k}}]\n"
	r := up(t, text)
	out, err := r.AWS.EC2.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range out.SecurityGroups {
		for _, p := range g.IpPermissions {
			for _, x := range p.IpRanges {
				if aws.ToInt32(p.FromPort) == 22 {
					got = append(got, *x.CidrIp)
				}
			}
		}
	}
	if s := strings.Join(got, " "); s != "10.0.0.0/16 10.1.0.0/16" {
		t.Errorf("SSH from %q", s)
	}
}

// consoles are what all running instances show on their consoles.
func consoles(t *testing.T, r *testregion.Region) string {
	t.Helper()
	list, err := r.AWS.EC2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, x := range list.Reservations {
		for _, i := range x.Instances {
			out, err := r.Region.EC2.GetConsoleOutput(nil, &ec2.GetConsoleOutputInput{InstanceId: i.InstanceId})
			if err != nil {
				t.Fatal(err)
			}
			b, err := base64.StdEncoding.DecodeString(aws.ToString(out.Output))
			if err != nil {
				t.Fatal(err)
			}
			all += string(b)
		}
	}
	return all
}

// The region's nodes read user data as AWS's do: what they cannot read never joins,
// and EKS says so.
func TestUserDataThatNoNodeReads(t *testing.T) {
	r := up(t, testregion.Cluster+"managedNodeGroups: [{name: m, desiredCapacity: 1, "+customAMI+"}]\n")
	out, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("m")})
	if err != nil {
		t.Fatal(err)
	}
	settings := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n--B\nContent-Type: application/node.eks.aws\n\n" +
		"apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {kubelet: {config: {maxPods: 20}}}\n--B--\n"
	for _, c := range []struct {
		name, data, ami string
		want            types.NodegroupIssueCode
		says, console   string
	}{
		{"bare", "#!/bin/bash\necho\n", "", types.NodegroupIssueCodeEc2LaunchTemplateInvalidConfiguration,
			"User data was not in the MIME multipart format.", ""},
		{"shell", "#!/bin/bash\n/etc/eks/bootstrap.sh test\n", "ami-0e53ec15ae8271f82", types.NodegroupIssueCodeNodeCreationFailure,
			"Instances failed to join the kubernetes cluster", "nodeadm: failed to decode node config"},
		{"settings", settings, "ami-0e53ec15ae8271f82", types.NodegroupIssueCodeNodeCreationFailure,
			"Instances failed to join the kubernetes cluster", "nodeadm: Name is missing in cluster configuration"},
		{"fine", settings, "", "", "", "kubelet: Successfully registered node"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := &ec2types.RequestLaunchTemplateData{UserData: new(base64.StdEncoding.EncodeToString([]byte(c.data)))}
			if c.ami != "" {
				data.ImageId = &c.ami
			}
			lt, err := r.Region.EC2.CreateLaunchTemplate(nil, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &c.name, LaunchTemplateData: data})
			if err != nil {
				t.Fatal(err)
			}
			one := int32(1)
			_, err = r.AWS.EKS.CreateNodegroup(t.Context(), &eks.CreateNodegroupInput{
				ClusterName: new("test"), NodegroupName: &c.name, NodeRole: out.Nodegroup.NodeRole, Subnets: out.Nodegroup.Subnets,
				ScalingConfig:  &types.NodegroupScalingConfig{MinSize: &one, MaxSize: &one, DesiredSize: &one},
				LaunchTemplate: &types.LaunchTemplateSpecification{Id: lt.LaunchTemplate.LaunchTemplateId},
			})
			if err != nil {
				t.Fatal(err)
			}
			r.Sim.World.Advance(10 * time.Minute)
			if got := consoles(t, r); c.console != "" && !strings.Contains(got, c.console) {
				t.Errorf("no console says %q: %s", c.console, got)
			}
			r.Sim.World.Advance(30 * time.Minute)
			g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: &c.name})
			if err != nil {
				t.Fatal(err)
			}
			switch issues := g.Nodegroup.Health.Issues; {
			case c.want == "" && g.Nodegroup.Status == types.NodegroupStatusActive:
			case c.want == "" || len(issues) == 0 || issues[0].Code != c.want || aws.ToString(issues[0].Message) != c.says:
				t.Errorf("%s: %+v", g.Nodegroup.Status, issues)
			}
		})
	}
}
