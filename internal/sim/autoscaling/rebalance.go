package autoscaling

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// rebalanceAfter is how long a group is out of balance before it is balanced, and the time
// between one attempt and the next where the zone has no capacity. The user guide names none:
// it says that balancing is gradual and takes a few minutes.
const rebalanceAfter = 5 * time.Minute

// rebalancing is what a group has beyond its desired capacity while it is balanced: new
// instances are in service before the old ones go (Auto Scaling user guide, "Rebalancing
// activities").
type rebalancing struct {
	Extra int32    // capacity
	Zones []string // where it was launched
}

// zones are those that a group launches in, sorted, with how many instances live in each. A
// zone that was taken from the group is there while it has instances.
func (a *AutoScaling) zones(g *group) (enabled []string, have map[string]int) {
	have = map[string]int{}
	for _, id := range g.subnets() {
		if s := a.ec2.Subnet(id); s != nil && !slices.Contains(enabled, *s.AvailabilityZone) {
			enabled = append(enabled, *s.AvailabilityZone)
		}
	}
	slices.Sort(enabled)
	for _, i := range a.live(g) {
		have[*i.AvailabilityZone]++
	}
	return enabled, have
}

// fewest are the zones of a group that have the fewest instances, and how many those are.
func fewest(enabled []string, have map[string]int) (zones []string, least int) {
	for _, z := range enabled {
		if n := have[z]; len(zones) == 0 || n < least {
			zones, least = []string{z}, n
		} else if n == least {
			zones = append(zones, z)
		}
	}
	return zones, least
}

// moves is how many instances have to move for a group to be balanced: a zone has at most one
// more than another, and one that is not the group's has none. Nothing moves from a zone where
// every instance is protected from scaling in.
func (a *AutoScaling) moves(g *group) (n int) {
	enabled, have := a.zones(g)
	if len(enabled) == 0 {
		return 0
	}
	may := map[string]int{}
	for _, i := range a.live(g) {
		if !aws.ToBool(i.ProtectedFromScaleIn) {
			may[*i.AvailabilityZone]++
		}
	}
	for ; ; n++ {
		to, least := fewest(enabled, have)
		from, most := "", least+1
		for _, z := range slices.Sorted(maps.Keys(have)) {
			has := have[z]
			if !slices.Contains(enabled, z) {
				has += len(g.Instances) // these first
			}
			if may[z] > 0 && has > most {
				from, most = z, has
			}
		}
		if from == "" {
			return n
		}
		may[from]--
		have[from]--
		have[to[0]]++
	}
}

// margin is by how much a group may exceed its maximum while it is balanced: "a 10 percent
// margin (or by a margin of one instance, whichever is greater)" (Auto Scaling user guide,
// "Rebalancing activities"). It is taken as what is moved at a time as well: the guide has
// balancing be gradual.
func (g *group) margin() int32 { return max(1, *g.MaxSize/10) }

// settled tells whether a group has what it wants, all of it in service, and nothing else that
// changes it. Where Terminate is suspended, it keeps what balancing launched, and has too much.
func (a *AutoScaling) settled(g *group) bool {
	n := a.capacity(g)
	return g.Refreshing == nil && g.Balancing == nil && a.inService(g) == len(a.live(g)) &&
		(n == *g.DesiredCapacity || n > *g.DesiredCapacity && a.suspended(g, "Terminate"))
}

// mayBalance tells whether a group's processes let it be balanced. It is not where Launch is
// suspended; where Terminate is, it launches and ends nothing (Auto Scaling user guide, "How
// suspended processes affect other processes").
func (a *AutoScaling) mayBalance(g *group) bool {
	return !a.suspended(g, "AZRebalance") && !a.suspended(g, "Launch") && g.Status == nil
}

// watch has a group looked at later that is out of balance, once however often it is asked for.
func (a *AutoScaling) watch(g *group) {
	if !g.Watched && a.mayBalance(g) && a.moves(g) > 0 {
		g.Watched = true
		a.w.Schedule(rebalanceAfter, "autoscaling:rebalance", *g.AutoScalingGroupName, nil)
	}
}

