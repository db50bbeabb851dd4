// Package events simulates EventBridge's default bus in a region: rules with patterns,
// which put the events of the region and of its users into queues. It must not know what
// an event is about.
package events

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// Events is the service's state in one region.
type Events struct {
	res.Registry
	w                          *world.World
	Account, Partition, Region string
	// Deliver puts a text into the queue of an ARN, for a rule of EventBridge's.
	Deliver func(queue, service, rule, text string) bool

	rules *res.Kind[rule]
}

// rule is a rule of the default bus with its targets.
type rule struct {
	Rule
	Tags    []Tag
	Targets []Target
}

// The structs that several operations share carry the names of the service's model.
type (
	// Rule is a rule as it is listed.
	Rule struct{ Name, Arn, EventPattern, State, Description, RoleArn, EventBusName *string }
	// Tag is a tag.
	Tag struct{ Key, Value *string }
	// Target is where a rule's events go.
	Target struct {
		Id, Arn, RoleArn, Input, InputPath *string
		InputTransformer                   *InputTransformer
		SqsParameters                      *SqsParameters
		DeadLetterConfig                   *DeadLetterConfig
		RetryPolicy                        *RetryPolicy
	}
	// InputTransformer makes a text of an event's fields.
	InputTransformer struct {
		InputTemplate *string
		InputPathsMap map[string]string
	}
	// SqsParameters are those of a queue.
	SqsParameters struct{ MessageGroupId *string }
	// DeadLetterConfig is where what cannot be delivered goes.
	DeadLetterConfig struct{ Arn *string }
	// RetryPolicy is for how long delivery is tried.
	RetryPolicy struct{ MaximumRetryAttempts, MaximumEventAgeInSeconds *int32 }
)

// New is a region without rules.
func New(w *world.World, region, account, partition string) *Events {
	e := &Events{w: w, Region: region, Account: account, Partition: partition, Deliver: func(_, _, _, _ string) bool { return false }}
	e.rules = res.Add(&e.Registry, &res.Kind[rule]{Name: "rule", Key: func(r *rule) string { return aws.ToString(r.Name) }})
	return e
}

// Register adds the operations.
func (e *Events) Register(s *wire.Service) {
	e.registerRules(s)
	e.registerTargets(s)
	wire.Handle(s, "PutEvents", e.PutEvents)
	wire.Handle(s, "TestEventPattern", e.TestEventPattern)
}

func (e *Events) arn(resource string) string {
	return "arn:" + e.Partition + ":events:" + e.Region + ":" + e.Account + ":" + resource
}

const bus = "default"

var nameRE = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

func notFound(format string, a ...any) error {
	return wire.Errorf("ResourceNotFoundException", format, a...)
}

func invalid(format string, a ...any) error { return wire.Errorf("ValidationException", format, a...) }

func invalidPattern(why string) error {
	return wire.Errorf("InvalidEventPatternException", "Event pattern is not valid. Reason: %s", why)
}

// onBus refuses another bus than the default one, by name or ARN.
func (e *Events) onBus(name *string) error {
	if n := aws.ToString(name); name != nil && n != bus && n != e.arn("event-bus/"+bus) {
		return notFound("Event bus %s does not exist.", n)
	}
	return nil
}

// rule is a rule by its name.
func (e *Events) rule(name, bus *string) (*rule, error) {
	if err := e.onBus(bus); err != nil {
		return nil, err
	}
	if r := e.rules.Get(aws.ToString(name)); r != nil {
		return r, nil
	}
	return nil, notFound("Rule %s does not exist on EventBus default.", aws.ToString(name))
}

// event is an event as rules see it and queues get it.
type event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// Emit puts an event on the bus: of a service of AWS's, or a user's.
func (e *Events) Emit(source, detailType string, resources []string, detail any) string {
	b, err := json.Marshal(detail)
	if err != nil {
		return ""
	}
	if resources == nil {
		resources = []string{}
	}
	return e.emit(event{Source: source, DetailType: detailType, Resources: resources, Detail: b, Time: e.w.Date().Format("2006-01-02T15:04:05Z")})
}

func (e *Events) emit(x event) string {
	x.Version, x.ID, x.Account, x.Region = "0", e.w.UUID("events:event", x.Source, x.DetailType), e.Account, e.Region
	text, err := json.Marshal(x)
	var seen map[string]any
	if err != nil || json.Unmarshal(text, &seen) != nil {
		return ""
	}
	for _, r := range e.rules.All() {
		p, err := parse(aws.ToString(r.EventPattern))
		if err != nil || aws.ToString(r.State) != "ENABLED" || !p.matches(seen) {
			continue
		}
		for _, t := range r.Targets {
			e.Deliver(*t.Arn, "events.amazonaws.com", *r.Arn, t.text(string(text), seen))
		}
	}
	return x.ID
}

// text is what a target gets of an event.
func (t Target) text(whole string, seen map[string]any) string {
	switch {
	case t.Input != nil:
		return *t.Input
	case t.InputPath != nil:
		v, _ := at(seen, *t.InputPath)
		return encoded(v)
	case t.InputTransformer != nil:
		out := aws.ToString(t.InputTransformer.InputTemplate)
		for name, path := range t.InputTransformer.InputPathsMap {
			v, _ := at(seen, path)
			s, ok := v.(string)
			if !ok {
				s = encoded(v)
			}
			out = strings.ReplaceAll(out, "<"+name+">", s)
		}
		return out
	}
	return whole
}

func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// at is what a path such as $.detail.state leads to in an event.
func at(seen map[string]any, path string) (any, bool) {
	var v any = seen
	for _, k := range strings.Split(strings.TrimPrefix(strings.TrimPrefix(path, "$"), "."), ".") {
		if k == "" {
			continue
		}
		o, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = o[k]; !ok {
			return nil, false
		}
	}
	return v, true
}
