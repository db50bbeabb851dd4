package drift_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Who takes over fields of an add-on's workload is named, with what he set; what is the same
// as EKS's, and what has pods start again, is no drift.
func TestWhoTookOverAnAddonsFieldsIsNamed(t *testing.T) {
	r := launched(t, testregion.Cluster+clusters["plain"])
	k, err := kube.Client(t.Context(), r.AWS, read.Described(observed(t, r).Cluster))
	if err != nil {
		t.Fatal(err)
	}
	patch := func(by, template string) {
		t.Helper()
		if _, err := k.AppsV1().DaemonSets("kube-system").Patch(t.Context(), "aws-node", types.StrategicMergePatchType,
			[]byte(`{"spec": {"template": `+template+`}}`), metav1.PatchOptions{FieldManager: by}); err != nil {
			t.Fatal(err)
		}
	}
	patch("kubectl-rollout", `{"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}}}`)
	patch("helm", `{"spec": {"containers": [{"name": "aws-node", "env": [{"name": "WARM_ENI_TARGET", "value": "1"}]}]}}`)
	if rep := compared(t, r); len(rep.Differences) > 0 {
		t.Errorf("%+v", rep.Differences)
	}
	patch("kubectl-edit", `{"spec": {"containers": [{"name": "aws-node", "env": [{"name": "WARM_ENI_TARGET", "value": "3"}]}]}}`)
	rep := compared(t, r)
	const want = `kubectl-edit: .spec.template.spec.containers[name="aws-node"].env[name="WARM_ENI_TARGET"].value`
	if d := rep.Differences; len(d) != 1 || d[0].Path != "addons.managers" || d[0].Kind != drift.Foreign || !strings.Contains(d[0].What, want) {
		t.Errorf("%+v", d)
	}
}
