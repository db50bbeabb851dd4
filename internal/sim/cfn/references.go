package cfn

import (
	"slices"
	"strings"
)

// check finds what a template refers to and does not have, whatever its parameters.
func (t *template) check() error {
	if err := t.checkConditions(); err != nil {
		return err
	}
	for _, n := range sorted(t.Resources) {
		r := t.Resources[n]
		refs := t.references(r.Props, nil)
		for _, d := range slices.Concat(r.DependsOn, refs.resources) {
			if t.Resources[d] == nil {
				return said("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", d)
			}
		}
		if r.Condition != "" && t.Conditions[r.Condition] == nil {
			return said("Template format error: Unresolved condition dependency %s in the Resources block of the template", r.Condition)
		}
		if err := t.known(refs); err != nil {
			return err
		}
	}
	for _, n := range sorted(t.Outputs) {
		o := t.Outputs[n]
		refs := t.references([]any{o.Value, o.Export}, nil)
		for _, d := range refs.resources {
			if t.Resources[d] == nil {
				return said("Template format error: Unresolved resource dependencies [%s] in the Outputs block of the template", d)
			}
		}
		if o.Condition != "" && t.Conditions[o.Condition] == nil {
			return said("Template format error: Unresolved condition dependency %s in the Outputs block of the template", o.Condition)
		}
		if err := t.known(refs); err != nil {
			return err
		}
	}
	return t.circular(nil)
}

// known refuses names of conditions that there are not.
func (t *template) known(refs references) error {
	for _, c := range refs.conditions {
		if t.Conditions[c] == nil {
			return said("Template error: unresolved condition dependency %s in Fn::If", c)
		}
	}
	return nil
}

// circular finds resources that need each other, or themselves. With hold, only the
// branches that are taken count.
func (t *template) circular(hold func(condition string) bool) error {
	if loop := loopIn(sorted(t.Resources), func(n string) []string { return t.needs(n, hold) }); loop != nil {
		return said("Circular dependency between resources: [%s]", strings.Join(loop, ", "))
	}
	return nil
}

// needs lists the resources that a resource refers to or depends on, sorted.
func (t *template) needs(name string, hold func(condition string) bool) []string {
	r := t.Resources[name]
	out := slices.Concat(r.DependsOn, t.references(r.Props, hold).resources)
	slices.Sort(out)
	return slices.Compact(out)
}

// references are the names in a value; parameters and pseudo parameters are left out.
type references struct {
	resources  []string // of Ref, Fn::GetAtt and Fn::Sub
	conditions []string // of Fn::If
}

// references walks a value. With hold, only the branch of an Fn::If that is taken.
func (t *template) references(v any, hold func(condition string) bool) references {
	var out references
	t.walk(v, hold, &out)
	return out
}

func (t *template) walk(v any, hold func(string) bool, out *references) {
	switch x := v.(type) {
	case map[string]any:
		if fn, arg, ok := function(x); ok && t.walkFunction(fn, arg, hold, out) {
			return
		}
		for _, k := range sorted(x) {
			t.walk(x[k], hold, out)
		}
	case []any:
		for _, y := range x {
			t.walk(y, hold, out)
		}
	}
}

// walkFunction notes what a function names; false: its arguments are to be walked.
func (t *template) walkFunction(fn string, arg any, hold func(string) bool, out *references) bool {
	note := func(n string) {
		n, _, _ = strings.Cut(n, ".")
		if _, p := t.Parameters[n]; !p && !strings.HasPrefix(n, "AWS::") {
			out.resources = append(out.resources, n)
		}
	}
	l, _ := arg.([]any)
	switch s, isText := arg.(string); {
	case fn == "Ref" && isText, fn == "Fn::GetAtt" && isText:
		note(s)
		return true
	case fn == "Fn::GetAtt" && len(l) > 0:
		if s, ok := l[0].(string); ok {
			note(s)
		}
		t.walk(l[1:], hold, out)
		return true
	case fn == "Fn::Sub" && (isText || len(l) > 0):
		vars := map[string]any{}
		if !isText {
			s, _ = l[0].(string)
		}
		if len(l) > 1 {
			vars, _ = l[1].(map[string]any)
		}
		for _, m := range subRE.FindAllStringSubmatch(s, -1) {
			if _, own := vars[m[1]]; !own {
				note(m[1])
			}
		}
		t.walk(vars, hold, out)
		return true
	case fn == "Fn::If" && len(l) == 3:
		c, _ := l[0].(string)
		out.conditions = append(out.conditions, c)
		if hold == nil {
			t.walk(l[1:], nil, out)
		} else if hold(c) {
			t.walk(l[1], hold, out)
		} else {
			t.walk(l[2], hold, out)
		}
		return true
	}
	return false
}

// function reads a map as a call of an intrinsic function.
func function(m map[string]any) (fn string, arg any, ok bool) {
	if len(m) != 1 {
		return "", nil, false
	}
	for k, v := range m {
		fn, arg = k, v
	}
	return fn, arg, fn == "Ref" || strings.HasPrefix(fn, "Fn::")
}

// loopIn is a cycle in a graph, sorted, or nil; next lists what a node needs. It
// uses no recursion: a chain is as long as the template says.
func loopIn(nodes []string, next func(string) []string) []string {
	const open, shut = 1, 2
	state := map[string]int{}
	type frame struct {
		node string
		rest []string
	}
	for _, n := range nodes {
		if state[n] != 0 {
			continue
		}
		state[n] = open
		path := []frame{{n, next(n)}}
		for len(path) > 0 {
			top := &path[len(path)-1]
			if len(top.rest) == 0 {
				state[top.node] = shut
				path = path[:len(path)-1]
				continue
			}
			d := top.rest[0]
			top.rest = top.rest[1:]
			switch state[d] {
			case 0:
				state[d] = open
				path = append(path, frame{d, next(d)})
			case open:
				var loop []string
				for i := len(path) - 1; ; i-- {
					loop = append(loop, path[i].node)
					if path[i].node == d {
						slices.Sort(loop)
						return loop
					}
				}
			}
		}
	}
	return nil
}
