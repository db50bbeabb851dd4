package run

import (
	"maps"
	"slices"

	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Phase is one change set of a repair of the record.
type Phase struct {
	Kind  string // UPDATE, IMPORT
	Body  string // the template
	Touch bool   // it touches metadata, and nothing else
	// Touching is the template where CloudFormation takes no change of outputs alone: it touches
	// the metadata of one resource, too. "": the change set has more than outputs.
	Touching string
	Import   []Taken
	// Allowed is what it may touch: ACTION:RESOURCE:REPLACEMENT:SCOPE, * stands for any.
	Allowed []string
}

// Taken is a resource that a change set imports, in the form of CloudFormation's API.
type Taken struct {
	LogicalResourceID  string            `json:"LogicalResourceId"`
	ResourceType       string            `json:"ResourceType"`
	ResourceIdentifier map[string]string `json:"ResourceIdentifier"`
}

// Phases are the change sets that the plan makes, one after the other: the edit, the
// import, and the touch after it. A rollback that goes on first is none.
func (s *Sync) Phases() ([]Phase, error) {
	var out []Phase
	body := s.Stack.Template
	for _, e := range s.Plan.Entries {
		step, ok := e.Step.(*steps.RecordSync)
		if !ok {
			continue
		}
		var err error
		touching := ""
		if e := step.Edit; e.Touch == "" && len(e.Gone)+len(e.Subnets)+len(e.Import) == 0 {
			e.Touch = "sync-by-hand"
			if touching, err = e.Apply(body); err != nil {
				return nil, err
			}
		}
		if body, err = step.Edit.Apply(body); err != nil {
			return nil, err
		}
		p := phase(step.Edit)
		p.Body, p.Touching = body, touching
		out = append(out, p)
	}
	return out, nil
}

func phase(e stack.Edit) Phase {
	p := Phase{Kind: "UPDATE"}
	for _, id := range slices.Sorted(maps.Keys(e.Import)) {
		p.Kind = "IMPORT"
		p.Import = append(p.Import, Taken{id, e.Import[id].Type, e.Import[id].Identifier})
		p.Allowed = append(p.Allowed, "Import:"+id+":*")
	}
	for _, id := range e.Gone {
		p.Allowed = append(p.Allowed, "Remove:"+id+":*")
	}
	if len(e.Subnets) > 0 {
		p.Allowed = append(p.Allowed, "Modify:ControlPlane:False:*")
	}
	if e.Touch != "" {
		p.Touch, p.Allowed = true, append(p.Allowed, "Modify:*:False:Metadata")
	}
	return p
}
