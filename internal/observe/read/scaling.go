package read

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
)

// scaling finds the Auto Scaling groups by the tag that every node carries: EKS tags
// those of managed groups, eksctl's stacks the others.
func (o *observer) scaling(ctx context.Context) error {
	in := &autoscaling.DescribeAutoScalingGroupsInput{Filters: []asgtypes.Filter{{Name: new("tag-key"), Values: []string{"kubernetes.io/cluster/" + o.Name}}}}
	list, err := awsc.Collect(ctx, autoscaling.NewDescribeAutoScalingGroupsPaginator(o.c.ASG, in),
		func(p *autoscaling.DescribeAutoScalingGroupsOutput) []asgtypes.AutoScalingGroup {
			return p.AutoScalingGroups
		})
	if err != nil {
		return err
	}
	o.ScalingGroups = byKey[asgtypes.AutoScalingGroup, observe.ScalingGroup](list, func(g asgtypes.AutoScalingGroup) *string { return g.AutoScalingGroupName })
	for _, g := range o.ScalingGroups {
		if n, ok := g.Tags["eks:nodegroup-name"]; ok {
			g.Nodegroup, g.Managed = n, true
		} else {
			g.Nodegroup = g.Tags["alpha.eksctl.io/nodegroup-name"]
		}
		if m := g.MixedInstancesPolicy; m != nil {
			m.InstancesDistribution = prune(m.InstancesDistribution)
			if t := m.LaunchTemplate; t != nil {
				for i := range t.Overrides {
					t.Overrides[i] = prune(t.Overrides[i])
				}
			}
		}
	}
	return nil
}

// machines reads the cluster's instances by the same tag, and each version of a
// launch template that they or their groups are made from.
func (o *observer) machines(ctx context.Context) error {
	in := &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{
		{Name: new("tag-key"), Values: []string{"kubernetes.io/cluster/" + o.Name}},
		{Name: new("instance-state-name"), Values: []string{"pending", "running", "stopping", "stopped", "shutting-down"}},
	}}
	list, err := awsc.Collect(ctx, ec2.NewDescribeInstancesPaginator(o.c.EC2, in), func(p *ec2.DescribeInstancesOutput) []ec2types.Instance {
		var out []ec2types.Instance
		for _, r := range p.Reservations {
			out = append(out, r.Instances...)
		}
		return out
	})
	if err != nil {
		return err
	}
	o.Instances = byKey[ec2types.Instance, observe.Instance](list, func(i ec2types.Instance) *string { return i.InstanceId })
	for _, i := range o.Instances {
		i.Placement, i.MetadataOptions, i.BlockDevices = prune(i.Placement), prune(i.MetadataOptions), prune(i.BlockDevices)
	}
	return o.launchTemplates(ctx)
}

func (o *observer) launchTemplates(ctx context.Context) error {
	used := o.templatesInUse()
	o.LaunchTemplates = map[string]*observe.LaunchTemplate{}
	if o.s.Lean {
		return o.templateNames(ctx, used)
	}
	for _, id := range slices.Sorted(maps.Keys(used)) {
		in := &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id, Versions: slices.Sorted(maps.Keys(used[id]))}
		list, err := awsc.Collect(ctx, ec2.NewDescribeLaunchTemplateVersionsPaginator(o.c.EC2, in),
			func(p *ec2.DescribeLaunchTemplateVersionsOutput) []ec2types.LaunchTemplateVersion {
				return p.LaunchTemplateVersions
			})
		if awsc.NotFound(err) {
			continue // gone: the group that names it says so
		}
		if err := o.missed(ctx, observe.Machines, "launch template "+id, err); err != nil {
			return err
		}
		for _, v := range list {
			data := v.LaunchTemplateData
			v.LaunchTemplateData = nil
			t := like[observe.LaunchTemplate](v)
			t.Data = tree(data)
			o.LaunchTemplates[t.ID+"/"+strconv.FormatInt(t.Version, 10)] = t
		}
	}
	return nil
}

// templateNames says which launch templates exist, in one question: by filter, as a question
// by ID fails whole where one is gone.
func (o *observer) templateNames(ctx context.Context, used map[string]map[string]bool) error {
	if len(used) == 0 {
		return nil
	}
	in := &ec2.DescribeLaunchTemplatesInput{Filters: []ec2types.Filter{{Name: new("tag:" + eksfacts.TagCluster), Values: []string{o.Name}}}}
	byTag, err := awsc.Collect(ctx, ec2.NewDescribeLaunchTemplatesPaginator(o.c.EC2, in),
		func(p *ec2.DescribeLaunchTemplatesOutput) []ec2types.LaunchTemplate { return p.LaunchTemplates })
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	add := func(t ec2types.LaunchTemplate) {
		id := aws.ToString(t.LaunchTemplateId)
		seen[id] = true
		version := aws.ToInt64(t.LatestVersionNumber)
		o.LaunchTemplates[id+"/"+strconv.FormatInt(version, 10)] = &observe.LaunchTemplate{ID: id, Name: aws.ToString(t.LaunchTemplateName), Version: version}
	}
	for _, t := range byTag {
		if used[aws.ToString(t.LaunchTemplateId)] != nil {
			add(t)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(used)) { // not the stacks': one question each
		if seen[id] || !o.ofGroups(id) {
			continue
		}
		one := &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{id}}
		found, err := awsc.Collect(ctx, ec2.NewDescribeLaunchTemplatesPaginator(o.c.EC2, one),
			func(p *ec2.DescribeLaunchTemplatesOutput) []ec2types.LaunchTemplate { return p.LaunchTemplates })
		if awsc.NotFound(err) {
			continue // gone: the group that names it says so
		}
		if err := o.missed(ctx, observe.Machines, "launch template "+id, err); err != nil {
			return err
		}
		for _, t := range found {
			add(t)
		}
	}
	return nil
}

// ofGroups tells whether a managed group names a launch template itself: EKS makes another
// from it, which the Auto Scaling group has.
func (o *observer) ofGroups(id string) bool {
	for _, g := range o.Observed.Groups {
		if g.LaunchTemplate != nil && g.LaunchTemplate.ID == id {
			return true
		}
	}
	return false
}

// templatesInUse are the versions of launch templates that groups and instances
// name, by template.
func (o *observer) templatesInUse() map[string]map[string]bool {
	used := map[string]map[string]bool{}
	add := func(id, version string) {
		if id == "" {
			return
		}
		if version == "" {
			version = "$Default"
		}
		if used[id] == nil {
			used[id] = map[string]bool{}
		}
		used[id][version] = true
	}
	spec := func(s *observe.TemplateSpec) {
		if s != nil {
			add(s.ID, s.Version)
		}
	}
	for _, g := range o.Observed.Groups {
		if t := g.LaunchTemplate; t != nil {
			add(t.ID, t.Version)
		}
	}
	for _, g := range o.ScalingGroups {
		spec(g.LaunchTemplate)
		if m := g.MixedInstancesPolicy; m != nil && m.LaunchTemplate != nil {
			spec(m.LaunchTemplate.Spec)
		}
		for _, i := range g.Instances {
			spec(i.LaunchTemplate)
		}
	}
	return used
}
