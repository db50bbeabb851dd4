package cfn

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// CFN is the service's state in one region.
type CFN struct {
	w   *world.World
	env *Env

	res.Registry
	tokens wire.Tokens
	stacks *res.Kind[stack]  // by ID, deleted ones too
	sets   *res.Kind[change] // change sets by ARN
	drifts *res.Kind[detection]

	// Found again when loaded: they follow from the stacks.
	live      map[string]string          // name -> ID of the stack that is not deleted
	exporters map[string]string          // export -> ID of the live stack that has it
	importers map[string]map[string]bool // export -> IDs of stacks that used it
}

// stack is one stack: all of it is data, so that it can be saved at any moment. Its
// status says what is being done; step goes on with it.
type stack struct {
	ID, Name  string
	Status    sdk.StackStatus
	Reason    string `json:",omitempty"`
	Body      string
	Params    map[string]string // as given
	Tags      []sdk.Tag
	Caps      []sdk.Capability
	Outputs   []sdk.Output
	Exports   map[string]string
	Imports   map[string]bool
	Res       map[string]*instance
	Events    []sdk.StackEvent // oldest first
	Born      time.Time
	Updated   *time.Time
	Deleted   *time.Time
	OnFailure sdk.OnFailure
	Protected bool
	Key, ARN  string               // who called last: access key and principal
	Role      string               // the ARN of the role that acts instead of the caller
	Failed    bool                 // nothing more is started
	Retain    []string             // logical IDs that a deletion leaves
	Start     time.Duration        // of the operation under way
	Last      int                  // the number of the last instance
	Was       *before              // the update under way, or that failed and was left so
	Pause     bool                 // a failed update is left as it is
	Policy    string               `json:",omitempty"` // JSON
	During    string               `json:",omitempty"` // likewise, in its place for the update under way
	Drift     sdk.StackDriftStatus `json:",omitempty"` // "": nobody has looked
	DriftAt   *time.Time           `json:",omitempty"`

	c *CFN
	d *deployment // of Body and Params
}

// instance is one resource of a stack.
type instance struct {
	N       int // unique in the stack: a resource and its replacement share a name
	Logical string
	Type    string
	Phys    string `json:",omitempty"`
	Attrs   values `json:",omitempty"`
	Props   values `json:",omitempty"`
	// Tags are those that the template and the stack gave it last.
	Tags   map[string]string `json:",omitempty"`
	Status sdk.ResourceStatus
	Reason string `json:",omitempty"`
	At     time.Time
	Retain bool `json:",omitempty"`
	Young  bool `json:",omitempty"` // Retain does not hold while its creation is rolled back
	Gone   bool `json:",omitempty"` // deleted, or given up
	Stuck  bool `json:",omitempty"` // its deletion failed in the operation under way
	// Identifier is how the import under way names it.
	Identifier map[string]string `json:",omitempty"`
	Drift      *drift            `json:",omitempty"` // what the last look found
	Redo       bool              `json:",omitempty"` // its creation failed earlier: it goes before it is made again
	Work       *work             `json:",omitempty"`
}

const (
	stepEvent   = "cfn:step"   // key: a stack's ID
	turnEvent   = "cfn:turn"   // key: a stack's ID; payload: turn
	changeEvent = "cfn:change" // key: a change set's ARN
)

// New is a region without stacks.
func New(w *world.World, env *Env) *CFN {
	c := &CFN{w: w, env: env}
	c.Keep("done", &c.tokens)
	c.stacks = res.Add(&c.Registry, &res.Kind[stack]{Name: "stack", Key: func(s *stack) string { return s.ID }})
	c.sets = res.Add(&c.Registry, &res.Kind[change]{Name: "change-set", Key: func(x *change) string { return x.ARN }})
	c.drifts = res.Add(&c.Registry, &res.Kind[detection]{Name: "drift-detection", Key: func(d *detection) string { return d.ID }})
	c.index()
	world.On(w, driftEvent, func(id string, _ struct{}) {
		if d := c.drifts.Get(id); d != nil {
			c.detect(d)
		}
	})
	world.On(w, stepEvent, func(id string, _ struct{}) {
		if s := c.stacks.Get(id); s != nil {
			s.step()
		}
	})
	world.On(w, turnEvent, func(id string, t turn) {
		if s := c.stacks.Get(id); s != nil {
			if r := s.numbered(t.N); r != nil && r.Work != nil {
				s.turn(r)
			}
		}
	})
	world.On(w, changeEvent, func(arn string, _ struct{}) {
		if x := c.sets.Get(arn); x != nil {
			c.compute(x)
		}
	})
	return c
}

// Load replaces every stack and change set by saved ones.
func (c *CFN) Load(b json.RawMessage) error {
	if err := c.Registry.Load(b); err != nil {
		return err
	}
	c.index()
	for _, s := range c.stacks.All() {
		s.c = c
		var err error
		if s.d, err = deploy(s.Body, s.Params, s.pseudo()); err != nil {
			return fmt.Errorf("stack %s: %w", s.Name, err)
		}
		if s.Was != nil {
			if s.Was.d, err = deploy(s.Was.Body, s.Was.Params, s.pseudo()); err != nil {
				return fmt.Errorf("stack %s before its update: %w", s.Name, err)
			}
		}
		c.known(s)
	}
	return nil
}

func (c *CFN) index() {
	c.live, c.exporters, c.importers = map[string]string{}, map[string]string{}, map[string]map[string]bool{}
}

