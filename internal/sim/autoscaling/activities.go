package autoscaling

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// The beginnings of what activities say that they do.
const (
	launchOf = "Launching a new EC2 instance"
	endOf    = "Terminating EC2 instance: "
)

// activity adds one to the group's, the newest first, and keeps a hundred.
func (a *AutoScaling) activity(g *group, s types.ScalingActivityStatusCode, desc, cause string) *types.Activity {
	act := types.Activity{ActivityId: new(a.w.UUID("activity", *g.AutoScalingGroupName)), AutoScalingGroupName: g.AutoScalingGroupName,
		AutoScalingGroupARN: g.AutoScalingGroupARN, StartTime: new(a.w.Date()), StatusCode: s, Description: new(desc), Details: new("{}"),
		Cause: new("At " + a.w.Date().Format(time.RFC3339) + " " + cause), Progress: new(int32(100))}
	if s == types.ScalingActivityStatusCodeInProgress {
		act.Progress = new(int32(0))
	} else {
		act.EndTime = new(a.w.Date())
	}
	g.Activities = append([]types.Activity{act}, g.Activities[:min(len(g.Activities), 99)]...)
	return &g.Activities[0]
}

// launched tells of a launch that succeeded, or why it did not.
func (a *AutoScaling) launched(g *group, s types.ScalingActivityStatusCode, desc, cause, why string) {
	act := a.activity(g, s, desc, cause)
	if why != "" {
		act.StatusMessage = new(why)
	}
}

// terminating tells that an instance is taken out of service.
func (a *AutoScaling) terminating(g *group, id, cause string) *types.Activity {
	return a.activity(g, types.ScalingActivityStatusCodeInProgress, endOf+id, cause)
}

// shrinks is the cause of a scaling in.
func (a *AutoScaling) shrinks(g *group, id string) string {
	n := len(a.live(g))
	return fmt.Sprintf("an instance was taken out of service in response to a difference between desired and actual capacity, "+
		"shrinking the capacity from %d to %d. At %s instance %s was selected for termination.", n, n-1, a.w.Date().Format(time.RFC3339), id)
}

// terminatedNow ends the activity of an instance that is over. One that nobody here took
// out was found by the health check.
func (a *AutoScaling) terminatedNow(g *group, id string) {
	i := slices.IndexFunc(g.Activities, func(x types.Activity) bool { return *x.Description == endOf+id })
	if i < 0 {
		a.terminating(g, id, "an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.")
		i = 0
	}
	act := &g.Activities[i]
	act.StatusCode, act.Progress, act.EndTime = types.ScalingActivityStatusCodeSuccessful, new(int32(100)), new(a.w.Date())
}

// LastFailure is why the newest launch failed, or "".
func (a *AutoScaling) LastFailure(name string) string {
	g := a.groups.Get(name)
	if g == nil {
		return ""
	}
	for _, x := range g.Activities {
		if strings.HasPrefix(*x.Description, launchOf) {
			return aws.ToString(x.StatusMessage)
		}
	}
	return ""
}
