package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestPermissions(t *testing.T) {
	finds(t, look(t, testregion.Cluster, func(r *testregion.Region) { r.Region.IAM.Deny("eks:CreateCluster") }), "permission-missing",
		"may not do eks:CreateCluster")
}
