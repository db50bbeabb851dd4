package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Typical durations (facts/eks.md §7) and the waits after which a run pauses.
const (
	typicalCluster = 11 * time.Minute
	typicalRole    = 20 * time.Second
	typicalGroup   = 140 * time.Second
	typicalUpdate  = 5 * time.Minute
	timeoutCluster = 40 * time.Minute
	timeoutGroup   = 45 * time.Minute // past EKS's own deadline of 33 to 35 minutes, so that its cause is read
	timeoutAddon   = 20 * time.Minute
	timeoutStack   = 15 * time.Minute
	timeoutUpdate  = 60 * time.Minute
	timeoutGate    = 30 * time.Minute
	timeoutQuick   = 10 * time.Minute
)

// failedStacks puts stacks that failed up for deletion, so that they can be made
// again.
func (b *builder) failedStacks() {
	for _, name := range slices.Sorted(maps.Keys(b.live.Stacks)) {
		if b.broken(name) {
			b.plan.Deletions = append(b.plan.Deletions, name)
			b.add(part{Step: rules.Step{Kind: rules.DeleteStack, Name: name, Stack: name}, Action: Delete, Title: fmt.Sprintf("failed stack %s (%s)", name, b.live.Stacks[name].Status),
				Typical: 3 * time.Minute, Timeout: timeoutGroup,
				Run: &steps.Delete{Resource: "stack", Name: name}})
		}
	}
}

// needs tells whether a stack is still to be made, or to be waited for.
func (b *builder) needs(name string) bool { return !b.live.Has(name) }

// addStack adds a stack of its own.
func (b *builder) addStack(s part, name string, tags map[string]string, run steps.Stack) string {
	run.Name, run.Tags = name, stack.Tags(b.cfg, tags)
	s.Step.Stack, s.Action, s.Run = name, Create, &run
	half := run.Template.Group != nil && b.live.Stacks[name] != nil && !stack.Completed(b.live.Stacks[name].Template)
	if st := b.live.Stacks[name]; st != nil && b.underWay(name) && st.Status != "DELETE_IN_PROGRESS" && !run.Started && !half {
		s.Action, s.Run = Await, &steps.StackWait{Name: name, Group: run.Group, Count: run.Count}
	}
	return b.add(s)
}

func (b *builder) controlPlane() {
	name := stack.ClusterName(b.cfg.Metadata.Name)
	if b.needs(name) && !(b.exists() && b.live.Stacks[name] == nil) {
		tags := map[string]string{eksfacts.TagOIDC: fmt.Sprint(config.On(b.cfg.IAM.WithOIDC, false))}
		what := "cluster stack: control plane, security groups, roles"
		if b.in.Net.VPC == "" {
			what = "cluster stack: VPC, NAT (" + b.cfg.VPC.NAT.Gateway + "), control plane, roles"
		}
		b.addStack(part{Step: rules.Step{Kind: rules.ClusterStack}, Title: what, Typical: 5 * time.Second, Timeout: timeoutStack},
			name, tags, steps.Stack{Template: steps.Text(stack.Cluster(b.cfg, b.in.Net)), Started: true})
		b.add(part{Step: rules.Step{Kind: rules.ClusterStackDone, Stack: name}, Action: Await, Title: "cluster stack complete",
			Typical: typicalCluster, Timeout: timeoutCluster,
			Run: &steps.StackWait{Name: name}})
	}
	if !b.exists() || b.live.Cluster.Status != "ACTIVE" {
		b.add(part{Step: rules.Step{Kind: rules.ControlPlane}, Action: Await, Title: "control plane ACTIVE (Kubernetes " + b.cfg.Metadata.Version + ")",
			Typical: typicalCluster, Timeout: timeoutCluster,
			Run: &steps.ControlPlane{}})
	}
}
