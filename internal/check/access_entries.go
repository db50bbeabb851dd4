package check

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
)

// An access entry is bound to the unique ID of the role that it was made for. A role that was
// deleted and made again under its name has another, and the entry of the old one, which EKS
// leaves, is taken for its own: the group ends CREATE_FAILED after half an hour with
// NodeCreationFailure, and nothing of it looks wrong (containers-roadmap #2441).
var accessEntries = Check{
	Name:   "access-entries",
	Title:  "No access entry is older than the role that new nodes get, as such a one lets nobody in",
	Source: "eks:DescribeAccessEntry, iam:GetRole",
	Codes:  []string{"access-entry-dead", "not-checked"},
	When:   Preflight | Doctor,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		var out finding.Findings
		said := map[string]bool{}
		in.groups(func(g config.Group) {
			if arn, path := in.roleOf(g); arn != "" && !said[arn] {
				said[arn] = true
				out = append(out, in.entryOf(ctx, g, arn, path)...)
			}
		})
		return out
	},
}

// roleOf is the ARN of the role that a new group's nodes get, where the file says which.
func (in *Input) roleOf(g config.Group) (arn, path string) {
	switch {
	case g.IAM.InstanceRoleARN != "":
		return g.IAM.InstanceRoleARN, g.Path + ".iam.instanceRoleARN"
	case g.IAM.InstanceRoleName != "":
		return "arn:" + in.AWS.Partition + ":iam::" + in.AWS.Account + ":role/" + g.IAM.InstanceRoleName, g.Path + ".iam.instanceRoleName"
	}
	return "", "" // its name is new
}

// entryOf compares the age of a role with its entry's; the one of a role that is gone belongs
// to no role that is made later.
func (in *Input) entryOf(ctx context.Context, g config.Group, arn, path string) finding.Findings {
	e := in.Live.AccessEntries[arn]
	if e == nil || !strings.HasPrefix(e.Type, "EC2") || e.CreatedAt.IsZero() {
		return nil
	}
	name := arn[strings.LastIndex(arn, "/")+1:]
	r, err := in.AWS.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	since := "that role is gone"
	switch {
	case awsc.NotFound(err):
	case err != nil:
		return finding.Findings{unchecked("whether the access entry of "+arn+" is older than the role: "+firstLine(awsc.Message(err)),
			"let the caller read the role (iam:GetRole)")}
	case !e.Outlived(aws.ToTime(r.Role.CreateDate)):
		return nil
	default:
		since = "the role at " + r.Role.CreateDate.UTC().Format(time.RFC3339)
	}
	call := func(verb, more string) string {
		return "aws eks " + verb + "-access-entry --cluster-name " + in.Live.Name + " --principal-arn " + arn + more + " --region " + in.AWS.Region
	}
	remedy := "take the dead entry away: " + call("delete", "") + "; then make it again: " + call("create", " --type "+e.Type)
	if since == "that role is gone" {
		remedy = "take the dead entry away, EKS makes another with the group: " + call("delete", "")
	}
	f := in.at("access-entry-dead", path, remedy,
		"the access entry of %s was made at %s, and %s: the ARN is equal, and the entry is bound to the role that was deleted",
		arn, e.CreatedAt.UTC().Format(time.RFC3339), since)
	f.Breaks = "the nodes of " + g.Name + " could not join (Unauthorized), and the group would end CREATE_FAILED"
	return finding.Findings{f}
}
