package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

func (b *builder) nodeGroups() {
	for i := range b.cfg.ManagedNodeGroups {
		b.managed(&b.cfg.ManagedNodeGroups[i])
	}
	for i := range b.cfg.NodeGroups {
		b.selfManaged(&b.cfg.NodeGroups[i])
	}
}

func (b *builder) managed(m *config.ManagedNodeGroup) {
	n := &m.NodeGroupBase
	b.plan.WantNodes += *n.DesiredCapacity
	name := stack.GroupName(b.cfg.Metadata.Name, n.Name)
	live := b.live.Groups[n.Name]
	if live != nil && live.Status == types.NodegroupStatusActive && !b.live.Broken(name) {
		b.groupUpdate(m, live)
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

func (b *builder) selfManaged(g *config.NodeGroup) {
	n := &g.NodeGroupBase
	b.plan.WantNodes += *n.DesiredCapacity
	name := stack.GroupName(b.cfg.Metadata.Name, n.Name)
	if !b.needs(name) {
		return
	}
	b.key(n)
	var types []string
	if g.InstancesDistribution != nil {
		types = g.InstancesDistribution.InstanceTypes
	}
	b.addStack(rules.Step{Kind: rules.NodeGroup, Name: n.Name, Windows: n.Windows()}, fmt.Sprintf("self-managed node group %s (%s)", n.Name, instances(n, types)), name,
		map[string]string{stack.TagGroup: n.Name, stack.TagGroupLegacy: n.Name, stack.TagGroupType: "unmanaged"}, 90*time.Second, timeoutGroup, &steps.Stack{Body: steps.SelfManagedBody(b.env, g), Count: b.count(n)})
	if b.cfg.AccessConfig.AuthenticationMode == "CONFIG_MAP" && g.IAM.InstanceRoleARN != "" {
		b.quick(rules.Step{Kind: rules.Mapping, Name: "nodes/" + n.Name, Kubernetes: true}, "aws-auth mapping of node group "+n.Name, &steps.IdentityMapping{Env: b.env, Mapping: nodeMapping(g.IAM.InstanceRoleARN)})
	} else if b.cfg.AccessConfig.AuthenticationMode == "CONFIG_MAP" {
		// The role is made by the group's own stack, so the mapping runs beside it:
		// the kubelets keep trying until they are let in.
		b.add(rules.Step{Kind: "nodegroup-mapping", Name: n.Name, Kubernetes: true}, Create, "aws-auth mapping of node group "+n.Name, "kubernetes", 40*time.Second, timeoutGroup, &steps.NodeRoleMapping{Env: b.env, Stack: name})
	} else if g.IAM.InstanceRoleARN != "" {
		e := config.AccessEntry{PrincipalARN: g.IAM.InstanceRoleARN, Type: "EC2_LINUX"}
		if n.Windows() {
			e.Type = "EC2_WINDOWS"
		}
		b.addStack(rules.Step{Kind: rules.AccessEntry, Name: "nodes/" + n.Name}, "access entry for the nodes of "+n.Name, stack.AccessEntryName(b.cfg.Metadata.Name, e.PrincipalARN), nil, 10*time.Second, timeoutStack, &steps.Stack{Body: body(stack.AccessEntry(b.cfg.Metadata.Name, e))})
	}
	b.after(n, false, g.Taints)
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
	if *n.DesiredCapacity > 0 {
		b.add(rules.Step{Kind: rules.Nodes, Name: n.Name, Kubernetes: true}, Await, fmt.Sprintf("%d nodes of %s Ready", *n.DesiredCapacity, n.Name), "kubernetes", 5*time.Second, timeoutGroup, &steps.Nodes{Env: b.env, Group: n.Name, Want: *n.DesiredCapacity})
	}
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
	if len(n.AsgSuspendProcesses)+len(tags) > 0 {
		b.add(rules.Step{Kind: rules.GroupScaling, Name: n.Name}, Update, "Auto Scaling settings of "+n.Name, "autoscaling", time.Second, timeoutQuick, &steps.GroupScaling{Env: b.env, Group: n.Name, Managed: managed, Suspend: n.AsgSuspendProcesses, Tags: tags})
	}
}

// groupUpdate brings a live managed group's labels, taints and sizes to what the
// config wants. Labels that EKS or somebody else added stay.
func (b *builder) groupUpdate(m *config.ManagedNodeGroup, live *types.Nodegroup) {
	in := &eks.UpdateNodegroupConfigInput{ClusterName: new(b.cfg.Metadata.Name), NodegroupName: new(m.Name)}
	var what []string
	add := map[string]string{}
	for k, v := range m.Labels {
		if live.Labels[k] != v {
			add[k] = v
		}
	}
	if len(add) > 0 {
		in.Labels = &types.UpdateLabelsPayload{AddOrUpdateLabels: add}
		what = append(what, "labels "+join(slices.Sorted(maps.Keys(add))))
	}
	if t := missingTaints(m.Taints, live.Taints); len(t) > 0 {
		in.Taints = &types.UpdateTaintsPayload{AddOrUpdateTaints: t}
		what = append(what, "taints")
	}
	if s := live.ScalingConfig; s != nil && (int(aws.ToInt32(s.MinSize)) != *m.MinSize || int(aws.ToInt32(s.MaxSize)) != *m.MaxSize) {
		// The desired size belongs to the autoscaler once the group stands; it only
		// follows the bounds.
		want := min(max(int(aws.ToInt32(s.DesiredSize)), *m.MinSize), *m.MaxSize)
		in.ScalingConfig = &types.NodegroupScalingConfig{MinSize: new(int32(*m.MinSize)), MaxSize: new(int32(*m.MaxSize)), DesiredSize: new(int32(want))}
		what = append(what, fmt.Sprintf("sizes %d to %d", *m.MinSize, *m.MaxSize))
	}
	if len(what) > 0 {
		b.add(rules.Step{Kind: rules.GroupUpdate, Name: m.Name}, Update, "managed node group "+m.Name+": "+join(what), "eks", 40*time.Second, timeoutUpdate, &steps.GroupUpdate{Env: b.env, Input: in})
	}
}

func missingTaints(want config.Taints, have []types.Taint) []types.Taint {
	effects := map[string]types.TaintEffect{"NoSchedule": types.TaintEffectNoSchedule, "PreferNoSchedule": types.TaintEffectPreferNoSchedule, "NoExecute": types.TaintEffectNoExecute}
	var out []types.Taint
	for _, w := range want {
		found := false
		for _, h := range have {
			found = found || aws.ToString(h.Key) == w.Key && aws.ToString(h.Value) == w.Value && h.Effect == effects[w.Effect]
		}
		if !found {
			t := types.Taint{Key: new(w.Key), Effect: effects[w.Effect]}
			if w.Value != "" {
				t.Value = new(w.Value)
			}
			out = append(out, t)
		}
	}
	return out
}

// body is a template known when the plan is made.
func body(t *stack.Template) func(context.Context) (string, error) {
	s := t.JSON()
	return func(context.Context) (string, error) { return s, nil }
}

func (b *builder) clusterBody(context.Context) (string, error) {
	return stack.Cluster(b.cfg, b.env.Net).JSON(), nil
}
