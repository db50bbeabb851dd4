package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Restoration is what the plan that brings back an earlier state is made from.
type Restoration struct {
	Name, Region, Account string
	// Was is the earlier state: a snapshot, or what a record says over what is live. What it
	// does not have is not known, and stays as it is.
	Was, Live *observe.Observed
	// Subnets are the only ones to be brought back, with what is theirs; none: everything.
	Subnets []string
	// Wants says which fields of which things are brought back; nil: all.
	Wants func(path, key string) bool
	// Remove takes away what was added since; without it, that is named and stays.
	Remove bool
	// Lost is what no restore brings back, as the caller knows, in words.
	Lost []string
}

// Restore is the plan that brings a cluster's live state back to an earlier one, as far as
// AWS lets it. What cannot be brought back is in the plan's notes, by name; what would be
// refused by AWS in the middle is an error before anything is done.
func Restore(in Restoration) (*Plan, error) {
	r := &restoration{Restoration: in, place: map[string]steps.Place{}, now: map[string]string{}, gateway: map[string]string{}, undone: map[string]bool{},
		builder: &builder{live: in.Live, draft: rules.NewDraft(),
			plan: &Plan{Cluster: in.Name, Region: in.Region, Account: in.Account, Observed: Facts(in.Live)}}}
	for _, part := range []func(){
		r.vpc,
		r.subnets,
		r.gateways,
		r.routes,
		r.rules,
		r.controlPlane,
		r.stacks,
		r.addons,
		r.groups,
		r.others,
		r.said,
	} {
		part()
	}
	if len(r.refused) > 0 {
		return nil, r.refused
	}
	if err := rules.Apply(r.draft); err != nil {
		return nil, err
	}
	return r.plan, r.plan.finish(r.draft.Graph)
}

// restoration gathers the steps of a restore.
type restoration struct {
	Restoration
	*builder
	place   map[string]steps.Place // of subnets that are gone, by the ID that they had
	now     map[string]string      // the IDs of those whose place another has taken already
	gateway map[string]string      // of NAT gateways that are made again: the subnet's former ID
	undone  map[string]bool        // node groups whose stacks are brought back
	lost    []string               // what cannot be brought back, in words
	added   []string               // what others added since, in words
}

// wants tells whether a field of a thing is to be brought back.
func (r *restoration) wants(path, key string) bool {
	if len(r.Subnets) > 0 && !(strings.HasPrefix(path, "network.subnets.") && slices.Contains(r.Subnets, key)) && path != "vpc.controlPlaneSubnetIDs" {
		return false
	}
	return r.Wants == nil || r.Wants(path, key)
}

// cannot names what cannot be brought back.
func (r *restoration) cannot(format string, a ...any) {
	r.lost = append(r.lost, fmt.Sprintf(format, a...))
}

// since names what somebody added, and whether it may be taken away.
func (r *restoration) since(format string, a ...any) bool {
	if !r.Remove {
		r.added = append(r.added, fmt.Sprintf(format, a...))
	}
	return r.Remove
}

// back is the set that is brought back: what was, with what others added since where that
// may not be taken away; what they are is said in words.
func (r *restoration) back(was, now observe.Set, what string) observe.Set {
	extra := slices.DeleteFunc(slices.Clone(now), func(x string) bool { return slices.Contains(was, x) })
	if len(extra) == 0 || r.since("%s %s", what, strings.Join(extra, ", ")) {
		return was
	}
	return slices.Sorted(slices.Values(slices.Concat(was, extra)))
}

// stop refuses the whole: AWS would, in the middle of it.
func (r *restoration) stop(code, resource, what, remedy string) {
	r.refused = append(r.refused, finding.Finding{Code: code, Severity: finding.Error, Where: finding.Where{Resource: resource}, What: what, Remedy: remedy})
}

// step adds a step that takes a second, or as long as typical says.
func (r *restoration) step(s rules.Step, action, title string, run steps.Spec, typical ...time.Duration) {
	t := time.Second
	for _, t = range typical {
	}
	timeout := timeoutQuick
	if t > time.Minute {
		timeout = timeoutUpdate
	}
	r.add(part{Step: s, Action: action, Title: title, Typical: t, Timeout: timeout, Run: run})
}

// said puts into the plan's notes what it does not do.
func (r *restoration) said() {
	for _, s := range slices.Concat(r.Lost, r.lost) {
		r.plan.Notes = append(r.plan.Notes, "Cannot be brought back: "+s+".")
	}
	if len(r.added) > 0 {
		r.plan.Notes = append(r.plan.Notes, "Added since, and left as it is (--remove takes it away): "+strings.Join(r.added, "; ")+".")
	}
}

// network is an observed network, never nil.
func network(o *observe.Observed) *observe.Network {
	if o.Network == nil {
		return &observe.Network{}
	}
	return o.Network
}

// attachment is where an observed control plane is attached, never nil.
func attachment(o *observe.Observed) *observe.VPCConfig {
	if o.Cluster == nil || o.Cluster.ResourcesVPCConfig == nil {
		return &observe.VPCConfig{}
	}
	return o.Cluster.ResourcesVPCConfig
}

func (r *restoration) vpcID() string { return attachment(r.Live).VPCID }

// vpc brings back whether the VPC answers DNS.
func (r *restoration) vpc() {
	was, now := network(r.Was).VPC, network(r.Live).VPC
	if was == nil || now == nil || was.ID != now.ID {
		return
	}
	run := &steps.VPCAttributes{VPC: was.ID}
	var what []string
	differs := func(path string, was, now *bool) *bool {
		if was == nil || now == nil || *was == *now || !r.wants("network.vpc."+path, r.vpcID()) {
			return nil
		}
		what = append(what, path)
		return was
	}
	run.DNSSupport = differs("dnsSupport", was.DNSSupport, now.DNSSupport)
	run.DNSHostnames = differs("dnsHostnames", was.DNSHostnames, now.DNSHostnames)
	if len(what) > 0 {
		r.step(rules.Step{Kind: rules.VPCAttributes}, Update, "VPC "+was.ID+": "+strings.Join(what, ", "), run)
	}
}
