package run_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/upheld"
)

// Random clusters, of which a node group is replaced while calls and nodes fail, gates stay
// shut and the process dies: no disruption budget is ever violated, no pod is lost that has a
// controller, and in the end the group is replaced, or all is as before.
// SLIPWAY_REPLACEMENTS clusters (10,000 take an hour or two); without, as many as every run
// of the tests has the time for, more in CI.
func TestReplacementsOfRandomClustersKeepEveryBudget(t *testing.T) {
	cases := 12
	if os.Getenv("SLIPWAY_CASES") != "" {
		cases = 150
	}
	if n, err := strconv.Atoi(os.Getenv("SLIPWAY_REPLACEMENTS")); err == nil {
		cases = n
	}
	var bases []json.RawMessage
	for nodes := 2; nodes <= 5; nodes++ {
		w := fmt.Sprintf("{name: w, desiredCapacity: %d, minSize: 1, maxSize: %d}", nodes, nodes+1)
		rest := "{name: rest, desiredCapacity: 1, minSize: 1, maxSize: 2}"
		bases = append(bases, stood(t, testregion.Cluster+"managedNodeGroups: ["+w+", "+rest+"]\n"))
		if nodes%2 == 0 {
			bases = append(bases, stood(t, testregion.Cluster+"managedNodeGroups: ["+rest+"]\nnodeGroups: ["+w+"]\n"))
		}
	}
	ends := map[string]int{}
	first := 0
	if n, err := strconv.Atoi(os.Getenv("SLIPWAY_SEED")); err == nil {
		first = n
	}
	for seed := first; seed < first+cases; seed++ {
		d := &dice{Rand: rand.New(rand.NewPCG(uint64(seed), 9))}
		t.Run(strconv.Itoa(seed), func(t *testing.T) { ends[d.replaces(t, testregion.Again(t, bases[d.IntN(len(bases))]))]++ })
	}
	t.Logf("of %d: %v", cases, ends)
	if !t.Failed() && (ends["green"] == 0 || ends["back"] == 0 || ends["refused"] > cases/2) {
		t.Errorf("of %d none is replaced, none is taken back, or most are refused: %v", cases, ends)
	}
}

// dice draw a cluster, and what goes wrong in it.
type dice struct{ *rand.Rand }

// one is true once in n times.
func (d *dice) one(n int) bool { return d.IntN(n) == 0 }

// replaces is one case; it tells how it ended.
func (d *dice) replaces(t *testing.T, r *testregion.Region) string {
	ctx := t.Context()
	k := kubernetesOf(t, r)
	for i := range 1 + d.IntN(4) {
		d.workload(t, k, fmt.Sprintf("app%d", i))
	}
	r.Sim.World.Advance(5 * time.Minute)
	groups := groupsOf(t, r)
	log, err := upheld.Begin(ctx, k)
	must(t, err)

	s, failed := store.NewMemory(), map[string]bool{}
	p := newProcess(t, r, s, 4711)
	lift := d.trouble(t, r, p, failed)
	w := run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Deadline: 20 * time.Minute, GateTime: 3 * time.Minute, Force: d.one(4)}}
	if d.one(2) {
		w.Changes = map[string]any{"instanceTypes": []string{"m5.xlarge"}}
	}
	if d.one(4) {
		w.Batch = []string{"1", "2", "50%"}[d.IntN(3)]
	}
	if d.one(4) {
		w.Gates = []string{`test "$SLIPWAY_STAGE" != ` + []string{rules.AfterGreen, rules.AfterDrain}[d.IntN(2)]}
	}
	if os.Getenv("SLIPWAY_TOLD") != "" {
		t.Logf("%+v, groups %v", w, groups)
		p.onEvent = func(e engine.Event) { t.Logf("%s %s %s %s", r.Clock.Now(), e.Step, e.Type, e.Reason+e.Error) }
	}
	end, helped := "", ""
	for try := 0; end == ""; try++ { // as a person would: once more, then back
		if try == 6 {
			t.Fatalf("neither replaced nor as before: %v\n%s", groupsOf(t, r), unready(t, k))
		}
		do := p.replace
		if try >= 3 {
			do = p.back
		}
		if try == 5 && strings.Contains(unready(t, k), "didn't match PersistentVolume's node affinity") {
			d.grown(t, r) // the node of a volume's zone has failed, and its group got another elsewhere
			helped = ", with another node for a volume's zone"
		}
		_, err := do(w)
		if fs, is := finding.Of(err); is && try == 0 { // refused before anything was done
			if os.Getenv("SLIPWAY_TOLD") != "" {
				t.Log(fs)
			}
			if len(p.changing) > 0 {
				t.Errorf("refused, and changed %v: %v", p.changing, fs)
			}
			end = "refused"
			break
		}
		lift()
		end = d.standing(t, r, groups)
		p = newProcess(t, r, s, alive)
	}
	r.Sim.World.Advance(30 * time.Minute) // nodes that failed are replaced, pods come back
	count, err := log.End(ctx, func(node string) bool { return failed[node] })
	must(t, err)
	for _, v := range append(count.Violations, count.Lost...) {
		t.Errorf("%s: %s", end, v)
	}
	if end != "refused" {
		unmarked(t, r)
	}
	end += helped
	if len(count.Waiting) > 0 { // of pods that came back to a full cluster, another may have the room
		end += ", with pods that wait for room"
	}
	return end
}

