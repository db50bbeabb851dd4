package steps_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Where no pod of a zone has an address of the network plugin's, one is sent, and is gone
// once it has; a second look sends no second one beside it.
func TestNodesAreProvenByAPodThatIsSent(t *testing.T) {
	r, s := standing(t)
	k, err := s.Env.Kube(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"coredns", "metrics-server"} {
		if err := k.AppsV1().Deployments("kube-system").Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	r.Sim.World.Advance(2 * time.Minute)
	probes := func() (n int) {
		l, err := k.CoreV1().Pods("kube-system").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range l.Items {
			if strings.HasPrefix(p.Name, "slipway-probe-") {
				n++
			}
		}
		return n
	}
	step := &steps.NodesProven{Group: "m"}
	for turn := range 60 {
		res, err := step.Run(t.Context(), s.Env, &steps.Memo{})
		if err != nil {
			t.Fatal(err)
		}
		if turn == 0 && (res.State != engine.Wait || !res.Changed || probes() != 1) {
			t.Errorf("%+v, %d pods sent", res, probes())
		}
		if res.State == engine.Done {
			if r.Sim.World.Advance(time.Minute); probes() != 0 {
				t.Errorf("%d pods are left", probes())
			}
			return
		}
		if probes() > 1 {
			t.Fatalf("%d pods were sent", probes())
		}
		r.Sim.World.Advance(5 * time.Second)
	}
	t.Error("the step never ends")
}
