package node_test

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// disks is a driver that makes, ties and deletes volumes at once.
type disks struct {
	outside
	runs  bool
	there map[string]string // volumes, by the node that has them
}

func (d *disks) Driver(string) (string, bool) { return "disks", d.runs }
func (d *disks) NewVolume(x *corev1.PersistentVolumeClaim, s *storagev1.StorageClass, n *corev1.Node) (*corev1.PersistentVolume, error) {
	d.there["pvc-"+x.Name] = ""
	return &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pvc-" + x.Name}, Spec: corev1.PersistentVolumeSpec{StorageClassName: s.Name,
		Capacity: x.Spec.Resources.Requests, AccessModes: x.Spec.AccessModes, PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
		PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "disks", VolumeHandle: "pvc-" + x.Name}},
		NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "kubernetes.io/hostname", Operator: corev1.NodeSelectorOpIn, Values: []string{n.Name}}}}}}}}}, nil
}
func (d *disks) DeleteVolume(v *corev1.PersistentVolume) error { delete(d.there, v.Name); return nil }
func (d *disks) Attach(v *corev1.PersistentVolume, n *corev1.Node) (bool, error) {
	d.there[v.Name] = n.Name
	return true, nil
}
func (d *disks) Detach(v *corev1.PersistentVolume, _ string) (bool, error) {
	d.there[v.Name] = ""
	return true, nil
}

func withDisks(t *testing.T) (*cluster, *disks) {
	d := &disks{outside: outside{unplaced: map[string]bool{}}, there: map[string]string{}}
	c := startIn(t, d, &d.outside)
	c.API.Save(&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "late"}, Provisioner: "disks",
		VolumeBindingMode: new(storagev1.VolumeBindingWaitForFirstConsumer)})
	c.cni()
	c.node("n1")
	c.node("n2")
	return c, d
}

func (c *cluster) stateful(replicas int32, image string) {
	s := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: "default"}}
	if cur := kubeapi.Get[appsv1.StatefulSet](c.API, "default", "db"); cur != nil {
		s = cur.DeepCopy()
		s.Generation++
	}
	s.Spec.Replicas, s.Spec.ServiceName = new(replicas), "db"
	s.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "db"}}
	s.Spec.Template = template("db", corev1.PodSpec{})
	s.Spec.Template.Spec.Containers[0].Image = image
	s.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: corev1.PersistentVolumeClaimSpec{
		StorageClassName: new("late"), AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}}}}}
	c.API.Save(s)
}

func (c *cluster) sees(reason string) (n int) {
	for _, e := range kubeapi.List[corev1.Event](c.API) {
		if e.Reason == reason {
			n++
		}
	}
	return n
}

// Without a driver nothing is bound, and it is said; with one the pods come in order, each to
// its volume, and an update replaces them from the last on.
func TestAStatefulSetHasItsClaims(t *testing.T) {
	c, d := withDisks(t)
	c.stateful(2, "a")
	c.w.Advance(10 * time.Minute)
	if on, _ := c.pods("db"); fmt.Sprint(on) != "map[:1]" || c.sees("ExternalProvisioning") != 1 {
		t.Fatalf("without a driver: %v, %d events", on, c.sees("ExternalProvisioning"))
	}
	d.runs = true
	c.Changed()
	c.w.Advance(10 * time.Minute)
	if _, ready := c.pods("db"); ready != 2 || len(d.there) != 2 || d.there["pvc-data-db-0"] == "" {
		t.Fatalf("with a driver: %d ready, volumes %v", ready, d.there)
	}
	first := kubeapi.Get[corev1.Pod](c.API, "default", "db-0")
	c.stateful(2, "b")
	c.w.Advance(10 * time.Minute)
	s := kubeapi.Get[appsv1.StatefulSet](c.API, "default", "db")
	again := kubeapi.Get[corev1.Pod](c.API, "default", "db-0")
	if again.UID == first.UID || again.Spec.Containers[0].Image != "b" || again.Spec.NodeName != first.Spec.NodeName || s.Status.UpdatedReplicas != 2 ||
		s.Status.CurrentRevision != s.Status.UpdateRevision {
		t.Errorf("after an update: %s on %s, was on %s; %+v", again.Spec.Containers[0].Image, again.Spec.NodeName, first.Spec.NodeName, s.Status)
	}
	c.stateful(1, "b")
	c.w.Advance(time.Minute)
	if d.there["pvc-data-db-1"] != "" {
		t.Error("the volume of a pod that has gone is still tied to its node")
	}
	c.API.Delete(kubeapi.Get[corev1.PersistentVolumeClaim](c.API, "default", "data-db-1"))
	c.w.Advance(time.Minute)
	if _, ok := d.there["pvc-data-db-1"]; ok {
		t.Error("the volume of a claim that has gone is still there")
	}
}