// grown gives the old group one more node, as a person does whose volume no node reaches.
func (d *dice) grown(t *testing.T, r *testregion.Region) {
	t.Helper()
	all, err := r.AWS.ASG.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
	must(t, err)
	for _, g := range all.AutoScalingGroups {
		if slices.ContainsFunc(g.Tags, func(t asgtypes.TagDescription) bool {
			return strings.HasSuffix(*t.Key, "nodegroup-name") && *t.Value == "w"
		}) {
			edits, err := sim.ParseEdits(fmt.Appendf(nil, `edits: [{service: autoscaling, operation: UpdateAutoScalingGroup, parameters: {AutoScalingGroupName: %s, MaxSize: %d, DesiredCapacity: %d}}]`,
				*g.AutoScalingGroupName, *g.MaxSize+1, *g.DesiredCapacity+1))
			must(t, err)
			must(t, r.Region.Apply("test", edits))
		}
	}
	r.Sim.World.Advance(5 * time.Minute)
}

// unready are the nodes, and the pods that are not ready, in words.
func unready(t *testing.T, k kubernetes.Interface) string {
	t.Helper()
	var out strings.Builder
	nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	must(t, err)
	for _, n := range nodes.Items {
		fmt.Fprintln(&out, n.Name, n.Labels["eks.amazonaws.com/nodegroup"], n.Labels[corev1.LabelTopologyZone], "cordoned:", n.Spec.Unschedulable)
	}
	pods, err := k.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	must(t, err)
	for _, p := range pods.Items {
		for _, c := range p.Status.Conditions {
			if c.Status != corev1.ConditionTrue && c.Message != "" {
				fmt.Fprintln(&out, p.Namespace, p.Name, "on", p.Spec.NodeName, p.Status.Phase, c.Message)
			}
		}
	}
	return out.String()
}

// standing tells whether the group is replaced, or all is as before; "": neither.
func (d *dice) standing(t *testing.T, r *testregion.Region, before map[string]int) string {
	t.Helper()
	now := groupsOf(t, r)
	maps, err := kubernetesOf(t, r).CoreV1().ConfigMaps("kube-system").List(t.Context(), metav1.ListOptions{LabelSelector: marks.State})
	must(t, err)
	_, blue := now["w"]
	_, green := now["w-b2"]
	switch {
	case len(maps.Items) > 0 || len(now) != len(before):
		return ""
	case green:
		return "green"
	case blue:
		return "back"
	}
	return ""
}

