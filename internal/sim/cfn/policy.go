package cfn

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
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
	Action, NotAction     eval.Texts
	Resource, NotResource eval.Texts
	Condition             map[string]map[string]eval.Texts
}

// anyOf tells whether one of some patterns matches.
func anyOf(patterns eval.Texts, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return eval.Match(p, text) })
}

// covers tells whether a statement speaks of an action on a resource.
func (p policyStatement) covers(action, logical, typ string) bool {
	for _, x := range []struct {
		are, not eval.Texts
		text     string
	}{{p.Action, p.NotAction, "Update:" + action}, {p.Resource, p.NotResource, "LogicalResourceId/" + logical}} {
		if len(x.are) > 0 && !anyOf(x.are, x.text) || anyOf(x.not, x.text) {
			return false
		}
	}
	for _, keys := range p.Condition { // StringEquals and StringLike, on ResourceType alone
		if want, there := keys["ResourceType"]; there && !anyOf(want, typ) {
			return false
		}
	}
	return true
}

// denied is why a stack's policy forbids an update of a resource, or nil.
func (s *stack) denied(action, logical, typ string) error {
	policy := cmp.Or(s.During, s.Policy)
	if policy == "" {
		return nil
	}
	var p stackPolicy
	if err := json.Unmarshal([]byte(policy), &p); err != nil {
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

// policies refuses a stack policy that none can be read from, and one at a URL, as the region holds
// no S3.
func policies(url, body *string) error {
	switch {
	case url != nil:
		return validation("The simulated region reads no stack policy from a URL: give its body")
	case body != nil:
		return checkPolicy(body)
	}
	return nil
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
