// Package resolve finds out what a config means in this account and region: where its
// cluster lives, which instance types a selector is, which version "latest" is. It
// only reads, and only what a file asks for; what stands is observed by package
// observe/read. It must not plan.
package resolve

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// Network resolves where a cluster lives: the zones and blocks of a new VPC, or
// the subnets that the config names, as EC2 describes them now.
func Network(ctx context.Context, c *awsc.Clients, f *config.File) (vpc.Network, error) {
	cfg := f.Cluster
	if cfg.ExistingVPC() {
		return existing(ctx, c, f)
	}
	out, err := c.EC2.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{Filters: []ec2types.Filter{{Name: new("state"),
		Values: []string{"available"}}, {Name: new("zone-type"), Values: []string{"availability-zone"}}}})
	if err != nil {
		return vpc.Network{}, fmt.Errorf("listing the zones of %s: %w", c.Region, err)
	}
	var offered []string
	for _, z := range out.AvailabilityZones {
		if eksfacts.ZoneUsable(aws.ToString(z.ZoneId)) {
			offered = append(offered, aws.ToString(z.ZoneName))
		}
	}
	slices.Sort(offered)
	zones, problems := chooseZones(f, offered)
	if len(problems) > 0 {
		return vpc.Network{}, problems
	}
	return vpc.Split(string(cfg.VPC.CIDR), zones, true, true), nil
}

// Resolve completes a config with what its cluster is already, where the file is
// silent: its Kubernetes version.
func Resolve(f *config.File, live *observe.Observed) {
	if live.Cluster == nil {
		return
	}
	if _, written := f.Written("metadata.version"); !written {
		f.Cluster.Metadata.Version = live.Cluster.Version
	}
}

func chooseZones(f *config.File, offered []string) ([]string, finding.Findings) {
	cfg := f.Cluster
	var ps finding.Findings
	var want []string
	need := func(path string, zones []string) {
		for i, z := range zones {
			if !slices.Contains(offered, z) {
				ps = append(ps, f.At("zone-not-offered", fmt.Sprintf("%s[%d]", path, i), "%s is no zone that EKS can use in this region; it offers %s", z,
					strings.Join(offered, ", ")))
			} else if !slices.Contains(want, z) {
				want = append(want, z)
			}
		}
	}
	need("availabilityZones", cfg.AvailabilityZones)
	if len(cfg.AvailabilityZones) == 1 {
		ps = append(ps, f.At("too-few-zones", "availabilityZones", "a cluster needs at least two zones"))
	}
	cfg.EachGroup(func(g config.Group) { need(g.Path+".availabilityZones", g.AvailabilityZones) })
	if len(ps) > 0 {
		return nil, ps
	}
	if len(cfg.AvailabilityZones) > 0 {
		slices.Sort(want)
		return want, nil
	}
	n := eksfacts.DefaultZones(cfg.Metadata.Region)
	for _, z := range offered {
		if len(want) < n && !slices.Contains(want, z) {
			want = append(want, z)
		}
	}
	slices.Sort(want)
	if len(want) < 2 {
		return nil, finding.Findings{f.At("too-few-zones", "metadata.region", "the region offers fewer than two zones that EKS can use")}
	}
	return want, nil
}

// existing resolves the subnets of a VPC that exists, all problems at once.
func existing(ctx context.Context, c *awsc.Clients, f *config.File) (vpc.Network, error) {
	v := f.Cluster.VPC
	// Not by ID: one missing subnet would fail the whole call.
	all, err := awsc.Collect(ctx, ec2.NewDescribeSubnetsPaginator(c.EC2, &ec2.DescribeSubnetsInput{}),
		func(o *ec2.DescribeSubnetsOutput) []ec2types.Subnet { return o.Subnets })
	if err != nil {
		return vpc.Network{}, fmt.Errorf("listing subnets: %w", err)
	}
	byID := map[string]ec2types.Subnet{}
	for _, s := range all {
		byID[*s.SubnetId] = s
	}
	n := vpc.Network{VPC: v.ID, CIDR: string(v.CIDR)}
	var ps finding.Findings
	take := func(path, id string) *ec2types.Subnet {
		s, ok := byID[id]
		switch {
		case !ok:
			ps = append(ps, f.At("subnet-not-found", path, "the subnet %s does not exist in %s", id, c.Region))
			return nil
		case n.VPC != "" && *s.VpcId != n.VPC:
			ps = append(ps, f.At("subnet-elsewhere", path, "the subnet %s is in %s, not in %s", id, *s.VpcId, n.VPC))
			return nil
		}
		n.VPC = *s.VpcId
		return &s
	}
	for i, id := range v.ControlPlaneSubnetIDs {
		take(fmt.Sprintf("vpc.controlPlaneSubnetIDs[%d]", i), id)
	}
	side := func(key string, m map[string]config.Subnet) []vpc.Subnet {
		var out []vpc.Subnet
		for _, k := range slices.Sorted(maps.Keys(m)) {
			path := "vpc.subnets." + key + "." + k
			s := m[k]
			if s.ID == "" {
				s.ID = match(s, k, n.VPC, all)
				if s.ID == "" {
					ps = append(ps, f.At("subnet-not-found", path, "no subnet of %s fits %s", n.VPC, describe(s, k)))
					continue
				}
			}
			if x := take(path, s.ID); x != nil {
				if s.CIDR != "" && string(s.CIDR) != *x.CidrBlock {
					ps = append(ps, f.At("subnet-differs", path+".cidr", "the subnet %s has %s, not %s", s.ID, *x.CidrBlock, s.CIDR))
				}
				out = append(out, vpc.Subnet{Key: k, ID: s.ID, Zone: *x.AvailabilityZone, CIDR: *x.CidrBlock})
			}
		}
		return out
	}
	n.Public, n.Private = side("public", v.Subnets.Public), side("private", v.Subnets.Private)
	if len(n.Public)+len(n.Private) == 0 && len(ps) == 0 {
		fromControlPlane(&n, v.ControlPlaneSubnetIDs, byID)
	}
	if len(ps) > 0 {
		return n, ps
	}
	return n, nil
}

