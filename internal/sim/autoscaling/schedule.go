package autoscaling

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// scheduled is an action of a time, and how often it was changed: an event of an older
// state does nothing.
type scheduled struct {
	types.ScheduledUpdateGroupAction
	State int
}

// due is the event at which an action is done.
type due struct {
	Name  string
	State int
}

// PutScheduledUpdateGroupAction adds an action at a time, or replaces one. The time until
// then is simulated time, as all that the region waits for.
func (a *AutoScaling) PutScheduledUpdateGroupAction(_ *wire.Caller,
	in *autoscaling.PutScheduledUpdateGroupActionInput) (*autoscaling.PutScheduledUpdateGroupActionOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if in.MinSize == nil && in.MaxSize == nil && in.DesiredCapacity == nil {
		return nil, wire.Errorf("ValidationError", "At least one of MinSize, MaxSize or DesiredCapacity must be specified")
	}
	start := in.StartTime
	if start == nil {
		start = in.Time
	}
	if in.Recurrence != nil {
		next, err := a.next(in.Recurrence, in.TimeZone, a.w.Date())
		if err != nil {
			return nil, err
		}
		if start == nil {
			start = &next
		}
	}
	if start == nil {
		return nil, wire.Errorf("ValidationError", "A StartTime or a Recurrence must be specified")
	}
	if start.Before(a.w.Date()) {
		return nil, wire.Errorf("ValidationError", "Given start time is in the past")
	}
	name := aws.ToString(in.ScheduledActionName)
	s := &scheduled{types.ScheduledUpdateGroupAction{AutoScalingGroupName: g.AutoScalingGroupName, ScheduledActionName: new(name),
		ScheduledActionARN: new(strings.Replace(a.prefix, ":autoScalingGroup:", ":scheduledUpdateGroupAction:", 1) + a.w.UUID("scheduled",
			*g.AutoScalingGroupName, name) + ":autoScalingGroupName/" + *g.AutoScalingGroupName + ":scheduledActionName/" + name),
		MinSize: in.MinSize, MaxSize: in.MaxSize, DesiredCapacity: in.DesiredCapacity, StartTime: start, Time: start, EndTime: in.EndTime,
		Recurrence: in.Recurrence, TimeZone: in.TimeZone}, 0}
	if i := g.scheduled(name); i >= 0 {
		s.State, s.ScheduledActionARN = g.Scheduled[i].State+1, g.Scheduled[i].ScheduledActionARN
		g.Scheduled[i] = s
	} else {
		g.Scheduled = append(g.Scheduled, s)
	}
	a.plan(g, s)
	return &autoscaling.PutScheduledUpdateGroupActionOutput{}, nil
}

// plan schedules an action's next time.
func (a *AutoScaling) plan(g *group, s *scheduled) {
	a.w.Schedule(max(0, s.StartTime.Sub(a.w.Date())), "autoscaling:scheduled", *g.AutoScalingGroupName, due{*s.ScheduledActionName, s.State})
}

func (g *group) scheduled(name string) int {
	return slices.IndexFunc(g.Scheduled, func(s *scheduled) bool { return *s.ScheduledActionName == name })
}

// doScheduled does what is due, and plans the next time of what recurs.
func (a *AutoScaling) doScheduled(name string, d due) {
	g := a.groups.Get(name)
	if g == nil {
		return
	}
	i := g.scheduled(d.Name)
	if i < 0 || g.Scheduled[i].State != d.State {
		return
	}
	s := g.Scheduled[i]
	if !a.suspended(g, "ScheduledActions") {
		in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: g.AutoScalingGroupName, MinSize: s.MinSize, MaxSize: s.MaxSize,
			DesiredCapacity: s.DesiredCapacity}
		if _, err := a.UpdateAutoScalingGroup(nil, in); err != nil {
			act := a.activity(g, types.ScalingActivityStatusCodeFailed, "Executing scheduled action "+d.Name, "a scheduled action was due.")
			act.StatusMessage = new(message(err))
		}
	}
	at := *s.StartTime
	next, err := a.next(s.Recurrence, s.TimeZone, at)
	if s.Recurrence == nil || err != nil || s.EndTime != nil && next.After(*s.EndTime) {
		g.Scheduled = slices.Delete(g.Scheduled, i, i+1)
		return
	}
	s.StartTime, s.Time = &next, &next
	a.w.Schedule(next.Sub(at), "autoscaling:scheduled", name, d)
}

