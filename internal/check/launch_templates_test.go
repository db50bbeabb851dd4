package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestLaunchTemplates(t *testing.T) {
	f := testregion.Load(t,
		testregion.Cluster+"managedNodeGroups: [{name: g, desiredCapacity: 1, launchTemplate: {id: lt-0123456789abcdef0, version: \"1\"}}]\n")
	r := testregion.New(t, f, 1)
	if fs := lookAt(t, r, f); len(fs) > 0 {
		t.Fatalf("%v", fs)
	}
	g := &f.Cluster.ManagedNodeGroups[0]
	g.LaunchTemplate.Version = "9"
	finds(t, lookAt(t, r, f), "launch-template-version-not-found", "managedNodeGroups[0].launchTemplate.version", "lt-0123456789abcdef0 has no version 9")
	g.LaunchTemplate = &config.LaunchTemplate{ID: "lt-0aaaaaaaaaaaaaaaa"}
	finds(t, lookAt(t, r, f), "launch-template-not-found", "managedNodeGroups[0].launchTemplate",
		"there is no launch template lt-0aaaaaaaaaaaaaaaa in us-west-2")
}
