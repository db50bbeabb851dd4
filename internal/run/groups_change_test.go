package run_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// kubernetesOf is the API of the cluster, as its maker calls it.
func kubernetesOf(t *testing.T, r *testregion.Region) kubernetes.Interface {
	t.Helper()
	d, err := r.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("test")})
	must(t, err)
	k, err := kube.Client(t.Context(), r.AWS, d.Cluster)
	must(t, err)
	return k
}

// guarded runs a Deployment of two pods, with a disruption budget over them.
func guarded(t *testing.T, r *testregion.Region, least int) {
	t.Helper()
	k, labels := kubernetesOf(t, r), map[string]string{"app": "web"}
	_, err := k.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx"}}}}}}, metav1.CreateOptions{})
	must(t, err)
	_, err = k.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt32(int32(least))), Selector: &metav1.LabelSelector{MatchLabels: labels}}}, metav1.CreateOptions{})
	must(t, err)
	r.Sim.World.Advance(2 * time.Minute)
}

func scaled(t *testing.T, r *testregion.Region, group string, to run.GroupSizes) (*run.Session, error) {
	t.Helper()
	return run.PrepareScale(t.Context(), r.AWS, "test", group, to, run.GroupChange{Drain: true})
}

// A group that gets smaller loses the nodes that were drained, whose pods moved as their
// budget allows; it gets larger again; its stack follows, and nothing is left to do.
func TestAGroupGetsSmallerAndLarger(t *testing.T) {
	before := stood(t, pair)
	for _, group := range []string{"w", "s"} {
		r := testregion.Again(t, before)
		guarded(t, r, 1)
		for _, want := range []run.GroupSizes{{Nodes: new(1), Min: new(1)}, {Nodes: new(2)}, {Max: new(7)}} {
			s, err := scaled(t, r, group, want)
			must(t, err)
			if want.Nodes != nil && *want.Nodes == 1 {
				if k := kinds(s); k[rules.Drain] != 1 || k[rules.EndNodes] != 1 || k[rules.GroupUpdate] != 1 {
					t.Errorf("%s: the plan has %v", group, k)
				}
			}
			if rep := drive(t, r, s); !rep.OK() {
				t.Fatalf("%s: %s", group, rep.FirstFailure)
			}
			if s, err = scaled(t, r, group, want); err != nil || !s.Plan.Empty() {
				t.Errorf("%s: again %v %v", group, kinds(s), err)
			}
		}
		s, err := scaled(t, r, group, run.GroupSizes{Nodes: new(2)})
		must(t, err)
		g, _ := s.Live.NodeGroup(group)
		if x := g.Sizes(); x.DesiredSize != 2 || x.MinSize != 1 || x.MaxSize != 7 || len(s.Live.NodesOf(g)) != 2 {
			t.Errorf("%s: %+v, %d nodes", group, x, len(s.Live.NodesOf(g)))
		}
		ready := 0
		for _, p := range s.Live.Kubernetes.Pods {
			if strings.HasPrefix(p.Owner, "ReplicaSet/web") && p.Ready {
				ready++
			}
		}
		if ready != 2 {
			t.Errorf("%s: %d pods of the Deployment are ready", group, ready)
		}
	}
}

// What cannot be is said before anything is done: sizes that do not fit, a group that is not
// there, and a budget that never lets a pod go, by its name.
func TestAScalingThatCannotBeIsRefused(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 2)
	for _, c := range []struct {
		group string
		to    run.GroupSizes
		says  []string
	}{
		{"w", run.GroupSizes{Nodes: new(9)}, []string{"9 nodes are more than its greatest size, 4", "--nodes-max"}},
		{"w", run.GroupSizes{Nodes: new(1)}, []string{"1 nodes are fewer than its smallest size, 2", "--nodes-min"}},
		{"w", run.GroupSizes{Min: new(5)}, []string{"its smallest size would be 5, and its greatest 4"}},
		{"none", run.GroupSizes{Nodes: new(1)}, []string{"there is none of that name in cluster test"}},
		{"w", run.GroupSizes{Nodes: new(0), Min: new(0)}, []string{"PodDisruptionBudget default/web", "never lets a pod go", "minAvailable: 2", "--drain=false"}},
	} {
		_, err := scaled(t, r, c.group, c.to)
		for _, want := range c.says {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %+v: %v, expected %q", c.group, c.to, err, want)
			}
		}
	}
	if s, err := run.PrepareScale(t.Context(), r.AWS, "test", "w", run.GroupSizes{Nodes: new(0), Min: new(0)}, run.GroupChange{}); err != nil || kinds(s)[rules.Drain] != 0 {
		t.Errorf("without a drain: %v", err)
	}
}

