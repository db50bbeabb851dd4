package cfn

import (
	"maps"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// before is what a stack was when an update began, so that a failed one can be
// rolled back.
type before struct {
	Body    string
	Params  map[string]string
	Tags    []sdk.Tag
	Imports map[string]bool
	Res     map[string]instance
	Touched []string    // updated in place, in order
	Cleanup []*instance // replaced or removed: deleted once everything else is done
	Restore []string    // in a rollback: what gets its old properties back, in order
	Failed  []string    // in a rollback: what could not have them back
	Why     string      // of the rollback, where no resource is the reason
	Never   bool        // the stack was never complete: there is nothing to roll back to

	d *deployment
}

// update applies a new template in order of dependency: added resources are
// created, changed ones updated in place or replaced; what is left over goes last.
func (s *stack) update(body string, params map[string]string, tags []sdk.Tag) error {
	d, err := deploy(body, params, s.pseudo())
	if err != nil {
		return validation("%s", err)
	}
	if !s.paused() && d.sameAs(s.d) && (tags == nil || sameTags(tags, s.Tags)) {
		return validation("No updates are to be performed.")
	}
	s.c.outdate(s)
	s.Was = s.stable()
	for _, r := range s.Res {
		r.Redo = r.Status == sdk.ResourceStatusCreateFailed
		r.Status = "" // to be looked at again
	}
	s.d, s.Body, s.Params, s.Imports = d, body, params, map[string]bool{}
	if tags != nil {
		s.Tags = tags
	}
	s.Updated = new(s.c.w.Date())
	s.Failed, s.Start = false, s.c.w.Elapsed()
	s.setStatus(sdk.StackStatusUpdateInProgress, "User Initiated")
	s.instantiate()
	for _, n := range sorted(s.Res) {
		if !slices.Contains(s.d.made, n) {
			if s.forbid("Delete", s.Res[n]) {
				continue
			}
			s.Was.Cleanup = append(s.Was.Cleanup, s.Res[n])
			delete(s.Res, n)
		}
	}
	s.c.w.Schedule(time.Second, stepEvent, s.ID, nil)
	return nil
}

// revisit brings a resource that stands to what the template says now; true: it
// was so already.
func (s *stack) revisit(r *instance) bool {
	props, err := s.resolve(r.Logical)
	h, now := resourceTypes[r.Type], s.d.t.Resources[r.Logical]
	changed := changes(r.Props, props)
	if h.tag != nil && len(changed) == 0 && !maps.Equal(r.Tags, s.tagsOf(r, props)) {
		changed = []string{"Tags"}
	}
	switch {
	case err != nil:
		s.mark(r, sdk.ResourceStatusUpdateFailed, err.Error())
		s.Failed = true
	case now.Type == r.Type && len(changed) == 0:
		r.Status, r.Retain, r.Young = sdk.ResourceStatusUpdateComplete, now.Retain, now.Young
		return true
	case now.Type != r.Type || slices.ContainsFunc(changed, h.recreates):
		if s.forbid("Replace", r) {
			return false
		}
		r.Retain = now.RetainOld // a rollback has it as it was, in s.Was
		s.Was.Cleanup = append(s.Was.Cleanup, r)
		s.start(s.instance(r.Logical))
	case s.forbid("Modify", r):
	default:
		s.Was.Touched = append(s.Was.Touched, r.Logical)
		s.alter(r, props)
	}
	return false
}

// alter updates a resource in place.
func (s *stack) alter(r *instance, props values) {
	s.mark(r, sdk.ResourceStatusUpdateInProgress, "")
	s.begin(r, updates, props, s.c.lag(s.Name+"/"+r.Logical+"/update"))
}

func (s *stack) altered(r *instance, w *work, p progress, err error) {
	if err == nil {
		r.Props = w.Props
		maps.Copy(r.Attrs, p.Attrs)
	}
	if err != nil && s.Status == sdk.StackStatusUpdateInProgress {
		s.mark(r, sdk.ResourceStatusUpdateFailed, handlerMessage(err))
		s.Failed = true
		return
	}
	if err != nil {
		s.mark(r, sdk.ResourceStatusUpdateFailed, handlerMessage(err))
		s.Was.Failed = append(s.Was.Failed, r.Logical)
		return
	}
	s.mark(r, sdk.ResourceStatusUpdateComplete, "")
}

// endUpdate ends an update: what was replaced or removed goes.
func (s *stack) endUpdate() {
	if len(s.Was.Cleanup) == 0 {
		s.settleUpdate()
		return
	}
	s.Was.Cleanup = inverse(s.Was.d, s.Was.Cleanup)
	s.setStatus(sdk.StackStatusUpdateCompleteCleanupInProgress, "")
	s.discard()
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
	slices.SortStableFunc(out, func(a, b *instance) int { return of(b.Logical) - of(a.Logical) })
	return out
}

// discard deletes what is left over, one after the other; what cannot be deleted
// stays, as CloudFormation leaves it.
func (s *stack) discard() {
	for _, r := range s.Was.Cleanup {
		switch {
		case r.Work != nil:
			return
		case r.Gone || r.Stuck:
		case r.Phys == "" || r.Retain:
			r.Gone = true
		default:
			s.begin(r, deletes, nil, time.Second)
			return
		}
	}
	s.settleUpdate()
}

func (s *stack) settleUpdate() {
	st := sdk.StackStatusUpdateComplete
	if s.Status == sdk.StackStatusUpdateRollbackCompleteCleanupInProgress {
		st = sdk.StackStatusUpdateRollbackComplete
	}
	s.Was = nil
	s.setStatus(st, "")
}

func sameTags(a, b []sdk.Tag) bool {
	m := func(x []sdk.Tag) map[string]string {
		out := map[string]string{}
		for _, t := range x {
			out[*t.Key] = *t.Value
		}
		return out
	}
	return maps.Equal(m(a), m(b))
}
