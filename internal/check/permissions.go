package check

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/finding"
)

// actions that every launch needs.
var actions = []string{"cloudformation:CreateStack", "cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents", "eks:CreateCluster",
	"eks:DescribeCluster",
	"eks:CreateAddon", "eks:CreateNodegroup", "iam:CreateRole", "iam:PassRole", "iam:AttachRolePolicy",
	"ec2:CreateVpc", "ec2:CreateSubnet", "ec2:CreateSecurityGroup",
	"ec2:CreateLaunchTemplate", "ec2:RunInstances"}

// permissions asks IAM what the caller may do. Where even that is not allowed,
// nothing is concluded.
var permissions = Check{
	Name:   "permissions",
	Title:  "The caller may do what every launch does",
	Source: "iam:SimulatePrincipalPolicy",
	Codes:  []string{"permission-missing"},
	When:   Preflight | Doctor,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		results, err := awsc.Collect(ctx, iam.NewSimulatePrincipalPolicyPaginator(in.AWS.IAM,
			&iam.SimulatePrincipalPolicyInput{PolicySourceArn: new(awsc.Principal(in.AWS.Caller)), ActionNames: actions}),
			func(o *iam.SimulatePrincipalPolicyOutput) []types.EvaluationResult { return o.EvaluationResults })
		if err != nil {
			return nil
		}
		var denied []string
		for _, r := range results {
			if r.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
				denied = append(denied, aws.ToString(r.EvalActionName))
			}
		}
		if len(denied) == 0 {
			return nil
		}
		return finding.Findings{
			failed("permission-missing", in.AWS.Caller+" may not do "+strings.Join(denied, ", "), "let the caller do this, and repeat", nil),
		}
	},
}
