package run

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// Conclude looks at the cluster again and says what a run came to. A run that
// succeeded stays one when the look fails: what was not seen is said. A nil report is
// a plan with nothing to do. Where books are kept, it is written down.
func (s *Session) Conclude(ctx context.Context, rep *engine.Report) *outcome.Outcome {
	o := s.conclude(ctx, rep)
	if err := s.hold.End(ctx, ended(o)); err != nil {
		o.Unwritten = err.Error()
	}
	return o
}

func (s *Session) conclude(ctx context.Context, rep *engine.Report) *outcome.Outcome {
	o := &outcome.Outcome{Cluster: s.Plan.Cluster, Region: s.AWS.Region, Removal: s.again != nil, Part: s.part, Result: outcome.Nothing}
	left := false
	if s.again != nil {
		left = s.looksGone(ctx, o)
	} else if v, err := s.Verify(ctx); err != nil {
		o.Unseen = err.Error()
	} else {
		o.Verdict = v
	}
	if rep == nil && s.again != nil && s.part == "" && !left {
		o.Elsewhere = elsewhere(ctx, s.AWS, o.Cluster)
	}
	if rep != nil && s.seen != nil {
		var err error
		if o.Seen, err = s.seen(ctx); err != nil {
			o.Seen, o.Unseen = "", err.Error()
		}
	}
	if rep != nil && rep.OK() && s.done != "" && o.Verdict != nil && o.Verdict.Uncounted == "" {
		o.Seen = s.done + ", " + o.Verdict.Nodes()
		if len(s.Plan.Paused) > 0 { // the nodes of both groups are there
			o.Seen = fmt.Sprintf("%s; nodes Ready: %d", s.done, o.Verdict.NodesReady)
		}
	}
	if o.Returns = s.returns(rep); o.Returns {
		o.Returning = s.unended(rep)
	}
	o.Calls = s.AWS.Calls()
	if rep == nil {
		return o
	}
	o.Steps = outcome.Steps{Done: rep.Done, Failed: rep.Failed + rep.TimedOut, Skipped: rep.Skipped, Blocked: rep.Blocked}
	o.Elapsed, o.Critical = rep.Elapsed, s.Plan.Critical.Total
	for _, x := range rep.Spans {
		if x.State == "failed" || x.State == "timeout" {
			if slices.Contains([]string{rules.Gate, rules.GateCommand, rules.Soak}, x.Kind) {
				o.Shut = s.shut
			}
			o.Failures = append(o.Failures, outcome.Failure{Step: x.ID, Title: x.Title, Reason: x.Reason})
		}
	}
	for _, x := range rep.Unknown() {
		o.Unknown = append(o.Unknown, outcome.Failure{Step: x.ID, Title: x.Title, Reason: x.Reason})
	}
	stopped := s.hold.halted()
	if stopped != nil && rep.OK() { // the last answer came when all was done
		o.Unwritten = stopped.Error()
	} else if stopped != nil {
		o.Failures = append(o.Failures, outcome.Failure{Step: "books", Title: "stopped", Reason: stopped.Error()})
	}
	switch {
	case rep.Interrupted && stopped == nil:
		o.Result, o.Code = outcome.Partial, outcome.ExitInterrupted
	case !rep.OK() && !rep.Changed:
		o.Result, o.Code = outcome.Failed, outcome.ExitFailed
	case !rep.OK() || left:
		o.Result, o.Code = outcome.Partial, outcome.ExitPartial
	default:
		o.Result = outcome.Done
	}
	return o
}

// looksGone looks for what a removal has left, and tells whether there is any.
func (s *Session) looksGone(ctx context.Context, o *outcome.Outcome) bool {
	after, err := s.again(ctx)
	if fs, ok := finding.Of(err); ok && fs[0].Code == foreign { // its stack went, and it did not
		o.Verdict = &outcome.Verdict{Status: "there", Left: []string{"the cluster " + s.Plan.Cluster}}
		return true
	}
	if err != nil {
		o.Unseen = err.Error()
		return false
	}
	v := &outcome.Verdict{Status: "absent"}
	if after.Live.Cluster != nil {
		v.Status = string(after.Live.Cluster.Status)
	}
	for _, e := range after.Plan.Entries {
		v.Left = append(v.Left, e.Title)
	}
	o.Verdict = v
	return len(v.Left) > 0
}

// Verify observes again and says what is there now.
func (s *Session) Verify(ctx context.Context) (*outcome.Verdict, error) {
	live, err := read.Cluster(ctx, s.AWS, s.Env.Name, read.Quick())
	if err != nil {
		return nil, err
	}
	v := &outcome.Verdict{Status: "absent", NodesWant: s.Plan.WantNodes}
	if live.Cluster == nil {
		v.Uncounted = "there is no cluster"
		return v, nil
	}
	cl := live.Cluster
	v.Status = cl.Status
	v.Endpoint, v.CA = kube.Endpoint(read.Described(cl))
	for _, a := range slices.Sorted(maps.Keys(live.Addons)) {
		if live.Addons[a].Status != "ACTIVE" {
			v.Degraded = append(v.Degraded, a+" "+live.Addons[a].Status)
		}
	}
	if v.Uncounted = s.countNodes(ctx, cl, v); v.Uncounted != "" {
		v.NodesReady, v.Others = 0, 0
	}
	return v, nil
}

// countNodes counts the Ready nodes, or says why it did not.
func (s *Session) countNodes(ctx context.Context, cl *observe.Cluster, v *outcome.Verdict) (uncounted string) {
	switch {
	case cl.Status == "CREATING" || cl.Status == "DELETING" || cl.Endpoint == "":
		return fmt.Sprintf("the control plane is %s", cl.Status)
	case !s.Env.Reachable:
		return s.Plan.Unreachable
	}
	k, err := kube.Client(ctx, s.AWS, read.Described(cl))
	if err != nil {
		return err.Error()
	}
	nodes, err := kube.Nodes(ctx, k)
	if err != nil {
		return "the Kubernetes API of " + cl.Name + " does not answer: " + err.Error()
	}
	for _, n := range nodes {
		switch {
		case !n.Ready || !s.counts(n.Group):
		case n.Group == "":
			v.Others++
		default:
			v.NodesReady++
		}
	}
	return ""
}

// counts tells whether the plan is about the nodes of a group: where it is about some groups
// alone, others' are not counted.
func (s *Session) counts(group string) bool {
	if s.counted != nil {
		return slices.Contains(s.counted, group)
	}
	return !s.Input.GroupsAlone || slices.ContainsFunc(s.File.Cluster.Groups(), func(g *config.NodeGroupBase) bool { return g.Name == group })
}
