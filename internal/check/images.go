package check

import (
	"context"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

var images = Check{
	Name:   "images",
	Title:  "AMIs that the file names exist in the region and fit the instance types' architecture",
	Source: "ec2:DescribeImages",
	Codes:  []string{"ami-not-found", "ami-not-available", "ami-architecture", "cannot-read"},
	When:   Preflight,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		var out finding.Findings
		in.groups(func(g config.Group) {
			if strings.HasPrefix(g.AMI, "ami-") {
				out = append(out, in.image(ctx, g)...)
			}
		})
		return out
	},
}

func (in *Input) image(ctx context.Context, g config.Group) finding.Findings {
	path := g.Path + ".ami"
	all, err := awsc.Collect(ctx, ec2.NewDescribeImagesPaginator(in.AWS.EC2, &ec2.DescribeImagesInput{ImageIds: []string{g.AMI}}),
		func(o *ec2.DescribeImagesOutput) []ec2types.Image { return o.Images })
	switch {
	case err != nil && strings.HasPrefix(awsc.Code(err), "InvalidAMIID"), err == nil && len(all) == 0:
		return finding.Findings{in.at("ami-not-found", path, "name one of this region (an AMI has another ID in each), or share it with this account",
			"there is no AMI %s in %s that this account can use", g.AMI, in.AWS.Region)}
	case err != nil:
		return unread("the AMI "+g.AMI, err)
	}
	i := all[0]
	if i.State != "" && i.State != ec2types.ImageStateAvailable {
		return finding.Findings{in.at("ami-not-available", path, "wait until it is available, or name another", "the AMI %s is %s", g.AMI, i.State)}
	}
	for _, t := range g.Types() {
		if want := eksfacts.Arch(t); string(i.Architecture) != want {
			return finding.Findings{in.at(
				"ami-architecture",
				path,
				"name an AMI of architecture "+want+", or instance types of architecture "+string(i.Architecture),
				"the AMI %s is of architecture %s and %s of %s",
				g.AMI,
				i.Architecture,
				t,
				want,
			)}
		}
	}
	return nil
}
