package cfn

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// CFN is the service's state in one region.
type CFN struct {
	w      *world.World
	env    *Env
	stacks table.Table[stack]  // by ID, deleted ones too
	sets   table.Table[change] // change sets by ARN
}

type stack struct {
	c         *CFN
	id, name  string
	status    types.StackStatus
	reason    string
	body      string
	t         *template
	params    map[string]string
	tags      []types.Tag
	caps      []types.Capability
	outputs   []types.Output
	exports   map[string]string
	imports   map[string]bool
	res       map[string]*instance
	events    []types.StackEvent
	born      time.Time
	updated   *time.Time
	deleted   *time.Time
	onFailure types.OnFailure
	protected bool
	token     string
	pending   map[string]bool // resources in progress
	failed    bool
	start     time.Duration
	was       *before // the update under way
}

// instance is one resource of a stack.
type instance struct {
	logical string
	typ     string
	phys    string
	attrs   map[string]any
	props   map[string]any
	status  types.ResourceStatus
	reason  string
	at      time.Time
	retain  bool
}

// New is a region without stacks.
func New(w *world.World, env *Env) *CFN { return &CFN{w: w, env: env} }

// find resolves a stack by name (the live one) or ID.
func (c *CFN) find(n string) *stack {
	if s := c.stacks.Get(n); s != nil {
		return s
	}
	return c.stacks.Find(func(s *stack) bool { return s.name == n && s.status != types.StackStatusDeleteComplete })
}

func validation(format string, a ...any) *wire.Error {
	return wire.Errorf("ValidationError", format, a...)
}

// begin makes a stack and starts it.
func (c *CFN) begin(name, body string, params map[string]string, tags []types.Tag) (*stack, error) {
	t, err := parse(body)
	if err != nil {
		return nil, validation("%s", err)
	}
	if err := recognised(t); err != nil {
		return nil, validation("%s", err)
	}
	id := fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%s", c.env.EC2.Partition, c.env.EC2.Region, c.env.EC2.Account, name, c.w.UUID("stack"))
	s := &stack{c: c, id: id, name: name, body: body, t: t, params: params, tags: tags, res: map[string]*instance{}, exports: map[string]string{}, imports: map[string]bool{}, pending: map[string]bool{}, born: c.w.Date(), start: c.w.Elapsed()}
	for _, n := range slices.Sorted(maps.Keys(t.Parameters)) {
		if _, err := s.ref(n); err != nil {
			return nil, validation("%s", err)
		}
	}
	c.stacks.Put(id, s)
	return s, nil
}

