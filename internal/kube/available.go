package kube

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Lacking is how much is not available of what runs in a cluster: workloads by how many of
// their wanted pods are not, and owners of pods that crash again and again. Both by
// Kind namespace/name.
type Lacking struct {
	Pods     map[string]int  `json:"pods,omitempty"`
	Want     map[string]int  `json:"want,omitempty"` // how many pods each wanted then
	Crashing map[string]bool `json:"crashing,omitempty"`
}

// page is how many objects one answer may hold.
const page = 500

// Each visits a listing page by page.
func Each[T any](ctx context.Context, list func(context.Context, metav1.ListOptions) (T, error), next func(T) string, visit func(T)) error {
	o := metav1.ListOptions{Limit: page}
	for {
		l, err := list(ctx, o)
		if err != nil {
			return err
		}
		visit(l)
		if o.Continue = next(l); o.Continue == "" {
			return nil
		}
	}
}

// Lacks looks at the workloads that are no younger than a moment; all, where it is zero.
// What somebody brings in later is not a replacement's doing.
func Lacks(ctx context.Context, k kubernetes.Interface, until metav1.Time) (Lacking, error) {
	out := Lacking{Pods: map[string]int{}, Want: map[string]int{}, Crashing: map[string]bool{}}
	note := func(kind string, m *metav1.ObjectMeta, want, have int32) {
		if !until.IsZero() && until.Before(&m.CreationTimestamp) { // it is too young
			return
		}
		id := kind + " " + m.Namespace + "/" + m.Name
		if out.Want[id] = int(want); want > have {
			out.Pods[id] = int(want - have)
		}
	}
	replicas := func(n *int32) int32 {
		if n == nil {
			return 1
		}
		return *n
	}
	err := Each(ctx, k.AppsV1().Deployments("").List, func(l *appsv1.DeploymentList) string { return l.Continue }, func(l *appsv1.DeploymentList) {
		for i := range l.Items {
			d := &l.Items[i]
			note("Deployment", &d.ObjectMeta, replicas(d.Spec.Replicas), d.Status.AvailableReplicas)
		}
	})
	if err != nil {
		return out, fmt.Errorf("listing Deployments: %w", err)
	}
	err = Each(ctx, k.AppsV1().StatefulSets("").List, func(l *appsv1.StatefulSetList) string { return l.Continue }, func(l *appsv1.StatefulSetList) {
		for i := range l.Items {
			d := &l.Items[i]
			note("StatefulSet", &d.ObjectMeta, replicas(d.Spec.Replicas), d.Status.AvailableReplicas)
		}
	})
	if err != nil {
		return out, fmt.Errorf("listing StatefulSets: %w", err)
	}
	err = Each(ctx, k.AppsV1().DaemonSets("").List, func(l *appsv1.DaemonSetList) string { return l.Continue }, func(l *appsv1.DaemonSetList) {
		for i := range l.Items {
			d := &l.Items[i]
			note("DaemonSet", &d.ObjectMeta, d.Status.DesiredNumberScheduled, d.Status.NumberAvailable)
		}
	})
	if err != nil {
		return out, fmt.Errorf("listing DaemonSets: %w", err)
	}
	var crash []*corev1.Pod
	err = Each(ctx, k.CoreV1().Pods("").List, func(l *corev1.PodList) string { return l.Continue }, func(l *corev1.PodList) {
		for i := range l.Items {
			if p := &l.Items[i]; crashes(p) {
				crash = append(crash, p)
			}
		}
	})
	if err != nil {
		return out, fmt.Errorf("listing pods: %w", err)
	}
	for _, p := range crash {
		of, since, err := maker(ctx, k, p)
		if err != nil {
			return out, err
		}
		if young := !until.IsZero() && until.Before(&since); !young {
			out.Crashing[of] = true
		}
	}
	return out, nil
}

// maker is what makes a pod, by the name that stays: a Deployment rather than its ReplicaSet, a
// CronJob rather than its Job; and since when there is what made this one: a rollout, or the
// next Job, is younger than what it is of.
func maker(ctx context.Context, k kubernetes.Interface, p *corev1.Pod) (name string, since metav1.Time, err error) {
	c := metav1.GetControllerOf(p)
	if c == nil {
		return "Pod " + p.Namespace + "/" + p.Name, p.CreationTimestamp, nil
	}
	var m metav1.Object
	switch c.Kind {
	case "ReplicaSet":
		m, err = k.AppsV1().ReplicaSets(p.Namespace).Get(ctx, c.Name, metav1.GetOptions{})
	case "Job":
		m, err = k.BatchV1().Jobs(p.Namespace).Get(ctx, c.Name, metav1.GetOptions{})
	case "StatefulSet":
		m, err = k.AppsV1().StatefulSets(p.Namespace).Get(ctx, c.Name, metav1.GetOptions{})
	case "DaemonSet":
		m, err = k.AppsV1().DaemonSets(p.Namespace).Get(ctx, c.Name, metav1.GetOptions{})
	default: // of a kind that only its own controller knows
		return c.Kind + " " + p.Namespace + "/" + c.Name, metav1.Time{}, nil
	}
	if apierrors.IsNotFound(err) { // it goes, and takes the pod along
		return c.Kind + " " + p.Namespace + "/" + c.Name, p.CreationTimestamp, nil
	}
	if err != nil {
		return "", since, fmt.Errorf("reading what makes pod %s/%s: %w", p.Namespace, p.Name, err)
	}
	since = m.GetCreationTimestamp()
	if above := metav1.GetControllerOf(m); above != nil {
		c = above
	}
	return c.Kind + " " + p.Namespace + "/" + c.Name, since, nil
}

// crashes tells whether the kubelet waits before it starts a container of a pod again.
func crashes(p *corev1.Pod) bool {
	for _, s := range append(append([]corev1.ContainerStatus{}, p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...) {
		if w := s.State.Waiting; w != nil && w.Reason == "CrashLoopBackOff" {
			return true
		}
	}
	return false
}
