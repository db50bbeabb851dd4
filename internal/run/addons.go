package run

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/plan"
)

// AddonChange is what a caller wants of one add-on of a cluster that stands: properties of
// addons, as in a file, the name among them.
type AddonChange struct {
	Properties map[string]any
	New        bool // one that is not there is added
	Watch      plan.Watch
	Books      *Books
}

func (w AddonChange) name() string { return fmt.Sprint(w.Properties["name"]) }

// PrepareAddon observes a cluster, and plans what one of its add-ons lacks. It goes by the
// same preparation as a launch: versions, schema, roles.
func PrepareAddon(ctx context.Context, c *awsc.Clients, cluster string, w AddonChange) (*Session, error) {
	p := &preparation{c: c, name: cluster, books: w.Books, addon: &w}
	p.in.AddonAlone = w.name()
	s, err := p.prepare(ctx)
	if err != nil {
		return nil, err
	}
	s.done, s.shut = "add-on "+w.name()+" is as wanted", shut(cluster, w.name())
	return s, nil
}

// shut is what one does about an add-on's change whose gates stay shut: nothing goes back by itself.
func shut(cluster, addon string) string {
	return fmt.Sprintf("the change of add-on %[2]s stands, and the same command looks again. `slipway rollback %[1]s --to ID` undoes it "+
		"(the ID: slipway history %[1]s); to have it count as it is now: kubectl -n kube-system delete configmap %[3]s", cluster, addon, marks.AddonStateName(addon))
}

// gates are those of an add-on's change.
func gates(ctx context.Context, c *awsc.Clients, live *observe.Observed, addon string, w plan.Watch) (g plan.AddonGates, err error) {
	g.Watch = w
	if miss := live.Missed(observe.Inside); len(miss) > 0 {
		g.Unreachable = miss[0].Why
		return g, nil
	}
	g.Was = "absent"
	if a := live.Addons[addon]; a != nil {
		g.Was = fmt.Sprintf("%s %x", a.Version, sha256.Sum256([]byte(strings.TrimSuffix(a.ConfigurationValues, "{}")))) // none at all is set back as {}
	}
	was := ""
	g.Begun, was, err = read.AddonBegun(ctx, c, live, addon)
	g.Undone = g.Begun && was == g.Was
	return g, check.Reach(err)
}

// file is a file of the cluster's foundation with that add-on alone.
func (w AddonChange) file(ctx context.Context, c *awsc.Clients, live *observe.Observed) (*config.File, error) {
	if live.Cluster == nil {
		return nil, absent(ctx, c, live.Name)
	}
	have := live.Addons[w.name()]
	if have == nil && !w.New {
		return nil, finding.Findings{{Code: "no-addon", Severity: finding.Error, Input: true, Where: finding.Where{Resource: "add-on " + w.name()},
			What: "is not in cluster " + live.Name, Breaks: "nothing was changed", Remedy: fmt.Sprintf("add it: slipway addon add %s %s", live.Name, w.name())}}
	}
	doc, err := foundation(ctx, c, live)
	if err != nil {
		return nil, err
	}
	e := maps.Clone(w.Properties)
	if e["version"] == "default" && have != nil {
		for _, v := range live.Upgrades.AddonVersions[w.name()] {
			if slices.Contains(v.Default, live.Cluster.Version) {
				e["version"] = v.Version
			}
		}
	}
	doc["addons"] = []any{e}
	doc["addonsConfig"] = map[string]any{"disableDefaultAddons": true}
	if w.New && live.OIDCProvider != nil {
		doc["iam"] = map[string]any{"withOIDC": true}
	}
	return fromFlags(doc)
}

// contested finds whose fields of an add-on's objects would be lost.
func (p *preparation) contested(ctx context.Context) (err error) {
	if p.addon == nil {
		return nil
	}
	if p.in.AddonGates, err = gates(ctx, p.c, p.in.Live, p.addon.name(), p.addon.Watch); err != nil {
		return err
	}
	if p.in.Live.Kubernetes == nil || p.in.Unreachable != "" {
		p.in.AddonGates.Unreachable = cmp.Or(p.in.Unreachable, p.in.AddonGates.Unreachable)
		return nil
	}
	fact, have := eksfacts.AddonNamed(p.addon.name()), p.in.Live.Addons[p.addon.name()]
	if fact.DaemonSet == "" && fact.Deployment == "" {
		return nil
	}
	p.in.Contested, err = read.Contested(ctx, p.c, p.in.Live, fact, have != nil && have.Status != "CREATE_FAILED")
	return err
}

