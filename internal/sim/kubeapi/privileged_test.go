package kubeapi_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Privileged containers are taken: the network's own agents are.
func TestPrivilegedContainersAreTaken(t *testing.T) {
	_, k := open(t, "good", admin)
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i",
		SecurityContext: &corev1.SecurityContext{Privileged: new(true)}}}}}
	if _, err := k.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}
