// Package tfstate reads what a Terraform or OpenTofu state claims of a cluster: a state
// file of version 4, or what `terraform show -json` prints (facts/repair.md §6). Resources
// are found by type, wherever modules put them. It reads texts; it must not know AWS, and
// never writes: a state belongs to who runs Terraform.
package tfstate

import (
	"encoding/json"
	"fmt"
)

// State is the resources of a state.
type State struct {
	Serial    int64  // of a state file; 0: the input does not say
	Tool      string // the version that wrote it
	Resources []Resource
}

// Resource is one managed resource's instance.
type Resource struct {
	Address string // module.eks.aws_eks_cluster.this[0]
	Type    string // aws_eks_cluster
	Tainted bool
	Values  map[string]any
}

// file is a state file (internal/states/statefile/version4.go); show, what terraform show
// prints (internal/command/jsonstate). What is not known is passed over: the format is
// Terraform's own.
type (
	file struct {
		Version   int              `json:"version"`
		Tool      string           `json:"terraform_version"`
		Serial    int64            `json:"serial"`
		Resources []fileResource   `json:"resources"`
		Encrypted json.RawMessage  `json:"encrypted_data"`
		Scheme    *json.RawMessage `json:"encryption_version"`

		Format string `json:"format_version"`
		Values *struct {
			Root module `json:"root_module"`
		} `json:"values"`
		Planned json.RawMessage `json:"planned_values"`
	}
	fileResource struct {
		Module    string     `json:"module"`
		Mode      string     `json:"mode"`
		Type      string     `json:"type"`
		Name      string     `json:"name"`
		Instances []instance `json:"instances"`
	}
	instance struct {
		Key        any            `json:"index_key"`
		Status     string         `json:"status"`
		Deposed    string         `json:"deposed"`
		Attributes map[string]any `json:"attributes"`
	}
	module struct {
		Resources []struct {
			Address string         `json:"address"`
			Mode    string         `json:"mode"`
			Type    string         `json:"type"`
			Tainted bool           `json:"tainted"`
			Deposed string         `json:"deposed_key"`
			Values  map[string]any `json:"values"`
		} `json:"resources"`
		Modules []module `json:"child_modules"`
	}
)

// Parse reads a state. What is none is an error that says what it is instead.
func Parse(b []byte) (*State, error) {
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("this is no Terraform state, nor what terraform show -json prints: %w", err)
	}
	switch {
	case f.Encrypted != nil || f.Scheme != nil:
		return nil, fmt.Errorf("the state is encrypted by OpenTofu: give what `tofu show -json` prints")
	case f.Planned != nil && f.Values == nil:
		return nil, fmt.Errorf("this is a plan; give the state: terraform show -json, without a plan's name")
	case f.Values != nil:
		s := &State{Tool: f.Tool}
		s.take(f.Values.Root)
		return s, nil
	case f.Version == 4:
		return fromFile(f), nil
	case f.Version > 0:
		return nil, fmt.Errorf("the state has version %d, and version 4 is read; a current Terraform upgrades it", f.Version)
	case f.Format != "":
		return &State{Tool: f.Tool}, nil // an empty state
	}
	return nil, fmt.Errorf("this is no Terraform state, nor what terraform show -json prints")
}

func fromFile(f file) *State {
	s := &State{Serial: f.Serial, Tool: f.Tool}
	for _, r := range f.Resources {
		if r.Mode != "managed" {
			continue
		}
		for _, i := range r.Instances {
			if i.Deposed != "" || i.Attributes == nil {
				continue
			}
			at := r.Type + "." + r.Name
			if r.Module != "" {
				at = r.Module + "." + at
			}
			switch k := i.Key.(type) {
			case float64:
				at += fmt.Sprintf("[%d]", int(k))
			case string:
				at += fmt.Sprintf("[%q]", k)
			}
			s.Resources = append(s.Resources, Resource{at, r.Type, i.Status == "tainted", i.Attributes})
		}
	}
	return s
}

func (s *State) take(m module) {
	for _, r := range m.Resources {
		if r.Mode == "managed" && r.Deposed == "" && r.Values != nil {
			s.Resources = append(s.Resources, Resource{r.Address, r.Type, r.Tainted, r.Values})
		}
	}
	for _, c := range m.Modules {
		s.take(c)
	}
}
