package run

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/resolve"
	"github.com/slipway-eks/slipway/internal/stack"
)

// NodeGroups looks at a cluster's node groups, whoever made them: what they are, how they
// are, and what of them is not as it was wanted; state tells what Terraform keeps, nil: none
// was given. It changes nothing.
func NodeGroups(ctx context.Context, c *awsc.Clients, name string, now time.Time, state *State) (*outcome.NodeGroups, error) {
	live, err := read.Cluster(ctx, c, name, read.Drift())
	if err != nil {
		return nil, check.Reach(err)
	}
	groups := live.NodeGroups()
	if live.Cluster == nil && len(groups) == 0 {
		return nil, absent(ctx, c, name)
	}
	l := &listing{live: live, groups: groups, known: map[string]bool{}, now: now, owners: owner.Of(live, state.owned(name)), drift: drift.Compare(drift.Of(live)),
		out: &outcome.NodeGroups{Cluster: name, Region: c.Region, Groups: []outcome.NodeGroup{}}}
	if live.Cluster != nil {
		l.out.Version = live.Cluster.Version
	}
	l.images(ctx, c)
	for _, g := range groups {
		l.out.Groups = append(l.out.Groups, l.group(g))
	}
	l.others()
	for _, m := range live.NotRead {
		l.out.NotRead = append(l.out.NotRead, m.What+": "+m.Why)
	}
	if miss := live.Missed(observe.Inside); len(miss) > 0 {
		l.out.Uncounted = miss[0].Why
	}
	if of := live.Stacks[stack.ClusterName(name)]; live.Cluster != nil && of != nil {
		l.out.Drift = said(drift.Brief(drift.Of(live))) // all that this takes has been read
	}
	l.out.Owners = l.owners.Summary()
	l.out.Calls = c.Calls()
	return l.out, nil
}

// listing gathers what is known of each group.
type listing struct {
	live   *observe.Observed
	groups []observe.AnyGroup
	known  map[string]bool // nodes of the groups
	now    time.Time
	owners *owner.Owners
	drift  *drift.Report
	ami    map[string]resolve.Image // by ID
	newest map[string]string        // by SSM parameter
	out    *outcome.NodeGroups
}

// images asks for the AMIs of the nodes, and for what is published of their kinds.
func (l *listing) images(ctx context.Context, c *awsc.Clients) {
	ids := map[string]bool{}
	for _, i := range l.live.Instances {
		ids[i.Image] = true
	}
	delete(ids, "")
	var err error
	if l.ami, err = resolve.Images(ctx, c, slices.Sorted(maps.Keys(ids))); err != nil {
		l.out.NotRead = append(l.out.NotRead, err.Error())
	}
	var names []string
	for _, g := range l.groups {
		p := l.published(g)
		names = append(names, p.Release, p.Image)
	}
	if l.newest, err = resolve.Published(ctx, c, names); err != nil {
		l.out.NotRead = append(l.out.NotRead, err.Error())
	}
}

// image is the AMI of a group's nodes, the first of several.
func (l *listing) image(g observe.AnyGroup) string {
	for _, id := range slices.Sorted(maps.Keys(l.live.Instances)) {
		if i := l.live.Instances[id]; g.Instance(id) != nil && i.Image != "" {
			return i.Image
		}
	}
	return ""
}

func (l *listing) published(g observe.AnyGroup) resolve.Publication {
	if m := g.Managed; m != nil && m.AMIType != "CUSTOM" {
		return resolve.OfAMIType(m.AMIType, m.Version)
	}
	return resolve.OfImage(l.ami[l.image(g)].Name)
}

func (l *listing) group(g observe.AnyGroup) outcome.NodeGroup {
	x := outcome.NodeGroup{Name: g.Name, Kind: "managed", Owner: l.owner(g), Status: status(g), Subnets: g.Subnets(), Drift: l.drifted(g)}
	if g.SelfManaged() {
		x.Kind = "self-managed"
	}
	if g.Stack != nil {
		x.Replaces = g.Stack.Tags[marks.Replaces]
	}
	if s := g.Sizes(); s != nil {
		x.Desired, x.Min, x.Max = s.DesiredSize, s.MinSize, s.MaxSize
	}
	if m := g.Managed; m != nil {
		x.InstanceTypes, x.Capacity = m.InstanceTypes, m.CapacityType
		if m.Health != nil {
			for _, i := range m.Health.Issues {
				words := i.Code + ": " + i.Message
				if a, ok := eksfacts.AilmentOf(i.Code); ok {
					words += " (" + a.Cause + ")"
				}
				x.Issues = append(x.Issues, words)
			}
		}
	}
	l.nodes(g, &x)
	l.release(g, &x)
	return x
}

// owner is who keeps the group, in words.
func (l *listing) owner(g observe.AnyGroup) string {
	of := owner.Ref{Kind: owner.NodeGroup, Name: g.Name}
	if g.Stack != nil {
		of = owner.Ref{Kind: owner.CloudFormation, Name: g.Stack.Name}
	} else if g.Managed == nil && g.Scaling != nil {
		of = owner.Ref{Kind: owner.ScalingGroup, Name: g.Scaling.Name}
	}
	if o, ok := l.owners.At(of); ok {
		return o.String()
	}
	return "not known"
}

