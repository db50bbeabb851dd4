package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestReleases(t *testing.T) {
	const group = testregion.Cluster + "managedNodeGroups: [{name: g, desiredCapacity: 1, releaseVersion: "
	finds(t, look(t, group+"1.33.5-20260901}]\n", nil), "release-other-minor", "managedNodeGroups[0].releaseVersion", "is of Kubernetes 1.33; the file is of 1.34")
	if fs := look(t, group+"1.34.1-20260901}]\n", nil); len(fs) > 0 {
		t.Errorf("%v", fs)
	}
}
