package plan

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/veil"
)

// addons brings back add-ons: those that are gone, versions, roles, and what they are
// configured with.
func (r *restoration) addons() {
	for _, name := range slices.Sorted(maps.Keys(r.Was.Addons)) {
		was, now := r.Was.Addons[name], r.live.Addons[name]
		if !r.wants("addons", name) {
			continue
		}
		hidden := strings.Contains(was.ConfigurationValues, veil.Mark)
		if hidden && (now == nil || !alike(was.ConfigurationValues, veil.Value(now.ConfigurationValues))) {
			r.cannot("what add-on %s was configured with: the snapshot has a part of it by its hash alone, as it may be a secret", name)
			continue
		}
		if now == nil {
			run := &steps.Addon{Name: name, Version: was.Version, Values: was.ConfigurationValues, Role: was.ServiceAccountRoleARN, Tags: ownTags(was.Tags),
				PodRoles: r.podRoles(was)}
			if was.NamespaceConfig != nil {
				run.Namespace = was.NamespaceConfig.Namespace
			}
			r.step(rules.Step{Kind: rules.Addon, Name: name}, Create, "add-on "+name+" "+was.Version, run, 40*time.Second)
			continue
		}
		run := &steps.AddonUpdate{Input: eks.UpdateAddonInput{AddonName: new(name), ResolveConflicts: types.ResolveConflictsOverwrite}}
		var what []string
		if !hidden && !alike(was.ConfigurationValues, now.ConfigurationValues) {
			run.Input.ConfigurationValues = new(was.ConfigurationValues)
			what = append(what, "configuration values")
		}
		if was.Version != "" && was.Version != now.Version {
			run.Input.AddonVersion = new(was.Version)
			what = append(what, "version "+was.Version)
		}
		if was.ServiceAccountRoleARN != now.ServiceAccountRoleARN && was.ServiceAccountRoleARN != "" {
			run.Input.ServiceAccountRoleArn = new(was.ServiceAccountRoleARN)
			what = append(what, "role "+short(was.ServiceAccountRoleARN))
		}
		if len(what) > 0 {
			r.step(rules.Step{Kind: rules.AddonUpdate, Name: name}, Update, "add-on "+name+": "+strings.Join(what, ", "), run, 40*time.Second)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.live.Addons)) {
		if r.Was.Addons[name] == nil && slices.Contains(r.Was.Parts, observe.Addons) && r.wants("addons", name) && r.since("add-on %s", name) {
			r.remove(rules.Step{Kind: rules.DeleteAddon, Name: name}, "add-on "+name, "addon", name, 20*time.Second)
		}
	}
}

