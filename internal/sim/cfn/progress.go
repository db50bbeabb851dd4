package cfn

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// verb is what is done to a resource.
type verb string

const (
	creates verb = "create"
	updates verb = "update"
	deletes verb = "delete"
)

// work is what is under way on a resource. It is all that a handler remembers between
// its turns, so that a stack can be saved in the middle of anything.
type work struct {
	Do    verb
	Props values            `json:",omitempty"` // of an update: what the template says now
	Begun time.Duration     // since the world began
	Step  string            `json:",omitempty"` // the handler's own: where it is
	Memo  map[string]string `json:",omitempty"` // the handler's own
	Tries int               `json:",omitempty"`
	Done  *progress         `json:",omitempty"` // finished, and seen so at the next turn
	// Tagged: an update has brought the tags up to date, which it does first.
	Tagged bool `json:",omitempty"`
}

// progress is what a handler answers: finished, at once or a while later, or to be
// called again. CloudFormation's own handlers answer likewise (ProgressEvent, with a
// callback delay and a callback context).
type progress struct {
	Phys  string `json:",omitempty"`
	Attrs values `json:",omitempty"`

	wait  time.Duration // until it is seen finished, or is called again
	again bool
}

// act is what a handler does with a resource in one turn. An error ends the work.
type act func(*op) (progress, error)

// op is one turn of the work on one resource.
type op struct {
	*work
	s          *stack
	r          *instance
	w          *world.World
	env        *Env
	by         *wire.Caller // whose permissions count
	props, old values
	phys       string
}

// first tells whether this is the first turn of the work; the next is not.
func (o *op) first() bool {
	if o.Step != "" {
		return false
	}
	o.Step = "begun"
	return true
}

// made notes the physical ID as soon as there is one, so that a failure later in the
// work still leaves something to delete.
func (o *op) made(phys string) { o.r.Phys, o.phys = phys, phys }

func done(phys string, a values) (progress, error) { return progress{Phys: phys, Attrs: a}, nil }

// after finishes a while later: most APIs are synchronous, their handlers poll.
func after(d time.Duration, phys string, a values) (progress, error) {
	return progress{Phys: phys, Attrs: a, wait: d}, nil
}

// gone finishes a deletion.
func gone(err error) (progress, error) { return progress{}, err }

// poll is when a handler looks again.
const poll = 2 * time.Second

// quick is how long a synchronous API's resource takes to be seen finished.
const quick = 2 * time.Second

func again(d time.Duration) (progress, error) { return progress{wait: d, again: true}, nil }

// until finishes when over, and looks again otherwise.
func until(over bool, err error, phys string, a values) (progress, error) {
	switch {
	case err != nil:
		return progress{}, err
	case over:
		return done(phys, a)
	}
	return again(poll)
}

// begin starts the work on a resource, d from now.
func (s *stack) begin(r *instance, do verb, props values, d time.Duration) {
	r.Work = &work{Do: do, Props: props, Begun: s.c.w.Elapsed()}
	s.c.w.Schedule(d, turnEvent, s.ID, turn{r.N})
}

// turn is the payload of turnEvent: which resource of the stack.
type turn struct{ N int }

// turn goes on with the work on a resource.
func (s *stack) turn(r *instance) {
	if r.Work.Done != nil {
		s.finished(r, *r.Work.Done, nil)
		return
	}
	p, err := s.handle(r)
	switch {
	case err != nil:
		s.finished(r, p, err)
	case p.again:
		s.c.w.Schedule(p.wait, turnEvent, s.ID, turn{r.N})
	case p.wait > 0:
		r.Work.Done = &p
		s.c.w.Schedule(p.wait, turnEvent, s.ID, turn{r.N})
	default:
		s.finished(r, p, nil)
	}
}

// handle calls the handler; a bug in one is a failure of its resource, and logged.
func (s *stack) handle(r *instance) (p progress, err error) {
	defer func() {
		if bug := recover(); bug != nil {
			s.c.env.log("the handler of %s (%s %s): %v\n%s", r.Type, s.Name, r.Logical, bug, debug.Stack())
			err = wire.Errorf("InternalFailure", "Internal Failure").With(500)
		}
	}()
	h := resourceTypes[r.Type]
	o := &op{work: r.Work, s: s, r: r, w: s.c.w, env: s.c.env, by: s.caller(), props: r.Props, phys: r.Phys}
	f := h.create
	switch r.Work.Do {
	case updates:
		f, o.props, o.old = h.update, r.Work.Props, r.Props
		if !r.Work.Tagged {
			if err := o.retag(h); err != nil {
				return p, err
			}
			r.Work.Tagged = true
		}
		if len(changes(o.without("Tags"), o.old.without("Tags"))) == 0 && h.tag != nil {
			return after(quick, r.Phys, nil)
		}
	case deletes:
		f = h.delete
	}
	if f == nil {
		return p, fmt.Errorf("resource type %s cannot be %sd", r.Type, r.Work.Do)
	}
	return f(o)
}

// finished ends the work on a resource, and goes on with the stack.
func (s *stack) finished(r *instance, p progress, err error) {
	w := r.Work
	r.Work = nil
	switch w.Do {
	case creates:
		s.created(r, w, p, err)
	case updates:
		s.altered(r, w, p, err)
	case deletes:
		s.removed(r, err)
	}
	s.step()
}
