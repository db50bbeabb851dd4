package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// addonChanges brings a live add-on's configuration values, version where the file
// names one, roles and tags to what the file says.
func (b *builder) addonChanges(a config.Addon, live *observe.Addon) {
	const list = "addons"
	up := &steps.AddonUpdate{Input: eks.UpdateAddonInput{AddonName: new(a.Name), ResolveConflicts: types.ResolveConflictsOverwrite}}
	if r := strings.ToUpper(a.ResolveConflicts); r != "" {
		up.Input.ResolveConflicts = types.ResolveConflicts(r)
	}
	var what []string
	for _, d := range b.wanted(list, a.Name, rules.AddonUpdate) {
		if slices.Contains(throughRoles, d.Field.Name()) || d.Field.Name() == "version" && b.upgrades() { // the upgrade has it
			continue
		}
		ask(&up.Input, d)
		if v := up.Input.AddonVersion; d.Field.Name() == "version" && v != nil {
			b.addonClimbs(a.Name, live.Version, *v)
		}
		if word := spaced(d.Field.Name()); d.Field.Name() == "version" {
			what = append(what, fmt.Sprintf("%s %v", word, d.Desired.Is))
		} else {
			what = append(what, word)
		}
	}
	what = append(what, b.addonRoles(a, live, up)...)
	b.refuseWanted(list, a.Name, "the live add-on "+a.Name)
	if len(what) == 0 && live.Status == "UPDATE_FAILED" {
		up.Input.AddonVersion = new(live.Version) // asked again, it is ACTIVE, or EKS says why not
		what = append(what, "again, after an update that failed")
	}
	if len(what) == 0 && up.Input.ResolveConflicts == types.ResolveConflictsOverwrite && len(observe.Lost(b.in.Contested)) > 0 {
		up.Anyway = true
		what = append(what, "fields that others set, taken back")
	}
	if len(what) == 0 && live.Status == "UPDATING" {
		what = append(what, "which is UPDATING")
	}
	if len(what) > 0 {
		b.met(a.Name, up.Input.ResolveConflicts)
		b.add(part{Step: rules.Step{Kind: rules.AddonUpdate, Name: a.Name}, Action: Update, Title: "add-on " + a.Name + ": " + strings.Join(what, ", "),
			Typical: 40 * time.Second, Timeout: timeoutAddon,
			Run: up})
	}
	b.tags(list, a.Name, "add-on "+a.Name, live.ARN)
}

// addonClimbs adds the versions that an add-on goes through before the last, where it is
// raised one minor at a time, as far as it is known which there are.
func (b *builder) addonClimbs(name, from, to string) {
	if b.live.Upgrades == nil {
		return
	}
	u := newUpgrade(Upgrading{Live: b.live}, b)
	if way := u.addonPath(name, to); len(way) > 1 {
		u.addonTo(name, way[len(way)-2], rules.Round, u.at)
	}
}

// throughRoles are the fields of an add-on that its roles come from, below.
var throughRoles = []string{"podIdentityAssociations", "useDefaultPodIdentityAssociations", "autoApplyPodIdentityAssociations"}

// addonRoles gives an update the roles that the live add-on does not run with.
func (b *builder) addonRoles(a config.Addon, live *observe.Addon, up *steps.AddonUpdate) (what []string) {
	want := &steps.Addon{}
	b.addonIAM(a, want)
	moving := b.unsettled("addons", a.Name)
	if want.Role != "" && (moving || b.roleARN(want.Role) == "" || b.roleARN(want.Role) != live.ServiceAccountRoleARN) {
		up.Role = want.Role
		what = append(what, "role")
	}
	for sa, role := range want.PodRoles {
		if arn := b.roleARN(role); moving || arn == "" || arn != b.podRoleOf(live, sa) {
			up.PodRoles = want.PodRoles
		}
	}
	if up.PodRoles != nil {
		what = append(what, "pod identities")
	}
	return what
}

// podRoleOf is the role that a live add-on's service account has, or "".
func (b *builder) podRoleOf(live *observe.Addon, sa string) string {
	for _, a := range b.live.PodIdentities {
		if a.ServiceAccount == sa && slices.Contains(live.PodIdentityAssociations, a.ARN) {
			return a.RoleARN
		}
	}
	return ""
}
