package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestQuotas(t *testing.T) {
	group := testregion.Cluster + "managedNodeGroups: [{name: g, desiredCapacity: 2}]\n"
	finds(t, look(t, group, func(r *testregion.Region) { r.Region.EC2.Quotas.VCPUs = 3 }), "quota-vcpus", "want 4 vCPUs at once", "is 3")
	finds(t, look(t, group, func(r *testregion.Region) { r.Region.EC2.Quotas.VPCs = 0 }), "quota-vpcs", "L-F678F1CE")
	finds(t, look(t, group, func(r *testregion.Region) { r.Region.EC2.Quotas.Addresses = 0 }), "quota-addresses", "NAT needs 1 more")
	if fs := look(t, testregion.Cluster+existing+"managedNodeGroups: [{name: g, desiredCapacity: 1}]\n",
		func(r *testregion.Region) { r.Region.EC2.Quotas.VPCs = 0 }); len(fs) > 0 {
		t.Errorf("a VPC that exists needs no other: %v", fs)
	}
}
