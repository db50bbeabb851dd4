package check

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/stack"
)

var quotas = Check{
	Name:   "quotas",
	Title:  "Room for one VPC, its addresses, the nodes' vCPUs, and EKS's quota of node groups",
	Source: "servicequotas:GetServiceQuota, ec2:DescribeVpcs, ec2:DescribeAddresses, ec2:DescribeInstanceTypes, ec2:DescribeInstances",
	Codes:  []string{"quota-vpcs", "quota-addresses", "quota-vcpus", "quota-node-groups"},
	When:   Preflight | Doctor,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		return slices.Concat(in.networkQuotas(ctx), in.vcpuQuota(ctx), in.groupQuota(ctx))
	},
}

// quota reads one service quota; ok is false where it cannot be read, which stops
// nothing.
func (in *Input) quota(ctx context.Context, service, code string) (limit int, ok bool) {
	out, err := in.AWS.Quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &service, QuotaCode: &code})
	if err != nil || out.Quota == nil {
		return 0, false
	}
	return int(aws.ToFloat64(out.Quota.Value)), true
}

func (in *Input) networkQuotas(ctx context.Context) finding.Findings {
	name := stack.ClusterName(in.Config.Metadata.Name)
	if in.Net.VPC != "" || in.Live.Cluster != nil || in.Live.Has(name) || in.Live.Stacks[name] != nil {
		return nil
	}
	var out finding.Findings
	vpcs, err := awsc.Collect(ctx, ec2.NewDescribeVpcsPaginator(in.AWS.EC2, &ec2.DescribeVpcsInput{}),
		func(o *ec2.DescribeVpcsOutput) []ec2types.Vpc { return o.Vpcs })
	if n, ok := in.quota(ctx, "vpc", "L-F678F1CE"); err == nil && ok && len(vpcs)+1 > n {
		out = append(out, failed("quota-vpcs", fmt.Sprintf("the account has %d of %d VPCs in %s and the cluster needs one more", len(vpcs), n, in.AWS.Region),
			"delete one, raise the quota (L-F678F1CE), or name an existing VPC under vpc", nil))
	}
	need := map[string]int{"Single": 1, "HighlyAvailable": len(in.Net.Public)}[in.Config.VPC.NAT.Gateway]
	addrs, err := in.AWS.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{}) // has no pages
	if n, ok := in.quota(ctx, "ec2", "L-0263D0A3"); err == nil && ok && len(addrs.Addresses)+need > n {
		out = append(out, failed("quota-addresses", fmt.Sprintf("the account has %d of %d Elastic IP addresses in %s and NAT needs %d more",
			len(addrs.Addresses), n, in.AWS.Region, need),
			"release some, raise the quota (L-0263D0A3), or set vpc.nat.gateway to Single or Disable", nil))
	}
	return out
}

// nodes are some of one type, which a group is made with.
type nodes struct {
	typ string
	n   int
}