// match finds the one subnet that a description without an ID means.
func match(s config.Subnet, key, vpc string, all []ec2types.Subnet) string {
	az := s.AZ
	if az == "" && s.CIDR == "" {
		az = key
	}
	for _, x := range all {
		if (vpc == "" || *x.VpcId == vpc) && (s.CIDR == "" || string(s.CIDR) == *x.CidrBlock) && (az == "" || az == *x.AvailabilityZone) {
			return *x.SubnetId
		}
	}
	return ""
}

func describe(s config.Subnet, key string) string {
	switch {
	case s.CIDR != "":
		return "cidr " + string(s.CIDR)
	case s.AZ != "":
		return "az " + s.AZ
	}
	return "az " + key
}

// fromControlPlane takes the control plane's subnets for node groups, where the
// config names no others: public where instances get public addresses.
func fromControlPlane(n *vpc.Network, ids []string, byID map[string]ec2types.Subnet) {
	for _, id := range ids {
		x := byID[id]
		s := vpc.Subnet{Key: *x.AvailabilityZone, ID: id, Zone: *x.AvailabilityZone, CIDR: *x.CidrBlock}
		if aws.ToBool(x.MapPublicIpOnLaunch) {
			n.Public = append(n.Public, s)
		} else {
			n.Private = append(n.Private, s)
		}
	}
}

var memRE = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$`)

// SelectInstances finds the instance types that a selector means, at most 40.
func SelectInstances(ctx context.Context, c *awsc.Clients, s *config.InstanceSelector) ([]string, error) {
	arch := s.CpuArchitecture
	if arch == "" || arch == "amd64" {
		arch = "x86_64"
	}
	mem := int64(0)
	if s.Memory != "" {
		m := memRE.FindStringSubmatch(s.Memory)
		if m == nil {
			return nil, fmt.Errorf("the memory %q is no amount, such as 4GiB", s.Memory)
		}
		x, _ := strconv.ParseFloat(m[1], 64)
		if u := strings.ToLower(m[2]); u == "mib" || u == "mb" {
			mem = int64(x)
		} else {
			mem = int64(x * 1024)
		}
	}
	var out []string
	p := ec2.NewDescribeInstanceTypesPaginator(c.EC2,
		&ec2.DescribeInstanceTypesInput{Filters: []ec2types.Filter{{Name: new("processor-info.supported-architecture"), Values: []string{arch}}}})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing instance types: %w", err)
		}
		for _, t := range page.InstanceTypes {
			gpus := 0
			if t.GpuInfo != nil {
				for _, g := range t.GpuInfo.Gpus {
					gpus += int(aws.ToInt32(g.Count))
				}
			}
			if (s.VCPUs == nil || int(*t.VCpuInfo.DefaultVCpus) == *s.VCPUs) && (mem == 0 || *t.MemoryInfo.SizeInMiB == mem) && gpus == config.Int(s.GPUs,
				0) && allowed(s, string(t.InstanceType)) {
				out = append(out, string(t.InstanceType))
			}
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return nil, fmt.Errorf("no instance type fits the selector")
	}
	return out[:min(len(out), 40)], nil
}

func allowed(s *config.InstanceSelector, t string) bool {
	fits := func(expr string) bool {
		re, err := regexp.Compile("^(?:" + expr + ")$")
		return err == nil && re.MatchString(t)
	}
	return (s.Allow == "" || fits(s.Allow)) && (s.Deny == "" || !fits(s.Deny))
}