// workload makes a Deployment, StatefulSet or Job, mostly with a disruption budget.
func (d *dice) workload(t *testing.T, k kubernetes.Interface, name string) {
	t.Helper()
	replicas, labels := int32(1+d.IntN(5)), map[string]string{"app": name}
	pod := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx",
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(fmt.Sprintf("%dm", 50+d.IntN(350)))}}}}}}
	if d.one(5) {
		pod.Spec.NodeSelector = map[string]string{"topology.kubernetes.io/zone": "us-west-2" + []string{"a", "b", "c"}[d.IntN(3)]}
	}
	if d.one(5) {
		pod.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
			{LabelSelector: &metav1.LabelSelector{MatchLabels: labels}, TopologyKey: corev1.LabelHostname}}}}
	}
	meta, sel := metav1.ObjectMeta{Name: name, Labels: labels}, &metav1.LabelSelector{MatchLabels: labels}
	var err error
	switch d.IntN(7) {
	case 0:
		pod.Spec.RestartPolicy = corev1.RestartPolicyNever
		_, err = k.BatchV1().Jobs("default").Create(t.Context(), &batchv1.Job{ObjectMeta: meta,
			Spec: batchv1.JobSpec{Parallelism: &replicas, Completions: &replicas, BackoffLimit: new(int32(20)), Template: pod}}, metav1.CreateOptions{})
	case 1:
		d.disks(t, k, name, int(replicas))
		_, err = k.AppsV1().StatefulSets("default").Create(t.Context(), &appsv1.StatefulSet{ObjectMeta: meta,
			Spec: appsv1.StatefulSetSpec{Replicas: &replicas, Selector: sel, Template: pod, VolumeClaimTemplates: []corev1.PersistentVolumeClaim{claim("data")}}}, metav1.CreateOptions{})
	case 2, 3:
		_, err = k.AppsV1().StatefulSets("default").Create(t.Context(), &appsv1.StatefulSet{ObjectMeta: meta,
			Spec: appsv1.StatefulSetSpec{Replicas: &replicas, Selector: sel, Template: pod}}, metav1.CreateOptions{})
	default:
		_, err = k.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: meta,
			Spec: appsv1.DeploymentSpec{Replicas: &replicas, Selector: sel, Template: pod}}, metav1.CreateOptions{})
	}
	must(t, err)
	if d.one(4) {
		return
	}
	b := &policyv1.PodDisruptionBudget{ObjectMeta: meta, Spec: policyv1.PodDisruptionBudgetSpec{Selector: sel}}
	switch d.IntN(4) {
	case 0:
		b.Spec.MinAvailable = new(intstr.FromInt32(int32(d.IntN(int(replicas)))))
	case 1:
		b.Spec.MaxUnavailable = new(intstr.FromInt32(int32(1 + d.IntN(2))))
	case 2:
		b.Spec.MaxUnavailable = new(intstr.FromString([]string{"20%", "34%", "50%"}[d.IntN(3)]))
	case 3:
		b.Spec.MinAvailable = new(intstr.FromString([]string{"25%", "50%", "60%"}[d.IntN(3)]))
	}
	if d.one(3) {
		b.Spec.UnhealthyPodEvictionPolicy = new(policyv1.AlwaysAllow)
	}
	_, err = k.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), b, metav1.CreateOptions{})
	must(t, err)
}

// claim is one of a volume that is there.
func claim(name string) corev1.PersistentVolumeClaim {
	return corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PersistentVolumeClaimSpec{StorageClassName: new(""),
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}}}}
}

// disks makes the volumes of a StatefulSet's pods, each of a zone that a node is in now.
func (d *dice) disks(t *testing.T, k kubernetes.Interface, name string, n int) {
	t.Helper()
	nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	must(t, err)
	slices.SortFunc(nodes.Items, func(a, b corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	for i := range n {
		c := claim(fmt.Sprintf("data-%s-%d", name, i))
		c.Spec.VolumeName = c.Name
		zone := nodes.Items[d.IntN(len(nodes.Items))].Labels[corev1.LabelTopologyZone]
		_, err := k.CoreV1().PersistentVolumes().Create(t.Context(), &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: c.Name}, Spec: corev1.PersistentVolumeSpec{
			Capacity: c.Spec.Resources.Requests, AccessModes: c.Spec.AccessModes,
			PersistentVolumeSource: corev1.PersistentVolumeSource{NFS: &corev1.NFSVolumeSource{Server: "files." + zone, Path: "/" + c.Name}},
			ClaimRef:               &corev1.ObjectReference{Namespace: "default", Name: c.Name, Kind: "PersistentVolumeClaim"},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}}}}}}}}}, metav1.CreateOptions{})
		must(t, err)
		_, err = k.CoreV1().PersistentVolumeClaims("default").Create(t.Context(), &c, metav1.CreateOptions{})
		must(t, err)
	}
}

