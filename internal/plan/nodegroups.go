package plan

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

func (b *builder) nodeGroups() {
	for i := range b.cfg.ManagedNodeGroups {
		b.managed(i, &b.cfg.ManagedNodeGroups[i])
	}
	for i := range b.cfg.NodeGroups {
		b.selfManaged(i, &b.cfg.NodeGroups[i])
	}
}

func (b *builder) managed(i int, m *config.ManagedNodeGroup) {
	n := &m.NodeGroupBase
	b.plan.WantNodes += *n.DesiredCapacity
	name := stack.GroupName(b.cfg.Metadata.Name, n.Name)
	live := b.live.Groups[n.Name]
	if live != nil && (live.Status == types.NodegroupStatusActive || live.Status == types.NodegroupStatusDegraded) && !b.live.Broken(name) {
		b.managedChanges(i, m, live)
		return
	}
	if !b.needs(name) {
		return
	}
	b.key(n)
	b.addStack(rules.Step{Kind: rules.NodeGroup, Name: n.Name, Managed: true, Windows: n.Windows()}, fmt.Sprintf("managed node group %s (%s)", n.Name, instances(n, m.InstanceTypes)), name,
		map[string]string{stack.TagGroup: n.Name, stack.TagGroupType: "managed"}, typicalGroup, timeoutGroup, &steps.Stack{Body: steps.ManagedBody(b.env, m), Explain: steps.ExplainGroup(b.env, n.Name), Count: b.count(n)})
	b.after(n, true, m.Taints)
}

func (b *builder) selfManaged(i int, g *config.NodeGroup) {
	n := &g.NodeGroupBase
	b.plan.WantNodes += *n.DesiredCapacity
	name := stack.GroupName(b.cfg.Metadata.Name, n.Name)
	if !b.needs(name) {
		b.selfManagedChanges(i, g)
		return
	}
	b.key(n)
	var types []string
	if g.InstancesDistribution != nil {
		types = g.InstancesDistribution.InstanceTypes
	}
	b.addStack(rules.Step{Kind: rules.NodeGroup, Name: n.Name, Windows: n.Windows()}, fmt.Sprintf("self-managed node group %s (%s)", n.Name, instances(n, types)), name,
		map[string]string{stack.TagGroup: n.Name, stack.TagGroupLegacy: n.Name, stack.TagGroupType: "unmanaged"}, 90*time.Second, timeoutGroup, &steps.Stack{Body: steps.SelfManagedBody(b.env, g), Count: b.count(n)})
	if b.cfg.AccessConfig.AuthenticationMode == "CONFIG_MAP" {
		b.mapNodeRole(n)
	} else if g.IAM.InstanceRoleARN != "" {
		e := config.AccessEntry{PrincipalARN: g.IAM.InstanceRoleARN, Type: "EC2_LINUX"}
		if n.Windows() {
			e.Type = "EC2_WINDOWS"
		}
		b.addStack(rules.Step{Kind: rules.AccessEntry, Name: "nodes/" + n.Name}, "access entry for the nodes of "+n.Name, stack.AccessEntryName(b.cfg.Metadata.Name, e.PrincipalARN), nil, 10*time.Second, timeoutStack, &steps.Stack{Body: body(stack.AccessEntry(b.cfg.Metadata.Name, e))})
	}
	b.after(n, false, g.Taints)
}

// mapNodeRole lets a self-managed group's nodes in by aws-auth. A role that the
// group's own stack makes has a name that is known beforehand.
func (b *builder) mapNodeRole(n *config.NodeGroupBase) {
	arn := n.IAM.InstanceRoleARN
	if name := b.env.NodeRoleName(n); name != "" {
		arn = "arn:" + b.env.AWS.Partition + ":iam::" + b.env.AWS.Account + ":role/" + name
	}
	m := nodeMapping(arn)
	if in := b.inside(); arn == "" || in != nil && steps.Mapped(in.AWSAuth, m) {
		return
	}
	b.kubernetes(rules.Step{Kind: rules.Mapping, Name: "nodes/" + n.Name}, "aws-auth mapping of node group "+n.Name, &steps.IdentityMapping{Env: b.env, Mapping: m})
}

