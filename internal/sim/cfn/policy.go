package cfn

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// A stack policy says which updates of which resources are allowed. Where there is one,
// what it does not allow is denied ("Prevent updates to stack resources" in the user
// guide). It never stops a deletion of the stack.
type stackPolicy struct {
	Statement []policyStatement
}

type policyStatement struct {
	Effect                string
	Action, NotAction     texts
	Resource, NotResource texts
	Condition             map[string]map[string]texts
}

// texts is one text or a list of them.
type texts []string

// UnmarshalJSON reads both forms.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

func (t texts) match(s string) bool {
	for _, p := range t {
		if ok, err := path.Match(p, s); err == nil && ok {
			return true
		}
	}
	return false
}

// covers tells whether a statement speaks of an action on a resource.
func (p policyStatement) covers(action, logical, typ string) bool {
	on := "LogicalResourceId/" + logical
	if len(p.Action) > 0 && !p.Action.match("Update:"+action) || len(p.NotAction) > 0 && p.NotAction.match("Update:"+action) {
		return false
	}
	// A * stands for every resource, slashes included.
	every := func(t texts) bool {
		return t.match(on) || t.match("*") || strings.Contains(strings.Join(t, " "), "LogicalResourceId/*")
	}
	if len(p.Resource) > 0 && !every(p.Resource) || len(p.NotResource) > 0 && every(p.NotResource) {
		return false
	}
	for _, keys := range p.Condition { // StringEquals and StringLike, on ResourceType alone
		if want, there := keys["ResourceType"]; there && !want.match(typ) {
			return false
		}
	}
	return true
}

// denied is why a stack's policy forbids an update of a resource, or nil.
func (s *stack) denied(action, logical, typ string) error {
	if s.Policy == "" {
		return nil
	}
	var p stackPolicy
	if err := json.Unmarshal([]byte(s.Policy), &p); err != nil {
		return said("Action denied by stack policy: it cannot be read")
	}
	allowed := false
	for i, st := range p.Statement {
		switch {
		case !st.covers(action, logical, typ):
		case st.Effect == "Deny":
			return said("Action denied by stack policy: Statement [#%d] does not allow [Update:%s] for resource [LogicalResourceId/%s]", i+1, action, logical)
		default:
			allowed = true
		}
	}
	if !allowed {
		return said("Action denied by stack policy: no statement allows [Update:%s] for resource [LogicalResourceId/%s]", action, logical)
	}
	return nil
}

// SetStackPolicy sets a stack's policy; it can be replaced, and never taken away.
func (c *CFN) SetStackPolicy(_ *wire.Caller, in *cloudformation.SetStackPolicyInput) (*cloudformation.SetStackPolicyOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	if err := checkPolicy(in.StackPolicyBody); err != nil {
		return nil, err
	}
	s.Policy = aws.ToString(in.StackPolicyBody)
	return &cloudformation.SetStackPolicyOutput{}, nil
}

func checkPolicy(body *string) error {
	var p stackPolicy
	if err := json.Unmarshal([]byte(aws.ToString(body)), &p); err != nil || len(p.Statement) == 0 {
		return validation("Error validating stack policy: Invalid stack policy")
	}
	return nil
}

// GetStackPolicy answers a stack's policy; nothing where there is none.
func (c *CFN) GetStackPolicy(_ *wire.Caller, in *cloudformation.GetStackPolicyInput) (*cloudformation.GetStackPolicyOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.GetStackPolicyOutput{}
	if s.Policy != "" {
		out.StackPolicyBody = new(s.Policy)
	}
	return out, nil
}

// forbid fails a resource that the stack's policy keeps as it is; whether it does.
func (s *stack) forbid(action string, r *instance) bool {
	if s.Status != sdk.StackStatusUpdateInProgress {
		return false // a rollback is not asked
	}
	err := s.denied(action, r.Logical, r.Type)
	if err != nil {
		s.mark(r, sdk.ResourceStatusUpdateFailed, err.Error())
		s.Failed = true
	}
	return err != nil
}
