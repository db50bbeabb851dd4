package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	Title:  "Room for one VPC, its addresses, and the nodes' vCPUs",
	Source: "servicequotas:GetServiceQuota, ec2:DescribeVpcs, ec2:DescribeAddresses, ec2:DescribeInstanceTypes, ec2:DescribeInstances",
	Codes:  []string{"quota-vpcs", "quota-addresses", "quota-vcpus"},
	When:   Preflight | Doctor,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		return append(in.networkQuotas(ctx), in.vcpuQuota(ctx)...)
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

func (in *Input) vcpuQuota(ctx context.Context) finding.Findings {
	limit, ok := in.quota(ctx, "ec2", "L-1216C47A")
	if !ok {
		return nil
	}
	type nodes struct {
		typ string
		n   int
	}
	var all, turns []nodes // of the latter, only so many come at once
	toCome := 0
	in.groups(func(g config.Group) {
		if slices.Contains(in.InTurn, g.Name) {
			toCome++
		}
		spot := g.Managed != nil && config.On(g.Managed.Spot, false) || g.Own != nil && g.Own.InstancesDistribution != nil
		if types := g.Types(); len(types) > 0 && types[0] != "mixed" && !spot {
			x := nodes{types[0], *g.DesiredCapacity}
			if slices.Contains(in.InTurn, g.Name) {
				turns = append(turns, x)
			} else {
				all = append(all, x)
			}
		}
	})
	if len(all)+len(turns) == 0 {
		return nil
	}
	runs := map[string]int{}
	if in.Live.Cluster != nil {
		runs = in.running(ctx)
	}
	ask := &ec2.DescribeInstanceTypesInput{}
	for t := range runs {
		ask.InstanceTypes = append(ask.InstanceTypes, ec2types.InstanceType(t))
	}
	for _, x := range slices.Concat(all, turns) {
		ask.InstanceTypes = append(ask.InstanceTypes, ec2types.InstanceType(x.typ))
	}
	slices.Sort(ask.InstanceTypes)
	ask.InstanceTypes = slices.Compact(ask.InstanceTypes)
	infos, err := awsc.Collect(ctx, ec2.NewDescribeInstanceTypesPaginator(in.AWS.EC2, ask),
		func(o *ec2.DescribeInstanceTypesOutput) []ec2types.InstanceTypeInfo { return o.InstanceTypes })
	if err != nil {
		return nil // an unknown type is another check's finding
	}
	each := map[string]int{}
	for _, t := range infos {
		each[string(t.InstanceType)] = int(aws.ToInt32(t.VCpuInfo.DefaultVCpus))
	}
	need, used := 0, 0
	slices.SortFunc(turns, func(a, b nodes) int { return b.n*each[b.typ] - a.n*each[a.typ] })
	for _, x := range slices.Concat(all, turns[:min(len(turns), in.turnsNow(toCome))]) {
		need += x.n * each[x.typ]
	}
	for t, n := range runs {
		used += n * each[t]
	}
	if need+used <= limit {
		return nil
	}
	beside := ""
	if used > 0 {
		beside = fmt.Sprintf(" beside the %d that run", used)
	}
	return finding.Findings{failed("quota-vcpus", fmt.Sprintf("the node groups want %d vCPUs at once%s and the account's quota in %s is %d", need, beside,
		in.AWS.Region, limit),
		"raise the quota (L-1216C47A), or start with fewer nodes", nil)}
}

// turnsNow are how many groups that come in turn may come now: of those that are not to come
// any more, each is in the way until what it takes the place of is gone, and counts as running.
func (in *Input) turnsNow(toCome int) int {
	return max(0, max(1, in.AtOnce)-(len(in.InTurn)-toCome))
}

// running counts what runs by type, of the families that the quota is of: on demand, and
// standard. What cannot be read stops nothing.
func (in *Input) running(ctx context.Context) map[string]int {
	out := map[string]int{}
	states := ec2types.Filter{Name: new("instance-state-name"), Values: []string{"pending", "running"}}
	all, err := awsc.Collect(ctx, ec2.NewDescribeInstancesPaginator(in.AWS.EC2, &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{states}}),
		func(o *ec2.DescribeInstancesOutput) []ec2types.Reservation { return o.Reservations })
	if err != nil {
		return out
	}
	for _, r := range all {
		for _, i := range r.Instances {
			if t := string(i.InstanceType); i.InstanceLifecycle == "" && t != "" && strings.ContainsRune("acdhimrtz", rune(t[0])) {
				out[t]++
			}
		}
	}
	return out
}
