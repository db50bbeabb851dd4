package cfn

import (
	"errors"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// remove starts a stack's deletion.
func (s *stack) remove(retain []string) error {
	for _, n := range sorted(s.Exports) {
		if by := s.c.users(n); len(by) > 0 {
			return validation("Export %s cannot be deleted as it is in use by %s", n, strings.Join(by, " and "))
		}
	}
	s.forgetUpdate()
	s.Failed, s.Retain, s.Start = false, retain, s.c.w.Elapsed()
	for _, r := range s.Res {
		r.Stuck = false
	}
	s.setStatus(sdk.StackStatusDeleteInProgress, "User Initiated")
	s.tearDown()
	return nil
}

// tearDown deletes resources in reverse order, in parallel where it may. What is
// still being made is waited for.
func (s *stack) tearDown() {
	users := map[string][]string{} // resource -> resources that need it
	for n := range s.Res {
		for _, d := range s.d.needs[n] {
			users[d] = append(users[d], n)
		}
	}
	needed := func(n string) bool {
		return slices.ContainsFunc(users[n], func(u string) bool { return !s.Res[u].Gone })
	}
	for again := true; again; {
		again = false
		for _, n := range sorted(s.Res) {
			r := s.Res[n]
			if r.Gone || r.Stuck || r.Work != nil || needed(n) {
				continue
			}
			young := r.Young && s.Status == sdk.StackStatusRollbackInProgress
			if r.Phys == "" || r.Retain && !young || slices.Contains(s.Retain, n) {
				r.Gone, again = true, true
				continue
			}
			s.mark(r, sdk.ResourceStatusDeleteInProgress, "")
			s.begin(r, deletes, nil, time.Second)
		}
	}
	if !s.busy() {
		s.endTearDown()
	}
}

// removed ends the deletion of a resource; one that is not there is as good as gone.
func (s *stack) removed(r *instance, err error) {
	var e *wire.Error
	absent := errors.As(err, &e) && (e.Status == 404 || strings.Contains(e.Code, "NotFound") || e.Code == "NoSuchEntity")
	r.Stuck = err != nil && !absent
	r.Gone = !r.Stuck
	switch {
	case s.Status == sdk.StackStatusUpdateInProgress && r.Redo:
		s.cleared(r, err)
	case s.Status != sdk.StackStatusRollbackInProgress && s.Status != sdk.StackStatusDeleteInProgress:
		// what an update leaves over has no events of its own here
	case r.Stuck:
		s.mark(r, sdk.ResourceStatusDeleteFailed, handlerMessage(err))
	default:
		s.mark(r, sdk.ResourceStatusDeleteComplete, "")
	}
}

func (s *stack) endTearDown() {
	ok, bad := sdk.StackStatusDeleteComplete, sdk.StackStatusDeleteFailed
	if s.Status == sdk.StackStatusRollbackInProgress {
		ok, bad = sdk.StackStatusRollbackComplete, sdk.StackStatusRollbackFailed
	}
	var stuck []string
	for _, n := range sorted(s.Res) {
		if s.Res[n].Stuck {
			stuck = append(stuck, n)
		}
	}
	if len(stuck) > 0 {
		s.setStatus(bad, "The following resource(s) failed to delete: ["+strings.Join(stuck, ", ")+"]. ")
		return
	}
	s.setStatus(ok, "")
	if ok == sdk.StackStatusDeleteComplete {
		s.Deleted = new(s.c.w.Date())
		s.Exports = map[string]string{}
		s.c.known(s)
		s.c.w.Record(world.Entry{Kind: "cfn:stack-delete", Name: s.Name, Start: s.Start, End: s.c.w.Elapsed()})
	}
}
