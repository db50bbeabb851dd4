package check_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestKubernetesVersion(t *testing.T) {
	fs := look(t, strings.Replace(testregion.Cluster, "1.34", "1.21", 1), nil)
	finds(t, fs, "version-not-offered", "test.yaml:3:", "EKS does not offer Kubernetes 1.21", "one of 1.")
}