// status is EKS's, or what there is of a group that EKS does not know.
func status(g observe.AnyGroup) string {
	switch {
	case g.Managed != nil:
		return g.Managed.Status
	case g.Scaling != nil && g.Scaling.Status != "":
		return strings.ToUpper(g.Scaling.Status)
	case g.Stack != nil && !g.Stack.Stands():
		return "stack " + g.Stack.Status
	case g.Scaling == nil || g.Scaling.Managed:
		return "GONE" // its stack, or its Auto Scaling group, stands without it
	}
	return "ACTIVE"
}

// nodes says what its nodes are, as Kubernetes and EC2 have them.
func (l *listing) nodes(g observe.AnyGroup, x *outcome.NodeGroup) {
	versions, zones, types := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, n := range l.live.NodesOf(g) {
		x.Nodes++
		l.known[n.Name] = true
		if n.Ready {
			x.Ready++
		}
		if n.Unschedulable {
			x.Cordoned++
		}
		v, _, _ := strings.Cut(strings.TrimPrefix(n.Version, "v"), "-eks-")
		versions[v] = true
	}
	if g.Managed != nil && len(versions) == 0 && g.Managed.Version != "" {
		versions[g.Managed.Version] = true
	}
	if g.Scaling != nil {
		for _, z := range g.Scaling.AvailabilityZones {
			zones[z] = true
		}
		for _, i := range g.Scaling.Instances {
			types[i.Type] = true
		}
	}
	if n := l.live.Network; n != nil {
		for _, id := range x.Subnets {
			if s := n.Subnets[id]; s != nil {
				zones[s.Zone] = true
			}
		}
	}
	delete(types, "")
	x.Versions, x.Zones = slices.Sorted(maps.Keys(versions)), slices.Sorted(maps.Keys(zones))
	if len(x.InstanceTypes) == 0 {
		x.InstanceTypes = slices.Sorted(maps.Keys(types))
	}
}

// released is the date at the end of a release of EKS's AMIs, 1.34.1-20261110, or of such an
// AMI's name.
var released = regexp.MustCompile(`-v?(20\d{6})$`)

// release says which AMI release its nodes are of, how old that is, and whether a newer one
// is published.
func (l *listing) release(g observe.AnyGroup, x *outcome.NodeGroup) {
	id, p := l.image(g), l.published(g)
	made := l.ami[id].Made
	if m := g.Managed; m != nil && m.AMIType != "CUSTOM" && p.Release != "" {
		x.Release, x.Newest = m.ReleaseVersion, l.newest[p.Release]
		x.Newer = x.Newest != "" && x.Newest != x.Release
	} else {
		x.Release = l.ami[id].Name
		if x.Release == "" {
			x.Release = id
		}
		if newest := l.newest[p.Image]; newest != "" && id != "" {
			x.Newest, x.Newer = newest, newest != id
		}
	}
	if d := released.FindStringSubmatch(x.Release); d != nil {
		made, _ = time.Parse("20060102", d[1])
	}
	if !made.IsZero() {
		x.Age = new(max(0, int(l.now.Sub(made).Hours()/24)))
	}
}

// drifted are the differences that are this group's.
func (l *listing) drifted(g observe.AnyGroup) []string {
	roles := l.live.RolesOf(g)
	has := func(key string) bool {
		return slices.ContainsFunc(roles, func(r string) bool { return key == r || strings.HasSuffix(r, "/"+key) })
	}
	var out []string
	for _, d := range l.drift.Drifted() {
		switch area, _, _ := strings.Cut(d.Path, "."); {
		case slices.Contains([]string{"nodegroups", "managedNodeGroups", "nodeGroups"}, area) && d.Key == g.Name,
			area == "nodes" && g.Instance(d.Key) != nil,
			slices.Contains([]string{"roles", "access"}, area) && has(d.Key):
			what := d.What
			if what == "" {
				what = "it differs"
			}
			out = append(out, d.Path+": "+what)
		}
	}
	return out
}

// others are the nodes that no node group made.
func (l *listing) others() {
	k := l.live.Kubernetes
	if k == nil {
		return
	}
	pools := map[[2]string]*outcome.NodePool{}
	for _, name := range slices.Sorted(maps.Keys(k.Nodes)) {
		n := k.Nodes[name]
		if l.known[n.Name] {
			continue
		}
		of := [2]string{"no node group", ""}
		if pool := n.Labels["karpenter.sh/nodepool"]; pool != "" {
			of = [2]string{"Karpenter", pool}
			if o, ok := l.owners.At(owner.Ref{Kind: owner.Nodes, Name: pool}); ok {
				of[0] = o.String()
			}
		} else if n.Labels[eksfacts.ComputeType] == "fargate" {
			of[0] = "Fargate"
		}
		if pools[of] == nil {
			pools[of] = &outcome.NodePool{Owner: of[0], Name: of[1]}
		}
		pools[of].Nodes++
		if n.Ready {
			pools[of].Ready++
		}
	}
	order := func(a, b [2]string) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	for _, of := range slices.SortedFunc(maps.Keys(pools), order) {
		l.out.Others = append(l.out.Others, *pools[of])
	}
}