func deleted(t *testing.T, r *testregion.Region, groups ...string) *run.Session {
	t.Helper()
	s, err := run.PrepareDelete(t.Context(), r.AWS, "test", groups, run.GroupChange{Drain: true})
	must(t, err)
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if o := s.Conclude(t.Context(), nil); len(o.Verdict.Left) > 0 {
		t.Errorf("left: %v", o.Verdict.Left)
	}
	return s
}

// A group that goes leaves neither stack nor role nor access entry; the others stand. The last
// nodes are not drained where a budget then could not be kept. What is gone already is no error.
func TestAGroupGoesWithAllThatWasMadeForIt(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	s := deleted(t, r, "w")
	if k := kinds(s); k[rules.Drain] != 1 || k[rules.DeleteStack] != 1 {
		t.Errorf("the plan has %v", k)
	}
	_, err := run.PrepareDelete(t.Context(), r.AWS, "test", []string{"s"}, run.GroupChange{Drain: true})
	if err == nil || !strings.Contains(err.Error(), "PodDisruptionBudget kube-system/coredns") || !strings.Contains(err.Error(), "these are the last nodes") {
		t.Errorf("the last group: %v", err)
	}
	last, err := run.PrepareDelete(t.Context(), r.AWS, "test", []string{"s"}, run.GroupChange{})
	must(t, err)
	if rep := drive(t, r, last); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	again, err := run.PrepareDelete(t.Context(), r.AWS, "test", []string{"w"}, run.GroupChange{Drain: true})
	must(t, err)
	if !again.Plan.Empty() || !strings.Contains(strings.Join(again.Plan.Notes, "\n"), "There is no node group w") {
		t.Errorf("%v %v", kinds(again), again.Plan.Notes)
	}
	for arn, e := range again.Live.AccessEntries {
		if strings.HasPrefix(e.Type, "EC2") {
			t.Errorf("the access entry of %s is left", arn)
		}
	}
}

// Half of a group goes, too: the stack of a group that EKS deleted, the group whose
// stack somebody deleted or that the console made, and what is being deleted already.
func TestHalfAGroupGoes(t *testing.T) {
	before := stood(t, pair)
	for name, half := range map[string]func(*testregion.Region){
		"the group went": func(r *testregion.Region) {
			_, err := r.AWS.EKS.DeleteNodegroup(t.Context(), &eks.DeleteNodegroupInput{ClusterName: new("test"), NodegroupName: new("w")})
			must(t, err)
			r.Sim.World.Advance(20 * time.Minute)
		},
		"the group is going": func(r *testregion.Region) {
			_, err := r.AWS.EKS.DeleteNodegroup(t.Context(), &eks.DeleteNodegroupInput{ClusterName: new("test"), NodegroupName: new("w")})
			must(t, err)
		},
		"the console made it": func(r *testregion.Region) {
			deleted(t, r, "w")
			d, err := r.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("test")})
			must(t, err)
			in := &eks.CreateNodegroupInput{ClusterName: new("test"), NodegroupName: new("w"), NodeRole: new(roleOf(t, r, "s")),
				Subnets: d.Cluster.ResourcesVpcConfig.SubnetIds}
			_, err = r.AWS.EKS.CreateNodegroup(t.Context(), in)
			must(t, err)
			r.Sim.World.Advance(10 * time.Minute)
		},
	} {
		r := testregion.Again(t, before)
		half(r)
		s := deleted(t, r, "w")
		if g, there := s.Live.NodeGroup("s"); !there || g.Sizes().DesiredSize != 2 {
			t.Errorf("%s: the other group has %+v", name, g.Sizes())
		}
		again, err := run.PrepareDelete(t.Context(), r.AWS, "test", []string{"w"}, run.GroupChange{})
		must(t, err)
		if _, there := again.Live.NodeGroup("w"); there || again.Live.AccessEntries[roleOf(t, r, "s")] == nil {
			t.Errorf("%s: it is there: %v, and of the other the entries are %v", name, there, again.Live.AccessEntries)
		}
	}
}

// roleOf is the role of a node group's nodes.
func roleOf(t *testing.T, r *testregion.Region, group string) string {
	t.Helper()
	s, err := run.PrepareDelete(t.Context(), r.AWS, "test", []string{group}, run.GroupChange{})
	must(t, err)
	g, _ := s.Live.NodeGroup(group)
	roles := s.Live.RolesOf(g)
	if len(roles) != 1 {
		t.Fatalf("node group %s has the roles %v", group, roles)
	}
	return roles[0]
}

