package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/finding"
)

// Surge is what EKS adds to a node group while it replaces its nodes within it.
type Surge struct {
	Group   string
	Type    string // of the instances
	Spot    bool
	Nodes   int // at most
	Least   int // that EKS needs to go on: one in each zone
	Subnets []string
}

// Room is whether there is room for what EKS adds to node groups that it is at at once: without
// that for a node in each zone it waits, gives up, and rolls back (facts/eks.md §6, ops case 26).
// Room for fewer than it would like is a warning. What cannot be read stops nothing.
func Room(ctx context.Context, c *awsc.Clients, atOnce []Surge) finding.Findings {
	in := &Input{AWS: c}
	return append(in.surgeVCPUs(ctx, atOnce), in.surgeAddresses(ctx, atOnce)...)
}

// surgeVCPUs holds the nodes against the account's quotas.
func (in *Input) surgeVCPUs(ctx context.Context, atOnce []Surge) (out finding.Findings) {
	all := map[bucket][]Surge{}
	for _, s := range atOnce {
		if b := bucketOf(s.Type, s.Spot); s.Type != "" && b.code != "" {
			all[b] = append(all[b], s)
		}
	}
	if len(all) == 0 {
		return nil
	}
	runs := in.running(ctx)
	for _, b := range buckets {
		if len(all[b]) > 0 {
			out = append(out, in.surgeInto(ctx, b, all[b], runs[b])...)
		}
	}
	return out
}

// surgeInto holds nodes against the quota that all of them count for.
func (in *Input) surgeInto(ctx context.Context, b bucket, atOnce []Surge, runs map[string]int) finding.Findings {
	limit, ok := in.quota(ctx, "ec2", b.code)
	if !ok {
		return nil
	}
	nodes, least, names := map[string]int{}, map[string]int{}, []string(nil)
	for _, s := range atOnce {
		nodes[s.Type] += s.Nodes
		least[s.Type] += s.Least
		names = append(names, s.Group)
	}
	each, err := in.vcpusOf(ctx, slices.Sorted(maps.Keys(nodes)), slices.Sorted(maps.Keys(runs)))
	if err != nil {
		return nil
	}
	used, most := vcpus(runs, each), vcpus(nodes, each)
	what := fmt.Sprintf("EKS adds up to %d vCPUs of nodes to %s meanwhile, beside the %d that run, and the account's quota in %s is %d", most,
		strings.Join(names, " and "), used, in.AWS.Region, limit)
	remedy := "raise the quota (" + b.code + "), have fewer groups at it at once, or give the group the update strategy MINIMAL, which adds none"
	f := failed("quota-vcpus", what, remedy, nil)
	f.Where.Resource = "node group " + strings.Join(names, ", ")
	switch {
	case used+most <= limit:
		return nil
	case used+vcpus(least, each) <= limit:
		f.Severity, f.Breaks = finding.Warning, "it goes on with fewer, and takes longer"
	default:
		f.Breaks = "no node would come in some zone, and EKS gives up after half an hour; nothing was changed"
	}
	return finding.Findings{f}
}

// vcpusOf are the vCPUs of instance types.
func (in *Input) vcpusOf(ctx context.Context, lists ...[]string) (map[string]int, error) {
	out, ask := map[string]int{}, &ec2.DescribeInstanceTypesInput{}
	for _, t := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(lists...)))) {
		ask.InstanceTypes = append(ask.InstanceTypes, ec2types.InstanceType(t))
	}
	infos, err := awsc.Collect(ctx, ec2.NewDescribeInstanceTypesPaginator(in.AWS.EC2, ask),
		func(o *ec2.DescribeInstanceTypesOutput) []ec2types.InstanceTypeInfo { return o.InstanceTypes })
	for _, t := range infos {
		out[string(t.InstanceType)] = int(aws.ToInt32(t.VCpuInfo.DefaultVCpus))
	}
	return out, err
}

// surgeAddresses reads the subnets that the nodes come to.
func (in *Input) surgeAddresses(ctx context.Context, atOnce []Surge) finding.Findings {
	var all []string
	for _, s := range atOnce {
		all = append(all, s.Subnets...)
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	subnets, err := awsc.Collect(ctx, ec2.NewDescribeSubnetsPaginator(in.AWS.EC2, &ec2.DescribeSubnetsInput{SubnetIds: slices.Compact(all)}),
		func(o *ec2.DescribeSubnetsOutput) []ec2types.Subnet { return o.Subnets })
	if err != nil {
		return nil
	}
	free, zone := map[string]int{}, map[string]string{}
	for _, s := range subnets {
		free[aws.ToString(s.SubnetId)], zone[aws.ToString(s.SubnetId)] = int(aws.ToInt32(s.AvailableIpAddressCount)), aws.ToString(s.AvailabilityZone)
	}
	return addressesFor(atOnce, free, zone)
}

// addressesFor holds the nodes against the free addresses of their subnets, one each at the
// least.
func addressesFor(atOnce []Surge, free map[string]int, zone map[string]string) (out finding.Findings) {
	for _, s := range atOnce {
		byZone, sum := map[string]int{}, 0
		for _, id := range s.Subnets {
			byZone[zone[id]] += free[id]
			sum += free[id]
		}
		f := failed("too-few-addresses", fmt.Sprintf("EKS adds up to %d nodes to %s meanwhile, and its subnets have %d free addresses", s.Nodes, s.Group, sum),
			"free addresses, or replace the group by one in other subnets: slipway nodegroup upgrade -f FILE", nil)
		f.Where.Resource, f.Severity, f.Breaks = "node group "+s.Group, finding.Warning, "it goes on with fewer, and takes longer"
		for _, z := range slices.Sorted(maps.Keys(byZone)) {
			if byZone[z] == 0 {
				f.What += ", none in " + z
				f.Severity, f.Breaks = finding.Error, "no node would come there, and EKS gives up after half an hour; nothing was changed"
			}
		}
		if sum < s.Nodes || f.Severity == finding.Error {
			out = append(out, f)
		}
	}
	return out
}
