package kubeapi_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// The control plane applies as clients do: it owns what it names, conflicts with what is
// others', and can yield to them, take theirs, or only ask.
func TestTheControlPlaneApplies(t *testing.T) {
	c, k := open(t, "good", admin)
	by := kubeapi.NewWriter("eks:addon-manager", "agent", "eks")
	manifest := func(a string) kubeapi.Manifest {
		m, err := kubeapi.ManifestOf(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c", Namespace: "default"}, Data: map[string]string{"a": a}})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	is := func(what, want string) {
		t.Helper()
		m, err := k.CoreV1().ConfigMaps("default").Get(t.Context(), "c", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var by []string
		for _, f := range m.ManagedFields {
			by = append(by, f.Manager+":"+string(f.Operation))
		}
		if got := m.Data["a"] + " of " + strings.Join(by, " "); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	if err := c.Apply(by, manifest("1"), kubeapi.Applying{}); err != nil {
		t.Fatal(err)
	}
	is("applied", "1 of eks:Apply")
	if _, err := k.CoreV1().ConfigMaps("default").Patch(t.Context(), "c", types.MergePatchType, []byte(`{"data": {"a": "2"}}`),
		metav1.PatchOptions{FieldManager: "kubectl-edit"}); err != nil {
		t.Fatal(err)
	}
	is("edited", "2 of kubectl-edit:Update")
	fields := kubeapi.Conflicts(c.Apply(by, manifest("3"), kubeapi.Applying{Dry: true}))
	if len(fields) != 1 || fields[0] != ".data.a" || manifest("3").Name() != "ConfigMap c" {
		t.Errorf("conflicts %v of %s", fields, manifest("3").Name())
	}
	m := manifest("3")
	if err := c.Yield(m, fields); err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(by, m, kubeapi.Applying{}); err != nil {
		t.Fatal(err)
	}
	is("yielded", "2 of kubectl-edit:Update")
	if err := c.Apply(by, manifest("3"), kubeapi.Applying{Force: true, Dry: true}); err != nil {
		t.Fatal(err)
	}
	is("only asked", "2 of kubectl-edit:Update")
	if err := c.Apply(by, manifest("3"), kubeapi.Applying{Force: true}); err != nil {
		t.Fatal(err)
	}
	is("taken", "3 of eks:Apply")
}