// known notes a stack's name, exports and imports.
func (c *CFN) known(s *stack) {
	if s.Status == sdk.StackStatusDeleteComplete {
		if c.live[s.Name] == s.ID {
			delete(c.live, s.Name)
		}
		return
	}
	c.live[s.Name] = s.ID
	for n := range s.Exports {
		c.exporters[n] = s.ID
	}
	for n := range s.Imports {
		c.imports(n, s.ID)
	}
}

func (c *CFN) imports(name, id string) {
	if c.importers[name] == nil {
		c.importers[name] = map[string]bool{}
	}
	c.importers[name][id] = true
}

// find resolves a stack by name (the live one) or ID.
func (c *CFN) find(n string) *stack {
	if s := c.stacks.Get(n); s != nil {
		return s
	}
	return c.stacks.Get(c.live[n])
}

func validation(format string, a ...any) *wire.Error {
	return wire.Errorf("ValidationError", format, a...)
}

// add makes a stack; nothing is started.
func (c *CFN) add(by *wire.Caller, name, body string, params map[string]string, tags []sdk.Tag) (*stack, error) {
	e := c.env.EC2
	id := fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%s", e.Partition, e.Region, e.Account, name, c.w.UUID("stack", name))
	s := &stack{c: c, ID: id, Name: name, Body: body, Params: params, Tags: tags, Born: c.w.Date(), Start: c.w.Elapsed(),
		Res: map[string]*instance{}, Exports: map[string]string{}, Imports: map[string]bool{}}
	s.calledBy(by)
	var err error
	if s.d, err = deploy(body, params, s.pseudo()); err != nil {
		return nil, validation("%s", err)
	}
	c.stacks.Put(id, s)
	c.known(s)
	return s, nil
}

// drop forgets a stack that came to nothing.
func (c *CFN) drop(s *stack) {
	c.stacks.Delete(s.ID)
	delete(c.live, s.Name)
}

// numbered is an instance by its number, a replaced one too, or nil.
func (s *stack) numbered(n int) *instance {
	for _, r := range s.Res {
		if r.N == n {
			return r
		}
	}
	if s.Was != nil {
		for _, r := range s.Was.Cleanup {
			if r.N == n {
				return r
			}
		}
	}
	return nil
}

// busy tells whether work on a resource is under way.
func (s *stack) busy() bool {
	for _, r := range s.Res {
		if r.Work != nil {
			return true
		}
	}
	return false
}

// event logs what happened to a resource, or to the stack itself (nil).
func (s *stack) event(r *instance, st sdk.ResourceStatus, reason string) {
	e := sdk.StackEvent{EventId: new(s.c.w.UUID("stack-event", s.ID)), StackId: new(s.ID), StackName: new(s.Name),
		Timestamp: new(s.c.w.Date()), ResourceStatus: st}
	if r == nil {
		e.LogicalResourceId, e.PhysicalResourceId, e.ResourceType = new(s.Name), new(s.ID), new("AWS::CloudFormation::Stack")
	} else {
		e.LogicalResourceId, e.PhysicalResourceId, e.ResourceType = new(r.Logical), new(r.Phys), new(r.Type)
	}
	if reason != "" {
		e.ResourceStatusReason = new(reason)
	}
	s.Events = append(s.Events, e)
}

func (s *stack) setStatus(st sdk.StackStatus, reason string) {
	s.Status, s.Reason = st, reason
	s.event(nil, sdk.ResourceStatus(st), reason)
}

func (s *stack) mark(r *instance, st sdk.ResourceStatus, reason string) {
	r.Status, r.Reason, r.At = st, reason, s.c.w.Date()
	s.event(r, st, reason)
}

// pseudo are the pseudo parameters of a stack.
func (s *stack) pseudo() map[string]string {
	e, suffix := s.c.env.EC2, "amazonaws.com"
	if e.Partition == "aws-cn" {
		suffix = "amazonaws.com.cn"
	}
	return map[string]string{
		"AWS::StackName": s.Name, "AWS::StackId": s.ID, "AWS::Region": e.Region,
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
		r := s.Res[n]
		if r == nil || r.Phys == "" {
			return "", nil, false
		}
		return r.Phys, r.Attrs, true
	}
	in.export = s.importValue
	return in.eval(v)
}

// resolve resolves a resource's properties.
func (s *stack) resolve(logical string) (values, error) {
	v, err := s.eval(s.d.t.Resources[logical].Props)
	m, _ := v.(map[string]any)
	return m, err
}

// importValue is another stack's export; it is in use from now on.
func (s *stack) importValue(name string) (string, bool) {
	from := s.c.exporter(name)
	if from == nil {
		return "", false
	}
	s.Imports[name] = true
	s.c.imports(name, s.ID)
	return from.Exports[name], true
}

// exporter is the live stack that exports a name, or nil.
func (c *CFN) exporter(name string) *stack {
	s := c.stacks.Get(c.exporters[name])
	if s == nil || s.Status == sdk.StackStatusDeleteComplete {
		return nil
	}
	if _, has := s.Exports[name]; !has {
		return nil
	}
	return s
}

// users are the live stacks that use an export, by name.
func (c *CFN) users(name string) []string {
	var out []string
	for id := range c.importers[name] {
		s := c.stacks.Get(id)
		if s != nil && s.Status != sdk.StackStatusDeleteComplete && (s.Imports[name] || s.Was != nil && s.Was.Imports[name]) {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out)
	return out
}

// handlerMessage words a service's error as CloudFormation does.
func handlerMessage(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("Resource handler returned message: %q (RequestToken: 5f0c0f6e-0000-4000-8000-000000000000, HandlerErrorCode: %s)",
			e.Message, handlerCode(e))
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
	case e.Status == 500:
		return "InternalFailure"
	case strings.Contains(e.Code, "Limit"):
		return "ServiceLimitExceeded"
	}
	return "InvalidRequest"
}
