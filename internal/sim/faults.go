package sim

import (
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
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
	Pages     *PagesFault    `json:"pages,omitempty"`
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

// PagesFault makes the pages of every listing small.
type PagesFault struct {
	Size int `json:"size"` // how many a page holds at most
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
			return nil, fmt.Errorf("faults[%d] names %d kinds of fault: give one of capacity, call, duration, apiServer, pages, vcpus, freeTier, stsDisabled",
				i, n)
		}
		if x.Pages != nil && x.Pages.Size < 1 {
			return nil, fmt.Errorf("faults[%d].pages.size is %d: a page holds at least one", i, x.Pages.Size)
		}
	}
	return f.Faults, nil
}

func (f Fault) kinds() int {
	n := 0
	for _, set := range []bool{f.Capacity != nil, f.Call != nil, f.Duration != nil, f.APIServer != nil, f.Pages != nil, f.VCPUs != nil, f.FreeTier,
		f.STSDisabled} {
		if set {
			n++
		}
	}
	return n
}

// trouble is a fault that was injected.
type trouble struct {
	Fault
	On   bool
	Left int // of Call.Times
	Was  int // VCPUs before it began
}

// Inject schedules faults in a region; lift ends those under way.
func (r *Region) Inject(faults ...Fault) (lift func()) {
	r.World.Lock()
	defer r.World.Unlock()
	first := len(r.troubles)
	for _, f := range faults {
		t := &trouble{Fault: f}
		if f.Call != nil {
			t.Left = f.Call.Times
		}
		key := strconv.Itoa(len(r.troubles))
		r.troubles = append(r.troubles, t)
		at := max(0, f.After.Duration-r.World.Elapsed())
		if at == 0 {
			r.begin(t)
		} else {
			r.World.Schedule(at, "fault:begin", key, nil)
		}
		if f.For.Duration > 0 {
			r.World.Schedule(at+f.For.Duration, "fault:end", key, nil)
		}
	}
	return func() {
		r.World.Lock()
		defer r.World.Unlock()
		for _, t := range r.troubles[first : first+len(faults)] {
			r.end(t)
		}
	}
}

// faultEvents says what happens when a fault's hour comes, and goes.
func (r *Region) faultEvents() {
	for kind, do := range map[string]func(*trouble){"fault:begin": r.begin, "fault:end": r.end} {
		world.On(r.World, kind, func(key string, _ struct{}) {
			if i, err := strconv.Atoi(key); err == nil && i < len(r.troubles) {
				do(r.troubles[i])
			}
		})
	}
}

func (r *Region) begin(t *trouble) {
	t.On = true
	switch {
	case t.Capacity != nil:
		r.EC2.NoCapacity[t.Capacity.key()] = true
	case t.Duration != nil:
		r.World.Override(t.Duration.Operation, t.Duration.Takes.Duration)
	case t.APIServer != nil:
		r.EKS.SetDown(t.APIServer.Cluster, "the API server does not answer")
	case t.Pages != nil:
		r.server.PageSize = t.Pages.Size
	case t.VCPUs != nil:
		t.Was, r.EC2.Quotas.VCPUs = r.EC2.Quotas.VCPUs, *t.VCPUs
	case t.FreeTier:
		r.EC2.FreeTierOnly = true
	case t.STSDisabled:
		r.IAM.DisableSTS(r.EC2.Region, true)
	}
}

func (r *Region) end(t *trouble) {
	if !t.On {
		return
	}
	t.On = false
	switch {
	case t.Capacity != nil:
		delete(r.EC2.NoCapacity, t.Capacity.key())
	case t.Duration != nil:
		r.World.Override(t.Duration.Operation, 0)
	case t.APIServer != nil:
		r.EKS.SetDown(t.APIServer.Cluster, "")
	case t.Pages != nil:
		r.server.PageSize = r.pageSize
	case t.VCPUs != nil:
		r.EC2.Quotas.VCPUs = t.Was
	case t.FreeTier:
		r.EC2.FreeTierOnly = false
	case t.STSDisabled:
		r.IAM.DisableSTS(r.EC2.Region, false)
	}
}

func (c *CapacityFault) key() string {
	if c.Zone == "" {
		return c.InstanceType
	}
	return c.InstanceType + "/" + c.Zone
}

// refuse is the error that a fault under way has for a call, or nil.
func (r *Region) refuse(service, op string) error {
	for _, t := range r.troubles {
		f := t.Call
		if !t.On || f == nil || service != f.Service || f.Operation != "" && f.Operation != op || f.Times > 0 && t.Left == 0 {
			continue
		}
		t.Left--
		status := f.Status
		if status == 0 {
			status = 400
		}
		return wire.Errorf(f.Code, "%s", f.Message).With(status)
	}
	return nil
}
