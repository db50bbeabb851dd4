package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

// Where the file leaves the VPC CNI's permissions open there is nothing to look at:
// Slipway makes a role with what the cluster's IP family needs, or node roles with it.
var pluginPermissions = Check{
	Name:   "plugin-permissions",
	Title:  "Roles and policies that the file gives the VPC CNI allow what the cluster's IP family needs",
	Source: "iam:SimulatePrincipalPolicy, iam:GetPolicyVersion",
	Codes:  []string{"plugin-not-permitted", "not-checked"},
	When:   Preflight | Doctor,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		if in.firstGroup() == "" || in.Config.CNI != nil && in.Config.Addon(eksfacts.VPCCNI) == nil {
			return nil
		}
		action := eksfacts.CNIAction(in.Config.IPv6())
		var out finding.Findings
		for _, g := range in.pluginGrants() {
			ok, err := in.allows(ctx, g, action)
			switch {
			case err != nil:
				out = append(
					out,
					unchecked(
						"whether the network plugin is allowed "+action+" ("+g.path+"): "+firstLine(awsc.Message(err)),
						"let the caller read IAM's policies",
					),
				)
			case !ok:
				f := in.at(
					"plugin-not-permitted",
					g.path,
					g.remedy(action),
					"the network plugin takes its permissions from here, and is not allowed %s, which it needs in an %s cluster",
					action,
					in.Config.KubernetesNetworkConfig.IpFamily,
				)
				f.Breaks = "pods would get no addresses, and the nodes stay NotReady"
				out = append(out, f)
			}
		}
		return out
	},
}

// grant is what the file says that the network plugin may do: a role that exists, or
// policies for one that is made.
type grant struct {
	path   string
	role   string
	arns   []string
	policy config.Document
}

func (g grant) remedy(action string) string {
	if g.role != "" {
		return "attach a policy that allows " + action + " to " + g.role
	}
	return "add a policy that allows " + action + ", or leave this out: Slipway then makes a role with what the plugin needs"
}

// pluginGrants are the grants to the service account aws-node, or to the nodes that it
// falls back on.
func (in *Input) pluginGrants() []grant {
	c := in.Config
	var out []grant
	association := func(path string, p config.PodIdentityAssociation) {
		if p.RoleARN != "" {
			out = append(out, grant{path: path + ".roleARN", role: p.RoleARN})
		} else {
			out = append(out, grant{path: path, arns: p.PermissionPolicyARNs, policy: p.PermissionPolicy})
		}
	}
	for i := range c.Addons {
		a := &c.Addons[i]
		at := fmt.Sprintf("addons[%d]", i)
		switch {
		case a.Name != eksfacts.VPCCNI:
		case a.ServiceAccountRoleARN != "":
			out = append(out, grant{path: at + ".serviceAccountRoleARN", role: a.ServiceAccountRoleARN})
		case len(a.PodIdentityAssociations) > 0:
			for k, p := range a.PodIdentityAssociations {
				association(fmt.Sprintf("%s.podIdentityAssociations[%d]", at, k), p)
			}
		case a.Custom():
			field := ".wellKnownPolicies"
			if a.AttachPolicy != nil {
				field = ".attachPolicy"
			} else if len(a.AttachPolicyARNs) > 0 {
				field = ".attachPolicyARNs"
			}
			out = append(out, grant{path: at + field, arns: a.AttachPolicyARNs, policy: a.AttachPolicy})
		}
	}
	for i, p := range c.IAM.PodIdentityAssociations {
		if p.Namespace == "kube-system" && p.ServiceAccountName == "aws-node" {
			association(fmt.Sprintf("iam.podIdentityAssociations[%d]", i), p)
		}
	}
	for i, s := range c.IAM.ServiceAccounts {
		if at := fmt.Sprintf("iam.serviceAccounts[%d]", i); s.Metadata.Namespace == "kube-system" && s.Metadata.Name == "aws-node" {
			if s.AttachRoleARN != "" {
				out = append(out, grant{path: at + ".attachRoleARN", role: s.AttachRoleARN})
			} else {
				out = append(out, grant{path: at, arns: s.AttachPolicyARNs, policy: s.AttachPolicy})
			}
		}
	}
	if len(out) == 0 && c.CNIPermissions() == config.FromNode {
		in.groups(func(g config.Group) {
			if r := g.IAM.InstanceRoleARN; r != "" {
				out = append(out, grant{path: g.Path + ".iam.instanceRoleARN", role: r})
			}
		})
	}
	return out
}

// allows tells whether a grant allows an action on anything at all: conditions and
// resources are taken to be met.
func (in *Input) allows(ctx context.Context, g grant, action string) (bool, error) {
	if g.role != "" {
		results, err := awsc.Collect(ctx, iam.NewSimulatePrincipalPolicyPaginator(in.AWS.IAM,
			&iam.SimulatePrincipalPolicyInput{PolicySourceArn: &g.role, ActionNames: []string{action}}),
			func(o *iam.SimulatePrincipalPolicyOutput) []types.EvaluationResult { return o.EvaluationResults })
		return slices.ContainsFunc(results, func(r types.EvaluationResult) bool {
			return r.EvalDecision == types.PolicyEvaluationDecisionTypeAllowed
		}), err
	}
	if g.policy != nil && documentAllows(g.policy, action) {
		return true, nil
	}
	for _, arn := range g.arns {
		doc, err := in.policy(ctx, arn)
		if err != nil || documentAllows(doc, action) {
			return err == nil, err
		}
	}
	return false, nil
}

// policy reads a managed policy's document.
func (in *Input) policy(ctx context.Context, arn string) (map[string]any, error) {
	p, err := in.AWS.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return nil, err
	}
	v, err := in.AWS.IAM.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.Policy.DefaultVersionId})
	if err != nil {
		return nil, err
	}
	text, err := url.QueryUnescape(aws.ToString(v.PolicyVersion.Document)) // as IAM writes it
	if err == nil && text == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("the text of %s is not known: %w", arn, err)
	}
	var doc map[string]any
	return doc, json.Unmarshal([]byte(text), &doc)
}

// documentAllows tells whether a policy has a statement that allows an action.
func documentAllows(doc map[string]any, action string) bool {
	statements, many := doc["Statement"].([]any)
	if !many {
		statements = []any{doc["Statement"]}
	}
	for _, s := range statements {
		m, ok := s.(map[string]any)
		if !ok || m["Effect"] != "Allow" {
			continue
		}
		if named(m["Action"], action) || m["NotAction"] != nil && !named(m["NotAction"], action) {
			return true
		}
	}
	return false
}

// named tells whether an element of a policy, a text or a list, names an action: * and
// ? stand for any characters, and case does not matter (IAM User Guide, "Action").
func named(element any, action string) bool {
	list, many := element.([]any)
	if !many {
		list = []any{element}
	}
	for _, x := range list {
		s, _ := x.(string)
		if ok, err := path.Match(strings.ToLower(s), strings.ToLower(action)); err == nil && ok {
			return true
		}
	}
	return false
}
