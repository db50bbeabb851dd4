package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/slipway-eks/slipway/internal/engine"
)

// Spec is one step as data: all that it does follows from its exported fields, the
// world as it looks, and a Memo of its last turn.
type Spec interface {
	Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error)
}

// Memo is what survives a turn of a step. It can be lost: the step then looks again.
type Memo struct {
	Update  string `json:"update,omitempty"`  // EKS's ID of the update that the step began
	Stack   string `json:"stack,omitempty"`   // ARN of the stack that the step acts on
	Attempt int    `json:"attempt,omitempty"` // how often the step began its action
	Phase   string `json:"phase,omitempty"`   // where a step of several actions is
}

// row is one kind of step: how an empty one is made, and whose request budget its
// turns use.
type row struct {
	service string
	empty   func() Spec
}

var registry = map[string]row{
	"access-entry-update":   {"eks", func() Spec { return &AccessEntryUpdate{} }},
	"addon":                 {"eks", func() Spec { return &Addon{} }},
	"addon-begun":           {"kubernetes", func() Spec { return &AddonBegun{} }},
	"addon-ended":           {"kubernetes", func() Spec { return &AddonEnded{} }},
	"addon-health":          {"eks", func() Spec { return &AddonHealth{} }},
	"addon-update":          {"eks", func() Spec { return &AddonUpdate{} }},
	"cluster-update":        {"eks", func() Spec { return &ClusterUpdate{} }},
	"cluster-version":       {"eks", func() Spec { return &ClusterVersion{} }},
	"cni-gate":              {"kubernetes", func() Spec { return &CNIGate{} }},
	"control-plane":         {"eks", func() Spec { return &ControlPlane{} }},
	"control-plane-network": {"eks", func() Spec { return &ControlPlaneNetwork{} }},
	"delete":                {"", func() Spec { return &Delete{} }},
	"drain":                 {"kubernetes", func() Spec { return &Drain{} }},
	"emr-access":            {"kubernetes", func() Spec { return &EMRAccess{} }},
	"encryption":            {"eks", func() Spec { return &Encryption{} }},
	"end-instances":         {"autoscaling", func() Spec { return &EndInstances{} }},
	"fargate-profile":       {"eks", func() Spec { return &FargateProfile{} }},
	"gate-available":        {"kubernetes", func() Spec { return &GateAvailable{} }},
	"gate-command":          {"", func() Spec { return &GateCommand{} }},
	"identity-mapping":      {"kubernetes", func() Spec { return &IdentityMapping{} }},
	"identity-provider":     {"eks", func() Spec { return &IdentityProvider{} }},
	"key-pair":              {"ec2", func() Spec { return &KeyPair{} }},
	"launch-template":       {"ec2", func() Spec { return &TemplateVersion{} }},
	"log-retention":         {"cloudwatchlogs", func() Spec { return &LogRetention{} }},
	"nat-gateway":           {"ec2", func() Spec { return &NATGateway{} }},
	"node-access":           {"eks", func() Spec { return &NodeAccess{} }},
	"nodegroup-rolled":      {"kubernetes", func() Spec { return &GroupRolled{} }},
	"nodegroup-scaling":     {"autoscaling", func() Spec { return &GroupScaling{} }},
	"scaling-held":          {"autoscaling", func() Spec { return &ScalingHeld{} }},
	"nodegroup-nodes":       {"kubernetes", func() Spec { return &GroupNodes{} }},
	"nodegroup-sizes":       {"autoscaling", func() Spec { return &GroupSizes{} }},
	"nodegroup-update":      {"eks", func() Spec { return &GroupUpdate{} }},
	"nodegroup-version":     {"eks", func() Spec { return &GroupVersion{} }},
	"nodes":                 {"kubernetes", func() Spec { return &Nodes{} }},
	"nodes-followed":        {"kubernetes", func() Spec { return &NodesFollowed{} }},
	"nodes-proven":          {"kubernetes", func() Spec { return &NodesProven{} }},
	"oidc-provider":         {"iam", func() Spec { return &OIDCProvider{} }},
	"pod-identity":          {"eks", func() Spec { return &PodIdentity{} }},
	"pod-identity-update":   {"eks", func() Spec { return &PodIdentityUpdate{} }},
	"record-sync":           {"cloudformation", func() Spec { return &RecordSync{} }},
	"replacement-begun":     {"kubernetes", func() Spec { return &ReplacementBegun{} }},
	"replacement-ended":     {"kubernetes", func() Spec { return &ReplacementEnded{} }},
	"replacement-paused":    {"kubernetes", func() Spec { return &ReplacementPaused{} }},
	"rollback-continue":     {"cloudformation", func() Spec { return &RollbackContinue{} }},
	"route":                 {"ec2", func() Spec { return &Route{} }},
	"security-group-rules":  {"ec2", func() Spec { return &GroupRules{} }},
	"service-account":       {"kubernetes", func() Spec { return &ServiceAccount{} }},
	"stack":                 {"cloudformation", func() Spec { return &Stack{} }},
	"stack-update":          {"cloudformation", func() Spec { return &StackUpdate{} }},
	"stack-wait":            {"cloudformation", func() Spec { return &StackWait{} }},
	"subnet":                {"ec2", func() Spec { return &Subnet{} }},
	"subnet-acl":            {"ec2", func() Spec { return &SubnetACL{} }},
	"subnet-attributes":     {"ec2", func() Spec { return &SubnetAttributes{} }},
	"subnet-routes":         {"ec2", func() Spec { return &SubnetRoutes{} }},
	"subnet-tags":           {"ec2", func() Spec { return &SubnetTags{} }},
	"tag":                   {"eks", func() Spec { return &Tag{} }},
	"unpublish":             {"kubernetes", func() Spec { return &Unpublish{} }},
	"upgrade-ready":         {"eks", func() Spec { return &UpgradeReady{} }},
	"upgrade-verified":      {"eks", func() Spec { return &UpgradeVerified{} }},
	"vpc-attributes":        {"ec2", func() Spec { return &VPCAttributes{} }},
	"windows-support":       {"kubernetes", func() Spec { return &WindowsSupport{} }},
}

