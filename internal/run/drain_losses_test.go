package run_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// What a smaller group, or one that goes, ends though somebody asks that it stay, or keeps on its
// node's disk, is named before, and nothing is refused for it; only what is on the nodes that
// leave is.
func TestWhatLeavesWithNodesIsNamed(t *testing.T) {
	before := stood(t, pair)
	const leaves = "s"
	for name, prepare := range map[string]func(*testregion.Region) (*run.Session, error){
		"scale": func(r *testregion.Region) (*run.Session, error) {
			return scaled(t, r, leaves, run.GroupSizes{Nodes: new(0), Min: new(0)})
		},
		"delete": func(r *testregion.Region) (*run.Session, error) {
			return run.PrepareDelete(t.Context(), r.AWS, "test", []string{leaves}, run.GroupChange{Drain: true})
		},
	} {
		r := testregion.Again(t, before)
		k := kubernetesOf(t, r)
		nodes := map[string]string{}
		for group, label := range map[string]string{"w": "eks.amazonaws.com/nodegroup=w", leaves: "alpha.eksctl.io/nodegroup-name=s"} {
			l, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: label})
			must(t, err)
			nodes[group] = l.Items[0].Name
		}
		for pod, c := range map[string]struct {
			on     string
			change func(*corev1.Pod)
		}{
			"held":   {leaves, func(p *corev1.Pod) { p.Annotations = map[string]string{marks.DoNotDisrupt: "true"} }},
			"unsafe": {leaves, func(p *corev1.Pod) { p.Annotations = map[string]string{marks.SafeToEvict: "false"} }},
			"stays":  {"w", func(p *corev1.Pod) { p.Annotations = map[string]string{marks.SafeToEvict: "false"} }},
			"ended":  {leaves, func(p *corev1.Pod) { p.Finalizers = []string{"example.com/backup"} }},
			"kept":   {leaves, func(p *corev1.Pod) { p.Finalizers = []string{"example.com/backup"} }},
			"disk": {leaves, func(p *corev1.Pod) {
				p.Spec.Volumes = []corev1.Volume{{Name: "cache", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
			}},
		} {
			of, err := k.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: pod}}, metav1.CreateOptions{})
			must(t, err)
			p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: pod, OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "ConfigMap", Name: pod, UID: of.UID, Controller: new(true)}}},
				Spec: corev1.PodSpec{NodeName: nodes[c.on], Containers: []corev1.Container{{Name: "c", Image: "nginx"}}}}
			c.change(p)
			_, err = k.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{})
			must(t, err)
		}
		must(t, k.CoreV1().Pods("default").Delete(t.Context(), "ended", metav1.DeleteOptions{}))
		s, err := prepare(r)
		must(t, err)
		notes := strings.Join(s.Plan.Notes, "\n")
		for _, want := range []string{
			"are evicted all the same: ConfigMap default/held (karpenter.sh/do-not-disrupt: true), ConfigMap default/unsafe (cluster-autoscaler.kubernetes.io/safe-to-evict: false).",
			"the drain waits until whoever set them takes them away: ConfigMap default/ended (example.com/backup).",
			"(emptyDir, hostPath) does not move with them: ConfigMap default/disk.",
			"leave only once whoever set them takes them away: ConfigMap default/kept.",
		} {
			if !strings.Contains(notes, want) {
				t.Errorf("%s: the notes are %s, expected %q", name, notes, want)
			}
		}
		if strings.Contains(notes, "default/stays") {
			t.Errorf("%s: the notes name what stays: %s", name, notes)
		}
		for _, name := range []string{"kept", "ended"} { // whoever set them is done
			_, err := k.CoreV1().Pods("default").Patch(t.Context(), name, "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
			must(t, err)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Errorf("%s: %s", name, rep.FirstFailure)
		}
	}
}
