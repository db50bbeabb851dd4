package cfn

import (
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/world"
)

// step goes on with what the stack's status says.
func (s *stack) step() {
	switch s.Status {
	case sdk.StackStatusCreateInProgress, sdk.StackStatusUpdateInProgress:
		s.advance()
	case sdk.StackStatusImportInProgress:
		s.takeIn()
	case sdk.StackStatusUpdateRollbackInProgress:
		s.restore()
	case sdk.StackStatusUpdateCompleteCleanupInProgress, sdk.StackStatusUpdateRollbackCompleteCleanupInProgress:
		s.discard()
	case sdk.StackStatusRollbackInProgress, sdk.StackStatusDeleteInProgress:
		s.tearDown()
	}
}

// create starts a new stack's resources.
func (s *stack) create() {
	s.setStatus(sdk.StackStatusCreateInProgress, "User Initiated")
	s.instantiate()
	s.c.w.Schedule(time.Second, stepEvent, s.ID, nil)
}

// instantiate adds the resources that the template makes and are not there.
func (s *stack) instantiate() {
	for _, n := range s.d.made {
		if s.Res[n] == nil {
			s.instance(n)
		}
	}
}

// instance is a new, empty resource of the stack.
func (s *stack) instance(n string) *instance {
	r := s.d.t.Resources[n]
	s.Last++
	s.Res[n] = &instance{N: s.Last, Logical: n, Type: r.Type, Retain: r.Retain, Young: r.Young}
	return s.Res[n]
}

// advance starts every resource whose dependencies are complete.
func (s *stack) advance() {
	if s.Failed {
		if !s.busy() {
			s.settleFailure("")
		}
		return
	}
	done := true
	for again := true; again; {
		done, again = true, false
		for _, n := range sorted(s.Res) {
			r := s.Res[n]
			if settled(r) {
				continue
			}
			done = false
			if r.Work != nil || !s.ready(n) {
				continue
			}
			if r.Redo {
				s.redo(r)
			} else if r.Phys == "" {
				s.start(r)
			} else {
				again = s.revisit(r) || again
			}
			if s.Failed {
				s.advance()
				return
			}
		}
	}
	if done {
		s.complete()
	}
}

// settled tells whether a resource is as the template says.
func settled(r *instance) bool {
	return r.Status == sdk.ResourceStatusCreateComplete || r.Status == sdk.ResourceStatusUpdateComplete
}

func (s *stack) ready(n string) bool {
	for _, d := range s.d.needs[n] {
		if r := s.Res[d]; r != nil && !settled(r) {
			return false
		}
	}
	return true
}

// start creates a resource. A handler takes a moment to begin.
func (s *stack) start(r *instance) {
	props, err := s.resolve(r.Logical)
	s.mark(r, sdk.ResourceStatusCreateInProgress, "")
	if err != nil {
		s.mark(r, sdk.ResourceStatusCreateFailed, err.Error())
		s.Failed = true
		return
	}
	r.Props = props
	s.begin(r, creates, nil, s.c.lag(s.Name+"/"+r.Logical))
}

// lag is how long CloudFormation's own handling of a resource takes before the
// service is asked.
func (c *CFN) lag(key string) time.Duration {
	return c.w.Draw("cfn:lag", key, time.Second, 500*time.Millisecond, 2*time.Second)
}

func (s *stack) created(r *instance, w *work, p progress, err error) {
	s.c.w.Record(world.Entry{Kind: "cfn:" + r.Type, Name: s.Name + "/" + r.Logical, Start: w.Begun, End: s.c.w.Elapsed()})
	if p.Phys != "" {
		r.Phys = p.Phys
	}
	if p.Attrs != nil {
		r.Attrs = p.Attrs
	} else if r.Attrs == nil {
		r.Attrs = values{}
	}
	if err != nil {
		s.mark(r, sdk.ResourceStatusCreateFailed, handlerMessage(err))
		s.Failed = true
		return
	}
	if resourceTypes[r.Type].tag != nil {
		r.Tags = s.tagsOf(r, r.Props)
	}
	s.mark(r, sdk.ResourceStatusCreateComplete, "")
}

