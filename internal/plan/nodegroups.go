package plan

import (
	"cmp"
	"crypto/md5"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/sshkey"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

func (b *builder) nodeGroups() {
	for i := range b.cfg.ManagedNodeGroups {
		if m := &b.cfg.ManagedNodeGroups[i]; !b.isReplaced(m.Name) {
			b.managed(i, m)
		}
	}
	for i := range b.cfg.NodeGroups {
		if g := &b.cfg.NodeGroups[i]; !b.isReplaced(g.Name) {
			b.selfManaged(i, g)
		}
	}
	b.replacements()
	b.versions.joined()
}

func (b *builder) managed(i int, m *config.ManagedNodeGroup) {
	n := &m.NodeGroupBase
	b.plan.WantNodes += *n.DesiredCapacity
	name, live := b.groupStack(n.Name), b.live.Groups[n.Name]
	status := ""
	if live != nil {
		status = live.Status
	}
	switch groupMoves[b.phase(name)][b.there(name, live != nil, status, observe.Nodegroups)] {
	case refuse:
		b.refuseGroup(at("managedNodeGroups", i, "name"), name, m.Name, status)
	case follow:
		b.managedChanges(i, m, live)
	case settle:
		b.managedSettles(i, m, live)
	case remake:
		if status == "DELETING" {
			b.gone(rules.DeleteGroup, "nodegroup", m.Name, name)
		}
		b.clear(name, b.failedStack(name, "a node group that is "+cmp.Or(status, "gone")))
		b.accessAnew(m.Name)
		b.managedNew(m)
	case create:
		if status == "DELETING" && b.phase(name) == observe.Absent {
			b.gone(rules.DeleteGroup, "nodegroup", m.Name, name)
		}
		b.accessAnew(m.Name)
		b.managedNew(m)
	}
}

// managedNew makes a managed group, or waits for its stack that makes it.
func (b *builder) managedNew(m *config.ManagedNodeGroup) {
	n, name := &m.NodeGroupBase, b.groupStack(m.Name)
	b.key(n)
	tags, t := b.groupMarks(map[string]string{eksfacts.TagGroup: n.Name, eksfacts.TagGroupType: "managed"}), b.groupTemplate(m, nil)
	if stack.ManagedEarly(t.Group.Config, m, stack.Live{CNIOnNode: t.Group.CNIOnNode}) != nil {
		b.early(n, name, tags, t)
	}
	b.addStack(part{Step: b.groupStep(rules.NodeGroup, n, m),
		Title:   fmt.Sprintf("managed node group %s (%s)", n.Name, instances(n, m.InstanceTypes)),
		Typical: typicalGroup, Timeout: timeoutGroup},
		name, tags, steps.Stack{Template: t, Group: n.Name, Count: b.count(n, true)})
	b.after(n, true, m.Taints)
}

// groupMarks are the tags of a group's stack, with the group that it takes the place of.
func (b *builder) groupMarks(tags map[string]string) map[string]string {
	if b.replaces != "" {
		tags[marks.Replaces] = b.replaces
	}
	return tags
}

// managedSettles awaits what is under way on a managed group, then follows the file.
func (b *builder) managedSettles(i int, m *config.ManagedNodeGroup, live *observe.Nodegroup) {
	switch phase := b.phase(b.groupStack(m.Name)); {
	case phase == observe.Making || phase == observe.Changing && (live == nil || live.Status == "CREATING"):
		b.managedNew(m)
	case phase == observe.Changing:
		b.settled(b.groupStack(m.Name))
	default:
		b.add(part{Step: rules.Step{Kind: rules.GroupSettled, Name: m.Name}, Action: Await, Title: fmt.Sprintf("node group %s, which is %s", m.Name, live.Status),
			Typical: typicalGroup, Timeout: timeoutGroup,
			Run: &steps.GroupUpdate{Input: eks.UpdateNodegroupConfigInput{NodegroupName: &m.Name}}})
	}
	b.managedChanges(i, m, live)
}

// refuseGroup says what must happen before a node group of that name can be followed.
func (b *builder) refuseGroup(path, name, group, status string) {
	if b.phase(name) == observe.Stuck {
		b.stuck(path, name)
		return
	}
	b.refuse(path, "delete it (aws eks delete-nodegroup --nodegroup-name "+group+"), then run again, or give the new one another name",
		"the live node group %s is %s, and no stack holds it that could be made again", group, status)
}

func (b *builder) groupStack(group string) string { return stack.GroupName(b.cfg.Metadata.Name, group) }

func (b *builder) selfManaged(i int, g *config.NodeGroup) {
	n := &g.NodeGroupBase
	b.plan.WantNodes += *n.DesiredCapacity
	name := b.groupStack(n.Name)
	live, status := b.live.ScalingGroupOf(n.Name), ""
	if live != nil && live.Managed {
		live = nil
	} else if live != nil {
		status = live.Status
	}
	switch ownGroupMoves[b.phase(name)][b.there(name, live != nil, status, observe.Scaling)] {
	case refuse:
		b.refuseOwnGroup(at("nodeGroups", i, "name"), name, n.Name, live)
	case follow:
		b.selfManagedChanges(i, g)
	case settle:
		if b.phase(name) == observe.Changing && live != nil {
			b.settled(name)
			b.nodes(n, false, 40*time.Second) // it may be its completion that is under way
		} else {
			b.selfManagedNew(g)
		}
		b.selfManagedChanges(i, g)
	case remake:
		b.clear(name, b.failedStack(name, "an Auto Scaling group that is "+cmp.Or(strings.ToLower(status), "gone")))
		b.selfManagedNew(g)
	case create:
		b.selfManagedNew(g)
	}
}

func (b *builder) refuseOwnGroup(path, name, group string, live *observe.ScalingGroup) {
	if b.phase(name) == observe.Stuck {
		b.stuck(path, name)
		return
	}
	b.refuse(
		path,
		"delete it (aws autoscaling delete-auto-scaling-group --auto-scaling-group-name "+live.Name+" --force-delete), then run again, "+
			"or give the new one another name",
		"the Auto Scaling group %s of node group %s stands without its stack",
		live.Name,
		group,
	)
}

// selfManagedNew makes a self-managed group, or waits for its stack that makes it.
func (b *builder) selfManagedNew(g *config.NodeGroup) {
	n, name := &g.NodeGroupBase, b.groupStack(g.Name)
	b.key(n)
	var types []string
	if g.InstancesDistribution != nil {
		types = g.InstancesDistribution.InstanceTypes
	}
	tags := b.groupMarks(map[string]string{eksfacts.TagGroup: n.Name, eksfacts.TagGroupLegacy: n.Name, eksfacts.TagGroupType: "unmanaged"})
	t := b.groupTemplate(nil, g)
	b.early(n, name, tags, t)
	b.addStack(part{Step: b.groupStep(rules.NodeGroup, n, nil),
		Title:   fmt.Sprintf("self-managed node group %s (%s)", n.Name, instances(n, types)),
		Typical: 90 * time.Second, Timeout: timeoutGroup},
		name, tags, steps.Stack{Template: t, Count: b.count(n, false)})
	if b.cfg.AccessConfig.AuthenticationMode == "CONFIG_MAP" {
		b.mapNodeRole(n)
	} else if g.IAM.InstanceRoleARN != "" {
		b.letIn(n, g.IAM.InstanceRoleARN)
	}
	b.after(n, false, g.Taints)
}

// early makes what a group's stack can hold while the control plane is being made, so
// that the group itself does not wait for IAM.
func (b *builder) early(n *config.NodeGroupBase, name string, tags map[string]string, t steps.Template) {
	if p := b.phase(name); !b.draft.Graph.Has(rules.ControlPlane) || p != observe.Absent && p != observe.Going && p != observe.Failed {
		return
	}
	g := *t.Group
	g.Early = true
	what := "role of node group " + n.Name
	if len(g.Config.NodeGroups) == 1 || stack.OpensSSHToVPC(n) {
		what = "role and security group of node group " + n.Name
	}
	b.addStack(part{Step: rules.Step{Kind: rules.GroupRole, Name: n.Name}, Title: what, Typical: typicalRole, Timeout: timeoutStack},
		name, tags, steps.Stack{Template: steps.Template{Group: &g}})
}

// letIn gives a node role that exists its access entry, once: the file's own entry of
// that role, or another group's, is as good.
func (b *builder) letIn(n *config.NodeGroupBase, role string) {
	entry := stack.AccessEntryName(b.cfg.Metadata.Name, role)
	for i, s := range b.draft.Steps {
		if s.Kind == rules.AccessEntry && s.Has(rules.With(rules.Of, entry)) {
			b.draft.Steps[i] = s.Label(rules.With(rules.For, n.Name))
			return
		}
	}
	if b.phase(entry) == observe.Complete || b.phase(entry) == observe.Absent && b.live.AccessEntries[role] != nil {
		return
	}
	e := config.AccessEntry{PrincipalARN: role, Type: "EC2_LINUX"}
	if n.Windows() {
		e.Type = "EC2_WINDOWS"
	}
	b.addStack(
		part{
			Step:    rules.Step{Kind: rules.AccessEntry, Name: "nodes/" + n.Name, Labels: []string{rules.With(rules.For, n.Name)}},
			Title:   "access entry for the nodes of " + n.Name,
			Typical: 10 * time.Second,
			Timeout: timeoutStack,
		},
		entry,
		nil,
		steps.Stack{Template: steps.Text(stack.AccessEntry(b.cfg.Metadata.Name, e))},
	)
}

// mapNodeRole lets a self-managed group's nodes in by aws-auth. A role that the
// group's own stack makes has a name that is known beforehand.
func (b *builder) mapNodeRole(n *config.NodeGroupBase) {
	arn := n.IAM.InstanceRoleARN
	if name := b.nodeRoleName(n); name != "" {
		arn = "arn:" + b.in.Partition + ":iam::" + b.in.Account + ":role/" + name
	}
	m := nodeMapping(arn)
	if in := b.inside(); arn == "" || in != nil && steps.Mapped(in.AWSAuth, m) {
		return
	}
	b.kubernetes(
		rules.Step{Kind: rules.Mapping, Name: "nodes/" + n.Name, Labels: []string{rules.With(rules.For, n.Name)}},
		"aws-auth mapping of node group "+n.Name,
		&steps.IdentityMapping{Mapping: m},
	)
}

// count shows a group's nodes as they become Ready, while its stack is at work.
func (b *builder) count(n *config.NodeGroupBase, managed bool) *steps.Nodes {
	if *n.DesiredCapacity == 0 || b.in.Unreachable != "" {
		return nil
	}
	return &steps.Nodes{Group: n.Name, Want: *n.DesiredCapacity, Managed: managed}
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
	key := b.in.Keys[n.Name]
	if key == "" {
		return // none is imported, or it cannot be read, which preflight reports
	}
	b.add(part{Step: rules.Step{Kind: rules.KeyPair, Name: n.Name}, Action: Create, Title: "SSH key for node group " + n.Name,
		Typical: time.Second, Timeout: timeoutQuick,
		Run: &steps.KeyPair{Name: sshkey.Name(b.cfg.Metadata.Name, n.Name, key), Key: key}})
}

// after counts the nodes, and sets what CloudFormation cannot.
func (b *builder) after(n *config.NodeGroupBase, managed bool, ts config.Taints) {
	b.nodes(n, managed, 5*time.Second)
	if tags := propagated(n, managed, ts); len(n.AsgSuspendProcesses)+len(tags) > 0 {
		b.scaling(n, &steps.GroupScaling{Suspend: n.AsgSuspendProcesses, Tags: tags})
	}
}

func (b *builder) nodes(n *config.NodeGroupBase, managed bool, typical time.Duration) {
	if *n.DesiredCapacity > 0 {
		b.add(
			part{
				Step:    b.groupStep(rules.Nodes, n, nil).Label(rules.With(rules.Of, b.groupStack(n.Name))),
				Action:  Await,
				Title:   counted(*n.DesiredCapacity, "node") + " of " + n.Name + " Ready",
				Typical: typical,
				Timeout: timeoutGroup,
				Run:     &steps.Nodes{Group: n.Name, Want: *n.DesiredCapacity, Managed: managed},
			},
		)
	}
}

// propagated are the tags by which the autoscaler knows a managed group's labels
// and taints.
func propagated(n *config.NodeGroupBase, managed bool, ts config.Taints) map[string]string {
	if !managed || !config.On(n.PropagateASGTags, false) {
		return nil
	}
	tags := stack.NodeTemplateTags(n, ts)
	maps.Copy(tags, n.Tags)
	return tags
}

// scaling sets what only the Auto Scaling group knows, in one step: of a group that is still
// being made, that may be what it is made with and what the file has changed since.
func (b *builder) scaling(n *config.NodeGroupBase, run *steps.GroupScaling) {
	run.Group = n.Name
	if e := b.plan.Entry(rules.ID(rules.GroupScaling, n.Name)); e != nil {
		was := e.Step.(*steps.GroupScaling)
		for _, p := range run.Suspend {
			if !slices.Contains(was.Suspend, p) {
				was.Suspend = append(was.Suspend, p)
			}
		}
		was.Resume = append(was.Resume, run.Resume...)
		was.Tags = merged(was.Tags, run.Tags)
		return
	}
	b.add(part{Step: rules.Step{Kind: rules.GroupScaling, Name: n.Name}, Action: Update, Title: "Auto Scaling settings of " + n.Name,
		Typical: time.Second, Timeout: timeoutQuick,
		Run: run})
}

// groupTemplate is a node group's template, for its step to make from live values.
func (b *builder) groupTemplate(m *config.ManagedNodeGroup, g *config.NodeGroup) steps.Template {
	part := b.cfg.Foundation()
	t := &steps.Group{Config: part, CNIOnNode: b.cfg.CNIPermissions() == config.FromNode}
	n := &config.NodeGroupBase{}
	if m != nil {
		n, part.ManagedNodeGroups = &m.NodeGroupBase, []config.ManagedNodeGroup{*m}
	} else {
		n, part.NodeGroups = &g.NodeGroupBase, []config.NodeGroup{*g}
		t.RoleName = b.nodeRoleName(n)
		t.AccessEntry = b.cfg.AccessConfig.AuthenticationMode != "CONFIG_MAP" && g.IAM.InstanceRoleARN == ""
	}
	if key := b.in.Keys[n.Name]; key != "" {
		t.KeyName = sshkey.Name(b.cfg.Metadata.Name, n.Name, key)
	} else if n.SSH != nil {
		t.KeyName = n.SSH.PublicKeyName
	}
	return steps.Template{Group: t}
}

// nodeRoleName is the name of the role that a self-managed group's stack makes, where
// it must be known before: aws-auth names it before there are instances. "" leaves
// the name to CloudFormation.
func (b *builder) nodeRoleName(n *config.NodeGroupBase) string {
	switch {
	case n.IAM.InstanceRoleARN != "" || n.IAM.InstanceProfileARN != "" || b.cfg.AccessConfig.AuthenticationMode != "CONFIG_MAP":
		return ""
	case n.IAM.InstanceRoleName != "":
		return n.IAM.InstanceRoleName
	}
	name := stack.GroupName(b.cfg.Metadata.Name, n.Name) + "-NodeInstanceRole"
	if len(name) > 64 { // IAM's limit
		name = fmt.Sprintf("%s-%x", name[:51], md5.Sum([]byte(name)))[:64]
	}
	return name
}

// merged are two sets of tags, where the second's values count.
func merged(a, b map[string]string) map[string]string {
	if a == nil {
		return b
	}
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
