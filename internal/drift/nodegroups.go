package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

// nodegroups are fields of node groups beside those of the file.
var nodegroups = []Field{
	{
		Path: "nodegroups.exists", Doc: "A node group that a stack made exists.", From: []observe.Part{observe.Nodegroups},
		Things: func(t *Truths) []Thing {
			var out []Thing
			for _, r := range t.of("AWS::EKS::Nodegroup") {
				if name, ok := r.Text("NodegroupName"); ok && (r.Stack == record.Terraform || t.Live.Has(r.Stack)) {
					out = append(out, Thing{name, r})
				}
			}
			return out
		},
		Want: exists, Live: func(t *Truths, x Thing) Reading { return there(t.Live.Groups[x.Key] != nil, x) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Gone, finding.Warning
			d.What = fmt.Sprintf("EKS has no node group %s, and %s says that it has", x.Key, x.Data.(*record.Resource).Owner())
			d.Breaks = []string{"eksctl create nodegroup of that name fails: the stack exists"}
			d.About = About{Calls: []string{"DeleteNodegroup"}, Mentions: x.Key}
			d.Repairs = []Repair{t.ask("takes the stack away, so that the group can be made again", "cloudformation", "DeleteStack",
				map[string]any{"StackName": x.Data.(*record.Resource).Stack})}
		},
	},
	{
		Path: "nodegroups.selfManaged.exists", Doc: "The Auto Scaling group of a self-managed node group exists.", From: []observe.Part{observe.Scaling},
		Things: func(t *Truths) []Thing { return t.selfManaged() }, Want: exists,
		Live: func(t *Truths, x Thing) Reading { return there(t.Live.ScalingGroupOf(x.Key) != nil, x) },
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Gone, finding.Error
			d.What = fmt.Sprintf("the Auto Scaling group of node group %s does not exist any more, and its stack stands", x.Key)
			d.Breaks = []string{"the group has no nodes, and eksctl scale nodegroup fails"}
			d.About = About{Calls: []string{"DeleteAutoScalingGroup"}}
		},
	},
	{
		Path: "nodegroups.health", Doc: "What EKS finds wrong with a node group.", From: []observe.Part{observe.Nodegroups}, Things: managedGroups,
		Live: func(_ *Truths, x Thing) Reading { return says(issues(x.Data.(*observe.Nodegroup).Health)) },
		Same: func(_, live any) bool { return len(live.([]any)) == 0 },
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Unwell, finding.Error
			d.What, d.Extra = "EKS finds of node group "+x.Key+": "+list(d.Extra), nil
			d.Breaks = []string{"node group " + x.Key + " cannot add or replace nodes"}
		},
	},
	{
		Path: "nodegroups.subnets", Cheap: true, Doc: "The subnets of a node group exist.", From: []observe.Part{observe.Nodegroups, observe.Networking},
		Needs: []string{"the subnets"}, Things: managedGroups,
		Want: func(_ *Truths, x Thing) Reading { return says(x.Data.(*observe.Nodegroup).Subnets) },
		Live: func(t *Truths, x Thing) Reading {
			out := observe.Set{}
			for _, id := range x.Data.(*observe.Nodegroup).Subnets {
				if t.network().Subnets[id] != nil {
					out = append(out, id)
				}
			}
			return says(out)
		},
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity, d.Recorded = Listed, finding.Error, nil
			d.What = fmt.Sprintf("node group %s lists %s, and EC2 has no such subnet", x.Key, list(d.Lacks))
			d.Breaks = []string{"node group " + x.Key + " cannot start nodes there, and cannot be updated (Ec2SubnetNotFound)"}
			d.About = About{Resource: d.Lacks[0], Calls: []string{"DeleteSubnet"}}
		},
	},
	{
		Path: "nodegroups.launchTemplate", Doc: "The launch template of a managed node group exists.",
		From: []observe.Part{observe.Nodegroups, observe.Machines},
		Things: func(t *Truths) []Thing {
			return slices.DeleteFunc(managedGroups(t), func(x Thing) bool { l := x.Data.(*observe.Nodegroup).LaunchTemplate; return l == nil || l.ID == "" })
		},
		Want: func(_ *Truths, x Thing) Reading { return says(x.Data.(*observe.Nodegroup).LaunchTemplate.ID) },
		Live: func(t *Truths, x Thing) Reading {
			id := x.Data.(*observe.Nodegroup).LaunchTemplate.ID
			for k := range t.Live.LaunchTemplates {
				if strings.HasPrefix(k, id+"/") {
					return says(id)
				}
			}
			if t.unread(observe.Machines, "launch template "+id) {
				return Reading{Unknown: "the launch template " + id + " was not read"}
			}
			return says(nil)
		},
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Gone, finding.Error
			d.What = fmt.Sprintf("the launch template %v of node group %s does not exist any more; its nodes run on", d.Recorded.Is, x.Key)
			d.Breaks = []string{"node group " + x.Key + " cannot add or replace nodes (Ec2LaunchTemplateNotFound)"}
			d.About = About{Resource: text(d.Recorded.Is), Calls: []string{"DeleteLaunchTemplate"}}
			d.Repairs = []Repair{{Does: "nothing gives a group another template: make a new group beside it, and delete this one once its pods have moved",
				Command: "slipway up -f FILE   # with the group under another name"}}
		},
	},
	{
		Path: "nodegroups.launchTemplateVersion", From: []observe.Part{observe.Nodegroups, observe.Machines},
		Doc:    "The version of its launch template that a managed node group has: the recorded one, else the newest of the stack's own.",
		Things: versioned, Want: templateVersion,
		Live: func(_ *Truths, x Thing) Reading { return says(x.Data.(*observe.Nodegroup).LaunchTemplate.Version) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			lt := x.Data.(*observe.Nodegroup).LaunchTemplate
			d.What = fmt.Sprintf("node group %s has version %v of its launch template %s, and %v is recorded", x.Key, d.Live.Is, lt.ID, d.Recorded.Is)
			d.Breaks = []string{"an update of its stack replaces its nodes once more"}
			d.About = About{Calls: []string{"UpdateNodegroupVersion"}, Mentions: x.Key}
			if v, _ := t.recordedTemplate(x.Key)["Version"]; v == nil {
				d.What = fmt.Sprintf("node group %s has version %v of its launch template %s, whose newest is %v", x.Key, d.Live.Is, lt.ID, d.Recorded.Is)
				d.Breaks = []string{"what was changed in the template is on none of its nodes"}
				d.About = About{Resource: lt.ID, Calls: []string{"CreateLaunchTemplateVersion"}}
			}
			d.Repairs = []Repair{{Does: "has EKS replace its nodes by such of that version, within disruption budgets",
				Command: fmt.Sprintf("slipway nodegroup upgrade %s %s --strategy in-place --launch-template-version %v --region %s",
					t.Live.Name, x.Key, d.Recorded.Is, t.Live.Region)}}
		},
	},
	scalingField("minSize", "The fewest instances, as EKS and as the Auto Scaling group have it.", "MinSize",
		func(s *observe.Sizes) int { return s.MinSize }, func(g *observe.ScalingGroup) int { return g.MinSize }),
	scalingField("maxSize", "The most instances, as EKS and as the Auto Scaling group have it.", "MaxSize",
		func(s *observe.Sizes) int { return s.MaxSize }, func(g *observe.ScalingGroup) int { return g.MaxSize }),
	{
		Path: "nodegroups.scalingGroup.exists", Doc: "The Auto Scaling group behind a managed node group exists.",
		From: []observe.Part{observe.Nodegroups, observe.Scaling}, Things: managedGroups, Want: exists,
		Live: func(t *Truths, x Thing) Reading { return there(t.Live.ScalingGroupOf(x.Key) != nil, x) },
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Gone, finding.Error
			d.What = "the Auto Scaling group behind node group " + x.Key + " does not exist any more"
			d.Breaks = []string{"node group " + x.Key + " cannot add or replace nodes (AutoScalingGroupNotFound)"}
			d.About = About{Calls: []string{"DeleteAutoScalingGroup"}}
		},
	},
	{
		Path: "nodegroups.scalingGroup.subnets", Doc: "The subnets of the Auto Scaling group behind a managed node group.",
		From: []observe.Part{observe.Nodegroups, observe.Scaling}, Things: scaledGroups,
		Want: func(_ *Truths, x Thing) Reading { return says(x.Data.(*observe.Nodegroup).Subnets) },
		Live: func(t *Truths, x Thing) Reading { return says(split(t.Live.ScalingGroupOf(x.Key).VPCZoneIdentifier)) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.What = "somebody gave the Auto Scaling group behind node group " + x.Key + " other subnets than EKS knows"
			d.Breaks = []string{"EKS refuses the group's next update, or undoes it (AutoScalingGroupInvalidConfiguration)"}
			d.About = About{Calls: []string{"UpdateAutoScalingGroup"}, Mentions: t.Live.ScalingGroupOf(x.Key).Name}
			d.Repairs = []Repair{t.ask("puts it as EKS has it", "autoscaling", "UpdateAutoScalingGroup", map[string]any{
				"AutoScalingGroupName": t.Live.ScalingGroupOf(x.Key).Name, "VPCZoneIdentifier": strings.Join(x.Data.(*observe.Nodegroup).Subnets, ",")})}
		},
	},
	{
		Path: "nodegroups.scalingGroup.suspended", Doc: "Processes of the Auto Scaling group that somebody suspended.",
		From: []observe.Part{observe.Nodegroups, observe.Scaling}, Things: scaledGroups,
		Want: func(t *Truths, x Thing) Reading { return says(t.suspensions(x.Key)) },
		Live: func(t *Truths, x Thing) Reading {
			out := []string{}
			for _, p := range t.Live.ScalingGroupOf(x.Key).SuspendedProcesses {
				out = append(out, p.ProcessName)
			}
			return says(out)
		},
		Same: func(want, live any) bool { _, extra := sets(want, live); return len(extra) == 0 },
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.What = fmt.Sprintf("somebody suspended %s of the Auto Scaling group behind node group %s", list(d.Extra), x.Key)
			d.Breaks, d.Lacks = []string{"node group " + x.Key + " cannot add or replace nodes while Launch or Terminate is suspended"}, nil
			d.About = About{Calls: []string{"SuspendProcesses"}, Mentions: t.Live.ScalingGroupOf(x.Key).Name}
			d.Repairs = []Repair{t.ask("lets them go on", "autoscaling", "ResumeProcesses",
				map[string]any{"AutoScalingGroupName": t.Live.ScalingGroupOf(x.Key).Name, "ScalingProcesses": d.Extra})}
		},
	},
	{
		Path: "managedNodeGroups.labels.added", Doc: "Labels of a managed node group that the record does not have.",
		From: []observe.Part{observe.Nodegroups},
		Things: func(t *Truths) []Thing {
			return slices.DeleteFunc(managedGroups(t), func(x Thing) bool { return t.recordedGroup(x.Key) == nil })
		},
		Want: func(t *Truths, x Thing) Reading {
			want := []string{}
			if v, ok := t.recordedGroup(x.Key).Known("Labels"); ok {
				m, _ := v.(map[string]any)
				for k := range m {
					want = append(want, k)
				}
			}
			return says(want)
		},
		Live: func(_ *Truths, x Thing) Reading {
			have := []string{}
			for _, k := range keys(x.Data.(*observe.Nodegroup).Labels) {
				have = append(have, k.Key)
			}
			return says(have)
		},
		Same: func(want, live any) bool { _, extra := sets(want, live); return len(extra) == 0 },
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity, d.Lacks = Foreign, finding.Info, nil
			d.What = fmt.Sprintf("somebody added labels to node group %s: %s", x.Key, list(d.Extra))
			d.About = About{Calls: []string{"UpdateNodegroupConfig"}, Mentions: x.Key, Members: []string{"labels"}}
		},
	},
}