// settleFailure ends a failed operation; why is "" where resources are the reason.
func (s *stack) settleFailure(why string) {
	if s.Status == sdk.StackStatusUpdateInProgress {
		if why == "" {
			why = s.Was.Why
		}
		if why == "" {
			why = "The following resource(s) failed to update: [" + s.failures() + "]. "
		}
		switch {
		case s.Pause:
			s.setStatus(sdk.StackStatusUpdateFailed, why)
		case s.Was.Never:
			s.Was = nil
			s.setStatus(sdk.StackStatusRollbackInProgress, why)
			s.tearDown()
		default:
			s.rollBack(why)
		}
		return
	}
	if why == "" {
		why = "The following resource(s) failed to create: [" + s.failures() + "]. "
	}
	switch s.OnFailure {
	case sdk.OnFailureDoNothing:
		s.setStatus(sdk.StackStatusCreateFailed, why)
	case sdk.OnFailureDelete:
		s.setStatus(sdk.StackStatusDeleteInProgress, why+"Delete requested by user.")
		s.tearDown()
	default:
		s.setStatus(sdk.StackStatusRollbackInProgress, why+"Rollback requested by user.")
		s.tearDown()
	}
}

func (s *stack) failures() string {
	var out []string
	for _, n := range sorted(s.Res) {
		if st := s.Res[n].Status; st == sdk.ResourceStatusCreateFailed || st == sdk.ResourceStatusUpdateFailed {
			out = append(out, n)
		}
	}
	return strings.Join(out, ", ")
}

// complete computes outputs and exports.
func (s *stack) complete() {
	var outputs []sdk.Output
	exports := map[string]string{}
	for _, k := range sorted(s.d.t.Outputs) {
		o := s.d.t.Outputs[k]
		if o.Condition != "" && !s.d.conditions[o.Condition] {
			continue
		}
		out, err := s.output(k, o)
		if err != nil {
			s.Failed = true
			s.settleFailure(err.Error() + ". ")
			return
		}
		if out.ExportName != nil {
			exports[*out.ExportName] = *out.OutputValue
		}
		outputs = append(outputs, out)
	}
	s.Outputs, s.Exports = outputs, exports
	s.c.known(s)
	if s.Status == sdk.StackStatusUpdateInProgress {
		s.endUpdate()
	} else {
		s.setStatus(sdk.StackStatusCreateComplete, "")
	}
	s.c.w.Record(world.Entry{Kind: "cfn:stack", Name: s.Name, Start: s.Start, End: s.c.w.Elapsed()})
}

// output resolves one output.
func (s *stack) output(k string, o output) (sdk.Output, error) {
	out := sdk.Output{OutputKey: new(k)}
	v, err := s.text(o.Value, k)
	if err != nil {
		return out, err
	}
	if len(v) > maxOutputBytes {
		return out, said("Template format error: Output %s is longer than maximum allowed, %d", k, maxOutputBytes)
	}
	out.OutputValue = &v
	if o.Description != "" {
		out.Description = new(o.Description)
	}
	if o.Export == nil {
		return out, nil
	}
	n, err := s.text(o.Export, k)
	if err != nil {
		return out, err
	}
	if by := s.c.exporter(n); by != nil && by != s {
		//lint:ignore ST1005 CloudFormation's own words
		return out, fmt.Errorf("Export with name %s is already exported by stack %s", n, by.Name)
	}
	out.ExportName = &n
	return out, nil
}

// text resolves what must be a string of an output.
func (s *stack) text(v any, output string) (string, error) {
	x, err := s.eval(v)
	if err != nil {
		return "", err
	}
	t, ok := scalarText(x)
	if !ok || t == "" {
		return "", said("Template format error: Output %s is malformed. The Value field of every Outputs member must evaluate to a String.", output)
	}
	return t, nil
}