// recognised refuses resource types that CloudFormation does not know.
func recognised(t *template) error {
	var bad []string
	for _, r := range t.Resources {
		if handlers[r.Type].create == nil && !slices.Contains(bad, r.Type) {
			bad = append(bad, r.Type)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return said("Template format error: Unrecognized resource types: [%s]", strings.Join(bad, ", "))
}

// event logs what happened to a resource, or to the stack itself (logical "").
func (s *stack) event(logical string, st types.ResourceStatus, reason string) {
	e := types.StackEvent{EventId: new(s.c.w.UUID("event")), StackId: new(s.id), StackName: new(s.name), Timestamp: new(s.c.w.Date()), ResourceStatus: st}
	if logical == "" {
		e.LogicalResourceId, e.PhysicalResourceId, e.ResourceType = new(s.name), new(s.id), new("AWS::CloudFormation::Stack")
	} else {
		r := s.res[logical]
		e.LogicalResourceId, e.PhysicalResourceId, e.ResourceType = new(logical), new(r.phys), new(r.typ)
	}
	if reason != "" {
		e.ResourceStatusReason = new(reason)
	}
	s.events = append([]types.StackEvent{e}, s.events...)
}

func (s *stack) setStatus(st types.StackStatus, reason string) {
	s.status, s.reason = st, reason
	s.event("", types.ResourceStatus(st), reason)
}

func (s *stack) mark(r *instance, st types.ResourceStatus, reason string) {
	r.status, r.reason, r.at = st, reason, s.c.w.Date()
	s.event(r.logical, st, reason)
}

// create starts a new stack's resources.
func (s *stack) create() {
	s.setStatus(types.StackStatusCreateInProgress, "User Initiated")
	s.instantiate()
	s.c.w.After(time.Second, s.advance)
}

// instantiate adds the resources that the template makes and are not there.
func (s *stack) instantiate() {
	for n, r := range s.t.Resources {
		if ok, err := s.made(r); err == nil && ok && s.res[n] == nil {
			s.res[n] = &instance{logical: n, typ: r.Type, retain: r.Retain}
		}
	}
}

// made tells whether a resource's condition holds.
func (s *stack) made(r *resource) (bool, error) {
	if r.Condition == "" {
		return true, nil
	}
	ok, err := s.condition(r.Condition)
	return ok == true, err
}

// advance starts every resource whose dependencies are complete.
func (s *stack) advance() {
	if s.failed {
		if len(s.pending) == 0 {
			s.settleFailure()
		}
		return
	}
	done := true
	for again := true; again; {
		done, again = true, false
		for _, n := range slices.Sorted(maps.Keys(s.res)) {
			r := s.res[n]
			if settled(r) {
				continue
			}
			done = false
			if s.pending[n] || !s.ready(n) {
				continue
			}
			if r.phys == "" {
				s.startResource(r)
			} else if again = s.revisit(r) || again; s.failed {
				return // failing looked after the rest
			}
		}
	}
	if done {
		s.complete()
	}
}

// settled tells whether a resource is as the template says.
func settled(r *instance) bool {
	return r.status == types.ResourceStatusCreateComplete || r.status == types.ResourceStatusUpdateComplete
}

func (s *stack) ready(n string) bool {
	for _, d := range s.t.needs(n) {
		if r := s.res[d]; r != nil && !settled(r) {
			return false
		}
	}
	return true
}

func (s *stack) startResource(r *instance) {
	s.pending[r.logical] = true
	v, err := s.eval(s.t.Resources[r.logical].Props)
	s.mark(r, types.ResourceStatusCreateInProgress, "")
	if err != nil {
		s.finish(r, "", nil, err)
		return
	}
	r.props, _ = v.(map[string]any)
	h := handlers[r.typ]
	begun := s.c.w.Elapsed()
	// A handler takes a moment to start and to be seen finished.
	s.c.w.After(h.lag(s.c.w, s.name+"/"+r.logical), func() {
		h.create(&op{s: s, r: r, w: s.c.w, env: s.c.env, props: r.props, done: func(phys string, attrs map[string]any, err error) {
			s.c.w.Record(world.Entry{Kind: "cfn:" + r.typ, Name: s.name + "/" + r.logical, Start: begun, End: s.c.w.Elapsed()})
			s.finish(r, phys, attrs, err)
		}})
	})
}

func (s *stack) finish(r *instance, phys string, attrs map[string]any, err error) {
	delete(s.pending, r.logical)
	if phys != "" {
		r.phys = phys
	}
	r.attrs = attrs
	if err != nil {
		s.mark(r, types.ResourceStatusCreateFailed, handlerMessage(err))
		s.fail()
		return
	}
	s.mark(r, types.ResourceStatusCreateComplete, "")
	s.advance()
}

// handlerMessage words a service's error as CloudFormation does.
func handlerMessage(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("Resource handler returned message: %q (RequestToken: 5f0c0f6e-0000-4000-8000-000000000000, HandlerErrorCode: %s)", e.Message, handlerCode(e))
	}
	return err.Error()
}

func handlerCode(e *wire.Error) string {
	switch {
	case e.Status == 404:
		return "NotFound"
	case e.Status == 409:
		return "AlreadyExists"
	case e.Status == 403:
		return "AccessDenied"
	case strings.Contains(e.Code, "Limit"):
		return "ServiceLimitExceeded"
	}
	return "InvalidRequest"
}

// fail begins nothing more, and waits for what has begun.
func (s *stack) fail() {
	s.failed = true
	s.advance()
}

func (s *stack) settleFailure() {
	if s.status == types.StackStatusUpdateInProgress {
		s.rollBack()
		return
	}
	why := "The following resource(s) failed to create: [" + s.failures() + "]. "
	switch s.onFailure {
	case types.OnFailureDoNothing:
		s.setStatus(types.StackStatusCreateFailed, why)
	case types.OnFailureDelete:
		s.setStatus(types.StackStatusDeleteInProgress, why+"Delete requested by user.")
		s.tearDown(types.StackStatusDeleteComplete, types.StackStatusDeleteFailed, nil)
	default:
		s.setStatus(types.StackStatusRollbackInProgress, why+"Rollback requested by user.")
		s.tearDown(types.StackStatusRollbackComplete, types.StackStatusRollbackFailed, nil)
	}
}

func (s *stack) failures() string {
	var out []string
	for _, n := range slices.Sorted(maps.Keys(s.res)) {
		if st := s.res[n].status; st == types.ResourceStatusCreateFailed || st == types.ResourceStatusUpdateFailed {
			out = append(out, n)
		}
	}
	return strings.Join(out, ", ")
}

// complete computes outputs and exports.
func (s *stack) complete() {
	s.outputs = nil
	exports := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(s.t.Outputs)) {
		o := s.t.Outputs[k]
		if c, ok := o["Condition"].(string); ok {
			if v, err := s.condition(c); err != nil || v != true {
				continue
			}
		}
		v, err := s.eval(o["Value"])
		if err != nil {
			s.failed = true
			s.setStatus(types.StackStatusCreateFailed, err.Error())
			return
		}
		out := types.Output{OutputKey: new(k), OutputValue: new(fmt.Sprint(v))}
		if d, ok := o["Description"].(string); ok {
			out.Description = new(d)
		}
		if e, ok := o["Export"].(map[string]any); ok {
			n, err := s.eval(e["Name"])
			if err == nil {
				out.ExportName = new(fmt.Sprint(n))
				exports[fmt.Sprint(n)] = fmt.Sprint(v)
			}
		}
		s.outputs = append(s.outputs, out)
	}
	s.exports = exports
	if s.status == types.StackStatusUpdateInProgress {
		s.endUpdate()
	} else {
		s.setStatus(types.StackStatusCreateComplete, "")
	}
	s.c.w.Record(world.Entry{Kind: "cfn:stack", Name: s.name, Start: s.start, End: s.c.w.Elapsed()})
}