// podRoles are the roles of an add-on's pods, by service account.
func (r *restoration) podRoles(a *observe.Addon) map[string]string {
	out := map[string]string{}
	for _, p := range r.Was.PodIdentities {
		if slices.Contains(a.PodIdentityAssociations, p.ARN) {
			out[p.ServiceAccount] = p.RoleARN
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// alike tells whether two texts of JSON or YAML say the same.
func alike(a, b string) bool {
	var x, y any
	if yaml.Unmarshal([]byte(a), &x) != nil || yaml.Unmarshal([]byte(b), &y) != nil {
		return a == b
	}
	none := func(v any) bool { m, is := v.(map[string]any); return v == nil || is && len(m) == 0 }
	return none(x) && none(y) || reflect.DeepEqual(x, y)
}

// taints are the change of a group's taints; those that others added since stay, unless they
// may be taken away. nil: none is left.
func (r *restoration) taints(group string, want config.Taints, now []observe.Taint) *types.UpdateTaintsPayload {
	out := taintsPayload(want, now)
	if len(out.RemoveTaints) == 0 {
		return out
	}
	var extra []string
	for _, t := range out.RemoveTaints {
		extra = append(extra, *t.Key)
	}
	if r.since("taints of node group %s: %s", group, strings.Join(extra, ", ")) {
		return out
	}
	out.RemoveTaints = nil
	for _, w := range want {
		if !slices.ContainsFunc(now, func(h observe.Taint) bool {
			return h.Key == w.Key && h.Value == w.Value && h.Effect == eksfacts.EKSEffect(w.Effect)
		}) {
			return out
		}
	}
	return nil // all of them are there
}

// groups brings back what EKS and Auto Scaling change in place of node groups.
func (r *restoration) groups() {
	for _, name := range slices.Sorted(maps.Keys(r.Was.Groups)) {
		was, now := r.Was.Groups[name], r.live.Groups[name]
		switch {
		case !r.wants("managedNodeGroups", name) || r.undone[name]: // its stack brings it back
		case now == nil:
			r.cannot("node group %s: it is gone; make it again with slipway nodegroup create", name)
		default:
			r.group(was, now)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Was.ScalingGroups)) {
		r.scaled(r.Was.ScalingGroups[name])
	}
}

// group brings back a managed node group: additions first, each in a step of its own.
func (r *restoration) group(was, now *observe.Nodegroup) {
	name := was.Name
	run := &steps.GroupUpdate{Input: eks.UpdateNodegroupConfigInput{NodegroupName: new(name)}}
	var what []string
	if missing := lacking(was.Labels, now.Labels); len(missing) > 0 && r.wants("managedNodeGroups.labels", name) {
		run.Input.Labels = &types.UpdateLabelsPayload{AddOrUpdateLabels: missing}
		what = append(what, "labels "+strings.Join(keys(missing), ", "))
	}
	if !slices.Equal(was.Taints, now.Taints) && r.wants("managedNodeGroups.taints", name) {
		var want config.Taints
		for _, t := range was.Taints {
			want = append(want, config.Taint{Key: t.Key, Value: t.Value, Effect: eksfacts.KubernetesEffect(t.Effect)})
		}
		if run.Input.Taints = r.taints(name, want, now.Taints); run.Input.Taints != nil {
			what = append(what, "taints")
		}
	}
	if w, n := was.ScalingConfig, now.ScalingConfig; w != nil && n != nil && (w.MinSize != n.MinSize && r.wants("managedNodeGroups.minSize", name) ||
		w.MaxSize != n.MaxSize && r.wants("managedNodeGroups.maxSize", name)) {
		run.Bounds = &steps.Bounds{Min: w.MinSize, Max: w.MaxSize}
		what = append(what, fmt.Sprintf("sizes %d to %d", w.MinSize, w.MaxSize))
	}
	for _, f := range []struct {
		field    string
		was, now any
	}{{"updateConfig", was.UpdateConfig, now.UpdateConfig}, {"nodeRepairConfig", was.NodeRepairConfig, now.NodeRepairConfig}} {
		if w, n := plain(f.was), plain(f.now); w != nil && !reflect.DeepEqual(w, n) && r.wants("managedNodeGroups."+f.field, name) {
			into(&run.Input, f.field, w)
			what = append(what, spaced(f.field))
		}
	}
	if len(what) > 0 {
		r.step(rules.Step{Kind: rules.GroupLive, Name: name}, Update, "managed node group "+name+": "+strings.Join(what, ", "), run, 40*time.Second)
	}
	var extra []string
	for k := range now.Labels {
		if _, had := was.Labels[k]; !had {
			extra = append(extra, k)
		}
	}
	slices.Sort(extra)
	if len(extra) > 0 && r.wants("managedNodeGroups.labels", name) && r.since("labels of node group %s: %s", name, strings.Join(extra, ", ")) {
		r.step(rules.Step{Kind: rules.GroupLabelsGo, Name: name}, Delete, "labels of managed node group "+name+": "+strings.Join(extra, ", "),
			&steps.GroupUpdate{Input: eks.UpdateNodegroupConfigInput{NodegroupName: new(name), Labels: &types.UpdateLabelsPayload{RemoveLabels: extra}}}, 40*time.Second)
	}
	for _, id := range now.Subnets {
		if network(r.live).Subnets[id] == nil && network(r.live).Subnets != nil {
			r.cannot("the subnet %s of node group %s: EKS changes no group's subnets, and one that is made again has another ID; make another group beside it "+
				"(slipway nodegroup create), and delete this one", id, name)
		}
	}
}

// placed are the subnets that an Auto Scaling group gets back: none where it has them, or
// where one does not exist any more.
func (r *restoration) placed(was, now *observe.ScalingGroup) []string {
	of := func(g *observe.ScalingGroup) []string {
		return slices.Sorted(strings.SplitSeq(g.VPCZoneIdentifier, ","))
	}
	want, n := of(was), network(r.live).Subnets
	if was.VPCZoneIdentifier == "" || slices.Equal(want, of(now)) || slices.ContainsFunc(want, func(id string) bool { return n[id] == nil }) {
		return nil
	}
	return want
}

// scaled brings back the bounds of an Auto Scaling group, where EKS's are not the ones, and
// lets processes go on that somebody suspended.
func (r *restoration) scaled(was *observe.ScalingGroup) {
	name := was.Nodegroup
	now := r.live.ScalingGroupOf(name)
	if name == "" || !r.wants("nodegroups.scalingGroup", name) {
		return
	}
	if now == nil {
		if r.live.Groups[name] != nil || !was.Managed {
			r.cannot("the Auto Scaling group of node group %s: it is gone; make the group again with slipway nodegroup create", name)
		}
		return
	}
	byEKS := was.Managed && r.live.Groups[name] != nil && r.live.Groups[name].ScalingConfig != nil &&
		(r.live.Groups[name].ScalingConfig.MinSize != was.MinSize || r.live.Groups[name].ScalingConfig.MaxSize != was.MaxSize)
	if (was.MinSize != now.MinSize || was.MaxSize != now.MaxSize) && !byEKS {
		r.step(rules.Step{Kind: rules.GroupSizes, Name: name}, Update,
			fmt.Sprintf("Auto Scaling group of node group %s: sizes %d to %d", name, was.MinSize, was.MaxSize),
			&steps.GroupSizes{Group: name, Bounds: steps.Bounds{Min: was.MinSize, Max: was.MaxSize}})
	}
	run := &steps.GroupScaling{Group: name}
	for _, p := range now.SuspendedProcesses {
		if !was.Suspends(p.ProcessName) {
			run.Resume = append(run.Resume, p.ProcessName)
		}
	}
	for _, p := range was.SuspendedProcesses {
		if !now.Suspends(p.ProcessName) {
			run.Suspend = append(run.Suspend, p.ProcessName)
		}
	}
	var does []string
	if run.Subnets = r.placed(was, now); len(run.Subnets) > 0 {
		does = append(does, "into "+strings.Join(run.Subnets, ", "))
	}
	if len(run.Resume)+len(run.Suspend) > 0 {
		does = append(does, "processes "+strings.Join(slices.Concat(run.Resume, run.Suspend), ", "))
	}
	if len(does) > 0 {
		r.step(rules.Step{Kind: rules.GroupScaling, Name: name}, Update, "Auto Scaling group of node group "+name+": "+strings.Join(does, "; "), run)
	}
}
