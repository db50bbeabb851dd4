package check_test

import (
	"fmt"
	"testing"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/vpc"
)

func TestQuotas(t *testing.T) {
	group := testregion.Cluster + "managedNodeGroups: [{name: g, desiredCapacity: 2}]\n"
	finds(t, look(t, group, func(r *testregion.Region) { r.Region.EC2.Quotas.VCPUs = 3 }), "quota-vcpus", "want 4 vCPUs at once", "is 3")
	finds(t, look(t, group, func(r *testregion.Region) { r.Region.EC2.Quotas.VPCs = 0 }), "quota-vpcs", "L-F678F1CE")
	finds(t, look(t, group, func(r *testregion.Region) { r.Region.EC2.Quotas.Addresses = 0 }), "quota-addresses", "NAT needs 1 more")
	other := func(code string, n int) func(r *testregion.Region) {
		return func(r *testregion.Region) { r.Region.EC2.Quotas.Other = map[string]int{code: n} }
	}
	gpus := testregion.Cluster + "managedNodeGroups: [{name: g, instanceType: g4dn.xlarge, desiredCapacity: 2}]\n"
	finds(t, look(t, gpus, other("L-DB2E81BA", 4)), "quota-vcpus", "want 8 vCPUs at once", "is 4 (Running On-Demand G and VT instances)", "L-DB2E81BA")
	if fs := look(t, gpus, func(r *testregion.Region) { r.Region.EC2.Quotas.VCPUs = 3 }); len(fs) > 0 {
		t.Errorf("another family's quota: %v", fs)
	}
	spot := testregion.Cluster + "managedNodeGroups: [{name: g, spot: true, instanceTypes: [m5.large], desiredCapacity: 2}]\n"
	finds(t, look(t, spot, other("L-34B43A08", 2)), "quota-vcpus", "want 4 vCPUs at once", "Spot Instance Requests")
	large := testregion.Cluster + "managedNodeGroups: [{name: g, instanceType: p3.2xlarge, desiredCapacity: 1}]\n"
	finds(t, look(t, large, other("L-417A185B", 4)), "quota-vcpus", "want 8 vCPUs at once", "L-417A185B")
	if fs := look(t, testregion.Cluster+existing+"managedNodeGroups: [{name: g, desiredCapacity: 1}]\n",
		func(r *testregion.Region) { r.Region.EC2.Quotas.VPCs = 0 }); len(fs) > 0 {
		t.Errorf("a VPC that exists needs no other: %v", fs)
	}
}

// A cluster that has as many managed node groups as the quota lets has no room for one that
// takes another's place; where several come in turn, as many count as come at once.
func TestTheQuotaOfNodeGroups(t *testing.T) {
	f := testregion.Load(t, testregion.Cluster+"managedNodeGroups: [{name: a-b2, desiredCapacity: 1}, {name: b-b2, desiredCapacity: 1}]\n")
	r := testregion.New(t, f, 1)
	for there, want := range map[int]string{28: "", 29: "", 30: "has 30 managed node groups, would have 1 more at once"} {
		live := &observe.Observed{Name: "test", Cluster: &observe.Cluster{Status: "ACTIVE"}, Groups: map[string]*observe.Nodegroup{}}
		for i := range there {
			live.Groups[fmt.Sprintf("g%d", i)] = &observe.Nodegroup{}
		}
		in := check.NewInput(r.AWS, f, vpc.Network{}, live)
		in.InTurn = []string{"a-b2", "b-b2"}
		fs := check.Run(t.Context(), check.Preflight, in, check.AllBut("quotas")...)
		if want != "" {
			finds(t, fs, "quota-node-groups", want, "L-6D54EA21", "--max-parallel")
		} else if len(fs) > 0 {
			t.Errorf("with %d: %v", there, fs)
		}
		in.AtOnce = 2
		if fs = check.Run(t.Context(), check.Preflight, in, check.AllBut("quotas")...); (len(fs) > 0) != (there > 28) {
			t.Errorf("with %d, two at once: %v", there, fs)
		}
	}
}
