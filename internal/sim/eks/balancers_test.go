package eks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/kube"
)

// serving is a cluster with a node and its Kubernetes API.
type serving struct {
	life
	kubernetes.Interface
}

func serve(t *testing.T) serving {
	t.Helper()
	l := begin(t).after(20 * time.Minute)
	d, err := l.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("c")})
	l.refused("", err)
	k, err := kube.Client(t.Context(), l.AWS, d.Cluster)
	l.refused("", err)
	_, err = l.AWS.IAM.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: new("nodes"),
		PolicyArn: new("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy")})
	l.refused("", err)
	_, err = l.addon(eks.CreateAddonInput{AddonName: new("vpc-cni")})
	l.refused("", err)
	_, err = l.AWS.EKS.CreateNodegroup(t.Context(), &eks.CreateNodegroupInput{ClusterName: new("c"), NodegroupName: new("g"), NodeRole: new(nodes),
		Subnets: []string{subnetA}, ScalingConfig: &types.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(1)), DesiredSize: new(int32(1))}})
	l.refused("", err)
	return serving{l.after(10 * time.Minute), k}
}

func (s serving) service(name, kind string) {
	s.t.Helper()
	x := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{}},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": "web"},
			Ports: []corev1.ServicePort{{Port: 80, Protocol: corev1.ProtocolTCP}}}}
	if kind != "" {
		x.Annotations["service.beta.kubernetes.io/aws-load-balancer-type"] = kind
	}
	_, err := s.CoreV1().Services("default").Create(s.t.Context(), x, metav1.CreateOptions{})
	s.refused("", err)
	s.after(2 * time.Second)
}

func (s serving) host(name string) string {
	s.t.Helper()
	x, err := s.CoreV1().Services("default").Get(s.t.Context(), name, metav1.GetOptions{})
	s.refused("", err)
	if len(x.Status.LoadBalancer.Ingress) == 0 {
		return ""
	}
	return x.Status.LoadBalancer.Ingress[0].Hostname
}

// events are the reasons of a Service's events, with the messages of warnings.
func (s serving) events(name string) string {
	s.t.Helper()
	l, err := s.CoreV1().Events("default").List(s.t.Context(), metav1.ListOptions{})
	s.refused("", err)
	seen := map[string]bool{}
	for _, e := range l.Items {
		if e.InvolvedObject.Name != name {
			continue
		}
		if seen[e.Reason] = true; e.Type == corev1.EventTypeWarning {
			seen[e.Message] = true
		}
	}
	var out []string
	for _, r := range []string{"EnsuringLoadBalancer", "EnsuredLoadBalancer", "SyncLoadBalancerFailed",
		"Error syncing load balancer: failed to ensure load balancer: could not find any suitable subnets for creating the ELB", "DeletedLoadBalancer"} {
		if seen[r] {
			out = append(out, r)
		}
	}
	return strings.Join(out, ", ")
}

func (s serving) groups() int {
	s.t.Helper()
	out, err := s.AWS.EC2.DescribeSecurityGroups(s.t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: new("group-name"),
		Values: []string{"k8s-elb-a*"}}}})
	s.refused("", err)
	return len(out.SecurityGroups)
}

// A Service of type LoadBalancer has a classic load balancer in front of the nodes, and
// goes when nothing of it is left.
func TestAServicesLoadBalancer(t *testing.T) {
	s, ctx := serve(t), t.Context()
	s.service("web", "")
	if h := s.host("web"); !strings.HasPrefix(h, "a") || !strings.HasSuffix(h, ".us-west-2.elb.amazonaws.com") {
		t.Fatalf("the host is %q: %s", h, s.events("web"))
	}
	s.expect("what happened", s.events("web"), "EnsuringLoadBalancer, EnsuredLoadBalancer")
	l, err := s.Region.Region.ELB.DescribeClassics(nil, &elasticloadbalancing.DescribeLoadBalancersInput{})
	s.refused("", err)
	if x := l.LoadBalancerDescriptions; len(x) != 1 || len(x[0].Instances) != 1 || len(x[0].Subnets) != 2 || !strings.HasPrefix(*x[0].HealthCheck.Target, "TCP:3") {
		t.Errorf("%+v", x)
	}
	if n := s.groups(); n != 1 {
		t.Errorf("%d security groups", n)
	}
	s.refused("", s.CoreV1().Services("default").Delete(ctx, "web", metav1.DeleteOptions{}))
	s.after(2 * time.Second)
	if s.groups() != 1 || s.host("web") == "" {
		t.Error("the Service goes before its security group")
	}
	s.after(10 * time.Minute)
	s.expect("what happened", s.events("web"), "EnsuringLoadBalancer, EnsuredLoadBalancer, DeletedLoadBalancer")
	if _, err := s.CoreV1().Services("default").Get(ctx, "web", metav1.GetOptions{}); err == nil || s.groups() != 0 {
		t.Errorf("something is left: %v, %d groups", err, s.groups())
	}
}

// One that asks for it has a network load balancer; another controller's is left alone;
// without subnets there is none, until there are some.
func TestOtherLoadBalancersOfServices(t *testing.T) {
	s := serve(t)
	s.service("net", "nlb")
	if h := s.host("net"); !strings.HasSuffix(h, ".elb.us-west-2.amazonaws.com") {
		t.Errorf("the host is %q", h)
	}
	out, err := s.Region.Region.ELB.DescribeTargetGroups(nil, &elbv2.DescribeTargetGroupsInput{})
	s.refused("", err)
	if g := out.TargetGroups; len(g) != 1 || !strings.HasPrefix(*g[0].TargetGroupName, "k8s-default-net-") || len(g[0].LoadBalancerArns) != 1 {
		t.Errorf("%+v", g)
	}
	s.service("other", "external")
	s.expect("another controller's host", s.host("other"), "")
	claim := func(v bool) {
		for _, id := range []string{subnetA, subnetB} {
			tags := []ec2types.Tag{{Key: new("kubernetes.io/cluster/another"), Value: new("owned")}}
			var err error
			if v {
				_, err = s.AWS.EC2.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: tags})
			} else {
				_, err = s.AWS.EC2.DeleteTags(t.Context(), &ec2.DeleteTagsInput{Resources: []string{id}, Tags: tags})
			}
			s.refused("", err)
		}
	}
	claim(true)
	s.service("late", "")
	s.expect("what happened", s.events("late"), "EnsuringLoadBalancer, SyncLoadBalancerFailed, "+
		"Error syncing load balancer: failed to ensure load balancer: could not find any suitable subnets for creating the ELB")
	claim(false)
	s.after(time.Minute)
	if s.host("late") == "" {
		t.Error("it is not tried again")
	}
}