// trouble is what goes wrong: calls that are refused or not answered, a node that fails, the
// death of the process. What it returns ends it.
func (d *dice) trouble(t *testing.T, r *testregion.Region, p *process, failed map[string]bool) (lift func()) {
	t.Helper()
	lift = func() {}
	calls := 0
	var on []func() bool // each once, at its call
	p.onChange = func() {
		calls++
		on = slices.DeleteFunc(on, func(do func() bool) bool { return do() })
	}
	later := func(do func()) {
		at := 1 + d.IntN(60)
		on = append(on, func() bool {
			if calls >= at {
				do()
			}
			return calls >= at
		})
	}
	refuse := func() {
		code, status := []string{"ThrottlingException", "InternalFailure"}[d.IntN(2)], 400+100*d.IntN(2)
		before := lift
		undo := r.Region.Inject(sim.Fault{Call: &sim.CallFault{Service: []string{"eks", "cloudformation", "autoscaling", "ec2"}[d.IntN(4)], Code: code,
			Message: "not now", Status: status, Times: 1 + d.IntN(8)}})
		lift = func() { before(); undo() }
	}
	for range 1 + d.IntN(2) {
		switch d.IntN(8) {
		case 0:
			later(p.die)
		case 1:
			refuse()
		case 2, 3:
			later(func() { d.fails(t, r, failed) })
		}
	}
	return lift
}

// fails ends an instance that runs a node, as if its host had failed.
func (d *dice) fails(t *testing.T, r *testregion.Region, failed map[string]bool) {
	t.Helper()
	nodes, err := kubernetesOf(t, r).CoreV1().Nodes().List(context.WithoutCancel(t.Context()), metav1.ListOptions{})
	must(t, err)
	slices.SortFunc(nodes.Items, func(a, b corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	n := nodes.Items[d.IntN(len(nodes.Items))]
	failed[n.Name] = true
	edits, err := sim.ParseEdits([]byte(`edits: [{service: ec2, operation: TerminateInstances, parameters: {InstanceIds: [` +
		n.Spec.ProviderID[strings.LastIndex(n.Spec.ProviderID, "/")+1:] + `]}}]`))
	must(t, err)
	must(t, r.Region.Apply("test", edits))
}

// A pod that is taken away against its budget is counted, and one that the budget lets go is
// not.
func TestAViolationIsCounted(t *testing.T) {
	for least, want := range map[int]int{1: 0, 2: 1} {
		r := testregion.Again(t, stood(t, pair))
		guarded(t, r, least)
		k := kubernetesOf(t, r)
		log, err := upheld.Begin(t.Context(), k)
		must(t, err)
		pods, err := k.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
		must(t, err)
		must(t, k.CoreV1().Pods("default").Delete(t.Context(), pods.Items[0].Name, metav1.DeleteOptions{}))
		r.Sim.World.Advance(5 * time.Minute)
		c, err := log.End(t.Context(), func(string) bool { return false })
		must(t, err)
		if c.Left != 1 || len(c.Violations) != want {
			t.Errorf("at least %d: %d left, violations %v", least, c.Left, c.Violations)
		}
		log, err = upheld.Begin(t.Context(), k)
		must(t, err)
		if c, err = log.End(t.Context(), func(string) bool { return false }); err != nil || c.Left != 0 || len(c.Violations) > 0 {
			t.Errorf("nothing happened: %+v %v", c, err)
		}
	}
}
