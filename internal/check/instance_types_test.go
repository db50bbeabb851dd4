package check_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestInstanceTypes(t *testing.T) {
	finds(t, look(t, testregion.Cluster+"managedNodeGroups: [{name: g, instanceTypes: [m99.large]}]\n", nil), "type-not-offered",
		"managedNodeGroups[0].instanceTypes", `no instance type "m99.large" in us-west-2`)
	// An old generation is not offered in the region's last zone.
	zones := "availabilityZones: [us-west-2a, us-west-2d]\n"
	finds(t, look(t, testregion.Cluster+zones+"nodeGroups: [{name: g, instanceType: c3.large, availabilityZones: [us-west-2d]}]\n", nil),
		"type-not-in-zones", "c3.large is not offered in us-west-2d", "zones among us-west-2a")
	some := look(t, testregion.Cluster+zones+"managedNodeGroups: [{name: g, instanceType: c3.large}]\n", nil)
	if len(some) != 1 || some.Err() != nil || !strings.Contains(some.Error(), "c3.large is not offered in us-west-2d; no node of g comes there") {
		t.Errorf("where it is offered, nodes come: %v", some)
	}
	for _, group := range []string{"{name: g, instanceTypes: [c3.large, c5.large], availabilityZones: [us-west-2d]}", "{name: g, instanceType: c3.large, availabilityZones: [us-west-2a]}"} {
		if fs := look(t, testregion.Cluster+zones+"managedNodeGroups: ["+group+"]\n", nil); len(fs) > 0 {
			t.Errorf("%s: %v", group, fs)
		}
	}
}