// contestedOf are the fields of the objects of all add-ons that others than EKS set, by add-on;
// of one whose objects nobody could look at, none are.
func contestedOf(ctx context.Context, c *awsc.Clients, live *observe.Observed) (map[string][]observe.Contested, error) {
	out := map[string][]observe.Contested{}
	if live.Kubernetes == nil || len(live.Missed(observe.Inside)) > 0 {
		return out, nil
	}
	for _, name := range slices.Sorted(maps.Keys(live.Addons)) {
		fact := eksfacts.AddonNamed(name)
		if fact.DaemonSet == "" && fact.Deployment == "" {
			continue
		}
		fields, err := read.Contested(ctx, c, live, fact, live.Addons[name].Status != "CREATE_FAILED")
		if err != nil {
			return nil, check.Reach(err)
		}
		out[name] = fields
	}
	return out, nil
}

// AddonRemoval is what a caller wants of an add-on that is to go.
type AddonRemoval struct {
	Name            string
	Preserve, Force bool
	Watch           plan.Watch
	Books           *Books
}

// PrepareAddonRemoval observes a cluster, and plans the removal of one of its add-ons.
func PrepareAddonRemoval(ctx context.Context, c *awsc.Clients, cluster string, w AddonRemoval) (s *Session, err error) {
	s, err = standing(ctx, c, cluster, w.Books)
	if err != nil {
		return nil, err
	}
	defer func(h *Hold) { err = h.unless(ctx, err) }(s.hold)
	s.part = "add-on " + w.Name + " of cluster " + cluster
	s.again = func(ctx context.Context) (*Session, error) {
		x := w
		x.Books = nil
		return PrepareAddonRemoval(ctx, c, cluster, x)
	}
	g, err := gates(ctx, c, s.Live, w.Name, w.Watch)
	if err != nil {
		return nil, err
	}
	s.shut = shut(cluster, w.Name)
	s.Plan, err = plan.RemoveAddon(plan.AddonRemoval{Account: c.Account, Live: s.Live, Name: w.Name, Preserve: w.Preserve, Force: w.Force, Gates: g})
	return s.planned(w.Books, err)
}

// Addons looks at a cluster's add-ons: what is there, what EKS has, and what fits.
func Addons(ctx context.Context, c *awsc.Clients, cluster string) (*outcome.Addons, error) {
	s := read.Quick()
	s.Parts = append(s.Parts, observe.Inside, observe.Versions)
	live, err := read.Cluster(ctx, c, cluster, s)
	if err != nil {
		return nil, check.Reach(err)
	}
	if live.Cluster == nil {
		return nil, absent(ctx, c, cluster)
	}
	out := &outcome.Addons{Cluster: cluster, Region: c.Region, Version: live.Cluster.Version, Addons: []outcome.Addon{}}
	owners := owner.Of(live, nil)
	for _, name := range slices.Sorted(maps.Keys(live.Addons)) {
		out.Addons = append(out.Addons, addonOf(live, owners, name))
	}
	if k := live.Kubernetes; k != nil {
		for _, f := range eksfacts.Addons() {
			if live.Addons[f.Name] == nil && (k.DaemonSets[f.DaemonSet] != nil || k.Deployments[f.Deployment] != nil) {
				out.Others = append(out.Others, f.Name)
			}
		}
	}
	out.Calls = c.Calls()
	return out, nil
}

func addonOf(live *observe.Observed, owners *owner.Owners, name string) outcome.Addon {
	a, minor := live.Addons[name], live.Cluster.Version
	x := outcome.Addon{Name: name, Status: a.Status, Version: a.Version, Role: a.ServiceAccountRoleARN, Owner: "not known"}
	if by, ok := owners.At(owner.Ref{Kind: owner.AddOn, Name: name}); ok {
		x.Owner = by.String()
	}
	if a.Health != nil {
		for _, i := range a.Health.Issues {
			x.Issues = append(x.Issues, i.Code+": "+i.Message)
		}
	}
	if live.Upgrades == nil {
		x.Fits = true // nobody knows better
		return x
	}
	fits := map[string]bool{}
	for _, v := range live.Upgrades.AddonVersions[name] {
		if slices.Contains(v.Fits, minor) && x.Newest == "" {
			x.Newest = v.Version
		}
		if slices.Contains(v.Default, minor) {
			x.Default = v.Version
		}
		if v.Version == a.Version {
			for _, m := range v.Fits {
				fits[m] = true
			}
		}
	}
	x.Fits = fits[minor]
	for _, m := range slices.Backward(live.Upgrades.Offered) {
		if eksfacts.Minor(m) > eksfacts.Minor(minor) && !fits[m] {
			x.Next = append(x.Next, m)
		}
	}
	return x
}
