package ec2

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

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

// DescribeRegions lists those of this region's partition.
func (e *EC2) DescribeRegions(_ *wire.Caller, in *ec2.DescribeRegionsInput) (*ec2.DescribeRegionsOutput, error) {
	var names, bad []string
	for _, n := range Regions {
		if Partition(n) == e.Partition {
			names = append(names, n)
		}
	}
	for _, n := range in.RegionNames {
		if !slices.Contains(names, n) {
			bad = append(bad, n)
		}
	}
	if len(bad) > 0 {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid region names: %v", bad)
	}
	out, domain := &ec2.DescribeRegionsOutput{}, ".amazonaws.com"
	if e.Partition == "aws-cn" {
		domain += ".cn"
	}
	for _, n := range names {
		if len(in.RegionNames) == 0 || slices.Contains(in.RegionNames, n) {
			status := "opt-in-not-required"
			if slices.Contains(optIn, n) { // the account has them all
				status = "opted-in"
			}
			out.Regions = append(out.Regions, types.Region{RegionName: new(n), OptInStatus: &status, Endpoint: new("ec2." + n + domain)})
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
	i.State, i.RootDeviceName, i.RootDeviceType = types.ImageStateAvailable, new("/dev/xvda"), types.DeviceTypeEbs
	i.OwnerId, i.ImageOwnerAlias = new("602401143452"), new("amazon")
	switch base, _, _ := strings.Cut(aws.ToString(i.Name), "-"); base {
	case "bottlerocket": // Bottlerocket, "Finding an AMI"
		i.OwnerId = new("092701018921")
	case "Windows_Server":
		i.OwnerId = new("801119661308")
	case "ubuntu": // Canonical's, which has no alias
		i.OwnerId, i.ImageOwnerAlias = new("099720109477"), nil
	}
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
	l = slices.DeleteFunc(l, func(i types.Image) bool {
		return !e.owned(i, in.Owners) || !launches(i, in.ExecutableUsers) || len(in.ImageIds) == 0 && !aws.ToBool(in.IncludeDeprecated) && e.deprecated(i)
	})
	return &ec2.DescribeImagesOutput{Images: l}, err
}

// owned tells whether an AMI is one of some owners', who are account IDs, self or an alias.
func (e *EC2) owned(i types.Image, owners []string) bool {
	return len(owners) == 0 || slices.Contains(owners, aws.ToString(i.OwnerId)) || slices.Contains(owners, aws.ToString(i.ImageOwnerAlias)) ||
		slices.Contains(owners, "self") && aws.ToString(i.OwnerId) == e.Account
}

// launches tells whether an AMI is one that users were let launch: all of them, or nobody by name.
func launches(i types.Image, users []string) bool {
	return len(users) == 0 || slices.Contains(users, "all") && aws.ToBool(i.Public)
}

// deprecated tells whether an AMI of others is listed no longer, unless by its ID.
func (e *EC2) deprecated(i types.Image) bool {
	at, err := time.Parse(imageTime, aws.ToString(i.DeprecationTime))
	return err == nil && at.Before(e.w.Date()) && aws.ToString(i.OwnerId) != e.Account
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
