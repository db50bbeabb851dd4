package ec2

import (
	"strings"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// VCPUQuota is one of EC2's quotas of vCPUs, for on-demand or Spot instances of some families.
type VCPUQuota struct {
	Code, Name string
	Usual      float64 // AWS's default
	spot       bool
	families   string
}

// VCPUQuotas are EC2's, with the defaults of the EC2 user guide ("On-Demand Instance quotas",
// "Spot Instance quotas", read in December 2026).
var VCPUQuotas = []VCPUQuota{
	{"L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5, false, "a c d h i im is m r t z"},
	{"L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 5, true, "a c d h i im is m r t z"},
	{"L-DB2E81BA", "Running On-Demand G and VT instances", 0, false, "g gr vt"},
	{"L-3819A6DF", "All G and VT Spot Instance Requests", 0, true, "g gr vt"},
	{"L-417A185B", "Running On-Demand P instances", 0, false, "p"},
	{"L-7212CCBC", "All P Spot Instance Requests", 0, true, "p"},
	{"L-1945791B", "Running On-Demand Inf instances", 0, false, "inf"},
	{"L-B5D1601B", "All Inf Spot Instance Requests", 0, true, "inf"},
	{"L-2C3B7624", "Running On-Demand Trn instances", 0, false, "trn"},
	{"L-6B0D517C", "All Trn Spot Instance Requests", 0, true, "trn"},
	{"L-7295265B", "Running On-Demand X instances", 0, false, "x"},
	{"L-E3A00192", "All X Spot Instance Requests", 0, true, "x"},
	{"L-74FC7D96", "Running On-Demand F instances", 0, false, "f"},
	{"L-88CF9481", "All F Spot Instance Requests", 0, true, "f"},
	{"L-6E869C2A", "Running On-Demand DL instances", 0, false, "dl"},
	{"L-85EED4F7", "All DL Spot Instance Requests", 0, true, "dl"},
}

// VCPULimit is a quota's value in the account.
func (q *Quotas) VCPULimit(code string) int {
	if code == VCPUQuotas[0].Code {
		return q.VCPUs
	}
	if n, set := q.Other[code]; set {
		return n
	}
	return 640
}

// quotaOf is the quota that an instance of a type counts for; nil: none.
func quotaOf(name string, spot bool) *VCPUQuota {
	family := name[:max(0, strings.IndexAny(name, "0123456789"))]
	for i := range VCPUQuotas {
		if q := &VCPUQuotas[i]; q.spot == spot && strings.Contains(" "+q.families+" ", " "+family+" ") {
			return q
		}
	}
	return nil
}

// roomFor refuses an instance that the quota has no room for.
func (e *EC2) roomFor(name string, spot bool) error {
	q := quotaOf(name, spot)
	if q == nil {
		return nil
	}
	want, _ := TypeOf(name)
	n := want.VCPUs
	for _, i := range e.instances.All() {
		is := i.InstanceLifecycle == types.InstanceLifecycleTypeSpot
		if i.State.Name != types.InstanceStateNameTerminated && is == spot && quotaOf(string(i.InstanceType), is) == q {
			it, _ := TypeOf(string(i.InstanceType))
			n += it.VCPUs
		}
	}
	switch limit := e.Quotas.VCPULimit(q.Code); {
	case n <= limit:
		return nil
	case spot:
		return wire.Errorf("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
	default:
		return wire.Errorf("VcpuLimitExceeded",
			"You have requested more vCPU capacity than your current vCPU limit of %d allows for the instance bucket that the specified instance type "+
				"belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.", limit)
	}
}
