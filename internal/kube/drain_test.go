package kube_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/kube"
)

// A drain leaves what its DaemonSet makes again, what the kubelet itself runs, and what has ended.
func TestWhatLeavesANode(t *testing.T) {
	for name, c := range map[string]struct {
		pod  corev1.Pod
		want bool
	}{
		"of a ReplicaSet": {corev1.Pod{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet"}}}}, true},
		"of nobody":       {corev1.Pod{}, true},
		"of a DaemonSet":  {corev1.Pod{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "DaemonSet"}}}}, false},
		"static":          {corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{corev1.MirrorPodAnnotationKey: "x"}}}, false},
		"that ended":      {corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}, false},
	} {
		if got := kube.Leaves(&c.pod); got != c.want {
			t.Errorf("a pod %s: %v", name, got)
		}
	}
}
