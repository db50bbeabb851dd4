package kubeapi_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// kubectl scale patches the subresource, autoscalers update it: replicas change and
// nothing else does.
func TestWorkloadsAreScaled(t *testing.T) {
	_, k := open(t, "good", admin)
	labels := map[string]string{"app": "a"}
	api := k.AppsV1().Deployments("default")
	made, err := api.Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "d"}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := api.GetScale(t.Context(), "d", metav1.GetOptions{})
	if err != nil || s.Spec.Replicas != 1 || s.Status.Selector != "app=a" {
		t.Fatalf("%+v %v", s, err)
	}
	stale := s.DeepCopy()
	s.Spec.Replicas = 3
	if s, err = api.UpdateScale(t.Context(), "d", s, metav1.UpdateOptions{}); err != nil || s.Spec.Replicas != 3 {
		t.Fatalf("%+v %v", s, err)
	}
	if _, err := api.UpdateScale(t.Context(), "d", stale, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("an update of an old version: %v", err)
	}
	if _, err := api.Patch(t.Context(), "d", types.MergePatchType, []byte(`{"spec":{"replicas":5}}`), metav1.PatchOptions{}, "scale"); err != nil {
		t.Fatal(err)
	}
	d, err := api.Get(t.Context(), "d", metav1.GetOptions{})
	if err != nil || *d.Spec.Replicas != 5 || d.Generation != made.Generation+2 || len(d.Spec.Template.Spec.Containers) != 1 {
		t.Errorf("%+v %v", d, err)
	}
}
