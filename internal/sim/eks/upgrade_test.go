package eks_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	asgsdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	iamsdk "github.com/aws/aws-sdk-go-v2/service/iam"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

func (l life) cluster() *types.Cluster {
	l.t.Helper()
	out, err := l.AWS.EKS.DescribeCluster(l.t.Context(), &eks.DescribeClusterInput{Name: new("c")})
	l.refused("", err)
	return out.Cluster
}

func (l life) kube() *kubeapi.Cluster {
	return l.Region.Region.EKS.Kube(strings.TrimPrefix(*l.cluster().Endpoint, "https://"))
}

func (l life) upgrade(to string) (*types.Update, error) {
	out, err := l.AWS.EKS.UpdateClusterVersion(l.t.Context(), &eks.UpdateClusterVersionInput{Name: new("c"), Version: &to})
	if err != nil {
		return nil, err
	}
	return out.Update, nil
}

func (l life) says(what string, err error) {
	l.t.Helper()
	if err == nil || !strings.Contains(err.Error(), what) {
		l.t.Errorf("the answer is %v, want %s", err, what)
	}
}

// update is an update's status, with its first error.
func (l life) update(id, group *string) string {
	l.t.Helper()
	out, err := l.AWS.EKS.DescribeUpdate(l.t.Context(), &eks.DescribeUpdateInput{Name: new("c"), NodegroupName: group, UpdateId: id})
	l.refused("", err)
	s := string(out.Update.Status)
	for _, e := range out.Update.Errors {
		s += " " + string(e.ErrorCode) + " " + *e.ErrorMessage
	}
	return s
}

// A control plane goes up by one minor at a time, and nothing of the cluster with it.
func TestAControlPlaneIsUpgraded(t *testing.T) {
	l := begin(t)
	_, err := l.upgrade("1.35")
	l.refused("ResourceInUseException", err) // it is CREATING
	l.after(20 * time.Minute)
	from := *l.cluster().Version
	for to, want := range map[string]string{"1.99": "unsupported Kubernetes version", from: "Unsupported Kubernetes minor version update from 1.34 to 1.34",
		"1.32": "Unsupported Kubernetes minor version update from 1.34 to 1.32"} {
		_, err := l.upgrade(to)
		l.refused("InvalidParameterException", err)
		l.says(want, err)
	}
	u, err := l.upgrade("1.35")
	l.refused("", err)
	l.expect("the update", l.update(u.Id, nil), "InProgress")
	l.expect("the cluster", string(l.cluster().Status)+" "+*l.cluster().Version, "UPDATING 1.34")
	_, err = l.upgrade("1.35")
	l.refused("ResourceInUseException", err)
	l.after(20 * time.Minute)
	l.expect("the update", l.update(u.Id, nil), "Successful")
	l.expect("the cluster", string(l.cluster().Status)+" "+*l.cluster().Version, "ACTIVE 1.35")
	if v := l.kube().Version(); !strings.HasPrefix(v, "v1.35.") {
		t.Errorf("its API server says %s", v)
	}
	all, err := l.AWS.EKS.ListUpdates(t.Context(), &eks.ListUpdatesInput{Name: new("c")})
	l.refused("", err)
	if !slices.Equal(all.UpdateIds, []string{*u.Id}) {
		t.Errorf("%v, and the update is %s", all.UpdateIds, *u.Id)
	}
}

// nodesOf are the kubelets' versions, and how many nodes take no pods.
func (l life) kubelets() (versions string, cordoned int) {
	var all []string
	for _, n := range kubeapi.List[corev1.Node](l.kube()) {
		v, _, _ := strings.Cut(strings.TrimPrefix(n.Status.NodeInfo.KubeletVersion, "v"), "-")
		all = append(all, v[:strings.LastIndex(v, ".")])
		if n.Spec.Unschedulable {
			cordoned++
		}
	}
	slices.Sort(all)
	return strings.Join(all, " "), cordoned
}

// rolling is a cluster of 1.35 with two nodes of 1.34 and pods on them.
func rolling(t *testing.T) life {
	l := begin(t)
	_, err := l.AWS.IAM.AttachRolePolicy(t.Context(), &iamsdk.AttachRolePolicyInput{RoleName: new("nodes"),
		PolicyArn: new("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy")})
	l.refused("", err)
	l.after(20 * time.Minute)
	for _, a := range []string{"vpc-cni", "kube-proxy"} {
		_, err := l.addon(eks.CreateAddonInput{AddonName: &a})
		l.refused("", err)
	}
	_, err = l.AWS.EKS.CreateNodegroup(t.Context(), &eks.CreateNodegroupInput{ClusterName: new("c"), NodegroupName: new("g"), NodeRole: new(nodes),
		Subnets: []string{subnetA, subnetB}, InstanceTypes: []string{"m5.large"},
		ScalingConfig: &types.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(2)), DesiredSize: new(int32(2))}})
	l.refused("", err)
	l.after(10 * time.Minute)
	l.expect("the group", l.groupIs(), "ACTIVE")
	labels := map[string]string{"app": "web"}
	l.kube().Save(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"}, Spec: appsv1.DeploymentSpec{Replicas: new(int32(4)),
		Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}}})
	_, err = l.upgrade("1.35")
	l.refused("", err)
	l.after(20 * time.Minute)
	return l
}

