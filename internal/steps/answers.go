package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
)

// issuer is a cluster's OIDC issuer without its scheme, or "".
func issuer(c *types.Cluster) string {
	if c == nil || c.Identity == nil || c.Identity.Oidc == nil {
		return ""
	}
	return strings.TrimPrefix(aws.ToString(c.Identity.Oidc.Issuer), "https://")
}

// output is a stack's output, or "".
func output(s *cfntypes.Stack, key string) string {
	if s != nil {
		for _, o := range s.Outputs {
			if aws.ToString(o.OutputKey) == key {
				return aws.ToString(o.OutputValue)
			}
		}
	}
	return ""
}

// scalingGroups are the Auto Scaling groups of the cluster's node groups, by node
// group: EKS tags those of managed groups, eksctl's stacks the others. One that is of
// neither goes by its own name.
func (e *Env) scalingGroups(ctx context.Context) (map[string]*asgtypes.AutoScalingGroup, error) {
	in := &autoscaling.DescribeAutoScalingGroupsInput{Filters: []asgtypes.Filter{{Name: new("tag-key"), Values: []string{"kubernetes.io/cluster/" + e.Name}}}}
	groups, err := awsc.Collect(ctx, autoscaling.NewDescribeAutoScalingGroupsPaginator(e.AWS.ASG, in),
		func(p *autoscaling.DescribeAutoScalingGroupsOutput) []asgtypes.AutoScalingGroup {
			return p.AutoScalingGroups
		})
	if err != nil {
		return nil, fmt.Errorf("listing the Auto Scaling groups of %s: %w", e.Name, err)
	}
	out := map[string]*asgtypes.AutoScalingGroup{}
	for i := range groups {
		name := aws.ToString(groups[i].AutoScalingGroupName)
		for _, t := range groups[i].Tags {
			if k := aws.ToString(t.Key); k == "eks:nodegroup-name" || k == "alpha.eksctl.io/nodegroup-name" {
				name = aws.ToString(t.Value)
			}
		}
		out[name] = &groups[i]
	}
	return out, nil
}
