package cfn

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// before is what a stack was when an update began, so that a failed one can be
// rolled back.
type before struct {
	d       *deployment
	body    string
	params  map[string]string
	tags    []types.Tag
	res     map[string]instance
	touched []string    // updated in place or made, in order
	cleanup []*instance // replaced or removed: deleted once everything else is done
}

// update applies a new template in order of dependency: added resources are
// created, changed ones updated in place or replaced; what is left over goes last.
func (s *stack) update(body string, params map[string]string, tags []types.Tag) error {
	d, err := deploy(body, params, s.pseudo())
	if err != nil {
		return validation("%s", err)
	}
	if body == s.body && reflect.DeepEqual(params, s.params) && (tags == nil || sameTags(tags, s.tags)) {
		return validation("No updates are to be performed.")
	}
	s.was = &before{d: s.d, body: s.body, params: s.params, tags: s.tags, res: map[string]instance{}}
	for n, r := range s.res {
		s.was.res[n] = *r
		r.status = "" // to be looked at again
	}
	s.d, s.body, s.params = d, body, params
	if tags != nil {
		s.tags = tags
	}
	s.updated = new(s.c.w.Date())
	s.failed, s.start = false, s.c.w.Elapsed()
	s.setStatus(types.StackStatusUpdateInProgress, "User Initiated")
	s.instantiate()
	for _, n := range slices.Sorted(maps.Keys(s.res)) {
		if s.dropped(n) {
			s.was.cleanup = append(s.was.cleanup, s.res[n])
			delete(s.res, n)
		}
	}
	s.c.w.After(time.Second, s.advance)
	return nil
}

// dropped tells whether the template no longer makes a resource.
func (s *stack) dropped(n string) bool {
	return !slices.Contains(s.d.made, n)
}

// revisit brings a resource that stands to what the template says now; true: it
// was so already.
func (s *stack) revisit(r *instance) bool {
	v, err := s.eval(s.d.t.Resources[r.logical].Props)
	props, _ := v.(map[string]any)
	h := handlers[r.typ]
	switch {
	case err != nil:
		s.mark(r, types.ResourceStatusUpdateFailed, err.Error())
		s.fail()
	case reflect.DeepEqual(props, r.props):
		r.status = types.ResourceStatusUpdateComplete
		return true
	case h.update == nil || s.d.t.Resources[r.logical].Type != r.typ || replaces(h, r.props, props):
		was := *r
		s.was.cleanup = append(s.was.cleanup, &was)
		s.res[r.logical] = &instance{logical: r.logical, typ: s.d.t.Resources[r.logical].Type, retain: r.retain}
		s.startResource(s.res[r.logical])
	default:
		s.was.touched = append(s.was.touched, r.logical)
		s.alter(r, props, func(err error) {
			if err != nil {
				s.mark(r, types.ResourceStatusUpdateFailed, handlerMessage(err))
				s.fail()
				return
			}
			s.mark(r, types.ResourceStatusUpdateComplete, "")
			s.advance()
		})
	}
	return false
}

func replaces(h handler, old, now map[string]any) bool {
	return slices.ContainsFunc(h.fixed, func(k string) bool { return !reflect.DeepEqual(old[k], now[k]) })
}

// alter updates a resource in place.
func (s *stack) alter(r *instance, props map[string]any, then func(error)) {
	s.pending[r.logical] = true
	s.mark(r, types.ResourceStatusUpdateInProgress, "")
	s.c.w.After(handlers[r.typ].lag(s.c.w, s.name+"/"+r.logical+"/update"), func() {
		handlers[r.typ].update(&op{s: s, r: r, w: s.c.w, env: s.c.env, props: props, old: r.props, phys: r.phys, done: func(_ string, attrs map[string]any, err error) {
			delete(s.pending, r.logical)
			if err == nil {
				r.props = props
				maps.Copy(r.attrs, attrs)
			}
			then(err)
		}})
	})
}

// endUpdate ends an update: what was replaced or removed goes.
func (s *stack) endUpdate() {
	if len(s.was.cleanup) == 0 {
		s.setStatus(types.StackStatusUpdateComplete, "")
		return
	}
	s.setStatus(types.StackStatusUpdateCompleteCleanupInProgress, "")
	s.discard(inverse(s.was.d, s.was.cleanup), func() { s.setStatus(types.StackStatusUpdateComplete, "") })
}

// inverse orders resources so that each goes before what it needs.
func inverse(in *deployment, rs []*instance) []*instance {
	depth := map[string]int{}
	var of func(n string) int
	of = func(n string) int {
		if _, seen := depth[n]; !seen {
			depth[n] = 0
			for _, x := range in.needs[n] {
				depth[n] = max(depth[n], of(x)+1)
			}
		}
		return depth[n]
	}
	out := slices.Clone(rs)
	slices.SortStableFunc(out, func(a, b *instance) int { return of(b.logical) - of(a.logical) })
	return out
}

// discard deletes resources one after the other; what cannot be deleted stays, as
// CloudFormation leaves it.
func (s *stack) discard(rs []*instance, then func()) {
	if len(rs) == 0 {
		then()
		return
	}
	r := rs[0]
	if r.phys == "" || r.retain {
		s.discard(rs[1:], then)
		return
	}
	s.c.w.After(time.Second, func() {
		handlers[r.typ].delete(&op{s: s, r: r, w: s.c.w, env: s.c.env, props: r.props, phys: r.phys, done: func(string, map[string]any, error) { s.discard(rs[1:], then) }})
	})
}

// rollBack undoes a failed update: resources made for it go, changed ones get
// their old properties back, replaced and removed ones are the stack's again.
func (s *stack) rollBack(why string) {
	s.setStatus(types.StackStatusUpdateRollbackInProgress, why)
	was := s.was
	var made []*instance
	for _, n := range slices.Sorted(maps.Keys(s.res)) {
		if o, stood := was.res[n]; !stood || s.res[n].phys != o.phys {
			made = append(made, s.res[n])
		}
	}
	made = inverse(s.d, made)
	s.d, s.body, s.params, s.tags = was.d, was.body, was.params, was.tags
	changed := map[string]*instance{}
	for n, o := range was.res {
		if cur := s.res[n]; cur != nil && cur.phys == o.phys && slices.Contains(was.touched, n) {
			changed[n] = cur
			continue
		}
		s.res[n] = new(o)
	}
	for _, r := range made {
		if _, stood := was.res[r.logical]; !stood {
			delete(s.res, r.logical)
		}
	}
	s.restore(slices.Sorted(maps.Keys(changed)), func() {
		s.discard(made, func() { s.setStatus(types.StackStatusUpdateRollbackComplete, "") })
	})
}

// restore gives resources their old properties back, one after the other.
func (s *stack) restore(names []string, then func()) {
	if len(names) == 0 {
		then()
		return
	}
	n := names[0]
	s.alter(s.res[n], s.was.res[n].props, func(error) {
		s.mark(s.res[n], types.ResourceStatusUpdateComplete, "")
		s.restore(names[1:], then)
	})
}

func sameTags(a, b []types.Tag) bool {
	m := func(x []types.Tag) map[string]string {
		out := map[string]string{}
		for _, t := range x {
			out[*t.Key] = *t.Value
		}
		return out
	}
	return maps.Equal(m(a), m(b))
}
