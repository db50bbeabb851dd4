package steps

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// patienceForNodes is how many turns a step waits for nodes before it asks Auto Scaling why none
// comes: most do by then, and each look costs two calls.
const patienceForNodes = 3

// launchTrouble is why Auto Scaling starts no instances for a node group, in its own words, such
// as that a zone has no capacity; "": its last launch went well, or nobody knows. EKS and
// CloudFormation say so half an hour later, if at all.
func (e *Env) launchTrouble(ctx context.Context, group string) string {
	e.mu.Lock()
	if e.waited == nil {
		e.waited = map[string]int{}
	}
	e.waited[group]++
	early := e.waited[group] <= patienceForNodes
	e.mu.Unlock()
	if early {
		return ""
	}
	all, err := e.scalingGroups(ctx)
	if err != nil || all[group] == nil {
		return ""
	}
	newest := autoscaling.NewDescribeScalingActivitiesPaginator(e.AWS.ASG, &autoscaling.DescribeScalingActivitiesInput{
		AutoScalingGroupName: all[group].AutoScalingGroupName, MaxRecords: new(int32(1))})
	d, err := newest.NextPage(ctx)
	if err != nil || len(d.Activities) == 0 {
		return ""
	}
	switch a := d.Activities[0]; a.StatusCode {
	case asgtypes.ScalingActivityStatusCodeFailed, asgtypes.ScalingActivityStatusCodeCancelled:
		said := aws.ToString(a.StatusMessage)
		return "Auto Scaling: " + strings.TrimSuffix(said, ".") + choices(said)
	}
	return ""
}

// choices are what one can do about a zone without capacity; EKS follows no edit of the Auto
// Scaling group (ops case 25).
func choices(said string) string {
	if !strings.Contains(said, "InsufficientInstanceCapacity") {
		return ""
	}
	return ". It is tried again, and waited for. Or interrupt, and have a group without that zone (availabilityZones, unless a volume of its pods is there) " +
		"or with more instance types, which a group that stands cannot get"
}
