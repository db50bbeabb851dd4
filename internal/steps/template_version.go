package steps

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/engine"
)

// TemplateVersion makes another version of a launch template, which differs from an earlier one by
// its AMI alone.
type TemplateVersion struct {
	Template string `json:"launchTemplateId"`
	From     string `json:"sourceVersion"`
	Image    string `json:"imageId"`
	// Version is the number that it gets: EC2 counts on from the newest.
	Version string `json:"version"`
}

// Run makes the version, unless it is there; one that somebody else made meanwhile is another.
func (s *TemplateVersion) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	have, err := s.image(ctx, e)
	switch {
	case err != nil:
		return engine.Result{}, err
	case have == s.Image:
		return engine.Finished("version " + s.Version + " has " + s.Image)
	case have != "":
		return engine.Result{}, fmt.Errorf("somebody has made version %s of the launch template %s meanwhile, with %s: run again", s.Version, s.Template, have)
	}
	out, err := e.AWS.EC2.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &s.Template, SourceVersion: &s.From,
		VersionDescription: new("slipway: " + s.Image), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: &s.Image},
		ClientToken: e.token("template-version", s.Template, s.From, s.Image, s.Version)})
	if err != nil {
		return engine.Result{}, fmt.Errorf("making a version of the launch template %s with %s: %w", s.Template, s.Image, err)
	}
	if made := strconv.FormatInt(aws.ToInt64(out.LaunchTemplateVersion.VersionNumber), 10); made != s.Version {
		return engine.Result{}, fmt.Errorf("somebody has made version %s of the launch template %s meanwhile, and the one with %s is %s: run again",
			s.Version, s.Template, s.Image, made)
	}
	return engine.Result{State: engine.Done, Reason: "version " + s.Version + ", as " + s.From + " but for the AMI", Changed: true}, nil
}

// image is the AMI of the version; "": there is no such version yet.
func (s *TemplateVersion) image(ctx context.Context, e *Env) (string, error) {
	in := &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &s.Template, MinVersion: &s.Version}
	pages := ec2.NewDescribeLaunchTemplateVersionsPaginator(e.AWS.EC2, in)
	all, err := awsc.Collect(ctx, pages, func(o *ec2.DescribeLaunchTemplateVersionsOutput) []types.LaunchTemplateVersion {
		return o.LaunchTemplateVersions
	})
	if err != nil {
		return "", fmt.Errorf("reading the versions of the launch template %s: %w", s.Template, err)
	}
	for _, v := range all {
		if strconv.FormatInt(aws.ToInt64(v.VersionNumber), 10) == s.Version {
			return aws.ToString(v.LaunchTemplateData.ImageId), nil
		}
	}
	return "", nil
}