// versioned are managed groups with a launch template of which the record, or the template
// itself, tells the version.
func versioned(t *Truths) []Thing {
	return slices.DeleteFunc(managedGroups(t), func(x Thing) bool {
		g := x.Data.(*observe.Nodegroup)
		return g.LaunchTemplate == nil || g.LaunchTemplate.Version == "" || g.Status != "ACTIVE" || templateVersion(t, x).Silent
	})
}

func templateVersion(t *Truths, x Thing) Reading {
	was, id := t.recordedTemplate(x.Key), x.Data.(*observe.Nodegroup).LaunchTemplate.ID
	switch v := was["Version"].(type) {
	case nil:
	case string:
		if v == record.Unknown || strings.HasPrefix(v, "$") {
			return silent
		}
		return says(v)
	default:
		return says(fmt.Sprint(v))
	}
	r := t.recordedGroup(x.Key)
	own := r != nil && slices.ContainsFunc(t.of("AWS::EC2::LaunchTemplate"), func(l *record.Resource) bool { return l.Stack == r.Stack })
	if !own || r.Stack == record.Terraform {
		return silent
	}
	newest := int64(0)
	for _, l := range t.Live.LaunchTemplates {
		if l.ID == id {
			newest = max(newest, l.Version)
		}
	}
	if newest == 0 {
		return silent
	}
	return says(fmt.Sprint(newest))
}

