package run

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/resolve"
)

// ownImage is what a group with an AMI and a launch template of its own is made from where it is
// to have another AMI: the newest version that differs from its own by that alone, or one that is
// still to be made. EKS takes no version of Kubernetes with it, and no release (ops case 23).
func (w InPlace) ownImage(ctx context.Context, c *awsc.Clients, live *observe.Observed, g *observe.Nodegroup, to *plan.Release) error {
	to.OwnImage = w.Image
	if g == nil || g.AMIType != "CUSTOM" || g.LaunchTemplate == nil {
		return nil // the plan says why not
	}
	refuse := func(code, remedy, what string, a ...any) error {
		return finding.Findings{{Code: code, Severity: finding.Error, Where: finding.Where{Resource: "node group " + g.Name}, Input: true,
			What: fmt.Sprintf(what, a...), Breaks: "nothing was changed", Remedy: remedy}}
	}
	images, err := resolve.Images(ctx, c, []string{w.Image})
	if err != nil {
		return check.Reach(err)
	}
	image, is := images[w.Image]
	if !is {
		return refuse("no-image", "name one of this region that the account may use: aws ec2 describe-images --image-ids "+w.Image, "there is no AMI %s", w.Image)
	}
	if m := kubeletOf(image.Name); m != "" {
		behind := eksfacts.Minor(live.Cluster.Version) - eksfacts.Minor(m)
		if behind < 0 || behind > eksfacts.Skew {
			return refuse("kubelet-skew", fmt.Sprintf("name one with kubelet %s, or at most %d minors older", live.Cluster.Version, eksfacts.Skew),
				"the AMI %s (%s) is of Kubernetes %s, and the control plane of %s", w.Image, image.Name, m, live.Cluster.Version)
		}
	} else {
		to.Unknown = image.Name
	}
	pages := ec2.NewDescribeLaunchTemplateVersionsPaginator(c.EC2, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &g.LaunchTemplate.ID})
	all, err := awsc.Collect(ctx, pages, func(o *ec2.DescribeLaunchTemplateVersionsOutput) []ec2types.LaunchTemplateVersion {
		return o.LaunchTemplateVersions
	})
	if err != nil {
		return check.Reach(fmt.Errorf("reading the versions of the launch template %s: %w", g.LaunchTemplate.ID, err))
	}
	to.Template, to.From = versionWith(all, g.LaunchTemplate.Version, w.Image)
	return nil
}

// kubelet is a minor of Kubernetes as names of AMIs have it.
var kubelet = regexp.MustCompile(`(?:^|[^0-9.])(1\.[1-9]\d)(?:\.\d+)?(?:$|[^0-9.])`)

// kubeletOf is the one that an AMI's name tells of, the last where it has several: before it comes
// what is the image's own.
func kubeletOf(name string) (minor string) {
	for rest := name; ; {
		m := kubelet.FindStringSubmatchIndex(rest)
		if m == nil {
			return minor
		}
		minor, rest = rest[m[2]:m[3]], rest[m[3]:]
	}
}

// versionWith is the newest of a launch template's versions that is as one of them but for its AMI;
// where there is none, the number that it will have, and the one that it is made from.
func versionWith(all []ec2types.LaunchTemplateVersion, as, image string) (version, from string) {
	number := func(v ec2types.LaunchTemplateVersion) string {
		return strconv.FormatInt(aws.ToInt64(v.VersionNumber), 10)
	}
	rest := func(v ec2types.LaunchTemplateVersion) ec2types.ResponseLaunchTemplateData {
		d := *v.LaunchTemplateData
		d.ImageId = nil
		return d
	}
	var newest, found int64
	var own *ec2types.LaunchTemplateVersion
	for i := range all {
		newest = max(newest, aws.ToInt64(all[i].VersionNumber))
		if number(all[i]) == as {
			own = &all[i]
		}
	}
	for _, v := range all {
		if own != nil && aws.ToString(v.LaunchTemplateData.ImageId) == image && reflect.DeepEqual(rest(v), rest(*own)) {
			found = max(found, aws.ToInt64(v.VersionNumber))
		}
	}
	if own != nil && aws.ToString(own.LaunchTemplateData.ImageId) == image {
		return as, ""
	}
	if found > 0 {
		return strconv.FormatInt(found, 10), ""
	}
	return strconv.FormatInt(newest+1, 10), as
}