// vcpuQuota holds what node groups want against the account's quotas of vCPUs, each of some
// families of instance types. A group of mixed types may have them all of one or another: it is
// held against none.
func (in *Input) vcpuQuota(ctx context.Context) (out finding.Findings) {
	all, turns := map[bucket][]nodes{}, map[bucket][]nodes{} // of the latter, only so many come at once
	toCome := 0
	in.groups(func(g config.Group) {
		inTurn := slices.Contains(in.InTurn, g.Name)
		if inTurn {
			toCome++
		}
		types := g.Types()
		if len(types) == 0 || types[0] == "mixed" || g.Own != nil && g.Own.InstancesDistribution != nil {
			return
		}
		b := bucketOf(types[0], g.Managed != nil && config.On(g.Managed.Spot, false))
		if x := (nodes{types[0], *g.DesiredCapacity}); inTurn {
			turns[b] = append(turns[b], x)
		} else {
			all[b] = append(all[b], x)
		}
	})
	runs := map[bucket]map[string]int{}
	if in.Live.Cluster != nil {
		runs = in.running(ctx)
	}
	for _, b := range buckets {
		if len(all[b])+len(turns[b]) == 0 {
			continue
		}
		limit, ok := in.quota(ctx, "ec2", b.code)
		if !ok {
			continue
		}
		var ask []string
		for _, x := range slices.Concat(all[b], turns[b]) {
			ask = append(ask, x.typ)
		}
		each, err := in.vcpusOf(ctx, ask, slices.Sorted(maps.Keys(runs[b])))
		if err != nil {
			continue // an unknown type is another check's finding
		}
		need, used := 0, vcpus(runs[b], each)
		slices.SortFunc(turns[b], func(x, y nodes) int { return y.n*each[y.typ] - x.n*each[x.typ] })
		for _, x := range slices.Concat(all[b], turns[b][:min(len(turns[b]), in.turnsNow(toCome))]) {
			need += x.n * each[x.typ]
		}
		if need == 0 || need+used <= limit {
			continue
		}
		beside := ""
		if used > 0 {
			beside = fmt.Sprintf(" beside the %d that run", used)
		}
		out = append(out, failed("quota-vcpus", fmt.Sprintf("the node groups want %d vCPUs at once%s and the account's quota in %s is %d (%s)", need, beside,
			in.AWS.Region, limit, b.name), "raise the quota ("+b.code+"), or start with fewer nodes", nil))
	}
	return out
}

// groupQuota holds the managed node groups that there will be at once against EKS's quota. How
// large one may be, the file is asked.
func (in *Input) groupQuota(ctx context.Context) finding.Findings {
	alone, inTurn := 0, 0
	in.groups(func(g config.Group) {
		switch {
		case g.Managed == nil:
		case slices.Contains(in.InTurn, g.Name):
			inTurn++
		default:
			alone++
		}
	})
	there, come := len(in.Live.Groups), alone+min(inTurn, in.turnsNow(inTurn))
	if come == 0 {
		return nil
	}
	if n, ok := in.quota(ctx, "eks", "L-6D54EA21"); ok && there+come > n {
		return finding.Findings{failed("quota-node-groups", fmt.Sprintf("the cluster has %d managed node groups, would have %d more at once, "+
			"and the account's quota in %s is %d", there, come, in.AWS.Region, n),
			"delete one, raise the quota (L-6D54EA21), or replace fewer at once (--max-parallel)", nil)}
	}
	return nil
}

// vcpus are those of some instances, counted by type, where each type has so many.
func vcpus(counts, each map[string]int) (n int) {
	for t, count := range counts {
		n += count * each[t]
	}
	return n
}

// turnsNow are how many groups that come in turn may come now: of those that are not to come
// any more, each is in the way until what it takes the place of is gone, and counts as running.
func (in *Input) turnsNow(toCome int) int {
	return max(0, max(1, in.AtOnce)-(len(in.InTurn)-toCome))
}

// running counts what runs by the quota that it counts for, and by type. What cannot be read
// stops nothing.
func (in *Input) running(ctx context.Context) map[bucket]map[string]int {
	out := map[bucket]map[string]int{}
	states := ec2types.Filter{Name: new("instance-state-name"), Values: []string{"pending", "running"}}
	all, err := awsc.Collect(ctx, ec2.NewDescribeInstancesPaginator(in.AWS.EC2, &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{states}}),
		func(o *ec2.DescribeInstancesOutput) []ec2types.Reservation { return o.Reservations })
	if err != nil {
		return out
	}
	for _, r := range all {
		for _, i := range r.Instances {
			b := bucketOf(string(i.InstanceType), i.InstanceLifecycle == ec2types.InstanceLifecycleTypeSpot)
			if out[b] == nil {
				out[b] = map[string]int{}
			}
			out[b][string(i.InstanceType)]++
		}
	}
	return out
}