// next is the first minute after a time that a cron expression of five fields names.
func (a *AutoScaling) next(cron, zone *string, after time.Time) (time.Time, error) {
	if cron == nil {
		return time.Time{}, nil
	}
	bad := wire.Errorf("ValidationError", "Given recurrence string: '%s' is invalid", *cron)
	where, err := time.LoadLocation(aws.ToString(zone))
	if err != nil {
		return time.Time{}, wire.Errorf("ValidationError", "The time zone '%s' is not valid", *zone)
	}
	fields := strings.Fields(*cron)
	if len(fields) != 5 {
		return time.Time{}, bad
	}
	var sets [5]map[int]bool
	for i, r := range [5][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}} {
		if sets[i] = cronSet(fields[i], r[0], r[1]); sets[i] == nil {
			return time.Time{}, bad
		}
	}
	anyDay, anyWeekday := fields[2] == "*", fields[4] == "*"
	end := after.AddDate(5, 0, 0)
	for t := after.In(where).Truncate(time.Minute).Add(time.Minute); t.Before(end); {
		week := sets[4][int(t.Weekday())] || t.Weekday() == time.Sunday && sets[4][7]
		day := sets[2][t.Day()] && week
		if !anyDay && !anyWeekday { // cron's rule: either, where both are named
			day = sets[2][t.Day()] || week
		}
		switch {
		case !sets[3][int(t.Month())] || !day:
			t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, where)
		case !sets[1][t.Hour()]:
			t = t.Truncate(time.Hour).Add(time.Hour)
		case !sets[0][t.Minute()]:
			t = t.Add(time.Minute)
		default:
			return t.UTC(), nil
		}
	}
	return time.Time{}, bad
}

// cronSet is what a field of a cron expression names, nil where it is none.
func cronSet(field string, low, high int) map[int]bool {
	out := map[int]bool{}
	for _, part := range strings.Split(field, ",") {
		span, every, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(every)
			if err != nil || n < 1 {
				return nil
			}
			step = n
		}
		from, to := low, high
		if span != "*" {
			a, b, ranged := strings.Cut(span, "-")
			n, err := strconv.Atoi(a)
			if err != nil {
				return nil
			}
			if from = n; !stepped {
				to = n
			}
			if ranged {
				if to, err = strconv.Atoi(b); err != nil {
					return nil
				}
			}
		}
		if from < low || to > high || from > to {
			return nil
		}
		for n := from; n <= to; n += step {
			out[n] = true
		}
	}
	return out
}

// DescribeScheduledActions lists actions, of a group or of all.
func (a *AutoScaling) DescribeScheduledActions(_ *wire.Caller,
	in *autoscaling.DescribeScheduledActionsInput) (*autoscaling.DescribeScheduledActionsOutput, error) {
	out := &autoscaling.DescribeScheduledActionsOutput{ScheduledUpdateGroupActions: []types.ScheduledUpdateGroupAction{}}
	for _, g := range a.groups.All() {
		if in.AutoScalingGroupName != nil && *in.AutoScalingGroupName != *g.AutoScalingGroupName {
			continue
		}
		for _, s := range g.Scheduled {
			if len(in.ScheduledActionNames) == 0 || slices.Contains(in.ScheduledActionNames, *s.ScheduledActionName) {
				out.ScheduledUpdateGroupActions = append(out.ScheduledUpdateGroupActions, s.ScheduledUpdateGroupAction)
			}
		}
	}
	return out, nil
}

// DeleteScheduledAction removes an action.
func (a *AutoScaling) DeleteScheduledAction(_ *wire.Caller, in *autoscaling.DeleteScheduledActionInput) (*autoscaling.DeleteScheduledActionOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	i := g.scheduled(aws.ToString(in.ScheduledActionName))
	if i < 0 {
		return nil, wire.Errorf("ValidationError", "Scheduled action name not found")
	}
	g.Scheduled = slices.Delete(g.Scheduled, i, i+1)
	return &autoscaling.DeleteScheduledActionOutput{}, nil
}
