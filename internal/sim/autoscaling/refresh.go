package autoscaling

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// refreshing is an instance refresh under way.
type refreshing struct {
	ID     string
	Queue  []string // the instances that are still to be replaced
	Total  int
	Extra  int32 // more than desired for now: replacements come before the old ones go
	Victim []string
	Warm   time.Duration // the batch counts as healthy from here on; 0: it is not whole yet
	Cancel bool
}

// refreshLook is how often a refresh is looked at.
const refreshLook = 5 * time.Second

// StartInstanceRefresh begins to replace a group's instances, a batch after the other.
func (a *AutoScaling) StartInstanceRefresh(_ *wire.Caller, in *autoscaling.StartInstanceRefreshInput) (*autoscaling.StartInstanceRefreshOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if g.Refreshing != nil {
		return nil, wire.Errorf("InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.")
	}
	p := types.RefreshPreferences{}
	if in.Preferences != nil {
		p = *in.Preferences
	}
	a.preferences(g, &p)
	if n := *p.MinHealthyPercentage; n < 0 || n > 100 {
		return nil, wire.Errorf("ValidationError", "MinHealthyPercentage must be between 0 and 100")
	}
	if d := in.DesiredConfiguration; d != nil {
		if err := a.name(g, d.LaunchTemplate, d.MixedInstancesPolicy); err != nil {
			return nil, err
		}
	}
	strategy := in.Strategy
	if strategy == "" {
		strategy = types.RefreshStrategyRolling
	}
	if strategy != types.RefreshStrategyRolling {
		return nil, wire.Errorf("ValidationError", "The simulated region refreshes instances by the strategy Rolling only, not %s", strategy)
	}
	id := a.w.UUID("refresh", *g.AutoScalingGroupName)
	r := &refreshing{ID: id}
	after := g.spec()
	if d := in.DesiredConfiguration; d != nil {
		if d.LaunchTemplate != nil {
			after = d.LaunchTemplate
		} else if d.MixedInstancesPolicy != nil {
			after = d.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
		}
	}
	for _, i := range a.live(g) {
		if !(aws.ToBool(p.SkipMatching) && a.matches(i, after)) {
			r.Queue = append(r.Queue, *i.InstanceId)
		}
	}
	r.Total = len(r.Queue)
	g.Refreshing = r
	g.Refreshes = append([]types.InstanceRefresh{{InstanceRefreshId: new(id), AutoScalingGroupName: g.AutoScalingGroupName,
		Status: types.InstanceRefreshStatusPending, StartTime: new(a.w.Date()), Preferences: &p, DesiredConfiguration: in.DesiredConfiguration,
		Strategy: strategy, PercentageComplete: new(int32(0)), InstancesToUpdate: new(int32(r.Total))}}, g.Refreshes...)
	a.w.Schedule(refreshLook, "autoscaling:refresh", *g.AutoScalingGroupName, nil)
	return &autoscaling.StartInstanceRefreshOutput{InstanceRefreshId: new(id)}, nil
}

// preferences gives a refresh its defaults (user guide, instance refresh).
func (a *AutoScaling) preferences(g *group, p *types.RefreshPreferences) {
	if p.MinHealthyPercentage == nil {
		p.MinHealthyPercentage = new(int32(90))
		if m := g.InstanceMaintenancePolicy; m != nil && m.MinHealthyPercentage != nil {
			p.MinHealthyPercentage = m.MinHealthyPercentage
		}
	}
	if p.MaxHealthyPercentage == nil {
		p.MaxHealthyPercentage = new(int32(100))
		if m := g.InstanceMaintenancePolicy; m != nil && m.MaxHealthyPercentage != nil {
			p.MaxHealthyPercentage = m.MaxHealthyPercentage
		}
	}
	if p.InstanceWarmup == nil {
		p.InstanceWarmup = g.DefaultInstanceWarmup
	}
	if p.InstanceWarmup == nil {
		p.InstanceWarmup = g.HealthCheckGracePeriod
	}
	if p.SkipMatching == nil {
		p.SkipMatching = new(false)
	}
}

// matches tells whether an instance runs what the group launches now.
func (a *AutoScaling) matches(i types.Instance, spec *types.LaunchTemplateSpecification) bool {
	_, now, err := a.ec2.TemplateData(spec.LaunchTemplateId, spec.LaunchTemplateName, aws.ToString(spec.Version))
	return err == nil && i.LaunchTemplate != nil && aws.ToString(i.LaunchTemplate.LaunchTemplateId) == *now.LaunchTemplateId &&
		aws.ToString(i.LaunchTemplate.Version) == fmt.Sprint(*now.VersionNumber)
}

