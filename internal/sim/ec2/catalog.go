package ec2

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerCatalog(s *wire.Service) {
	handle(e, s, "DescribeRegions", e.DescribeRegions)
	handle(e, s, "DescribeInstanceTypes", e.DescribeInstanceTypes)
	handle(e, s, "DescribeInstanceTypeOfferings", e.DescribeInstanceTypeOfferings)
	handle(e, s, "DescribeImages", e.DescribeImages)
	handle(e, s, "DescribeAccountAttributes", e.DescribeAccountAttributes)
}

// DescribeRegions lists this region and its neighbours.
func (e *EC2) DescribeRegions(_ *wire.Caller, in *ec2.DescribeRegionsInput) (*ec2.DescribeRegionsOutput, error) {
	names := []string{"us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1", "eu-north-1", "ap-northeast-1",
		"ap-northeast-2", "ap-southeast-1", "ap-southeast-2", "sa-east-1", "ca-central-1"}
	switch e.Partition {
	case "aws-cn":
		names = []string{"cn-north-1", "cn-northwest-1"}
	case "aws-us-gov":
		names = []string{"us-gov-east-1", "us-gov-west-1"}
	}
	out := &ec2.DescribeRegionsOutput{}
	for _, n := range names {
		if len(in.RegionNames) == 0 || slices.Contains(in.RegionNames, n) {
			out.Regions = append(out.Regions, types.Region{RegionName: new(n), OptInStatus: new("opt-in-not-required"),
				Endpoint: new("ec2." + n + ".amazonaws.com")})
		}
	}
	var err error
	out.Regions, err = res.Pick(out.Regions, filters(in.Filters), res.Fields[types.Region](regionFilters))
	return out, err
}

// DescribeInstanceTypes reads the catalogue.
func (e *EC2) DescribeInstanceTypes(_ *wire.Caller, in *ec2.DescribeInstanceTypesInput) (*ec2.DescribeInstanceTypesOutput, error) {
	var l []types.InstanceTypeInfo
	rows := allTypes()
	if len(in.InstanceTypes) > 0 {
		rows = nil
		var bad []string
		for _, n := range in.InstanceTypes {
			if t, ok := TypeOf(string(n)); ok {
				rows = append(rows, t)
			} else {
				bad = append(bad, string(n))
			}
		}
		if len(bad) > 0 {
			return nil, wire.Errorf("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", strings.Join(bad, ", "))
		}
	}
	for _, t := range rows {
		l = append(l, t.info())
	}
	l, err := res.Pick(l, filters(in.Filters), res.Fields[types.InstanceTypeInfo](typeFilters))
	return &ec2.DescribeInstanceTypesOutput{InstanceTypes: l}, err
}

// DescribeInstanceTypeOfferings says where types are offered: every type in every
// zone, except that old generations and GPUs miss the region's last zone and
// local zones offer only a few.
func (e *EC2) DescribeInstanceTypeOfferings(_ *wire.Caller, in *ec2.DescribeInstanceTypeOfferingsInput) (*ec2.DescribeInstanceTypeOfferingsOutput, error) {
	var all []types.InstanceTypeOffering
	for _, t := range allTypes() {
		var where []string
		switch in.LocationType {
		case types.LocationTypeAvailabilityZone:
			for _, z := range e.Zones {
				if e.offered(t, z) {
					where = append(where, z.Name)
				}
			}
		case types.LocationTypeAvailabilityZoneId:
			for _, z := range e.Zones {
				if e.offered(t, z) {
					where = append(where, z.ID)
				}
			}
		default:
			where = []string{e.Region}
		}
		for _, l := range where {
			all = append(all, types.InstanceTypeOffering{InstanceType: types.InstanceType(t.Name), Location: new(l), LocationType: in.LocationType})
		}
	}
	all, err := res.Pick(all, filters(in.Filters), res.Fields[types.InstanceTypeOffering](offeringFilters))
	return &ec2.DescribeInstanceTypeOfferingsOutput{InstanceTypeOfferings: all}, err
}

