package node

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a deletion costs is a number: nine is less than ten, and a negative one less than
// none.
func TestPodsGoByTheCostOfTheirDeletion(t *testing.T) {
	var pods []*corev1.Pod
	for _, cost := range []string{"10", "", "9", "-100"} {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: cost}}
		if cost != "" {
			p.Annotations = map[string]string{corev1.PodDeletionCost: cost}
		}
		pods = append(pods, p)
	}
	slices.SortStableFunc(pods, dispensable)
	var order []string
	for _, p := range pods {
		order = append(order, p.Name)
	}
	if !slices.Equal(order, []string{"-100", "", "9", "10"}) {
		t.Errorf("they go in the order %q", order)
	}
}