func (l life) roll(in eks.UpdateNodegroupVersionInput) (*types.Update, error) {
	in.ClusterName, in.NodegroupName = new("c"), new("g")
	out, err := l.AWS.EKS.UpdateNodegroupVersion(l.t.Context(), &in)
	if err != nil {
		return nil, err
	}
	return out.Update, nil
}

func (l life) budget(min int) {
	l.kube().Save(&policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"},
		Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt(min)),
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}}})
	l.after(time.Minute)
}

func (l life) desired() int32 {
	l.t.Helper()
	out, err := l.AWS.ASG.DescribeAutoScalingGroups(l.t.Context(), &asgsdk.DescribeAutoScalingGroupsInput{})
	l.refused("", err)
	return *out.AutoScalingGroups[0].DesiredCapacity
}

// New nodes come, old ones are cordoned and drained within budgets, and the group has
// its size again.
func TestANodeGroupIsUpgraded(t *testing.T) {
	l := rolling(t)
	l.budget(3)
	for want, in := range map[string]eks.UpdateNodegroupVersionInput{
		"Nodegroup Kubernetes version should be equal to Cluster kubernetes version 1.35 or NodeGroup kubernetes version 1.34": {Version: new("1.33")},
		"Requested release version 1.34.4-20261101 is not valid for kubernetes version 1.35.": {Version: new("1.35"),
			ReleaseVersion: new("1.34.4-20261101")},
	} {
		_, err := l.roll(in)
		l.refused("InvalidParameterException", err)
		l.says(want, err)
	}
	if v, _ := l.kubelets(); v != "1.34 1.34" {
		t.Errorf("the control plane's upgrade made the nodes %s", v)
	}
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.expect("the group", l.groupIs(), "UPDATING")
	if d := l.desired(); d != 6 { // and twice as many as zones
		t.Errorf("the Auto Scaling group wants %d", d)
	}
	_, err = l.roll(eks.UpdateNodegroupVersionInput{})
	l.refused("ResourceInUseException", err)
	most, fewest := 0, 4
	for l.groupIs() == "UPDATING" {
		l.after(5 * time.Second)
		_, cordoned := l.kubelets()
		most = max(most, cordoned)
		ready := 0
		for _, p := range kubeapi.List[corev1.Pod](l.kube()) {
			if p.Labels["app"] == "web" && p.DeletionTimestamp == nil && p.Status.Phase == corev1.PodRunning {
				ready++
			}
		}
		fewest = min(fewest, ready)
	}
	l.expect("the update", l.update(u.Id, new("g")), "Successful")
	l.after(5 * time.Minute)
	v, cordoned := l.kubelets()
	l.expect("the kubelets", v, "1.35 1.35")
	if most < 2 || cordoned != 0 || fewest < 3 || l.desired() != 2 {
		t.Errorf("%d nodes were cordoned and %d are, %d pods ran, %d nodes are wanted", most, cordoned, fewest, l.desired())
	}
	g, err := l.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("g")})
	l.refused("", err)
	l.expect("the group", *g.Nodegroup.Version+" "+*g.Nodegroup.ReleaseVersion+" "+l.groupIs(), "1.35 1.35.2-20261101 ACTIVE")
}

// Where a budget lets no pod go the update fails after a quarter of an hour, and the
// nodes stay as they are; force has it done.
func TestABudgetStopsAnUpgradeUnlessForced(t *testing.T) {
	l := rolling(t)
	l.budget(4)
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.after(10 * time.Minute)
	l.expect("the update", l.update(u.Id, new("g")), "InProgress")
	l.after(20 * time.Minute)
	l.expect("the update", l.update(u.Id, new("g")),
		"Failed PodEvictionFailure Reached max retries while trying to evict pods from nodes in node group g")
	l.expect("the group", l.groupIs(), "ACTIVE")
	v, cordoned := l.kubelets()
	if v != "1.34 1.34" || cordoned != 2 || l.desired() != 2 {
		t.Errorf("kubelets %s, %d cordoned, %d wanted", v, cordoned, l.desired())
	}
	u, err = l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35"), Force: true})
	l.refused("", err)
	l.after(70 * time.Minute) // a quarter of an hour for either node, and one for what is left of the surplus
	l.expect("the update", l.update(u.Id, new("g")), "Successful")
	v, _ = l.kubelets()
	l.expect("the kubelets", v, "1.35 1.35")
}
