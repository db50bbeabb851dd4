package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// rules brings back the rules of the cluster's security groups, one by one.
func (r *restoration) rules() {
	for _, id := range slices.Sorted(maps.Keys(network(r.Was).SecurityGroups)) {
		was, now := network(r.Was).SecurityGroups[id], network(r.Live).SecurityGroups[id]
		a := attachment(r.Was)
		if !slices.Contains(a.SecurityGroupIDs, id) && a.ClusterSecurityGroupID != id && !r.stacked(r.Was, id) || !r.wants("network.rules", id) {
			continue
		}
		if now == nil {
			r.cannot("security group %s (%s): it is gone, and what names it would have to name another", id, was.Name)
			continue
		}
		for _, egress := range []bool{false, true} {
			r.rulesOf(id, egress, oneByOne(was, egress), oneByOne(now, egress))
		}
	}
}

// rulesOf brings back those of one direction.
func (r *restoration) rulesOf(group string, egress bool, was, now []steps.GroupRule) {
	way := map[bool]string{false: "in", true: "out"}[egress]
	var lacks, extra []steps.GroupRule
	for _, w := range was {
		switch {
		case slices.ContainsFunc(now, func(n steps.GroupRule) bool { return covers(n, w) }):
		case w.Group != "" && network(r.Live).SecurityGroups[w.Group] == nil && network(r.Was).SecurityGroups[w.Group] != nil:
			r.cannot("the rule of %s %s: the security group %s is gone", group, ruleWords(w, way), w.Group)
		default:
			lacks = append(lacks, w)
		}
	}
	for _, n := range now {
		if !observe.OfBalancers(n.Description) && !slices.ContainsFunc(was, func(w steps.GroupRule) bool { return covers(w, n) || covers(n, w) }) {
			extra = append(extra, n)
		}
	}
	if len(lacks) > 0 {
		r.step(rules.Step{Kind: rules.GroupRules, Name: group + " " + way}, Update, "security group "+group+": "+ruleList(lacks, way),
			&steps.GroupRules{Group: group, Egress: egress, Rules: lacks})
	}
	if len(extra) > 0 && r.since("rules of security group %s: %s", group, ruleList(extra, way)) {
		r.step(rules.Step{Kind: rules.GroupRulesGo, Name: group + " " + way}, Delete, "rules of security group "+group+": "+ruleList(extra, way),
			&steps.GroupRules{Group: group, Egress: egress, Rules: extra, Remove: true})
	}
}

// oneByOne are a group's rules of one direction with one peer each.
func oneByOne(g *observe.SecurityGroup, egress bool) []steps.GroupRule {
	of := g.Ingress
	if egress {
		of = g.Egress
	}
	var out []steps.GroupRule
	for _, p := range of {
		one := func(peer steps.GroupRule) {
			peer.Protocol = p.Protocol
			if p.Protocol != "-1" && p.From != nil && p.To != nil {
				peer.From, peer.To = new(int32(*p.From)), new(int32(*p.To))
			}
			out = append(out, peer)
		}
		for _, x := range p.CIDRs {
			one(steps.GroupRule{CIDR: x.CIDR, Description: x.Description})
		}
		for _, x := range p.IPv6 {
			one(steps.GroupRule{IPv6: x.CIDR, Description: x.Description})
		}
		for _, x := range p.Groups {
			one(steps.GroupRule{Group: x.Group, Description: x.Description})
		}
		for _, x := range p.Prefixes {
			one(steps.GroupRule{PrefixList: x.ID, Description: x.Description})
		}
	}
	return out
}

func peer(r steps.GroupRule) string { return cmp.Or(r.Group, r.PrefixList, r.IPv6, r.CIDR) }

// covers tells whether a rule lets through all that another does.
func covers(a, b steps.GroupRule) bool {
	if peer(a) != peer(b) || a.Protocol != "-1" && a.Protocol != b.Protocol {
		return false
	}
	return a.Protocol == "-1" || a.From == nil || b.From != nil && *a.From <= *b.From && *a.To >= *b.To
}

// ruleWords is one rule for a person.
func ruleWords(r steps.GroupRule, way string) string {
	what := map[string]string{"-1": "all traffic"}[r.Protocol]
	if what == "" {
		what = r.Protocol
	}
	if r.From != nil {
		what += fmt.Sprintf(" %d", *r.From)
		if *r.To != *r.From {
			what += fmt.Sprintf("-%d", *r.To)
		}
	}
	if way == "out" {
		return what + " out to " + peer(r)
	}
	return what + " in from " + peer(r)
}

func ruleList(rs []steps.GroupRule, way string) string {
	var out []string
	for _, r := range rs {
		out = append(out, ruleWords(r, way))
	}
	return strings.Join(out, ", ")
}
