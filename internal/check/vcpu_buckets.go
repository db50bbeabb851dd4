package check

import (
	"slices"
	"strings"
)

// bucket is a quota of vCPUs: of the instance types of some families that run on demand, or as
// Spot instances. The zero one has no quota that is known.
type bucket struct {
	code, name string
	families   string // the letters that types begin with, before their generation
	spot       bool
}

// buckets are EC2's quotas of vCPUs (Service Quotas, ec2; the EC2 user guide, "On-Demand Instance
// quotas" and "Spot Instance quotas", read in December 2026).
var buckets = []bucket{
	{"L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", standard, false},
	{"L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", standard, true},
	{"L-6E869C2A", "Running On-Demand DL instances", "dl", false},
	{"L-85EED4F7", "All DL Spot Instance Requests", "dl", true},
	{"L-74FC7D96", "Running On-Demand F instances", "f", false},
	{"L-88CF9481", "All F Spot Instance Requests", "f", true},
	{"L-DB2E81BA", "Running On-Demand G and VT instances", "g gr vt", false},
	{"L-3819A6DF", "All G and VT Spot Instance Requests", "g gr vt", true},
	{"L-1945791B", "Running On-Demand Inf instances", "inf", false},
	{"L-B5D1601B", "All Inf Spot Instance Requests", "inf", true},
	{"L-417A185B", "Running On-Demand P instances", "p", false},
	{"L-7212CCBC", "All P Spot Instance Requests", "p", true},
	{"L-2C3B7624", "Running On-Demand Trn instances", "trn", false},
	{"L-6B0D517C", "All Trn Spot Instance Requests", "trn", true},
	{"L-7295265B", "Running On-Demand X instances", "x", false},
	{"L-E3A00192", "All X Spot Instance Requests", "x", true},
}

const standard = "a c d h i im is m r t z"

// bucketOf is the quota that an instance of a type counts for.
func bucketOf(instanceType string, spot bool) bucket {
	family := instanceType
	if i := strings.IndexAny(instanceType, "0123456789-."); i >= 0 {
		family = instanceType[:i]
	}
	for _, b := range buckets {
		if b.spot == spot && slices.Contains(strings.Fields(b.families), family) {
			return b
		}
	}
	return bucket{}
}