func (c *CFN) importValue(by *stack, name string) (any, error) {
	for _, s := range c.stacks.All() {
		if v, ok := s.exports[name]; ok && s.status != types.StackStatusDeleteComplete {
			by.imports[name] = true
			return v, nil
		}
	}
	return nil, said("No export named %s found.", name)
}

// importers are the live stacks that use an export.
func (c *CFN) importers(name string) []string {
	var out []string
	for _, s := range c.stacks.All() {
		if s.imports[name] && s.status != types.StackStatusDeleteComplete {
			out = append(out, s.name)
		}
	}
	return out
}

// remove starts a stack's deletion.
func (s *stack) remove(retain []string) error {
	for _, n := range slices.Sorted(maps.Keys(s.exports)) {
		if by := s.c.importers(n); len(by) > 0 {
			return validation("Export %s cannot be deleted as it is in use by %s", n, strings.Join(by, " and "))
		}
	}
	s.setStatus(types.StackStatusDeleteInProgress, "User Initiated")
	s.start = s.c.w.Elapsed()
	s.tearDown(types.StackStatusDeleteComplete, types.StackStatusDeleteFailed, retain)
	return nil
}

// tearDown deletes resources in reverse order, in parallel where it may.
func (s *stack) tearDown(ok, bad types.StackStatus, retain []string) {
	blockers := map[string][]string{} // resource -> resources that need it
	for n := range s.res {
		for _, d := range s.t.needs(n) {
			blockers[d] = append(blockers[d], n)
		}
	}
	gone := map[string]bool{}
	failed := false
	busy := map[string]bool{}
	var step func()
	step = func() {
		left := false
		for _, n := range slices.Sorted(maps.Keys(s.res)) {
			r := s.res[n]
			if gone[n] || busy[n] {
				left = left || busy[n]
				continue
			}
			if slices.ContainsFunc(blockers[n], func(b string) bool { return !gone[b] && s.res[b] != nil }) {
				continue
			}
			if r.phys == "" || r.retain || slices.Contains(retain, n) {
				gone[n] = true
				left = true
				s.c.w.After(0, step)
				continue
			}
			if failed && r.status == types.ResourceStatusDeleteFailed {
				continue
			}
			left, busy[n] = true, true
			s.mark(r, types.ResourceStatusDeleteInProgress, "")
			s.c.w.After(time.Second, func() {
				handlers[r.typ].delete(&op{s: s, r: r, w: s.c.w, env: s.c.env, props: r.props, phys: r.phys, done: func(_ string, _ map[string]any, err error) {
					delete(busy, n)
					var e *wire.Error
					if err != nil && !(errors.As(err, &e) && (e.Status == 404 || strings.Contains(e.Code, "NotFound") || e.Code == "NoSuchEntity")) {
						failed = true
						s.mark(r, types.ResourceStatusDeleteFailed, handlerMessage(err))
					} else {
						gone[n] = true
						s.mark(r, types.ResourceStatusDeleteComplete, "")
					}
					step()
				}})
			})
		}
		if left || len(busy) > 0 {
			return
		}
		s.endTearDown(ok, bad, failed)
	}
	step()
}

func (s *stack) endTearDown(ok, bad types.StackStatus, failed bool) {
	if s.status == ok || s.status == bad {
		return
	}
	if failed {
		var names []string
		for _, n := range slices.Sorted(maps.Keys(s.res)) {
			if s.res[n].status == types.ResourceStatusDeleteFailed {
				names = append(names, n)
			}
		}
		s.setStatus(bad, "The following resource(s) failed to delete: ["+strings.Join(names, ", ")+"]. ")
		return
	}
	if ok == types.StackStatusDeleteComplete {
		s.deleted = new(s.c.w.Date())
		s.exports = map[string]string{}
		s.c.w.Record(world.Entry{Kind: "cfn:stack-delete", Name: s.name, Start: s.start, End: s.c.w.Elapsed()})
	}
	s.setStatus(ok, "")
}
