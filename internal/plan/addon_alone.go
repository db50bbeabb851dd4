package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// addonAlone adds the steps of one add-on, as the file has it, and of nothing else, between its gates.
func (b *builder) addonAlone() {
	b.also = []string{rules.With(rules.Around, b.in.AddonAlone)}
	b.addonFollows(b.cfg.Addon(b.in.AddonAlone))
	if len(b.refused) == 0 {
		b.addonGates(b.in.AddonAlone, b.in.AddonGates)
	}
	b.plan.WantNodes = wantNodes(b.live)
}

// addonFollows has an add-on become as the file has it.
func (b *builder) addonFollows(a *config.Addon) {
	live := b.live.Addons[a.Name]
	if fs := b.contested(a.Name, a.ResolveConflicts); len(fs) > 0 {
		b.refused = append(b.refused, fs...)
		return
	}
	m := create
	if live != nil {
		m = bare[classOf(live.Status)]
	}
	fact := eksfacts.AddonNamed(a.Name)
	switch m {
	case follow, settle:
		b.addonChanges(*a, live)
		if live.Status == "CREATING" { // another run began it
			b.add(part{Step: b.addonStep(rules.AddonHealth, *a), Action: Await, Title: "add-on " + a.Name + " ACTIVE",
				Typical: fact.Typical, Timeout: timeoutAddon, Run: &steps.AddonHealth{Name: a.Name}})
		}
	case remake:
		b.discard(rules.DeleteAddon, "addon", a.Name, live.Status)
		fallthrough
	case create:
		until := steps.Active
		if fact.DaemonSet == "" && !b.takesPods() {
			until = ""
			b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("The add-on %s is not awaited, as no node is Ready: EKS shows it DEGRADED until its pods run.", a.Name))
		}
		b.addonCreate(*a, until, fact.Typical, timeoutAddon)
	}
	if b.plan.Empty() && len(b.refused) == 0 {
		b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("The add-on %s is as wanted: %s, %s.", a.Name, live.Version, live.Status))
	}
}

// takesPods tells whether a node is there for an add-on's pods.
func (b *builder) takesPods() bool {
	in := b.inside()
	return in == nil || slices.ContainsFunc(slices.Collect(maps.Values(in.Nodes)), func(n *observe.Node) bool { return n.Ready && !n.Unschedulable })
}

// AddonRemoval is what the plan of an add-on's removal is made from.
type AddonRemoval struct {
	Account  string
	Live     *observe.Observed
	Name     string
	Preserve bool // its objects stay in Kubernetes, and belong to nobody
	Force    bool // a network add-on goes, too
	Gates    AddonGates
}

// RemoveAddon is the plan that removes an add-on, with the roles that were made for it.
func RemoveAddon(in AddonRemoval) (*Plan, error) {
	b := newBuilder(in.Live, in.Account)
	b.also = []string{rules.With(rules.Around, in.Name)}
	if eksfacts.AddonNamed(in.Name).Network && !in.Preserve && !in.Force && in.Live.Addons[in.Name] != nil {
		return nil, finding.Findings{{Code: "addon-network", Severity: finding.Error, Where: finding.Where{Resource: "add-on " + in.Name},
			What: "is what nodes have their network from", Breaks: "without it no new pod gets an address, and nodes become NotReady; nothing was changed",
			Remedy: "keep its objects (--preserve), or say that it is so wanted (--force)"}}
	}
	if a := in.Live.Addons[in.Name]; a != nil {
		title := "add-on " + in.Name
		if in.Preserve {
			title += ", whose objects stay in Kubernetes"
		}
		b.add(part{Step: rules.Step{Kind: rules.DeleteAddon, Name: in.Name, Labels: []string{rules.With(rules.For, in.Name)}}, Action: Delete, Title: title,
			Typical: eksfacts.AddonNamed(in.Name).Typical, Timeout: timeoutAddon, Run: &steps.Delete{Resource: "addon", Name: in.Name, Whole: !in.Preserve}})
	} else {
		b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("The cluster %s has no add-on %s.", in.Live.Name, in.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(in.Live.Stacks)) {
		if s := in.Live.Stacks[name]; s.Tags[eksfacts.TagAddon] == in.Name {
			b.remove(labelled(rules.DeleteStack, name, "addon/"+in.Name), "stack "+name+", its role", "stack", name, typicalRole)
		}
	}
	b.addonGates(in.Name, in.Gates)
	b.plan.WantNodes = wantNodes(in.Live)
	return b.done()
}
