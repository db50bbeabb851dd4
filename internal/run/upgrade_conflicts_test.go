package run_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubetypes "k8s.io/apimachinery/pkg/types"

	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Whose fields of an add-on's objects an upgrade meets is said before, owner by owner, with what
// becomes of them; where EKS may touch none, it is refused while nothing is changed.
func TestAnUpgradeNamesWhatOthersSetInAddons(t *testing.T) {
	saved := stood(t, withOldCNI)
	file := func(how string) string {
		return strings.Replace(strings.Replace(withOldCNI, `"1.34"`, `"1.35"`, 1), "version: v1.18.6-eksbuild.1", "version: v1.21.1-eksbuild.1, resolveConflicts: "+how, 1)
	}
	for what, c := range map[string]struct {
		flag, file   string
		note, target string // "" target: refused
	}{
		"nothing said":       {"", "", `EKS keeps what others set in the objects of vpc-cni: kubectl-edit sets `, "3"},
		"theirs":             {"preserve", "", `EKS keeps what others set in the objects of vpc-cni: kubectl-edit sets `, "3"},
		"EKS's":              {"overwrite", "", `EKS overwrites what others set in the objects of vpc-cni: kubectl-edit sets `, "1"},
		"none":               {"none", "", `ConfigurationConflict`, ""},
		"as the file says":   {"", file("overwrite"), `EKS overwrites what others set in the objects of vpc-cni`, "1"},
		"more than the file": {"preserve", file("overwrite"), `EKS keeps what others set in the objects of vpc-cni`, "3"},
	} {
		r := testregion.Again(t, saved)
		sets := kubernetesOf(t, r).AppsV1().DaemonSets("kube-system")
		_, err := sets.Patch(t.Context(), "aws-node", kubetypes.StrategicMergePatchType,
			[]byte(`{"spec": {"template": {"spec": {"containers": [{"name": "aws-node", "env": [{"name": "WARM_ENI_TARGET", "value": "3"}]}]}}}}`),
			metav1.PatchOptions{FieldManager: "kubectl-edit"})
		must(t, err)
		w := run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, Conflicts: c.flag}
		if c.file != "" {
			w.File = testregion.Load(t, c.file)
		}
		s, err := run.PrepareUpgrade(t.Context(), r.AWS, "test", w)
		if c.target == "" {
			for _, want := range []string{"addon-contested: add-on vpc-cni", `name="WARM_ENI_TARGET"].value to "3" (before: "1")`, c.note, "--resolve-conflicts preserve"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %v, expected %q", what, err, want)
				}
			}
			continue
		}
		must(t, err)
		notes := strings.Join(s.Plan.Notes, "\n")
		if strings.Count(notes, c.note) != 1 || !strings.Contains(notes, `name="WARM_ENI_TARGET"].value to "3" (before: "1")`) {
			t.Errorf("%s notes %s", what, notes)
		}
		if strings.Contains(what, "the") { // theirs, as the file says, more than the file
			continue
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		d, err := sets.Get(t.Context(), "aws-node", metav1.GetOptions{})
		must(t, err)
		for _, e := range d.Spec.Template.Spec.Containers[0].Env {
			if e.Name == "WARM_ENI_TARGET" && e.Value != c.target {
				t.Errorf("%s leaves it at %s", what, e.Value)
			}
		}
	}
}
