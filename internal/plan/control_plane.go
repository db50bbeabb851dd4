package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
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

var typicalAddon = map[string]time.Duration{"vpc-cni": 45 * time.Second, "kube-proxy": 25 * time.Second, "coredns": 15 * time.Second, "aws-ebs-csi-driver": 40 * time.Second, "aws-efs-csi-driver": 40 * time.Second}

// failedStacks puts stacks that failed up for deletion, so that they can be made
// again.
func (b *builder) failedStacks() {
	for _, name := range slices.Sorted(maps.Keys(b.live.Stacks)) {
		if b.live.Broken(name) {
			b.plan.Deletions = append(b.plan.Deletions, name)
			b.add(rules.Step{Kind: rules.DeleteStack, Name: name, Stack: name}, Delete, fmt.Sprintf("failed stack %s (%s)", name, b.live.Stacks[name].StackStatus), "cloudformation", 3*time.Minute, timeoutGroup, &steps.DeleteStack{AWS: b.env.AWS, Name: name})
		}
	}
}

// needs tells whether a stack is still to be made, or to be waited for.
func (b *builder) needs(name string) bool { return !b.live.Has(name) }

// own completes a stack step with its name and tags.
func (b *builder) own(name string, tags map[string]string, step *steps.Stack) *steps.Stack {
	step.Env, step.Name, step.Tags = b.env, name, stack.Tags(b.cfg, tags)
	return step
}

// addStack adds a stack of its own.
func (b *builder) addStack(s rules.Step, title, name string, tags map[string]string, typical, timeout time.Duration, step *steps.Stack) string {
	s.Stack = name
	return b.add(s, Create, title, "cloudformation", typical, timeout, b.own(name, tags, step))
}

func (b *builder) controlPlane() {
	name := stack.ClusterName(b.cfg.Metadata.Name)
	if b.needs(name) && !(b.exists() && b.live.Stacks[name] == nil) {
		tags := map[string]string{stack.TagOIDC: fmt.Sprint(config.On(b.cfg.IAM.WithOIDC, false))}
		what := "cluster stack: control plane, security groups, roles"
		if b.env.Net.VPC == "" {
			what = "cluster stack: VPC, NAT (" + b.cfg.VPC.NAT.Gateway + "), control plane, roles"
		}
		whole := b.own(name, tags, &steps.Stack{Body: b.clusterBody})
		b.add(rules.Step{Kind: rules.ClusterStack, Stack: name}, Create, what, "cloudformation", 5*time.Second, timeoutStack, &steps.StackStarted{Stack: whole})
		b.add(rules.Step{Kind: rules.ClusterStackDone, Stack: name}, Await, "cluster stack complete", "cloudformation", typicalCluster, timeoutCluster, whole)
	}
	if !b.exists() || b.live.Cluster.Status != types.ClusterStatusActive {
		b.add(rules.Step{Kind: rules.ControlPlane}, Await, "control plane ACTIVE (Kubernetes "+b.cfg.Metadata.Version+")", "eks", typicalCluster, timeoutCluster, &steps.ControlPlane{Env: b.env})
	}
}
