package read

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
)

// roles reads every role that what was observed runs with. A role that is named and
// not in the document is gone.
func (o *observer) roles(ctx context.Context) error {
	o.Observed.Roles = map[string]*observe.Role{}
	for _, n := range o.rolesInUse() {
		r, err := o.role(ctx, n)
		if awsc.NotFound(err) {
			continue
		}
		if err := o.missed(ctx, observe.Roles, "role "+n, err); err != nil {
			return err
		}
		if err == nil {
			o.Observed.Roles[n] = r
		}
	}
	if o.s.Lean {
		return nil
	}
	return o.profiles(ctx)
}

// profiles reads which role the profile of each instance is for: nodes that no group's
// answer tells of have one, too.
func (o *observer) profiles(ctx context.Context) error {
	roles := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(o.Instances)) {
		p := o.Instances[id].Profile
		if p == nil {
			continue
		}
		if _, known := roles[p.ARN]; !known {
			name := short(p.ARN)
			d, err := o.c.IAM.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
			if err != nil && !awsc.NotFound(err) {
				if err := o.missed(ctx, observe.Roles, "instance profile "+name, err); err != nil {
					return err
				}
			}
			roles[p.ARN] = ""
			if err == nil && len(d.InstanceProfile.Roles) > 0 {
				roles[p.ARN] = aws.ToString(d.InstanceProfile.Roles[0].Arn)
			}
		}
		p.Role = roles[p.ARN]
	}
	return nil
}

// rolesInUse are the names of roles that what was observed names, sorted.
func (o *observer) rolesInUse() []string {
	names := map[string]bool{}
	add := func(arns ...string) {
		for _, a := range arns {
			if strings.Contains(a, ":role/") && !strings.Contains(a, ":role/aws-service-role/") {
				names[short(a)] = true
			}
		}
	}
	if c := o.Cluster; c != nil {
		add(c.RoleARN)
		if c.ComputeConfig != nil {
			add(c.ComputeConfig.NodeRoleARN)
		}
	}
	for _, x := range o.Observed.Addons {
		add(x.ServiceAccountRoleARN)
	}
	for _, x := range o.Observed.Groups {
		add(x.NodeRole)
	}
	for _, x := range o.Profiles {
		add(x.PodExecutionRoleARN)
	}
	for _, x := range o.Observed.PodIdentities {
		add(x.RoleARN)
	}
	for _, x := range o.AccessEntries {
		if strings.HasPrefix(x.Type, "EC2") {
			add(x.PrincipalARN)
		}
	}
	for _, s := range o.Observed.Stacks {
		add(s.RoleARN)
		for k, v := range s.Outputs {
			if strings.HasPrefix(v, "arn:") && (strings.Contains(k, "Role")) {
				add(v)
			}
		}
		for _, r := range s.Resources {
			if r.Type == "AWS::IAM::Role" && r.PhysicalID != "" {
				names[r.PhysicalID] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (o *observer) role(ctx context.Context, name string) (*observe.Role, error) {
	d, err := o.c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return nil, err
	}
	r := like[observe.Role](d.Role)
	r.Trust = document(aws.ToString(d.Role.AssumeRolePolicyDocument))
	attached, err := awsc.Collect(ctx, iam.NewListAttachedRolePoliciesPaginator(o.c.IAM, &iam.ListAttachedRolePoliciesInput{RoleName: &name}),
		func(p *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return p.AttachedPolicies })
	if err != nil {
		return nil, err
	}
	r.Attached = *like[observe.Sorted[observe.Attached]](attached)
	if o.s.Lean && enough(r.Attached) && !o.inlined(r) {
		return r, nil
	}
	inline, err := awsc.Collect(
		ctx,
		iam.NewListRolePoliciesPaginator(o.c.IAM, &iam.ListRolePoliciesInput{RoleName: &name}),
		func(p *iam.ListRolePoliciesOutput) []string { return p.PolicyNames },
	)
	if err != nil {
		return nil, err
	}
	for _, n := range inline {
		p, err := o.c.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &n})
		if err != nil {
			return nil, err
		}
		if r.Inline == nil {
			r.Inline = map[string]any{}
		}
		r.Inline[n] = document(aws.ToString(p.PolicyDocument))
	}
	return r, nil
}

// inlined tells whether the stack that made a role puts policies inside roles.
func (o *observer) inlined(r *observe.Role) bool {
	for _, s := range o.Observed.Stacks {
		if !strings.Contains(s.Template, "AWS::IAM::Policy") && !strings.Contains(s.Template, "Policies") {
			continue
		}
		if slices.ContainsFunc(s.Resources, func(x observe.StackResource) bool { return x.PhysicalID == r.Name }) ||
			slices.Contains(slices.Collect(maps.Values(s.Outputs)), r.ARN) {
			return true
		}
		if g := o.Observed.Groups[s.Tags[eksfacts.TagGroup]]; g != nil && g.NodeRole == r.ARN {
			return true
		}
	}
	return false
}

// enough tells whether managed policies alone are what a node or the control plane needs:
// then nobody asks what inline ones add.
func enough(attached []observe.Attached) bool {
	eks, registry := false, false
	for _, a := range attached {
		eks = eks || strings.Contains(a.ARN, ":iam::aws:policy/AmazonEKS")
		registry = registry || strings.Contains(a.ARN, ":iam::aws:policy/AmazonEC2ContainerRegistry") || strings.HasSuffix(a.ARN, "/AmazonEKSClusterPolicy") ||
			strings.HasSuffix(a.ARN, "_CNI_Policy")
	}
	return eks && registry
}
