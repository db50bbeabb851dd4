package run

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/plan"
)

// machines asks in which zones the instance types are offered that pods are to move to, and what
// they have, where no node of a type is there to tell. What cannot be read stops nothing: then room is not compared.
func (p *preparation) machines(ctx context.Context) error {
	if p.f == nil || len(p.in.Replaced) == 0 || p.in.Live.Kubernetes == nil {
		return nil
	}
	stand := map[string]bool{}
	for _, n := range p.in.Live.Kubernetes.Nodes {
		stand[n.Labels[eksfacts.LabelType]] = true
	}
	var ask []ec2types.InstanceType
	var all []string
	p.f.Cluster.EachGroup(func(g config.Group) {
		green := slices.ContainsFunc(p.in.Replaced, func(w plan.Within) bool { return w.Green == g.Name })
		for _, t := range g.Types() {
			if green && t != "mixed" {
				all = append(all, t)
			}
			if green && !stand[t] && t != "mixed" {
				ask = append(ask, ec2types.InstanceType(t))
			}
		}
	})
	p.in.Offered, _ = p.c.Offerings(ctx, all) //nolint:errcheck // likewise
	if len(ask) == 0 {
		return nil
	}
	slices.Sort(ask)
	infos, err := awsc.Collect(ctx, ec2.NewDescribeInstanceTypesPaginator(p.c.EC2, &ec2.DescribeInstanceTypesInput{InstanceTypes: slices.Compact(ask)}),
		func(o *ec2.DescribeInstanceTypesOutput) []ec2types.InstanceTypeInfo { return o.InstanceTypes })
	if err != nil {
		return nil //nolint:nilerr // preflight has said so, if it matters
	}
	p.in.Machines = map[string]plan.Machine{}
	for _, t := range infos {
		if t.VCpuInfo != nil && t.MemoryInfo != nil {
			m := plan.Machine{VCPUs: int(aws.ToInt32(t.VCpuInfo.DefaultVCpus)), MemoryMiB: int(aws.ToInt64(t.MemoryInfo.SizeInMiB))}
			if t.GpuInfo != nil {
				for _, g := range t.GpuInfo.Gpus {
					m.GPUs += int(aws.ToInt32(g.Count))
				}
			}
			p.in.Machines[string(t.InstanceType)] = m
		}
	}
	return nil
}
