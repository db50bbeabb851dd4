package kube_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/slipway-eks/slipway/internal/kube"
)

// Pods that crash count for what makes them by the name that stays, unless what makes them is
// younger than the moment asked for: a rollout that crashes, or the next Job of a CronJob, is
// not a replacement's doing.
func TestWhatCrashesIsNamedByWhatMakesIt(t *testing.T) {
	begun := metav1.NewTime(time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC))
	before, since := metav1.NewTime(begun.Add(-time.Hour)), metav1.NewTime(begun.Add(time.Minute))
	meta := func(name string, made metav1.Time, kind, of string) metav1.ObjectMeta {
		m := metav1.ObjectMeta{Name: name, Namespace: "default", UID: types.UID(name), CreationTimestamp: made}
		if of != "" {
			m.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: of, UID: types.UID(of), Controller: new(true)}}
		}
		return m
	}
	pod := func(name, kind, of string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: meta(name, since, kind, of), Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{
			{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}}}
	}
	k := fake.NewClientset(
		&appsv1.ReplicaSet{ObjectMeta: meta("old-1", before, "Deployment", "old")}, pod("old-1-a", "ReplicaSet", "old-1"),
		&appsv1.ReplicaSet{ObjectMeta: meta("old-2", since, "Deployment", "rolled")}, pod("old-2-a", "ReplicaSet", "old-2"),
		&batchv1.Job{ObjectMeta: meta("night-1", since, "CronJob", "night")}, pod("night-1-a", "Job", "night-1"),
		&batchv1.Job{ObjectMeta: meta("day-1", before, "CronJob", "day")}, pod("day-1-a", "Job", "day-1"),
		&appsv1.StatefulSet{ObjectMeta: meta("db", before, "", "")}, pod("db-0", "StatefulSet", "db"),
		&appsv1.DaemonSet{ObjectMeta: meta("agent", since, "", "")}, pod("agent-a", "DaemonSet", "agent"),
		pod("alone", "", ""), pod("orphan", "ReplicaSet", "gone"), pod("odd", "Rollout", "canary"),
		&corev1.Pod{ObjectMeta: meta("fine", before, "StatefulSet", "db")},
	)
	check := func(until metav1.Time, want ...string) {
		t.Helper()
		got, err := kube.Lacks(t.Context(), k, until)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Crashing) != len(want) {
			t.Errorf("%v crash", got.Crashing)
		}
		for _, w := range want {
			if !got.Crashing[w] {
				t.Errorf("%s is not among %v", w, got.Crashing)
			}
		}
	}
	check(begun, "Deployment default/old", "CronJob default/day", "StatefulSet default/db", "Rollout default/canary")
	check(metav1.Time{}, "Deployment default/old", "Deployment default/rolled", "CronJob default/night", "CronJob default/day", "StatefulSet default/db",
		"DaemonSet default/agent", "Pod default/alone", "ReplicaSet default/gone", "Rollout default/canary")
}
