package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// controlPlane brings back what EKS changes in place of a control plane.
func (r *restoration) controlPlane() {
	was, now := r.Was.Cluster, r.live.Cluster
	if was == nil || now == nil {
		return
	}
	r.controlPlaneNetwork()
	if len(r.Subnets) > 0 {
		return
	}
	r.access(attachment(r.Was), attachment(r.live))
	r.logs(was, now)
	r.settings(was, now)
	r.oneWay(was, now)
}

// controlPlaneNetwork attaches the control plane to the subnets and groups that it had.
func (r *restoration) controlPlaneNetwork() {
	was, now := attachment(r.Was), attachment(r.live)
	run, zones := &steps.ControlPlaneNetwork{}, map[string]bool{}
	var what []string
	if r.wants("vpc.controlPlaneSubnetIDs", "") && len(was.SubnetIDs) > 0 {
		stay := slices.DeleteFunc(slices.Clone(now.SubnetIDs), func(id string) bool { return network(r.live).Subnets[id] == nil })
		run.Subnets, run.Made = r.attach(was.SubnetIDs, now.SubnetIDs, zones)
		run.Subnets = r.back(run.Subnets, stay, "the control plane in")
		for _, id := range run.Subnets {
			if s := network(r.live).Subnets[id]; s != nil {
				zones[s.Zone] = true
			}
		}
		slices.Sort(run.Subnets)
		if len(run.Made) == 0 && slices.Equal(run.Subnets, now.SubnetIDs) {
			run.Subnets = nil
		} else {
			what = append(what, r.joining(run, now.SubnetIDs)...)
			r.sameZones(zones, now.SubnetIDs)
		}
	}
	if r.wants("vpc.controlPlaneSecurityGroupIDs", "") && !slices.Equal(was.SecurityGroupIDs, now.SecurityGroupIDs) && len(was.SecurityGroupIDs) > 0 {
		want := r.back(was.SecurityGroupIDs, now.SecurityGroupIDs, "the control plane's security groups")
		if gone := slices.DeleteFunc(slices.Clone(was.SecurityGroupIDs), func(id string) bool { return network(r.live).SecurityGroups[id] != nil }); len(gone) > 0 {
			r.cannot("the control plane's security groups: %s does not exist any more", strings.Join(gone, ", "))
		} else if !slices.Equal(want, now.SecurityGroupIDs) {
			run.Groups = want
			what = append(what, "security groups "+strings.Join(want, ", "))
		}
	}
	if len(what) > 0 {
		r.step(rules.Step{Kind: rules.ClusterUpdate, Name: "control-plane-network"}, Update, "control plane: "+strings.Join(what, "; "), run, typicalUpdate)
	}
}

