package owner

import (
	"fmt"
	"slices"
	"strings"
)

// Summary says in a few lines who keeps what, an owner a line, in the order of the parts:
// "Terraform: control plane, node groups a, b". Parts of one kind stand together; stacks
// are the owners themselves and no parts of it.
func (o *Owners) Summary() []string {
	type held struct {
		owner string
		kinds []string
		names map[string][]string
	}
	var all []*held
	for _, p := range o.Parts {
		if p.Kind == CloudFormation {
			continue
		}
		by := p.Owner.group()
		i := slices.IndexFunc(all, func(h *held) bool { return h.owner == by })
		if i < 0 {
			i, all = len(all), append(all, &held{owner: by, names: map[string][]string{}})
		}
		h := all[i]
		if h.names[p.Kind] == nil {
			h.kinds = append(h.kinds, p.Kind)
		}
		h.names[p.Kind] = append(h.names[p.Kind], p.Name)
	}
	var out []string
	for _, h := range all {
		var parts []string
		for _, k := range h.kinds {
			parts = append(parts, counted(k, h.names[k]))
		}
		out = append(out, h.owner+": "+strings.Join(parts, "; "))
	}
	return out
}

// group is an owner without what tells its single parts apart.
func (o Owner) group() string {
	switch o.Kind {
	case Contract:
		return "stacks by eksctl's contract (" + o.Tool + ")"
	case Terraform:
		if o.Unsure {
			return "Terraform, as marks say (no state was given, or it does not hold them)"
		}
		return "Terraform, as its state says"
	case AWS:
		return "AWS itself"
	}
	return o.String()
}

// counted is a few names, or how many there are of many.
func counted(kind string, names []string) string {
	const few = 3
	switch n := len(names); {
	case kind == ControlPlane:
		return kind
	case n == 1:
		return kind + " " + names[0]
	case n > few:
		return fmt.Sprintf("%d %s", n, several(kind))
	}
	return several(kind) + " " + strings.Join(names, ", ")
}

// several is the plural of a kind.
func several(kind string) string {
	if stem, ok := strings.CutSuffix(kind, "y"); ok {
		return stem + "ies"
	}
	return strings.TrimSuffix(kind, "s") + "s"
}
