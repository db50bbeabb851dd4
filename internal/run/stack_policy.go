package run

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/slipway-eks/slipway/internal/finding"
)

// statement is one of a stack policy (CloudFormation user guide, "Prevent updates to stack
// resources"). A condition narrows it by the resource's type, which only CloudFormation knows.
type statement struct {
	Effect           string
	Action, Resource oneOrMore
	NotAction        oneOrMore
	NotResource      oneOrMore
	Condition        json.RawMessage
}

type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(o))
}

func (o oneOrMore) fits(s string) bool {
	return slices.ContainsFunc(o, func(pattern string) bool {
		ok, err := path.Match(strings.ReplaceAll(strings.ToLower(pattern), "/", ":"), strings.ReplaceAll(strings.ToLower(s), "/", ":"))
		return ok && err == nil
	})
}

func (s statement) about(action, resource string) bool {
	return (s.Action.fits(action) || len(s.NotAction) > 0 && !s.NotAction.fits(action)) &&
		(s.Resource.fits(resource) || len(s.NotResource) > 0 && !s.NotResource.fits(resource))
}

// denies tells whether a policy refuses an action on a resource: what none of its statements
// allows is denied, too. What a condition says is left to CloudFormation.
func denies(policy []statement, action, resource string) bool {
	allowed := false
	for _, s := range policy {
		switch {
		case !s.about(action, resource):
		case s.Effect == "Allow":
			allowed = true
		case len(s.Condition) == 0:
			return true
		}
	}
	return !allowed
}

// allowed refuses by name what the stack's policy would refuse in the middle of the update,
// and says as whom CloudFormation acts. Outputs touch no resource, and no policy stops them.
func (s *Sync) allowed(ctx context.Context) error {
	touched := map[string][]string{"Update:Delete": s.Correction.Edit.Gone}
	if len(s.Correction.Edit.Subnets) > 0 {
		touched["Update:Modify"] = []string{"ControlPlane"}
	}
	if len(s.Correction.Edit.Gone)+len(s.Correction.Edit.Subnets) == 0 || s.Stack == nil {
		return nil
	}
	out, err := s.AWS.CFN.GetStackPolicy(ctx, &cloudformation.GetStackPolicyInput{StackName: &s.Stack.Name})
	if err != nil || aws.ToString(out.StackPolicyBody) == "" {
		return nil //nolint:nilerr // there is none, or CloudFormation will say
	}
	var policy struct{ Statement []statement }
	if err := json.Unmarshal([]byte(*out.StackPolicyBody), &policy); err != nil {
		return nil //nolint:nilerr // it is CloudFormation's to read
	}
	var refused []string
	for _, action := range []string{"Update:Delete", "Update:Modify"} {
		for _, r := range touched[action] {
			if denies(policy.Statement, action, "LogicalResourceId/"+r) {
				refused = append(refused, action+" of "+r)
			}
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return finding.Findings{{Code: "stack-policy-denies", Severity: finding.Error, Where: finding.Where{Resource: "stack " + s.Stack.Name},
		What:   "its stack policy denies " + strings.Join(refused, ", "),
		Breaks: "CloudFormation would refuse the update; nothing was changed",
		Remedy: fmt.Sprintf("allow that (aws cloudformation set-stack-policy --stack-name %s), or repair the outputs alone: without --template", s.Stack.Name)}}
}

// actsAs says as whom CloudFormation changes resources of a stack that has a role of its own:
// what that role may not do fails, and is rolled back.
func (s *Sync) actsAs() string {
	if s.Stack == nil || s.Stack.RoleARN == "" || len(s.Correction.Edit.Gone)+len(s.Correction.Edit.Subnets)+len(s.Correction.Import) == 0 {
		return ""
	}
	return "CloudFormation acts as " + s.Stack.RoleARN + ", which must be allowed to describe what leaves the template and what is taken in " +
		"(ec2:Describe*), and eks:UpdateClusterConfig: where it is not, the update is rolled back, and the record stays as it was."
}