// Kinds lists the kinds of steps.
func Kinds() []string { return slices.Sorted(maps.Keys(registry)) }

// Kind names a step's kind; "": it has none, and cannot be written down.
func Kind(s Spec) string {
	for k, r := range registry {
		if reflect.TypeOf(r.empty()) == reflect.TypeOf(s) {
			return k
		}
	}
	return ""
}

// Service is the AWS service, as its request budget is named, that a step calls.
func Service(s Spec) string {
	if d, ok := s.(*Delete); ok {
		return deletions[d.Resource].service
	}
	return registry[Kind(s)].service
}

// Encode writes a step's fields as JSON; what is not set is left out.
func Encode(s Spec) (json.RawMessage, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("writing a step of kind %s: %w", Kind(s), err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(prune(v))
}

// prune drops what is null: requests of the SDK write every field that they have.
func prune(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, y := range x {
			if y == nil {
				delete(x, k)
			} else {
				x[k] = prune(y)
			}
		}
	case []any:
		for i := range x {
			x[i] = prune(x[i])
		}
	}
	return v
}

// Decode reads a step back; a field that the kind does not have is an error.
func Decode(kind string, fields json.RawMessage) (Spec, error) {
	r, ok := registry[kind]
	if !ok {
		return nil, fmt.Errorf("there is no kind of step %q", kind)
	}
	s := r.empty()
	d := json.NewDecoder(bytes.NewReader(fields))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("reading a step of kind %s: %w", kind, err)
	}
	return s, nil
}

// Runner turns a step: package engine calls it.
type Runner struct {
	env  *Env
	spec Spec
	memo Memo
}

// NewRunner makes the runner of a step. memo is what an earlier runner of the same
// step left behind; nil: there was none.
func NewRunner(e *Env, s Spec, memo json.RawMessage) (*Runner, error) {
	r := &Runner{env: e, spec: s}
	if memo == nil {
		return r, nil
	}
	if err := json.Unmarshal(memo, &r.memo); err != nil {
		return nil, fmt.Errorf("the memo of a step of kind %s cannot be read: %w", Kind(s), err)
	}
	return r, nil
}

// Run is one turn.
func (r *Runner) Run(ctx context.Context) (engine.Result, error) {
	return r.spec.Run(ctx, r.env, &r.memo)
}

// Memo is what the next runner of the same step goes on from.
func (r *Runner) Memo() json.RawMessage {
	b, err := json.Marshal(r.memo)
	if err != nil {
		panic(err) // a memo is strings and a number
	}
	return b
}
