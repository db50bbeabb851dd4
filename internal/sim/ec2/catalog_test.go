package ec2_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// AMIs are listed by their owners: accounts, self, or an alias.
func TestImagesByOwner(t *testing.T) {
	_, e := region()
	owners := func(of ...string) (out []string) {
		t.Helper()
		for _, i := range must(e.DescribeImages(nil, &ec2.DescribeImagesInput{Owners: of})).Images {
			if !slices.Contains(out, aws.ToString(i.OwnerId)) {
				out = append(out, aws.ToString(i.OwnerId))
			}
		}
		slices.Sort(out)
		return out
	}
	for _, c := range []struct{ of, want []string }{
		{nil, []string{"092701018921", "099720109477", "602401143452", "801119661308"}},
		{[]string{"amazon"}, []string{"092701018921", "602401143452", "801119661308"}},
		{[]string{"099720109477"}, []string{"099720109477"}},
		{[]string{"self"}, nil},
	} {
		if got := owners(c.of...); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v", c.of, got)
		}
	}
	if l := must(e.DescribeImages(nil, &ec2.DescribeImagesInput{ExecutableUsers: []string{"self"}})).Images; len(l) > 0 {
		t.Errorf("let launch by name: %d", len(l))
	}
}

// Regions are those of the partition, each with whether an account must ask for it.
func TestRegionsAreThoseOfThePartition(t *testing.T) {
	_, e := region()
	all := must(e.DescribeRegions(nil, &ec2.DescribeRegionsInput{})).Regions
	if len(all) != 34 {
		t.Errorf("%d regions", len(all))
	}
	r := must(e.DescribeRegions(nil, &ec2.DescribeRegionsInput{RegionNames: []string{"eu-west-3", "ap-east-1"}})).Regions
	if len(r) != 2 || *r[0].OptInStatus != "opted-in" || *r[1].Endpoint != "ec2.eu-west-3.amazonaws.com" {
		t.Errorf("%+v", r)
	}
	is(t, "none of AWS's", second(e.DescribeRegions(nil, &ec2.DescribeRegionsInput{RegionNames: []string{"eu-west-9"}})), "InvalidParameterValue")
	e.Partition = "aws-cn"
	if r := must(e.DescribeRegions(nil, &ec2.DescribeRegionsInput{Filters: []types.Filter{{Name: new("region-name"), Values: []string{"cn-north-1"}}}})).Regions; len(r) != 1 ||
		*r[0].Endpoint != "ec2.cn-north-1.amazonaws.com.cn" {
		t.Errorf("%+v", r)
	}
}
