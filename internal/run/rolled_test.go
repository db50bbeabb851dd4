package run_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// What an update in place leaves is looked at: sizes that stay raised, a node that takes no
// pods, and a pod that ran before and finds no node are waited for, by name.
func TestWhatAnUpdateInPlaceLeaves(t *testing.T) {
	r := up(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 2, minSize: 1, maxSize: 3}]\n")
	s, k := inPlace(t, r, run.InPlace{Group: "w"}), kubernetesOf(t, r)
	says := func(x steps.Spec, state engine.State, want ...string) {
		t.Helper()
		got, err := x.Run(t.Context(), s.Env, &steps.Memo{})
		for _, w := range want {
			if err != nil || got.State != state || !strings.Contains(got.Reason, w) {
				t.Errorf("%+v %v, expected %q", got, err, w)
			}
		}
	}
	rolled := func(edit func(*steps.GroupRolled)) *steps.GroupRolled {
		x := &steps.GroupRolled{Group: "w", Min: 1, Max: 3, Nodes: 2}
		edit(x)
		return x
	}
	as := func(*steps.GroupRolled) {}
	says(rolled(as), engine.Done, "2 of 2 nodes Ready, the sizes as before, and its pods run")
	says(rolled(func(x *steps.GroupRolled) { x.Max = 2 }), engine.Wait, "has 1 to 3 nodes, and had 1 to 2 before", "slipway nodegroup scale test w --nodes-min 1 --nodes-max 2")
	says(rolled(func(x *steps.GroupRolled) { x.Nodes = 1 }), engine.Wait, "2 nodes are wanted, and 1 were before")

	nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	must(t, err)
	n := &nodes.Items[0]
	n.Spec.Unschedulable = true
	n, err = k.CoreV1().Nodes().Update(t.Context(), n, metav1.UpdateOptions{})
	must(t, err)
	says(rolled(as), engine.Wait, n.Name+" takes no pods", "kubectl uncordon "+n.Name)
	n.Spec.Unschedulable = false
	n.Labels["karpenter.sh/nodepool"] = "default"
	_, err = k.CoreV1().Nodes().Update(t.Context(), n, metav1.UpdateOptions{})
	must(t, err)

	labels := map[string]string{"app": "lost"}
	_, err = k.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "lost"},
		Spec: appsv1.DeploymentSpec{Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{NodeSelector: map[string]string{"zone": "none"}, Containers: []corev1.Container{{Name: "c", Image: "nginx"}}}}}}, metav1.CreateOptions{})
	must(t, err)
	r.Sim.World.Advance(time.Minute)
	sets, err := k.AppsV1().ReplicaSets("default").List(t.Context(), metav1.ListOptions{})
	must(t, err)
	says(rolled(as), engine.Done, "its pods run") // it did not run before
	says(rolled(func(x *steps.GroupRolled) { x.Ran = []string{"ReplicaSet/default/" + sets.Items[0].Name} }), engine.Wait,
		"pod default/lost-", "which ran before, finds no node: ", "didn't match")

	volumeIn(t, k, "us-west-2z") // whose zone has lost its last node
	r.Sim.World.Advance(time.Minute)
	sets, err = k.AppsV1().ReplicaSets("default").List(t.Context(), metav1.ListOptions{LabelSelector: "app=data"})
	must(t, err)
	set := "ReplicaSet/default/" + sets.Items[0].Name
	says(rolled(func(x *steps.GroupRolled) { x.Ran = []string{set} }), engine.Wait, "pod default/data-", "which ran before, finds no node: ",
		"2 node(s) didn't match PersistentVolume's node affinity", "its volume is in a zone where no node takes pods", "slipway nodegroup scale")
	must(t, k.AppsV1().Deployments("default").Delete(t.Context(), "data", metav1.DeleteOptions{}))

	says(rolled(func(x *steps.GroupRolled) { x.Own = true }), engine.Done, "its pods run") // of the control plane's minor

	followed := func(version string, of ...string) steps.Spec { return &steps.NodesFollowed{Version: version, Of: of} }
	says(followed("1.34", "karpenter"), engine.Done, "1 nodes of karpenter are at 1.34")
	says(followed("1.35", "karpenter", "auto"), engine.Wait, "0 of 1 nodes of karpenter and auto are at 1.35; next: "+n.Name+" (v1.34.", "disruption budgets")
	says(followed("1.35", "auto"), engine.Done, "0 nodes of auto")
}

