package plan

import (
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
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
	typicalDelete  = 3 * time.Minute
	typicalSettle  = time.Minute
	timeoutCluster = 40 * time.Minute
	timeoutGroup   = 45 * time.Minute // past EKS's own deadline of 33 to 35 minutes, so that its cause is read
	timeoutAddon   = 20 * time.Minute
	timeoutStack   = 15 * time.Minute
	timeoutUpdate  = 60 * time.Minute
	timeoutGate    = 30 * time.Minute
	timeoutQuick   = 10 * time.Minute
)

// addStack adds a stack of its own, or the wait for one that is being made.
func (b *builder) addStack(s part, name string, tags map[string]string, run steps.Stack) string {
	run.Name, run.Tags = name, stack.Tags(b.cfg, tags)
	s.Step = s.Step.Label(rules.With(rules.Of, name))
	s.Action, s.Run = Create, &run
	if p := b.phase(name); p.UnderWay() {
		s.Action, s.Run = Await, &steps.StackWait{Name: name, Group: run.Group, Count: run.Count}
	} else if p == observe.Going {
		s.Title += ", once the one before is gone"
	}
	return b.add(s)
}

func (b *builder) controlPlane() {
	name := stack.ClusterName(b.cfg.Metadata.Name)
	switch m := clusterMoves[b.phase(name)][b.there(name, b.exists(), b.clusterStatus(), observe.ControlPlane)]; m {
	case refuse:
		b.refuseCluster(name)
		return
	case remake:
		if b.exists() && b.populated() {
			b.refuseCluster(name)
			return
		}
		b.clear(name, b.failedStack(name, "no control plane"))
		b.live = without(b.live) // nothing of what stands in it now is there then
		fallthrough
	case create:
		b.clusterStack(name)
	case settle:
		if b.phase(name).UnderWay() {
			b.clusterStack(name)
		}
	}
	if !b.exists() || b.live.Cluster.Status != "ACTIVE" {
		b.add(part{Step: rules.Step{Kind: rules.ControlPlane}, Action: Await, Title: "control plane ACTIVE (Kubernetes " + b.cfg.Metadata.Version + ")",
			Typical: typicalCluster, Timeout: timeoutCluster,
			Run: &steps.ControlPlane{}})
	}
}

// clusterStack makes the cluster's stack, or waits for it.
func (b *builder) clusterStack(name string) {
	if !b.phase(name).UnderWay() {
		tags := map[string]string{eksfacts.TagOIDC: fmt.Sprint(config.On(b.cfg.IAM.WithOIDC, false))}
		what := "cluster stack: control plane, security groups, roles"
		if b.in.Net.VPC == "" {
			what = "cluster stack: VPC, NAT (" + b.cfg.VPC.NAT.Gateway + "), control plane, roles"
		}
		b.addStack(part{Step: rules.Step{Kind: rules.ClusterStack}, Title: what, Typical: 5 * time.Second, Timeout: timeoutStack},
			name, tags, steps.Stack{Template: steps.Text(stack.Cluster(b.cfg, b.in.Net)), Started: true})
	}
	b.add(part{Step: labelled(rules.ClusterStackDone, "", name), Action: Await, Title: "cluster stack complete",
		Typical: typicalCluster, Timeout: timeoutCluster,
		Run: &steps.StackWait{Name: name}})
}

func (b *builder) clusterStatus() string {
	if b.exists() {
		return b.live.Cluster.Status
	}
	return ""
}

// populated tells whether a cluster holds what would go with it.
func (b *builder) populated() bool {
	return len(b.live.Groups)+len(b.live.Profiles) > 0 || b.live.Stacks[stack.ClusterName(b.cfg.Metadata.Name)].Status == "DELETE_FAILED"
}

// refuseCluster says what must happen before anything can be done in a cluster.
func (b *builder) refuseCluster(name string) {
	const path = "metadata.name"
	down := "take away what is left (slipway down " + b.cfg.Metadata.Name + "), then run again"
	switch phase := b.phase(name); {
	case phase == observe.Stuck:
		b.stuck(path, name)
	case phase == observe.Going || b.clusterStatus() == "DELETING":
		b.refuse(path, "wait until it is gone (aws eks wait cluster-deleted --name "+b.cfg.Metadata.Name+"), then run again",
			"the cluster %s is being deleted", b.cfg.Metadata.Name)
	case phase == observe.Absent:
		b.refuse(
			path,
			"delete it (aws eks delete-cluster --name "+b.cfg.Metadata.Name+"), then run again",
			"the control plane is %s, and no stack of it could be made again",
			b.clusterStatus(),
		)
	case !b.exists():
		b.refuse(path, down, "the stack %s is %s, and the control plane that it made is gone", name, b.live.Stacks[name].Status)
	case phase == observe.Failed && classOf(b.clusterStatus()) == moving:
		b.refuse(
			path,
			"wait until the control plane has settled, then run again",
			"the control plane is %s, and its stack is %s",
			b.clusterStatus(),
			b.live.Stacks[name].Status,
		)
	default:
		b.refuse(path, down, "the control plane is %s, and its stack %s is %s", b.clusterStatus(), name, b.live.Stacks[name].Status)
	}
}

// without is an observation as it is once a cluster is gone: its stacks stay.
func without(o *observe.Observed) *observe.Observed {
	c := *o
	c.Cluster, c.OIDCProvider, c.Kubernetes = nil, nil, nil
	c.Addons, c.Groups, c.Profiles, c.AccessEntries, c.PodIdentities, c.IdentityProviders = nil, nil, nil, nil, nil, nil
	return &c
}
