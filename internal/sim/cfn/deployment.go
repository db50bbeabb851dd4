package cfn

import "slices"

// deployment is a template with its parameters and conditions resolved: what the
// stack shall hold, and in which order. It follows from body and parameters alone.
type deployment struct {
	t          *template
	params     map[string]string
	conditions map[string]bool
	made       []string            // logical IDs whose condition holds, sorted
	needs      map[string][]string // of those: what each refers to or depends on
}

// deploy resolves a template; pseudo gives the pseudo parameters.
func deploy(body string, given, pseudo map[string]string) (*deployment, error) {
	t, err := parse(body)
	if err != nil {
		return nil, err
	}
	if err := recognised(t); err != nil {
		return nil, err
	}
	d := &deployment{t: t, conditions: map[string]bool{}, needs: map[string][]string{}}
	if d.params, err = t.values(given); err != nil {
		return nil, err
	}
	nothing := func(string) (string, map[string]any, bool) { return "", nil, false }
	s := &scope{t: t, params: d.params, pseudo: pseudo, resource: nothing, conditions: d.conditions, left: maxExpandedBytes}
	for _, n := range sorted(t.Conditions) {
		if _, err := s.condition(n); err != nil {
			return nil, err
		}
	}
	for _, n := range sorted(t.Resources) {
		if c := t.Resources[n].Condition; c == "" || d.conditions[c] {
			d.made = append(d.made, n)
		}
	}
	return d, d.order()
}

// order finds what each resource waits for; what is not made can not be referred to.
func (d *deployment) order() error {
	hold := func(c string) bool { return d.conditions[c] }
	for _, n := range d.made {
		d.needs[n] = slices.DeleteFunc(d.t.needs(n, hold), func(x string) bool {
			return slices.Contains(d.t.Resources[n].DependsOn, x) && !slices.Contains(d.made, x)
		})
		for _, x := range d.needs[n] {
			if !slices.Contains(d.made, x) {
				return said("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", x)
			}
		}
	}
	for _, n := range sorted(d.t.Outputs) {
		o := d.t.Outputs[n]
		if o.Condition != "" && !d.conditions[o.Condition] {
			continue
		}
		for _, x := range d.t.references([]any{o.Value, o.Export}, hold).resources {
			if !slices.Contains(d.made, x) {
				return said("Template format error: Unresolved resource dependencies [%s] in the Outputs block of the template", x)
			}
		}
	}
	return d.t.circular(hold)
}