// volumeIn gives the cluster a Deployment of one pod with a volume in a zone.
func volumeIn(t *testing.T, k kubernetes.Interface, zone string) {
	t.Helper()
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	modes := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	_, err := k.CoreV1().PersistentVolumes().Create(t.Context(), &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: corev1.PersistentVolumeSpec{
		Capacity: size, AccessModes: modes, PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "ebs.csi.aws.com", VolumeHandle: "vol-1"}},
		ClaimRef: &corev1.ObjectReference{Namespace: "default", Name: "data", Kind: "PersistentVolumeClaim"},
		NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}}}}}}}}}, metav1.CreateOptions{})
	must(t, err)
	_, err = k.CoreV1().PersistentVolumeClaims("default").Create(t.Context(), &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"},
		Spec: corev1.PersistentVolumeClaimSpec{VolumeName: "data", StorageClassName: new(""), AccessModes: modes, Resources: corev1.VolumeResourceRequirements{Requests: size}}},
		metav1.CreateOptions{})
	must(t, err)
	labels := map[string]string{"app": "data"}
	_, err = k.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "data"},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx"}}, Volumes: []corev1.Volume{{Name: "d",
				VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}}}}}, metav1.CreateOptions{})
	must(t, err)
}

// Nodes of Karpenter are waited for where that is wanted, until they are there or the time is
// over.
func TestAnUpgradeWaitsForNodesThatOthersKeep(t *testing.T) {
	r := up(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1}]\n")
	k := kubernetesOf(t, r)
	_, err := k.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "karpenter-1", Labels: map[string]string{"karpenter.sh/nodepool": "default"}},
		Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.34.1-eks-1"}}}, metav1.CreateOptions{})
	must(t, err)
	s := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, WaitNodes: []string{"karpenter"}, WaitFor: 10 * time.Minute})
	if k := kinds(s); k[rules.Followed] != 1 || !follows(s, "upgrade-verified/1.35", "nodes-followed/1.35") {
		t.Errorf("the plan has %v", k)
	}
	rep := drive(t, r, s)
	if rep.OK() || rep.TimedOut != 1 || !strings.Contains(rep.FirstFailure, "0 of 1 nodes of karpenter are at 1.35") {
		t.Errorf("%+v", rep.FirstFailure)
	}
	must(t, k.CoreV1().Nodes().Delete(t.Context(), "karpenter-1", metav1.DeleteOptions{}))
	isAt(t, r, "1.35")
}

// Room for what EKS adds meanwhile is looked at before: without that for a node in each zone it
// is refused, and where it is only tight, said; MINIMAL adds none (ops case 26).
func TestRoomForWhatEKSAdds(t *testing.T) {
	before := stood(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 2, minSize: 1, maxSize: 3}]\n")
	for _, c := range []struct {
		vcpus         int
		refused, note string
	}{
		{8, "EKS adds up to 12 vCPUs of nodes to w meanwhile, beside the 4 that run, and the account's quota in us-west-2 is 8", ""},
		{12, "", "it goes on with fewer"},
		{64, "", ""},
	} {
		r := testregion.Again(t, before)
		r.Region.EC2.Quotas.VCPUs = c.vcpus
		for what, prepare := range map[string]func() (*run.Session, error){
			"one group": func() (*run.Session, error) {
				return run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: "w", Release: "1.34.1-20260901"})
			},
			"all": func() (*run.Session, error) {
				return run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})
			},
			"up": func() (*run.Session, error) {
				return run.Prepare(t.Context(), r.AWS, testregion.Load(t, at135(testregion.Cluster)+"managedNodeGroups: [{name: w, desiredCapacity: 2, minSize: 1, maxSize: 3}]\n"))
			},
		} {
			s, err := prepare()
			if (err != nil) != (c.refused != "") || err != nil && !(strings.Contains(err.Error(), c.refused) && strings.Contains(err.Error(), "quota-vcpus") && strings.Contains(err.Error(), "MINIMAL")) {
				t.Errorf("%s, %d vCPUs: %v", what, c.vcpus, err)
				continue
			}
			if err == nil {
				if notes := strings.Join(s.Plan.Notes, "\n"); strings.Contains(notes, "it goes on with fewer") != (c.note != "") {
					t.Errorf("%s, %d vCPUs: %s", what, c.vcpus, notes)
				}
			}
		}
	}
}
