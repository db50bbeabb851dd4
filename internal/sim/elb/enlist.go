package elb

import (
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Enlist registers an instance that runs with target groups and classic load balancers, as
// Auto Scaling does; those that are gone meanwhile are passed over.
func (b *ELB) Enlist(instance string, targetGroups, loadBalancers []string) {
	for _, g := range targetGroups {
		in := &elbv2.RegisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: &instance}}}
		_, _ = b.RegisterTargets(nil, in) //nolint:errcheck // the group shows no trace of it in AWS either
	}
	for _, n := range loadBalancers {
		in := &elasticloadbalancing.RegisterInstancesWithLoadBalancerInput{LoadBalancerName: &n, Instances: []classictypes.Instance{{InstanceId: &instance}}}
		_, _ = b.RegisterInstances(nil, in) //nolint:errcheck // likewise
	}
}
