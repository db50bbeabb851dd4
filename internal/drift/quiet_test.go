package drift_test

import (
	"encoding/json"
	"testing"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// launched is a region in which a config was launched.
func launched(t testing.TB, text string) *testregion.Region {
	t.Helper()
	f := testregion.Load(t, text)
	r := testregion.New(t, f, 1)
	s, err := run.Prepare(t.Context(), r.AWS, f)
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := s.Run(t.Context(), r.Clock, 1, nil); err != nil || !rep.OK() {
		t.Fatal(err, rep)
	}
	return r
}

func compared(t testing.TB, r *testregion.Region) *drift.Report {
	t.Helper()
	return drift.Compare(drift.Of(observed(t, r)))
}

func observed(t testing.TB, r *testregion.Region) *observe.Observed {
	t.Helper()
	o, err := read.Cluster(t.Context(), r.AWS, "test", read.Drift())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// What was just made has not drifted, whatever it is made of.
func TestWhatWasJustMadeHasNotDrifted(t *testing.T) {
	for name, text := range clusters {
		t.Run(name, func(t *testing.T) {
			r := launched(t, testregion.Cluster+text)
			rep := compared(t, r)
			for _, d := range rep.Differences {
				b, _ := json.Marshal(d)
				t.Errorf("%s", b)
			}
			for _, n := range rep.NotChecked {
				t.Errorf("not checked: %+v", n)
			}
			if rep.Fields < 30 {
				t.Errorf("only %d fields were compared", rep.Fields)
			}
		})
	}
}

var clusters = map[string]string{
	"plain":   "managedNodeGroups: [{name: m, desiredCapacity: 1, labels: {a: b}}, {name: t, minSize: 0, desiredCapacity: 0, taints: [{key: k, value: v, effect: NoSchedule}]}]\n",
	"both":    "iam: {withOIDC: true}\nvpc: {nat: {gateway: HighlyAvailable}}\nmanagedNodeGroups: [{name: m, desiredCapacity: 1}]\nnodeGroups: [{name: s, desiredCapacity: 1}]\n",
	"ipv6":    "iam: {withOIDC: true}\nkubernetesNetworkConfig: {ipFamily: IPv6}\naddons: [{name: vpc-cni}, {name: coredns}, {name: kube-proxy}]\nmanagedNodeGroups: [{name: m, desiredCapacity: 1}]\n",
	"private": "addonsConfig: {disableDefaultAddons: true}\nvpc: {clusterEndpoints: {privateAccess: true}, nat: {gateway: Disable}, controlPlaneOnPrivateSubnets: true}\ncloudWatch: {clusterLogging: {enableTypes: [api, audit], logRetentionInDays: 7}}\n",
}
