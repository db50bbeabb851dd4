package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// contested refuses an add-on of whose objects others set fields, unless somebody has said
// what becomes of them; then it tells whose they are. Where EKS set the same, nothing is lost
// when it takes them, and nobody is asked.
func (b *builder) contested(name, resolve string) finding.Findings {
	lost := observe.Lost(b.in.Contested)
	if b.in.Contested == nil {
		return nil
	}
	a := b.live.Addons[name]
	made := a == nil || classOf(a.Status) == failed || classOf(a.Status) == going
	text := byOwner(lost)
	refuse := func(breaks, remedy string) finding.Findings {
		return finding.Findings{{Code: "addon-contested", Severity: finding.Error, Where: finding.Where{Resource: "add-on " + name}, Input: true,
			What: "others set fields of its objects: " + text, Breaks: breaks + "; nothing was changed", Remedy: remedy}}
	}
	note := func(format string, x ...any) finding.Findings {
		b.plan.Notes = append(b.plan.Notes, fmt.Sprintf(format, x...))
		return nil
	}
	switch how := strings.ToLower(resolve); {
	case len(lost) == 0 && (how == "none" || how == "preserve"):
		return note("In the objects of %s, %s set fields as EKS does: where its version wants other values, EKS %s.", name, owners(b.in.Contested),
			map[string]string{"none": "refuses the update", "preserve": "keeps those that are there"}[how])
	case len(lost) == 0:
		return note("In the objects of %s, %s set fields as EKS does: they are EKS's alone from now on.", name, owners(b.in.Contested))
	case how == "overwrite":
		return note("EKS overwrites what others set in the objects of %s: %s.", name, text)
	case how == "preserve" && made:
		return refuse("EKS preserves in updates only: a creation fails where fields are others' (CREATE_FAILED)",
			"take it over with EKS's values, --resolve-conflicts overwrite, and say in --configuration-values what is to stay as it is")
	case how == "preserve":
		return note("EKS keeps what others set in the objects of %s: %s.", name, text)
	case how == "none" && made: // what EKS's values are, it alone knows
		return note("EKS makes %s only where it wants what others set in its objects: %s.", name, text)
	case how == "none":
		return refuse("EKS would refuse the update, as it may touch none (ConfigurationConflict)",
			"have EKS's values, --resolve-conflicts overwrite, or theirs, preserve; or set these fields back")
	}
	return refuse("EKS would overwrite them, or refuse",
		"say what becomes of them: --resolve-conflicts overwrite, EKS's values, or preserve, theirs")
}

// met tells what becomes of the fields that others set in an add-on's workload when a file is
// followed, which asks nobody.
func (b *builder) met(name string, how types.ResolveConflicts) {
	if b.in.AddonAlone == "" {
		b.becomes(name, how, b.taken(name))
	}
}

// becomes tells what becomes of fields that others set in an add-on's objects.
func (b *builder) becomes(name string, how types.ResolveConflicts, all []observe.Contested) {
	if len(all) == 0 {
		return
	}
	does := map[types.ResolveConflicts]string{types.ResolveConflictsPreserve: "keeps", types.ResolveConflictsNone: "refuses to update"}[how]
	b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("EKS %s what others set in the objects of %s: %s.", cmp.Or(does, "overwrites"), name, byOwner(all)))
}

// taken are the fields that others set in an add-on's workload, as far as a plan of everything
// looks: not what they say.
func (b *builder) taken(name string) (all []observe.Contested) {
	in, fact := b.inside(), eksfacts.AddonNamed(name)
	if in == nil {
		return nil
	}
	for _, w := range []*observe.Workload{in.DaemonSets[fact.DaemonSet], in.Deployments[fact.Deployment]} {
		if w == nil {
			continue
		}
		for who, fields := range w.Taken {
			for _, f := range fields {
				all = append(all, observe.Contested{Owner: who, Field: f})
			}
		}
	}
	return all
}

// conflicts is what becomes of fields of an add-on's objects that others set when its version
// changes on the way to another of the cluster: theirs are kept, unless somebody says otherwise.
// It is told before, owner by owner; where EKS may touch none, it would refuse in the middle.
func (u *upgrading) conflicts(name string) types.ResolveConflicts {
	how := types.ResolveConflicts(strings.ToUpper(u.Conflicts))
	if file := cmp.Or(u.File, u.in.File); file != nil && how == "" {
		if a := file.Cluster.Addon(name); a != nil {
			how = types.ResolveConflicts(strings.ToUpper(a.ResolveConflicts))
		}
	}
	how = cmp.Or(how, types.ResolveConflictsPreserve)
	if u.prior[name] != "" { // it was told of the version before
		return how
	}
	lost, known := u.Contested[name]
	if lost = observe.Lost(lost); !known {
		lost = u.taken(name)
	}
	if how == types.ResolveConflictsNone && len(lost) > 0 {
		u.clashes = append(u.clashes, u.stop("addon-contested", "add-on "+name, "have EKS keep theirs, --resolve-conflicts preserve, or set its own, overwrite; "+
			"or set these fields back", "others set fields of its objects: %s; EKS would refuse the update in the middle of it (ConfigurationConflict)", byOwner(lost)))
		return how
	}
	u.becomes(name, how, lost)
	return how
}

// byOwner tells of fields, owner by owner.
func byOwner(all []observe.Contested) string {
	of := map[string][]string{}
	for _, f := range all {
		text := f.String()
		if f.Now == "" {
			text = f.Field
		}
		of[f.Owner] = append(of[f.Owner], text)
	}
	var out []string
	for _, who := range slices.Sorted(maps.Keys(of)) {
		out = append(out, who+" sets "+few(of[who]))
	}
	return strings.Join(out, "; ")
}

func owners(all []observe.Contested) string {
	var out []string
	for _, f := range all {
		if !slices.Contains(out, f.Owner) {
			out = append(out, f.Owner)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " and ")
}
