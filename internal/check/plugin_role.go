package check

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// A stack of a service account's says CREATE_COMPLETE long after somebody deleted its role
// (eksctl#2926), and a new group then fails after half an hour.
var pluginRole = Check{
	Name:   "plugin-role",
	Title:  "The role exists that the VPC CNI of a cluster takes its permissions from",
	Source: "the service account aws-node, eks:DescribeAddon, eks:DescribePodIdentityAssociation; iam:GetRole",
	Codes:  []string{"plugin-role-gone", "not-checked"},
	When:   Preflight | Doctor,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		at, arn := in.firstGroup(), in.pluginRole()
		if at == "" || arn == "" {
			return nil
		}
		name := arn[strings.LastIndex(arn, "/")+1:]
		_, err := in.AWS.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
		switch {
		case err == nil:
			return nil
		case !awsc.NotFound(err):
			return finding.Findings{unchecked("whether the role of the network plugin, "+arn+", exists: "+firstLine(awsc.Message(err)),
				"let the caller read the role (iam:GetRole)")}
		}
		f := in.at("plugin-role-gone", at, "make the role again under its name, with its trust and policy: slipway drift "+in.Live.Name+" prints the calls",
			"the service account kube-system/aws-node takes on %s, and that role does not exist any more", arn)
		f.Breaks = "the network plugin is refused by AWS on new nodes: they would stay NotReady, and the group would end CREATE_FAILED"
		return finding.Findings{f}
	},
}

// pluginRole is the role that the live VPC CNI takes on; "": its nodes', or nothing tells.
func (in *Input) pluginRole() string {
	if in.Live.Cluster == nil || in.Config.CNI != nil {
		return ""
	}
	if k := in.Live.Kubernetes; k != nil && k.ServiceAccounts["kube-system/aws-node"] != nil {
		if arn := k.ServiceAccounts["kube-system/aws-node"].Annotations[observe.RoleAnnotation]; arn != "" {
			return arn
		}
	}
	if a := in.Live.Addons[eksfacts.VPCCNI]; a != nil && a.ServiceAccountRoleARN != "" {
		return a.ServiceAccountRoleARN
	}
	for _, p := range in.Live.PodIdentities {
		if p.Namespace == "kube-system" && p.ServiceAccount == "aws-node" {
			return p.RoleARN
		}
	}
	return ""
}
