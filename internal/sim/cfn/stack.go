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
	d         *deployment
	params    map[string]string // as given
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
	id := fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%s", c.env.EC2.Partition, c.env.EC2.Region, c.env.EC2.Account, name, c.w.UUID("stack"))
	s := &stack{c: c, id: id, name: name, body: body, params: params, tags: tags, res: map[string]*instance{}, exports: map[string]string{}, imports: map[string]bool{}, pending: map[string]bool{}, born: c.w.Date(), start: c.w.Elapsed()}
	var err error
	if s.d, err = deploy(body, params, s.pseudo()); err != nil {
		return nil, validation("%s", err)
	}
	c.stacks.Put(id, s)
	return s, nil
}

// pseudo are the pseudo parameters of a stack.
func (s *stack) pseudo() map[string]string {
	e, suffix := s.c.env.EC2, "amazonaws.com"
	if e.Partition == "aws-cn" {
		suffix = "amazonaws.com.cn"
	}
	return map[string]string{
		"AWS::StackName": s.name, "AWS::StackId": s.id, "AWS::Region": e.Region,
		"AWS::AccountId": e.Account, "AWS::Partition": e.Partition, "AWS::URLSuffix": suffix,
	}
}

// eval resolves a value in the stack as it is now.
func (s *stack) eval(v any) (any, error) {
	var zones []string
	for _, z := range s.c.env.EC2.Zones {
		if z.Type == "availability-zone" {
			zones = append(zones, z.Name)
		}
	}
	in := &scope{t: s.d.t, params: s.d.params, pseudo: s.pseudo(), zones: zones, conditions: s.d.conditions, left: maxExpandedBytes}
	in.resource = func(n string) (string, map[string]any, bool) {
		r := s.res[n]
		if r == nil || r.phys == "" {
			return "", nil, false
		}
		return r.phys, r.attrs, true
	}
	in.export = func(n string) (string, bool) { return s.c.importValue(s, n) }
	return in.eval(v)
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
	for _, n := range s.d.made {
		if r := s.d.t.Resources[n]; s.res[n] == nil {
			s.res[n] = &instance{logical: n, typ: r.Type, retain: r.Retain}
		}
	}
}

// advance starts every resource whose dependencies are complete.
func (s *stack) advance() {
	if s.failed {
		if len(s.pending) == 0 {
			s.settleFailure("")
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
	for _, d := range s.d.needs[n] {
		if r := s.res[d]; r != nil && !settled(r) {
			return false
		}
	}
	return true
}

func (s *stack) startResource(r *instance) {
	s.pending[r.logical] = true
	v, err := s.eval(s.d.t.Resources[r.logical].Props)
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

// settleFailure ends a failed operation; why is "" where resources are the reason.
func (s *stack) settleFailure(why string) {
	if s.status == types.StackStatusUpdateInProgress {
		if why == "" {
			why = "The following resource(s) failed to update: [" + s.failures() + "]. "
		}
		s.rollBack(why)
		return
	}
	if why == "" {
		why = "The following resource(s) failed to create: [" + s.failures() + "]. "
	}
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
	for _, k := range slices.Sorted(maps.Keys(s.d.t.Outputs)) {
		o := s.d.t.Outputs[k]
		if o.Condition != "" && !s.d.conditions[o.Condition] {
			continue
		}
		out, err := s.output(k, o)
		if err != nil {
			s.failed = true
			s.settleFailure(err.Error() + ". ")
			return
		}
		if out.ExportName != nil {
			exports[*out.ExportName] = *out.OutputValue
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

// output resolves one output.
func (s *stack) output(k string, o output) (types.Output, error) {
	out := types.Output{OutputKey: new(k)}
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
		return out, said("Export with name %s is already exported by stack %s", n, by.name)
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

// exporter is the live stack that exports a name, or nil.
func (c *CFN) exporter(name string) *stack {
	return c.stacks.Find(func(s *stack) bool {
		_, ok := s.exports[name]
		return ok && s.status != types.StackStatusDeleteComplete
	})
}

func (c *CFN) importValue(by *stack, name string) (string, bool) {
	s := c.exporter(name)
	if s == nil {
		return "", false
	}
	by.imports[name] = true
	return s.exports[name], true
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
		for _, d := range s.d.needs[n] {
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