// recordedTemplate is what a group's record says of its launch template.
func (t *Truths) recordedTemplate(group string) map[string]any {
	r := t.recordedGroup(group)
	if r == nil {
		return nil
	}
	m, _ := r.Properties["LaunchTemplate"].(map[string]any)
	return m
}

func issues(h *observe.Health) []any {
	out := []any{}
	if h != nil {
		for _, i := range h.Issues {
			out = append(out, i.Code+": "+i.Message)
		}
	}
	return out
}

func managedGroups(t *Truths) []Thing { return keys(t.Live.Groups) }

// scaledGroups are managed groups with the Auto Scaling group behind them.
func scaledGroups(t *Truths) []Thing {
	return slices.DeleteFunc(managedGroups(t), func(x Thing) bool {
		return t.Live.ScalingGroupOf(x.Key) == nil || x.Data.(*observe.Nodegroup).ScalingConfig == nil || x.Data.(*observe.Nodegroup).Status != "ACTIVE"
	})
}

func (t *Truths) recordedGroup(name string) *record.Resource {
	for _, r := range t.of("AWS::EKS::Nodegroup") {
		if r.Properties["NodegroupName"] == name {
			return r
		}
	}
	return nil
}

// suspensions are the processes that the file, or the record, suspends.
func (t *Truths) suspensions(group string) []string {
	out := []string{}
	if t.Record == nil || t.Record.Config == nil {
		return out
	}
	for _, g := range t.Record.Config.ManagedNodeGroups {
		if g.Name == group {
			out = append(out, g.AsgSuspendProcesses...)
		}
	}
	return out
}