// defaultImages registers the AMIs of every release that SSM's public parameters name.
func (e *EC2) defaultImages() {
	for _, f := range published {
		for _, minor := range slices.Sorted(maps.Keys(Kubernetes)) {
			if !Published(f.family, f.arch, minor) {
				continue
			}
			for _, x := range issues(f.family, minor) {
				id := ImageOf(f.family, f.arch, minor, x.release)
				if e.images.Get(id) == nil { // the newest of a day has it
					e.newImage(id, imageName(f.family, f.arch, minor, x.stamp), f.arch, imageText(f.family, x.patch), x.day)
				}
			}
		}
	}
}

// ImageID is the newest AMI of a family and architecture for a Kubernetes minor, in every
// region.
func ImageID(family, arch, minor string) string { return imageID(family + arch + minor) }

func imageID(of string) string {
	h := uint64(14695981039346656037)
	for _, c := range of {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return fmt.Sprintf("ami-0%016x", h)
}

// newImage registers an AMI that was made on a day, such as 20261101, and is deprecated two
// years later, as those of AWS are.
func (e *EC2) newImage(id, name, arch, description, day string) {
	i := &types.Image{ImageId: new(id), Name: new(name), Architecture: types.ArchitectureValues(arch), Public: new(true)}
	if made, err := time.Parse("20060102", day); err == nil {
		made = made.Add(18*time.Hour + 20*time.Minute)
		i.CreationDate, i.DeprecationTime = new(made.Format(imageTime)), new(made.AddDate(2, 0, 0).Format(imageTime))
	}
	if description != "" {
		i.Description = new(description)
	}
	_ = completeImage(i) // adds what is the same for all
	e.images.Put(id, i)
}

// imageTime is how EC2 writes the dates of AMIs.
const imageTime = "2006-01-02T15:04:05.000Z"

// completeImage gives an AMI of an ID, a name and an architecture the rest.
func completeImage(i *types.Image) error {
	i.State, i.OwnerId, i.RootDeviceName, i.RootDeviceType = types.ImageStateAvailable, new("602401143452"), new("/dev/xvda"), types.DeviceTypeEbs
	i.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: new("/dev/xvda"),
		Ebs: &types.EbsBlockDevice{VolumeSize: new(int32(20)), SnapshotId: new("snap-0123456789abcdef0")}}}
	return nil
}

func noImage(id string) error {
	return wire.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
}

// Image is an AMI, or nil.
func (e *EC2) Image(id string) *types.Image { return e.images.Get(id) }

// DescribeImages lists AMIs.
func (e *EC2) DescribeImages(_ *wire.Caller, in *ec2.DescribeImagesInput) (*ec2.DescribeImagesOutput, error) {
	l, err := res.List(e.images, in.ImageIds, filters(in.Filters), func(i *types.Image) types.Image { return *i })
	return &ec2.DescribeImagesOutput{Images: l}, err
}

// DescribeAccountAttributes reads the account's EC2 limits.
func (e *EC2) DescribeAccountAttributes(_ *wire.Caller, in *ec2.DescribeAccountAttributesInput) (*ec2.DescribeAccountAttributesOutput, error) {
	out := &ec2.DescribeAccountAttributesOutput{}
	for _, a := range []struct{ k, v string }{{"vpc-max-elastic-ips", fmt.Sprint(e.Quotas.Addresses)}, {"max-elastic-ips", fmt.Sprint(e.Quotas.Addresses)},
		{"supported-platforms", "VPC"}} {
		out.AccountAttributes = append(out.AccountAttributes,
			types.AccountAttribute{AttributeName: new(a.k), AttributeValues: []types.AccountAttributeValue{{AttributeValue: new(a.v)}}})
	}
	return out, nil
}