// count shows a group's nodes as they become Ready, while its stack is at work.
func (b *builder) count(n *config.NodeGroupBase) func(context.Context) (engine.Result, error) {
	if *n.DesiredCapacity == 0 || !b.env.Reachable {
		return nil
	}
	return (&steps.Nodes{Env: b.env, Group: n.Name, Want: *n.DesiredCapacity}).Run
}

func nodeMapping(arn string) config.IAMIdentityMapping {
	return config.IAMIdentityMapping{ARN: arn, Username: "system:node:{{EC2PrivateDNSName}}", Groups: []string{"system:bootstrappers", "system:nodes"}}
}

func instances(n *config.NodeGroupBase, types []string) string {
	t := n.InstanceType
	if len(types) > 0 {
		t = strings.Join(types, ", ")
	} else if n.InstanceSelector != nil {
		t = "selected types"
	} else if t == "" {
		t = "types from its launch template"
	}
	return fmt.Sprintf("%d × %s", *n.DesiredCapacity, t)
}

// key imports the SSH key that a group's nodes accept.
func (b *builder) key(n *config.NodeGroupBase) {
	name := b.env.KeyName(n)
	if n.SSH == nil || name == "" || n.SSH.PublicKeyName != "" {
		return
	}
	key, err := steps.PublicKey(n.SSH)
	if err != nil {
		return // preflight reports it
	}
	b.add(rules.Step{Kind: rules.KeyPair, Name: n.Name}, Create, "SSH key for node group "+n.Name, "ec2", time.Second, timeoutQuick, &steps.KeyPair{Env: b.env, Name: name, Key: key})
}

// after counts the nodes, and sets what CloudFormation cannot.
func (b *builder) after(n *config.NodeGroupBase, managed bool, ts config.Taints) {
	b.nodes(n, 5*time.Second)
	if tags := propagated(n, managed, ts); len(n.AsgSuspendProcesses)+len(tags) > 0 {
		b.scaling(n, &steps.GroupScaling{Suspend: n.AsgSuspendProcesses, Tags: tags})
	}
}

func (b *builder) nodes(n *config.NodeGroupBase, typical time.Duration) {
	if *n.DesiredCapacity > 0 {
		b.add(rules.Step{Kind: rules.Nodes, Name: n.Name, Kubernetes: true}, Await, fmt.Sprintf("%d nodes of %s Ready", *n.DesiredCapacity, n.Name), "kubernetes", typical, timeoutGroup, &steps.Nodes{Env: b.env, Group: n.Name, Want: *n.DesiredCapacity})
	}
}

// propagated are the tags by which the autoscaler knows a managed group's labels
// and taints.
func propagated(n *config.NodeGroupBase, managed bool, ts config.Taints) map[string]string {
	tags := map[string]string{}
	if managed && config.On(n.PropagateASGTags, false) {
		for k, v := range n.Labels {
			tags["k8s.io/cluster-autoscaler/node-template/label/"+k] = v
		}
		for _, t := range ts {
			tags["k8s.io/cluster-autoscaler/node-template/taint/"+t.Key] = t.Value + ":" + t.Effect
		}
		maps.Copy(tags, n.Tags)
	}
	return tags
}

func (b *builder) scaling(n *config.NodeGroupBase, step *steps.GroupScaling) {
	step.Env, step.Group = b.env, n.Name
	b.add(rules.Step{Kind: rules.GroupScaling, Name: n.Name}, Update, "Auto Scaling settings of "+n.Name, "autoscaling", time.Second, timeoutQuick, step)
}

// body is a template known when the plan is made.
func body(t *stack.Template) func(context.Context) (string, error) {
	s := t.JSON()
	return func(context.Context) (string, error) { return s, nil }
}

func (b *builder) clusterBody(context.Context) (string, error) {
	return stack.Cluster(b.cfg, b.env.Net).JSON(), nil
}
