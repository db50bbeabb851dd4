package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// publishing is a cluster that was launched, with Services that have load balancers.
func publishing(t *testing.T) (*testregion.Region, kubernetes.Interface) {
	t.Helper()
	r := up(t, testregion.Cluster+"managedNodeGroups: [{name: workers, desiredCapacity: 1}]\n")
	d, err := r.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("test")})
	if err != nil {
		t.Fatal(err)
	}
	k, err := kube.Client(t.Context(), r.AWS, d.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]string{"old": "", "net": "nlb"} {
		s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{}},
			Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Port: 80}}}}
		if kind != "" {
			s.Annotations["service.beta.kubernetes.io/aws-load-balancer-type"] = kind
		}
		if _, err := k.CoreV1().Services("default").Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	r.Sim.World.Advance(5 * time.Minute)
	return r, k
}

// nothingPublished expects that the region holds no load balancer, and nothing of a VPC.
func nothingPublished(t *testing.T, r *testregion.Region) {
	t.Helper()
	old, err := r.AWS.Classic.DescribeLoadBalancers(t.Context(), &elasticloadbalancing.DescribeLoadBalancersInput{})
	if err != nil || len(old.LoadBalancerDescriptions) > 0 {
		t.Errorf("%v %v", old, err)
	}
	now, err := r.AWS.ELB.DescribeLoadBalancers(t.Context(), &elbv2.DescribeLoadBalancersInput{})
	if err != nil || len(now.LoadBalancers) > 0 {
		t.Errorf("%v %v", now, err)
	}
	vpcs, err := r.AWS.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: []types.Filter{{Name: new("is-default"), Values: []string{"false"}}}})
	if err != nil || len(vpcs.Vpcs) > 0 {
		t.Errorf("%v %v", vpcs, err)
	}
}

// A removal takes the Services with load balancers first, awaits those, and leaves
// nothing.
func TestLoadBalancersOfServicesGoFirst(t *testing.T) {
	r, _ := publishing(t)
	s, err := run.PrepareDown(t.Context(), r.AWS, "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"old", "net"} {
		if e := s.Plan.Entry("delete-published/service/default/" + name); e == nil || e.Title != "Service default/"+name+" with its load balancer" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if n := strings.Join(s.Plan.Notes, "\n"); strings.Contains(n, "load balancer") {
		t.Error(n)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	nothingPublished(t, r)
}

// Where the Kubernetes API does not answer, the plan says so, and names the load balancers
// that carry the cluster's tag with how they are removed.
func TestLoadBalancersThatNobodyRemovesAreTold(t *testing.T) {
	r, _ := publishing(t)
	r.Sim.World.Lock()
	r.Region.EKS.SetDown("test", "etcdserver: request timed out")
	r.Sim.World.Unlock()
	s, err := run.PrepareDown(t.Context(), r.AWS, "test")
	if err != nil {
		t.Fatal(err)
	}
	n := strings.Join(s.Plan.Notes, "\n")
	for _, want := range []string{"The Kubernetes API could not be asked", "The classic load balancer a", " of default/old (security groups sg-",
		"aws elb delete-load-balancer --load-balancer-name a", "The network load balancer a", "aws elbv2 delete-load-balancer --load-balancer-arn arn:aws:"} {
		if !strings.Contains(n, want) {
			t.Errorf("%q is not in the notes:\n%s", want, n)
		}
	}
}
