package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Pods for which green has no place, though nothing of theirs names a node, are named before
// anything is made: too large a request, a port of the node, replicas that keep apart or are
// spread, a finalizer that holds one already, two budgets over one pod.
func TestWhatFindsNoRoomIsNamed(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	k := kubernetesOf(t, r)
	nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "eks.amazonaws.com/nodegroup=w"})
	must(t, err)
	rest, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "alpha.eksctl.io/nodegroup-name=s"})
	must(t, err)
	zone := nodes.Items[0].Labels[corev1.LabelTopologyZone]
	kind := func(name string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
	}
	spread := func(key string, honor *corev1.NodeInclusionPolicy) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{TopologyKey: key, MaxSkew: 1, NodeTaintsPolicy: honor,
				WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: kind(p.Labels["app"])}}
		}
	}
	for name, c := range map[string]struct {
		pods   int
		change func(*corev1.Pod)
	}{
		"large": {1, func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("5Gi")}
		}},
		"port": {6, func(p *corev1.Pod) {
			p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 8080}}
		}},
		"spread": {6, spread(corev1.LabelHostname, nil)},
		"honest": {6, spread(corev1.LabelHostname, new(corev1.NodeInclusionPolicyHonor))},
		"zonal":  {6, spread(corev1.LabelTopologyZone, nil)},
		"apart": {6, func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
				{LabelSelector: kind(p.Labels["app"]), TopologyKey: corev1.LabelHostname}}}}
		}},
		"full": {2, func(p *corev1.Pod) { // the room of the other group
			p.Spec.NodeName = rest.Items[int(p.Name[len(p.Name)-1]-'0')].Name
			p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("4Gi")}
		}},
		"fits": {5, func(p *corev1.Pod) {
			p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 9090}}
		}},
		"ended": {1, func(p *corev1.Pod) { p.Finalizers = []string{"example.com/backup"} }},
		"twice": {1, func(*corev1.Pod) {}},
	} {
		of, err := k.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		must(t, err)
		for i := range c.pods {
			p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", name, i), Labels: map[string]string{"app": name}, OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: of.UID, Controller: new(true)}}},
				Spec: corev1.PodSpec{NodeName: nodes.Items[0].Name, Containers: []corev1.Container{{Name: "c", Image: "nginx"}}}}
			c.change(p)
			_, err := k.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{})
			must(t, err)
		}
	}
	for _, b := range []string{"one", "two"} {
		_, err := k.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: b},
			Spec: policyv1.PodDisruptionBudgetSpec{MaxUnavailable: new(intstr.FromInt32(1)), Selector: kind("twice")}}, metav1.CreateOptions{})
		must(t, err)
	}
	must(t, k.CoreV1().Pods("default").Delete(t.Context(), "ended-0", metav1.DeleteOptions{}))

	_, err = run.PrepareReplacement(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{"w"}, Changes: map[string]any{"instanceTypes": []string{"t3.medium"}}})
	for _, want := range []string{
		"ConfigMap default/large: would wait for ever: it asks for 5Gi of memory, which no node has free",
		"port TCP/8080: of its node is taken by 6 pods that must move, and 5 nodes will have it free",
		"ConfigMap default/spread: is spread over kubernetes.io/hostname (maxSkew 1), which counts nodes that take no pods, too: of its 6 pods, the new nodes would get 5",
		"ConfigMap default/apart: has 6 pods of which no two may have the same kubernetes.io/hostname (anti-affinity), and there will be 5 to choose from",
		"ConfigMap default/ended: is being deleted, and a finalizer keeps it: example.com/backup",
		"ConfigMap default/twice: has pods that more than one disruption budget covers (default/one, default/two)",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	for _, not := range []string{"default/honest", "default/zonal", "9090"} {
		if err != nil && strings.Contains(err.Error(), not) {
			t.Errorf("%v names %s", err, not)
		}
	}
	// In fewer zones, what is spread over zones is held by the zone that empties.
	file := testregion.Load(t, strings.Replace(pair, "{name: w,", "{name: w, availabilityZones: ["+other(zone)+"],", 1))
	_, err = run.PrepareReplacement(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{"w"}, File: file})
	if want := "ConfigMap default/zonal: is spread over topology.kubernetes.io/zone"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, expected %q", err, want)
	}
	// In place, and on the way to another version, it is the same for new nodes like the old ones;
	// none stays cordoned to hold a spread up.
	_, inPlace := run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: "w", Release: oldRelease})
	_, upgraded := run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})
	for way, err := range map[string]error{"in place": inPlace, "an upgrade": upgraded} {
		for _, want := range []string{
			"port TCP/8080: of its node is taken by 6 pods that must move, and 5 nodes will have it free",
			"ConfigMap default/apart: has 6 pods of which no two may have the same kubernetes.io/hostname (anti-affinity), and there will be 5 to choose from",
			"let the group have more nodes (slipway nodegroup scale)",
			"ConfigMap default/twice: has pods that more than one disruption budget covers (default/one, default/two)",
			"or run again with --force: EKS ends such pods after 15 minutes",
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, expected %q", way, err, want)
			}
		}
		for _, not := range []string{"default/large", "default/honest", "default/zonal", "default/spread", "9090"} {
			if err != nil && strings.Contains(err.Error(), not) {
				t.Errorf("%s: %v names %s", way, err, not)
			}
		}
	}
	_, err = run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: "w", Release: oldRelease, Force: true})
	must(t, err)
	// With --force all but budgets are notes.
	must(t, k.PolicyV1().PodDisruptionBudgets("default").Delete(t.Context(), "two", metav1.DeleteOptions{}))
	must(t, k.PolicyV1().PodDisruptionBudgets("default").Delete(t.Context(), "one", metav1.DeleteOptions{}))
	s := replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Force: true}})
	if notes := strings.Join(s.Plan.Notes, "\n"); strings.Count(notes, "; --force goes on.") < 3 {
		t.Errorf("the notes are %s", notes)
	}
}