// rebalance launches in the zones that have too few. The instances that are too many then end
// by look, when the new ones are in service.
func (a *AutoScaling) rebalance(name string, _ struct{}) {
	g := a.groups.Get(name)
	if g == nil {
		return
	}
	g.Watched = false
	defer a.watch(g)
	if !a.mayBalance(g) || !a.settled(g) {
		return
	}
	r := &rebalancing{}
	for n := min(a.moves(g), int(g.margin())); n > 0 && a.capacity(g) < *g.MaxSize+g.margin(); n-- {
		enabled, have := a.zones(g)
		to, _ := fewest(enabled, have)
		before := a.capacity(g)
		if !a.launchIn(g, a.within(g, to), uneven(enabled, have)) {
			break
		}
		r.Extra += a.capacity(g) - before
		if z := *g.Instances[len(g.Instances)-1].AvailabilityZone; !slices.Contains(r.Zones, z) {
			r.Zones = append(r.Zones, z)
		}
	}
	if r.Extra > 0 {
		g.Balancing = r
	}
}

// uneven is the cause of a launch that balances, in the service's words
// (aws-samples/aws-codedeploy-samples#37 quotes them).
func uneven(zones []string, have map[string]int) string {
	n := make([]string, len(zones))
	for i, z := range zones {
		n[i] = fmt.Sprint(have[z])
	}
	return fmt.Sprintf("availability zones %s had %s instances respectively. An instance was launched to aid in balancing the group's zones.",
		strings.Join(zones, " "), strings.Join(n, " "))
}

// balanced is the capacity that a group holds beyond its desired one because new instances are
// not in service yet. When they are, it is over: what is too much goes, for the cause that is
// returned (awslabs/benchmark-ai#71 quotes it). An instance that did not come to be is not
// replaced here: another attempt is made if the group is out of balance still.
func (a *AutoScaling) balanced(g *group) (extra int32, cause string) {
	b := g.Balancing
	if b == nil {
		return 0, ""
	}
	b.Extra = min(b.Extra, a.capacity(g)-*g.DesiredCapacity)
	if b.Extra > 0 && a.inService(g) < len(a.live(g)) {
		return b.Extra, ""
	}
	g.Balancing = nil
	return 0, fmt.Sprintf("instances were launched to balance instances in zones %s with other zones resulting in more than desired number of instances "+
		"in the group. At %s ", strings.Join(b.Zones, " "), a.w.Date().Format(time.RFC3339))
}

// within are a group's subnets in some zones, in the order in which it is their turn.
func (a *AutoScaling) within(g *group, zones []string) (out []string) {
	for _, id := range a.turns(g) {
		if s := a.ec2.Subnet(id); s != nil && slices.Contains(zones, *s.AvailabilityZone) {
			out = append(out, id)
		}
	}
	return out
}

// turns are a group's subnets in the order in which it is their turn: those of zones with the
// fewest instances first, the others after them, in case there is no capacity. Of a group that
// is balanced only, the first zones are all (API reference, AvailabilityZoneDistribution).
func (a *AutoScaling) turns(g *group) []string {
	subnets := g.subnets()
	enabled, have := a.zones(g)
	zone := func(id string) int {
		if s := a.ec2.Subnet(id); s != nil {
			return have[*s.AvailabilityZone]
		}
		return 0 // it is gone: EC2 says so when it is tried
	}
	at := g.Turn % len(subnets)
	out := slices.Concat(subnets[at:], subnets[:at])
	slices.SortStableFunc(out, func(x, y string) int { return zone(x) - zone(y) })
	if d := g.AvailabilityZoneDistribution; d != nil && d.CapacityDistributionStrategy == types.CapacityDistributionStrategyBalancedOnly {
		_, least := fewest(enabled, have)
		out = slices.DeleteFunc(out, func(id string) bool { return zone(id) > least })
	}
	return out
}
