package read

import (
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func at(minute int) metav1.Time {
	return metav1.NewTime(time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC))
}

func owned(by string, minute int, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: by, Time: new(at(minute)), FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)}}
}

// What was before is what EKS set last, not what somebody tried in between; where the history
// does not reach back so far, it is the oldest that is there.
func TestTheHistoryBeginsWhereEKSLeft(t *testing.T) {
	versions := func(minutes ...int) (all []version) {
		for i, m := range minutes {
			all = append(all, version{int64(len(minutes) - i), at(m), map[string]any{"at": m}})
		}
		return all
	}
	for _, c := range []struct {
		versions []int // the newest first
		eks      int
		want     string
	}{
		{[]int{50, 40, 31, 10}, 30, "31 10"},
		{[]int{50, 40}, 30, "40"},
		{[]int{20, 10}, 30, "20 10"},
		{nil, 30, ""},
	} {
		o := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{owned(eksManager, c.eks, `{}`), owned("kubectl-edit", 50, `{}`)}}}
		got := ""
		for i, m := range since(versions(c.versions...), o) {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprint(m["at"])
		}
		if got != c.want {
			t.Errorf("%v, EKS at %d: %q, want %q", c.versions, c.eks, got, c.want)
		}
	}
}

// A field is contested where somebody changed what EKS set; what he added, or had before, is
// not, where there is a history to tell. Where EKS set the same, it is both of theirs. An object of another
// tool's is all that tool's.
func TestWhatIsContested(t *testing.T) {
	const helm = `{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:image":{},"f:imagePullPolicy":{},"f:env":{
		"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"B\"}":{".":{},"f:name":{},"f:value":{}}}}}}}}}`
	const eks = `{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:image":{}}}}}}}`
	d := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{owned("eks", 1, eks), owned("helm", 2, helm)}}}
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "c", Image: "i:1", ImagePullPolicy: "Always",
		Env: []corev1.EnvVar{{Name: "A", Value: "2"}, {Name: "B", Value: "3"}}}}
	before := d.DeepCopy()
	before.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", Value: "1"}}
	x, _ := plain(before).(map[string]any)
	const at = `.spec.template.spec.containers[name="c"]`
	for _, c := range []struct {
		what string
		past []map[string]any
		ours bool
		want []string
	}{
		{"an update", []map[string]any{x}, true, []string{at + `.env[name="A"].value to "2" (before: "1")`, "= " + at + `.image to "i:1"`}},
		{"an update without a history", nil, true, []string{at + `.env[name="A"].value to "2"`, at + `.env[name="B"].value to "3"`, "= " + at + `.image to "i:1"`,
			at + `.imagePullPolicy to "Always"`}},
	} {
		var got []string
		for _, f := range contested(d, c.past, c.ours, "") {
			s := f.String()
			if f.Shared {
				s = "= " + s
			}
			got = append(got, s)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.what, got)
		}
	}
	if got := contested(&corev1.ConfigMap{}, nil, false, "ConfigMap coredns "); len(got) != 1 || got[0].Field != "ConfigMap coredns .data" || got[0].Owner != Unrecorded {
		t.Errorf("without a record: %+v", got)
	}
}