// attach are the subnets to attach to: those that are there by their IDs, those that take
// the place of one that is gone by that. Where only some are restored, the others stay.
func (r *restoration) attach(was, now observe.Set, zones map[string]bool) (ids []string, made []steps.Place) {
	all := slices.Clone(was)
	if len(r.Subnets) > 0 {
		all = slices.DeleteFunc(all, func(id string) bool { return !slices.Contains(r.Subnets, id) })
		for _, id := range now {
			if network(r.live).Subnets[id] != nil && !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	for _, id := range all {
		place, gone := r.place[id]
		switch live := network(r.live).Subnets[id]; {
		case live != nil:
			ids, zones[live.Zone] = append(ids, id), true
		case gone && r.now[id] != "":
			ids, zones[network(r.Was).Subnets[id].Zone] = append(ids, r.now[id]), true
		case gone:
			made, zones[network(r.Was).Subnets[id].Zone] = append(made, place), true
		default:
			r.cannot("the control plane's place in subnet %s: it is gone, and is not made again", id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), made
}

// joining says which subnets the control plane gets, and which it leaves.
func (r *restoration) joining(run *steps.ControlPlaneNetwork, now observe.Set) (what []string) {
	var joins, leaves []string
	for _, id := range run.Subnets {
		if !slices.Contains(now, id) {
			joins = append(joins, id)
		}
	}
	for _, p := range run.Made {
		joins = append(joins, p.CIDR)
	}
	for _, id := range now {
		if !slices.Contains(run.Subnets, id) {
			leaves = append(leaves, id)
		}
	}
	for _, x := range []struct {
		word string
		ids  []string
	}{{"into", joins}, {"out of", leaves}} {
		if n := len(x.ids); n > 0 {
			count := "a subnet"
			if n > 1 {
				count = fmt.Sprintf("%d subnets", n)
			}
			what = append(what, x.word+" "+count)
			r.plan.Notes = append(r.plan.Notes, "The control plane goes "+x.word+" "+strings.Join(x.ids, ", ")+".")
		}
	}
	return what
}

// sameZones refuses other zones than those that the cluster was made in: EKS takes exactly
// these (facts/eks.md §3).
func (r *restoration) sameZones(want map[string]bool, now observe.Set) {
	have := map[string]bool{}
	for _, id := range now {
		if s := network(r.live).Subnets[id]; s != nil {
			have[s.Zone] = true
		} else if s := network(r.Was).Subnets[id]; s != nil {
			have[s.Zone] = true
		} else {
			return // nothing tells where that was: EKS's own answer decides
		}
	}
	if !maps.Equal(want, have) {
		r.stop("restore-zones", "the control plane", fmt.Sprintf("its subnets would be in %s, and EKS takes exactly the zones in which it was made: %s",
			strings.Join(slices.Sorted(maps.Keys(want)), ", "), strings.Join(slices.Sorted(maps.Keys(have)), ", ")),
			"restore the subnets of the other zones, too, or leave the control plane as it is: --only network")
	}
}

const everywhere = "0.0.0.0/0"

// access brings back who reaches the API server.
func (r *restoration) access(was, now *observe.VPCConfig) {
	in := &types.VpcConfigRequest{}
	var what []string
	if r.wants("vpc.clusterEndpoints", "") && (was.EndpointPublicAccess != now.EndpointPublicAccess || was.EndpointPrivateAccess != now.EndpointPrivateAccess) {
		in.EndpointPublicAccess, in.EndpointPrivateAccess = &was.EndpointPublicAccess, &was.EndpointPrivateAccess
		what = append(what, fmt.Sprintf("public access %t, private access %t", was.EndpointPublicAccess, was.EndpointPrivateAccess))
	}
	public := now.EndpointPublicAccess
	if in.EndpointPublicAccess != nil {
		public = *in.EndpointPublicAccess
	}
	if r.wants("vpc.publicAccessCIDRs", "") && public && len(was.PublicAccessCIDRs) > 0 && !slices.Equal(was.PublicAccessCIDRs, now.PublicAccessCIDRs) {
		want := was.PublicAccessCIDRs
		if !slices.Contains(want, everywhere) { // which lets in whoever was added
			want = r.back(want, now.PublicAccessCIDRs, "public access from")
		}
		if !slices.Equal(want, now.PublicAccessCIDRs) {
			in.PublicAccessCidrs = want
			what = append(what, "public access from "+strings.Join(want, ", "))
		}
	}
	if len(what) > 0 {
		r.clusterUpdate("endpoints", "Kubernetes API: "+strings.Join(what, "; "), &eks.UpdateClusterConfigInput{ResourcesVpcConfig: in})
	}
}

// logs brings back which logs the control plane writes.
func (r *restoration) logs(was, now *observe.Cluster) {
	want := was.EnabledLogs()
	if slices.Equal(want, now.EnabledLogs()) || !r.wants("cloudWatch.clusterLogging.enableTypes", "") {
		return
	}
	if want = r.back(want, now.EnabledLogs(), "control-plane logs:"); slices.Equal(want, now.EnabledLogs()) {
		return
	}
	title := "control-plane logging: " + strings.Join(want, ", ")
	if len(want) == 0 {
		title = "control-plane logging: none"
	}
	r.clusterUpdate("logging", title, &eks.UpdateClusterConfigInput{Logging: loggingOf(want)})
}

// settings brings back what has one value each.
func (r *restoration) settings(was, now *observe.Cluster) {
	if w, n := was.UpgradePolicy, now.UpgradePolicy; w != nil && n != nil && w.SupportType != n.SupportType && r.wants("upgradePolicy.supportType", "") {
		r.clusterUpdate("upgradePolicy", "upgrade policy "+w.SupportType,
			&eks.UpdateClusterConfigInput{UpgradePolicy: &types.UpgradePolicyRequest{SupportType: types.SupportType(w.SupportType)}})
	}
	shift := func(c *observe.Cluster) bool { return c.ZonalShiftConfig != nil && c.ZonalShiftConfig.Enabled }
	if w := shift(was); w != shift(now) && r.wants("zonalShiftConfig.enabled", "") {
		r.clusterUpdate("zonalShiftConfig", fmt.Sprintf("zonal shift %t", w),
			&eks.UpdateClusterConfigInput{ZonalShiftConfig: &types.ZonalShiftConfigRequest{Enabled: &w}})
	}
	if w, n := was.ControlPlaneScalingConfig, now.ControlPlaneScalingConfig; w != nil && n != nil && w.Tier != n.Tier &&
		r.wants("controlPlaneScalingConfig.tier", "") {
		r.clusterUpdate("controlPlaneScalingConfig", "control plane's tier "+w.Tier,
			&eks.UpdateClusterConfigInput{ControlPlaneScalingConfig: &types.ControlPlaneScalingConfig{Tier: types.ProvisionedControlPlaneTier(w.Tier)}})
	}
	if was.DeletionProtection != now.DeletionProtection && r.wants("controlPlane.deletionProtection", "") {
		r.clusterUpdate("deletionProtection", fmt.Sprintf("deletion protection %t", was.DeletionProtection),
			&eks.UpdateClusterConfigInput{DeletionProtection: &was.DeletionProtection})
	}
	if missing := lacking(was.Tags, now.Tags); len(missing) > 0 && r.wants("metadata.tags", "") {
		r.tag("cluster", &steps.Tag{ARN: now.ARN, Tags: missing}, "")
	}
}

// lacking are tags, or labels, that are not there as they were.
func lacking(was, now map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range was {
		if x, ok := now[k]; !strings.HasPrefix(k, "aws:") && (!ok || x != v) {
			out[k] = v
		}
	}
	return out
}

// oneWay names what EKS lets no cluster go back from.
func (r *restoration) oneWay(was, now *observe.Cluster) {
	if was.Version != "" && was.Version != now.Version && r.wants("controlPlane.version", "") {
		r.cannot("the Kubernetes version %s: it is %s by now, and only EKS's own rollback goes back, within seven days of the upgrade", was.Version, now.Version)
	}
	if a, b := was.AccessConfig, now.AccessConfig; a != nil && b != nil && a.AuthenticationMode != b.AuthenticationMode &&
		r.wants("accessConfig.authenticationMode", "") {
		have, want := slices.Index(modes, b.AuthenticationMode), slices.Index(modes, a.AuthenticationMode)
		if want < have {
			r.cannot("the authentication mode %s: it is %s, and EKS lets no cluster back", a.AuthenticationMode, b.AuthenticationMode)
		} else if want == have+1 {
			r.clusterUpdate("authentication-mode", "authentication mode "+a.AuthenticationMode, &eks.UpdateClusterConfigInput{
				AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: types.AuthenticationMode(a.AuthenticationMode)}})
		}
	}
	if len(was.EncryptionConfig) == 0 && len(now.EncryptionConfig) > 0 && r.wants("secretsEncryption.keyARN", "") {
		r.cannot("secrets without encryption: EKS takes no key away again")
	}
	if e := attachment(r.live).ControlPlaneEgressMode; attachment(r.Was).ControlPlaneEgressMode != e && e == "CUSTOMER_ROUTED" &&
		r.wants("vpc.controlPlaneEgressMode", "") {
		r.cannot("the control plane's egress mode: CUSTOMER_ROUTED is one way")
	}
}

// loggingOf is EKS's request for these logs to be on and all others off.
func loggingOf(want []string) *types.Logging {
	on, off := types.LogSetup{Enabled: new(true)}, types.LogSetup{Enabled: new(false)}
	for _, t := range config.LogTypes {
		if slices.Contains(want, t) {
			on.Types = append(on.Types, types.LogType(t))
		} else {
			off.Types = append(off.Types, types.LogType(t))
		}
	}
	return &types.Logging{ClusterLogging: slices.DeleteFunc([]types.LogSetup{on, off}, func(s types.LogSetup) bool { return len(s.Types) == 0 })}
}
