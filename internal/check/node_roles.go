package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
)

var nodeRoles = Check{
	Name:   "node-roles",
	Title:  "Roles that EKS and EC2 take on are of the caller's account",
	Source: "sts:GetCallerIdentity",
	Codes:  []string{"role-of-another-account"},
	When:   Preflight,
	Run: func(_ context.Context, in *Input) finding.Findings {
		var out finding.Findings
		own := func(path, role, who string) {
			a, err := arn.Parse(role)
			if err != nil || a.Service != "iam" || a.AccountID == in.AWS.Account || strings.EqualFold(a.AccountID, "aws") {
				return
			}
			out = append(out, in.at("role-of-another-account", path, "name one of account "+in.AWS.Account,
				"%s is of account %s; %s can take on roles of its own account alone, and that is %s", role, a.AccountID, who, in.AWS.Account))
		}
		c := in.Config
		own("iam.serviceRoleARN", c.IAM.ServiceRoleARN, "EKS")
		own("iam.fargatePodExecutionRoleARN", c.IAM.FargatePodExecutionRoleARN, "EKS")
		for i, p := range c.FargateProfiles {
			own(fmt.Sprintf("fargateProfiles[%d].podExecutionRoleARN", i), p.PodExecutionRoleARN, "EKS")
		}
		for i, p := range c.IAM.PodIdentityAssociations {
			own(fmt.Sprintf("iam.podIdentityAssociations[%d].roleARN", i), p.RoleARN, "EKS")
		}
		if c.AutoMode() {
			own("autoModeConfig.nodeRoleARN", c.AutoModeConfig.NodeRoleARN, "EC2")
		}
		c.EachGroup(func(g config.Group) {
			own(g.Path+".iam.instanceRoleARN", g.IAM.InstanceRoleARN, "EC2")
			own(g.Path+".iam.instanceProfileARN", g.IAM.InstanceProfileARN, "EC2")
		})
		return out
	},
}
