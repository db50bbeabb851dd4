package check

import (
	"context"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
)

var launchTemplates = Check{
	Name:   "launch-templates",
	Title:  "Launch templates that the file names exist, with the version; one place says the instance type",
	Source: "ec2:DescribeLaunchTemplateVersions",
	Codes:  []string{"launch-template-not-found", "launch-template-version-not-found", "launch-template-type", "cannot-read"},
	When:   Preflight,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		var out finding.Findings
		in.groups(func(g config.Group) {
			if g.Managed != nil && g.Managed.LaunchTemplate != nil {
				out = append(out, in.template(ctx, g)...)
			}
		})
		return out
	},
}

func (in *Input) template(ctx context.Context, g config.Group) finding.Findings {
	lt := g.Managed.LaunchTemplate
	version := lt.Version
	if version == "" {
		version = "$Default"
	}
	all, err := awsc.Collect(ctx, ec2.NewDescribeLaunchTemplateVersionsPaginator(in.AWS.EC2,
		&ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: new(lt.ID), Versions: []string{version}}),
		func(o *ec2.DescribeLaunchTemplateVersionsOutput) []ec2types.LaunchTemplateVersion {
			return o.LaunchTemplateVersions
		})
	code := awsc.Code(err)
	switch {
	case strings.HasSuffix(code, "VersionNotFound"), err == nil && len(all) == 0:
		return finding.Findings{in.at("launch-template-version-not-found", g.Path+".launchTemplate.version",
			"aws ec2 describe-launch-template-versions --launch-template-id "+lt.ID+" lists them", "the launch template %s has no version %s", lt.ID, version)}
	case strings.HasPrefix(code, "InvalidLaunchTemplateId"), err != nil && awsc.NotFound(err):
		return finding.Findings{in.at("launch-template-not-found", g.Path+".launchTemplate.id", "name one of this region and account",
			"there is no launch template %s in %s", lt.ID, in.AWS.Region)}
	case err != nil:
		return unread("the launch template "+lt.ID, err)
	}
	d := all[0].LaunchTemplateData
	if d != nil && d.InstanceType != "" && len(g.Managed.InstanceTypes) > 0 {
		return finding.Findings{in.at("launch-template-type", g.Path+".instanceTypes", "say it in one place",
			"the launch template %s says %s, and EKS takes instance types from one place alone", lt.ID, d.InstanceType)}
	}
	return nil
}
