package sim

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Fault is one thing that goes wrong on demand: exactly one of its kinds, from
// After (simulated time since the region began) on, for For, or for good.
type Fault struct {
	After metav1.Duration `json:"after,omitempty"`
	For   metav1.Duration `json:"for,omitempty"`

	Capacity  *CapacityFault `json:"capacity,omitempty"`
	Call      *CallFault     `json:"call,omitempty"`
	Duration  *DurationFault `json:"duration,omitempty"`
	APIServer *ServerFault   `json:"apiServer,omitempty"`
	// VCPUs is the account's quota of On-Demand Standard vCPUs.
	VCPUs *int `json:"vcpus,omitempty"`
	// FreeTier: the account's plan launches free-tier instance types only.
	FreeTier bool `json:"freeTier,omitempty"`
	// STSDisabled: STS is not activated in the region.
	STSDisabled bool `json:"stsDisabled,omitempty"`
}

// CapacityFault is an instance type that EC2 has none of, in one zone or all.
type CapacityFault struct {
	InstanceType string `json:"instanceType"`
	Zone         string `json:"zone,omitempty"`
}

// CallFault is an error that an operation answers with, a number of times or,
// with 0, for as long as the fault lasts.
type CallFault struct {
	Service   string `json:"service"`   // eks
	Operation string `json:"operation"` // CreateNodegroup; empty: every one
	Code      string `json:"code"`      // ThrottlingException
	Message   string `json:"message,omitempty"`
	Status    int    `json:"status,omitempty"` // HTTP; 0: 400
	Times     int    `json:"times,omitempty"`
}

// DurationFault fixes how long an operation takes: eks:cluster, eks:addon/NAME,
// as the event log names them.
type DurationFault struct {
	Operation string          `json:"operation"`
	Takes     metav1.Duration `json:"takes"`
}

// ServerFault makes a cluster's API server answer 503.
type ServerFault struct {
	Cluster string `json:"cluster"`
}

// ParseFaults reads a fault file: YAML or JSON, {"faults": [...]}; an unknown key
// or a fault without exactly one kind is an error.
func ParseFaults(b []byte) ([]Fault, error) {
	var f struct {
		Faults []Fault `json:"faults"`
	}
	if err := yaml.UnmarshalStrict(b, &f); err != nil {
		return nil, err
	}
	for i, x := range f.Faults {
		if n := x.kinds(); n != 1 {
			return nil, fmt.Errorf("faults[%d] names %d kinds of fault: give one of capacity, call, duration, apiServer, vcpus, freeTier, stsDisabled", i, n)
		}
	}
	return f.Faults, nil
}

func (f Fault) kinds() int {
	n := 0
	for _, set := range []bool{f.Capacity != nil, f.Call != nil, f.Duration != nil, f.APIServer != nil, f.VCPUs != nil, f.FreeTier, f.STSDisabled} {
		if set {
			n++
		}
	}
	return n
}

// Inject schedules faults in a region; lift ends those under way.
func (r *Region) Inject(faults ...Fault) (lift func()) {
	r.World.Lock()
	defer r.World.Unlock()
	var ends []func()
	for _, f := range faults {
		begin, end := r.effect(f)
		at := max(0, f.After.Duration-r.World.Elapsed())
		if at == 0 {
			begin()
		} else {
			r.World.After(at, begin)
		}
		if f.For.Duration > 0 {
			r.World.After(at+f.For.Duration, end)
		}
		ends = append(ends, end)
	}
	return func() {
		r.World.Lock()
		defer r.World.Unlock()
		for _, end := range ends {
			end()
		}
	}
}

// effect is what a fault does when it begins and when it ends.
func (r *Region) effect(f Fault) (begin, end func()) {
	switch {
	case f.Capacity != nil:
		key := f.Capacity.InstanceType
		if f.Capacity.Zone != "" {
			key += "/" + f.Capacity.Zone
		}
		return func() { r.EC2.NoCapacity[key] = true }, func() { delete(r.EC2.NoCapacity, key) }
	case f.Call != nil:
		return r.callFault(*f.Call)
	case f.Duration != nil:
		return func() { r.World.Override(f.Duration.Operation, f.Duration.Takes.Duration) }, func() { r.World.Override(f.Duration.Operation, 0) }
	case f.APIServer != nil:
		return func() { r.EKS.SetDown(f.APIServer.Cluster, "the API server does not answer") }, func() { r.EKS.SetDown(f.APIServer.Cluster, "") }
	case f.VCPUs != nil:
		was := r.EC2.Quotas.VCPUs
		return func() { r.EC2.Quotas.VCPUs = *f.VCPUs }, func() { r.EC2.Quotas.VCPUs = was }
	case f.FreeTier:
		return func() { r.EC2.FreeTierOnly = true }, func() { r.EC2.FreeTierOnly = false }
	}
	return func() { r.IAM.DisableSTS(r.EC2.Region, true) }, func() { r.IAM.DisableSTS(r.EC2.Region, false) }
}

func (r *Region) callFault(f CallFault) (begin, end func()) {
	on, left := false, f.Times
	status := f.Status
	if status == 0 {
		status = 400
	}
	r.Fault(func(service, op string) error {
		if !on || service != f.Service || f.Operation != "" && f.Operation != op || f.Times > 0 && left == 0 {
			return nil
		}
		left--
		return wire.Errorf(f.Code, "%s", f.Message).With(status)
	})
	return func() { on = true }, func() { on = false }
}