// other is a zone of the region that is not the given one.
func other(zone string) string {
	if zone == "us-west-2a" {
		return "us-west-2b"
	}
	return "us-west-2a"
}

// What a pod asks of its node, or its owner of whoever moves it, is named as it is met in the
// cluster: an annotation of the autoscaler's, a volume of a zone that no node will be in, a
// taint of the new group's, a budget that is used up; one pod alone is told.
func TestWhatHoldsAPodIsNamed(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	k := kubernetesOf(t, r)
	nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "eks.amazonaws.com/nodegroup=w"})
	must(t, err)
	node, zone := nodes.Items[0].Name, nodes.Items[0].Labels[corev1.LabelTopologyZone]
	anchor, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "alpha.eksctl.io/nodegroup-name=s," + corev1.LabelTopologyZone + "=" + zone})
	if err != nil || len(anchor.Items) == 0 {
		t.Fatalf("no node of the other group in %s: %v", zone, err)
	}
	_, err = k.CoreV1().PersistentVolumes().Create(t.Context(), &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "far"}, Spec: corev1.PersistentVolumeSpec{
		Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "ebs.csi.aws.com", VolumeHandle: "vol-1"}},
		ClaimRef:               &corev1.ObjectReference{Namespace: "default", Name: "data", Kind: "PersistentVolumeClaim"},
		NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: "topology.ebs.csi.aws.com/zone", Operator: corev1.NodeSelectorOpIn, Values: []string{"us-west-2z"}}}}}}}}}, metav1.CreateOptions{})
	must(t, err)
	for name, change := range map[string]func(*corev1.Pod){
		"safe": func(p *corev1.Pod) { p.Annotations = map[string]string{marks.SafeToEvict: "false"} },
		"data": func(p *corev1.Pod) {
			p.Spec.Volumes = []corev1.Volume{{Name: "d", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}
		},
		"plain": func(*corev1.Pod) {},
		"anchor": func(p *corev1.Pod) {
			p.Labels, p.Spec.NodeName = map[string]string{"app": "anchor"}, anchor.Items[0].Name
		},
		"mate": func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: corev1.LabelTopologyZone, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "anchor"}}}}}}
		},
	} {
		of, err := k.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		must(t, err)
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: of.UID, Controller: new(true)}}},
			Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "c", Image: "nginx"}}}}
		change(p)
		_, err = k.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{})
		must(t, err)
	}
	app := map[string]string{"app": "full"}
	_, err = k.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "full"}, Spec: appsv1.DeploymentSpec{
		Replicas: new(int32(30)), Selector: &metav1.LabelSelector{MatchLabels: app}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: app},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx", Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("400m")}}}}}}}}, metav1.CreateOptions{}) // not all find room
	must(t, err)
	_, err = k.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "full"},
		Spec: policyv1.PodDisruptionBudgetSpec{MaxUnavailable: new(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{MatchLabels: app}}}, metav1.CreateOptions{})
	must(t, err)
	_, err = k.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "one"}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "one"}}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{
			Labels: map[string]string{"app": "one"}}, Spec: corev1.PodSpec{NodeSelector: map[string]string{"eks.amazonaws.com/capacityType": "ON_DEMAND"},
			Containers: []corev1.Container{{Name: "c", Image: "nginx"}}}}}}, metav1.CreateOptions{})
	must(t, err)
	r.Sim.World.Advance(3 * time.Minute)

	said := func(w run.Replacement, want ...string) {
		t.Helper()
		w.Groups = []string{"w"}
		_, err := run.PrepareReplacement(t.Context(), r.AWS, "test", w)
		for _, x := range want {
			if err == nil || !strings.Contains(err.Error(), x) {
				t.Errorf("%v, expected %q", err, x)
			}
		}
	}
	said(run.Replacement{}, "pod-held: ConfigMap default/safe: must not be moved, as its annotation says: "+marks.SafeToEvict+": false",
		"volume-zone: ConfigMap default/data: would wait for ever: the volume of its claim data is bound to where no node will be",
		"budget-unmet: PodDisruptionBudget default/full: lets no pod go now", "kubectl -n default get pods")
	for way, prepare := range map[string]func(force bool) (*run.Session, error){
		"in place": func(force bool) (*run.Session, error) {
			return run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: "w", Release: oldRelease, Force: force})
		},
		"an upgrade": func(force bool) (*run.Session, error) {
			return run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, Force: force})
		},
	} {
		_, err := prepare(false)
		for _, x := range []string{"budget-unmet: PodDisruptionBudget default/full: lets no pod go now", "EKS gives up after 15 minutes (PodEvictionFailure)",
			"or run again with --force", "pod-held: ConfigMap default/safe"} {
			if err == nil || !strings.Contains(err.Error(), x) {
				t.Errorf("%s: %v, expected %q", way, err, x)
			}
		}
		if way == "an upgrade" {
			continue // which replaces the self-managed group, and no flag passes over a budget there
		}
		if s, err := prepare(true); err != nil || !strings.Contains(strings.Join(s.Plan.Notes, "\n"), "PodDisruptionBudget default/full lets no pod go now") {
			t.Errorf("%s, forced: %v", way, err)
		}
	}
	taint := testregion.Load(t, strings.Replace(pair, "{name: w,", "{name: w, taints: [{key: gpu, effect: NoSchedule}],", 1))
	for _, n := range []string{"s"} { // no other group takes them either
		l, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "alpha.eksctl.io/nodegroup-name=" + n})
		must(t, err)
		for i := range l.Items {
			l.Items[i].Spec.Unschedulable = true
			_, err := k.CoreV1().Nodes().Update(t.Context(), &l.Items[i], metav1.UpdateOptions{})
			must(t, err)
		}
	}
	said(run.Replacement{File: taint}, "pod-fits-no-node: ConfigMap default/plain: would wait for ever: it does not tolerate the taint gpu:NoSchedule")

	elsewhere := testregion.Load(t, strings.Replace(pair, "{name: w,", "{name: w, availabilityZones: ["+map[bool]string{true: "us-west-2b", false: "us-west-2a"}[zone == "us-west-2a"]+"],", 1))
	said(run.Replacement{File: elsewhere}, "pod-fits-no-node: ConfigMap default/mate: would wait for ever: its pod affinity wants it beside pods that stay in "+
		corev1.LabelTopologyZone+" "+zone)

	must(t, k.PolicyV1().PodDisruptionBudgets("default").Delete(t.Context(), "full", metav1.DeleteOptions{}))
	s := replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Force: true}})
	if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, "none while it moves: Deployment default/one") {
		t.Errorf("the notes are %s", notes)
	}
	n, err := k.CoreV1().Nodes().Get(t.Context(), node, metav1.GetOptions{})
	must(t, err)
	delete(n.Labels, "eks.amazonaws.com/nodegroup")
	delete(n.Labels, "alpha.eksctl.io/nodegroup-name")
	_, err = k.CoreV1().Nodes().Update(t.Context(), n, metav1.UpdateOptions{})
	must(t, err)
	said(run.Replacement{Watch: plan.Watch{Force: true}}, "nodes-without-label: node "+node)
}