// A role that another group has stays let in, though EKS takes its mapping away; and a stack
// is not deleted whose role others run with.
func TestASharedRoleStaysLetIn(t *testing.T) {
	const shared = testregion.Cluster + "accessConfig: {authenticationMode: CONFIG_MAP}\n" +
		"managedNodeGroups: [{name: w, desiredCapacity: 1, iam: {instanceRoleARN: 'arn:aws:iam::111122223333:role/nodes'}}]\n" +
		"nodeGroups: [{name: s, desiredCapacity: 1, iam: {instanceRoleARN: 'arn:aws:iam::111122223333:role/nodes', instanceProfileARN: 'arn:aws:iam::111122223333:instance-profile/nodes'}}]\n"
	r := up(t, shared)
	s := deleted(t, r, "w")
	if kinds(s)[rules.Mapping] != 1 {
		t.Errorf("the plan has %v", kinds(s))
	}
	cm, err := kubernetesOf(t, r).CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
	must(t, err)
	if !strings.Contains(cm.Data["mapRoles"], "role/nodes") {
		t.Errorf("aws-auth has %s", cm.Data["mapRoles"])
	}
	r.Sim.World.Advance(30 * time.Minute)
	nodes, err := kube.Nodes(t.Context(), kubernetesOf(t, r))
	must(t, err)
	if len(nodes) != 1 || !nodes[0].Ready {
		t.Errorf("%+v", nodes)
	}
}

// What Terraform keeps is not changed unasked.
func TestWhatTerraformKeepsIsLeftAlone(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	d, err := r.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("test")})
	must(t, err)
	_, err = r.AWS.EKS.CreateNodegroup(t.Context(), &eks.CreateNodegroupInput{ClusterName: new("test"), NodegroupName: new("tf"), NodeRole: new(roleOf(t, r, "s")),
		Subnets: d.Cluster.ResourcesVpcConfig.SubnetIds, Tags: map[string]string{"ManagedBy": "Terraform"}})
	must(t, err)
	r.Sim.World.Advance(10 * time.Minute)
	for adopt, refused := range map[bool]bool{false: true, true: false} {
		p := newProcess(t, r, store.NewMemory(), alive)
		p.b.Adopt = adopt
		s, err := run.PrepareDelete(t.Context(), p.aws, "test", []string{"tf"}, run.GroupChange{Drain: true, Books: p.b})
		if got := err != nil && strings.Contains(err.Error(), "Terraform") && strings.Contains(err.Error(), "--adopt"); got != refused {
			t.Errorf("adopt %v: %v", adopt, err)
		}
		if s != nil {
			must(t, s.Close(t.Context()))
		}
	}
	list, err := run.NodeGroups(t.Context(), r.AWS, "test", r.Sim.World.Date(), nil)
	must(t, err)
	owners := map[string]string{}
	for _, g := range list.Groups {
		owners[g.Name] = g.Owner
	}
	if !strings.Contains(owners["tf"], "Terraform") || !strings.Contains(owners["w"], "eksctl-test-nodegroup-w") {
		t.Errorf("%v", owners)
	}
}

// The list says of every group what it is, how it is, and what of it is old or not as it was.
func TestNodeGroupsAreListed(t *testing.T) {
	r := up(t, strings.Replace(pair, "name: w,", "name: w, releaseVersion: 1.34.0-20260101,", 1))
	r.Sim.World.Advance(5 * time.Minute)
	list, err := run.NodeGroups(t.Context(), r.AWS, "test", r.Sim.World.Date(), nil)
	must(t, err)
	if len(list.Groups) != 2 || list.Version != "1.34" || list.Uncounted != "" {
		t.Fatalf("%+v", list)
	}
	s, w := list.Groups[0], list.Groups[1]
	if w.Kind != "managed" || w.Status != "ACTIVE" || w.Ready != 3 || w.Desired != 3 || w.Min != 2 || w.Max != 4 || !w.Newer || w.Release != "1.34.0-20260101" ||
		w.Age == nil || *w.Age != 325 || len(w.Zones) == 0 || len(w.InstanceTypes) != 1 || len(w.Versions) != 1 {
		b, _ := json.MarshalIndent(w, "", " ")
		t.Errorf("%s", b)
	}
	if s.Kind != "self-managed" || s.Status != "ACTIVE" || s.Ready != 2 || s.Newer || s.Newest == "" || s.Age == nil || !strings.HasPrefix(s.Release, "amazon-eks-node-al2023") ||
		!slices.ContainsFunc(s.Subnets, func(id string) bool { return strings.HasPrefix(id, "subnet-") }) {
		b, _ := json.MarshalIndent(s, "", " ")
		t.Errorf("%s", b)
	}
}
