package drift_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// large is a cluster with ten node groups, twelve add-ons and six subnets.
func large() string {
	var b strings.Builder
	b.WriteString(testregion.Cluster + "vpc: {nat: {gateway: Single}}\naddons:\n")
	for _, a := range []string{"vpc-cni", "coredns", "kube-proxy", "metrics-server", "eks-pod-identity-agent", "eks-node-monitoring-agent", "aws-ebs-csi-driver",
		"aws-efs-csi-driver", "aws-mountpoint-s3-csi-driver", "snapshot-controller", "external-dns", "prometheus-node-exporter"} {
		fmt.Fprintf(&b, "- {name: %s, useDefaultPodIdentityAssociations: false}\n", a)
	}
	b.WriteString("managedNodeGroups:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "- {name: g%d, desiredCapacity: 1, maxSize: 3}\n", i)
	}
	return b.String()
}

// The comparison of ten groups, twelve add-ons and six subnets costs at most ninety
// requests to AWS.
func TestALargeClusterCostsFewRequests(t *testing.T) {
	r := launched(t, large())
	before := r.AWS.Calls()
	rep, err := run.Drift(t.Context(), r.AWS, "test", run.DriftOptions{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if calls := r.AWS.Calls() - before; calls > 90 {
		t.Errorf("%d requests", calls)
	} else {
		t.Logf("%d requests, %d fields", calls, rep.Fields)
	}
	if len(rep.NotChecked) > 0 {
		t.Errorf("not checked: %+v", rep.NotChecked)
	}
}

// Ten thousand recorded clusters in memory, their records read, on all cores as a fleet is
// looked at: one iteration.
func BenchmarkTenThousandClusters(b *testing.B) {
	r := launched(b, rich)
	o, err := read.Cluster(b.Context(), r.AWS, "test", read.Drift())
	if err != nil {
		b.Fatal(err)
	}
	t := drift.Of(o)
	const clusters = 10000
	workers := runtime.GOMAXPROCS(0)
	for b.Loop() {
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				own := *t // each cluster has truths of its own
				for range (clusters + w) / workers {
					drift.Compare(&own)
				}
			})
		}
		all.Wait()
	}
}

// A look at ten groups, twelve add-ons and six subnets, with its comparison and without blame:
// clients and region compute in one process, and the clock is the region's.
func BenchmarkLargeCluster(b *testing.B) {
	r := launched(b, large())
	for b.Loop() {
		if _, err := run.Drift(b.Context(), r.AWS, "test", run.DriftOptions{Now: time.Now()}); err != nil {
			b.Fatal(err)
		}
	}
}