// selfManaged are the self-managed groups that stacks stand for.
func (t *Truths) selfManaged() []Thing {
	var out []Thing
	for _, r := range t.of("AWS::AutoScaling::AutoScalingGroup") {
		if s := t.Live.Stacks[r.Stack]; s.Stands() && s.Tags["alpha.eksctl.io/nodegroup-name"] != "" {
			out = append(out, Thing{s.Tags["alpha.eksctl.io/nodegroup-name"], r})
		}
	}
	return out
}

// scalingField compares a size of a managed group, as EKS has it, with its Auto Scaling
// group's. The desired size is the autoscaler's, and no drift.
func scalingField(name, doc, parameter string, ofEKS func(*observe.Sizes) int, ofGroup func(*observe.ScalingGroup) int) Field {
	return Field{
		Path: "nodegroups.scalingGroup." + name, Doc: doc, From: []observe.Part{observe.Nodegroups, observe.Scaling}, Things: scaledGroups,
		Want: func(_ *Truths, x Thing) Reading { return says(ofEKS(x.Data.(*observe.Nodegroup).ScalingConfig)) },
		Live: func(t *Truths, x Thing) Reading { return says(ofGroup(t.Live.ScalingGroupOf(x.Key))) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			g := t.Live.ScalingGroupOf(x.Key)
			d.What = fmt.Sprintf("somebody edited the Auto Scaling group behind node group %s: %s is %v there, and EKS has %v", x.Key, name, d.Live.Is, d.Recorded.Is)
			d.Breaks = []string{"EKS puts its own value back at the group's next update, or refuses it (AutoScalingGroupInvalidConfiguration)"}
			d.About = About{Resource: g.Name, Calls: []string{"UpdateAutoScalingGroup"}, Mentions: g.Name}
			d.Repairs = []Repair{t.ask("puts it as EKS has it", "autoscaling", "UpdateAutoScalingGroup",
				map[string]any{"AutoScalingGroupName": g.Name, parameter: d.Recorded.Is})}
		},
	}
}