// refresh does the next step of a refresh: it waits until the last batch is in service
// and warm, then ends the next one.
func (a *AutoScaling) refresh(name string, _ struct{}) {
	g := a.groups.Get(name)
	if g == nil || g.Refreshing == nil {
		return
	}
	r, shown := g.Refreshing, &g.Refreshes[0]
	again := func(d time.Duration) { a.w.Schedule(max(d, time.Second), "autoscaling:refresh", name, nil) }
	if a.suspended(g, "InstanceRefresh") {
		again(refreshLook)
		return
	}
	if shown.Status == types.InstanceRefreshStatusPending {
		shown.Status = types.InstanceRefreshStatusInProgress
		if d := shown.DesiredConfiguration; d != nil && d.LaunchTemplate != nil {
			g.LaunchTemplate, g.MixedInstancesPolicy = d.LaunchTemplate, nil
		} else if d != nil && d.MixedInstancesPolicy != nil {
			g.LaunchTemplate, g.MixedInstancesPolicy = nil, d.MixedInstancesPolicy
		}
	}
	ready := a.inService(g) >= int(*g.DesiredCapacity+r.Extra) && len(a.live(g)) == len(g.Instances)
	if !ready {
		r.Warm = 0
		again(refreshLook)
		return
	}
	if r.Warm == 0 && (len(r.Queue) < r.Total || r.Extra > 0) {
		r.Warm = a.w.Elapsed() + time.Duration(aws.ToInt32(shown.Preferences.InstanceWarmup))*time.Second
	}
	if left := r.Warm - a.w.Elapsed(); left > 0 {
		again(left)
		return
	}
	for _, id := range r.Victim { // their replacements are in service
		a.end(g, id, "an instance was taken out of service in response to an instance refresh.")
	}
	r.Extra, r.Victim, r.Warm = 0, nil, 0
	r.Queue = slices.DeleteFunc(r.Queue, func(id string) bool {
		return !slices.ContainsFunc(a.live(g), func(i types.Instance) bool { return *i.InstanceId == id })
	})
	done := 100
	if r.Total > 0 {
		done = 100 * (r.Total - len(r.Queue)) / r.Total
	}
	shown.PercentageComplete, shown.InstancesToUpdate = new(int32(done)), new(int32(len(r.Queue)))
	switch {
	case r.Cancel:
		a.refreshed(g, types.InstanceRefreshStatusCancelled)
		return
	case len(r.Queue) == 0:
		a.refreshed(g, types.InstanceRefreshStatusSuccessful)
		return
	}
	batch := r.Queue[:min(len(r.Queue), a.batch(g, shown.Preferences))]
	if *shown.Preferences.MaxHealthyPercentage > 100 || *shown.Preferences.MinHealthyPercentage >= 100 {
		r.Extra, r.Victim = int32(len(batch)), slices.Clone(batch)
	} else {
		for _, id := range batch {
			a.end(g, id, "an instance was taken out of service in response to an instance refresh.")
		}
	}
	a.reconcile(g)
	again(refreshLook)
}

// batch is how many instances a refresh replaces at once.
func (a *AutoScaling) batch(g *group, p *types.RefreshPreferences) int {
	n := int(*g.DesiredCapacity)
	if most := int(*p.MaxHealthyPercentage); most > 100 {
		return max(1, n*(most-100)/100)
	}
	return max(1, n*(100-int(*p.MinHealthyPercentage))/100)
}

func (a *AutoScaling) refreshed(g *group, s types.InstanceRefreshStatus) {
	shown := &g.Refreshes[0]
	shown.Status, shown.EndTime = s, new(a.w.Date())
	g.Refreshing = nil
}

func (a *AutoScaling) inService(g *group) int {
	n := 0
	for _, i := range g.Instances {
		if i.LifecycleState == types.LifecycleStateInService {
			n++
		}
	}
	return n
}

// CancelInstanceRefresh ends a refresh after the batch that it is at.
func (a *AutoScaling) CancelInstanceRefresh(_ *wire.Caller, in *autoscaling.CancelInstanceRefreshInput) (*autoscaling.CancelInstanceRefreshOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if g.Refreshing == nil || g.Refreshing.Cancel {
		return nil, wire.Errorf("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for Auto Scaling group %s",
			*g.AutoScalingGroupName)
	}
	g.Refreshing.Cancel = true
	g.Refreshes[0].Status = types.InstanceRefreshStatusCancelling
	return &autoscaling.CancelInstanceRefreshOutput{InstanceRefreshId: new(g.Refreshing.ID)}, nil
}

// DescribeInstanceRefreshes lists a group's refreshes, the newest first.
func (a *AutoScaling) DescribeInstanceRefreshes(_ *wire.Caller,
	in *autoscaling.DescribeInstanceRefreshesInput) (*autoscaling.DescribeInstanceRefreshesOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &autoscaling.DescribeInstanceRefreshesOutput{InstanceRefreshes: []types.InstanceRefresh{}}
	for _, r := range g.Refreshes {
		if len(in.InstanceRefreshIds) == 0 || slices.Contains(in.InstanceRefreshIds, *r.InstanceRefreshId) {
			out.InstanceRefreshes = append(out.InstanceRefreshes, r)
		}
	}
	return out, nil
}
