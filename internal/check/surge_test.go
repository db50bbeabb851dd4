package check

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/finding"
)

// A zone without an address is where EKS would wait in vain; too few in all is told.
func TestAddressesForASurge(t *testing.T) {
	zone := map[string]string{"s1": "a", "s2": "b", "s3": "b"}
	for _, c := range []struct {
		free     map[string]int
		severity finding.Severity
		says     string
	}{
		{map[string]int{"s1": 9, "s2": 0, "s3": 9}, "", ""},
		{map[string]int{"s1": 1, "s2": 0, "s3": 1}, finding.Warning, "EKS adds up to 6 nodes to w meanwhile, and its subnets have 2 free addresses"},
		{map[string]int{"s1": 90, "s2": 0, "s3": 0}, finding.Error, "none in b"},
	} {
		fs := addressesFor([]Surge{{Group: "w", Nodes: 6, Least: 2, Subnets: []string{"s1", "s2", "s3"}}}, c.free, zone)
		if c.says == "" {
			if len(fs) > 0 {
				t.Errorf("%v: %v", c.free, fs)
			}
			continue
		}
		if len(fs) != 1 || fs[0].Code != "too-few-addresses" || fs[0].Severity != c.severity || fs[0].Where.Resource != "node group w" || !strings.Contains(fs[0].What, c.says) {
			t.Errorf("%v: %+v", c.free, fs)
		}
	}
}
