package eksfacts

import "slices"

// noControlPlane are the zones, by ID, in which EKS places no control plane, so that
// a cluster's subnets cannot be there (facts/eks.md §3).
var noControlPlane = []string{"use1-az3", "usw1-az2", "cac1-az3"}

// ZoneUsable tells whether a cluster's subnets can be in a zone, by its ID (not its
// name, which differs between accounts).
func ZoneUsable(zoneID string) bool { return !slices.Contains(noControlPlane, zoneID) }

// DefaultZones is how many zones eksctl takes where none is named: two in us-east-1,
// whose zones run short most often, three elsewhere (facts/eksctl.md §3).
func DefaultZones(region string) int {
	if region == "us-east-1" {
		return 2
	}
	return 3
}
