package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A client that uses an API which the next minor does not serve is named before an upgrade: what
// it uses, what replaces that, who it is and when it was seen last.
func TestAnAPIThatEndsHoldsAnUpgradeBack(t *testing.T) {
	r := up(t, strings.Replace(testregion.Cluster, "1.34", "1.31", 1))
	if _, err := kubernetesOf(t, r).FlowcontrolV1beta3().FlowSchemas().List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := r.AWS.EKS.StartInsightsRefresh(t.Context(), &eks.StartInsightsRefreshInput{ClusterName: new("test")})
	must(t, err)
	r.Sim.World.Advance(10 * time.Minute)
	_, err = run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{To: "1.32", Strategy: run.StrategyInPlace})
	for _, want := range []string{"upgrade-insight", "/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas, which /apis/flowcontrol.apiserver.k8s.io/v1/flowschemas " +
		"replaces, used by ", "(1 requests in 30 days, the last 2026-", "start-insights-refresh"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "prioritylevelconfigurations") {
		t.Errorf("what nobody uses is named: %v", err)
	}
	upgrade(t, r, run.Upgrade{To: "1.32", Strategy: run.StrategyInPlace, Force: true})
}
