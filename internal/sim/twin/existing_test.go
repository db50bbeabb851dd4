package twin_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/twin"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const named = testregion.Cluster + `
vpc:
  id: vpc-1
  cidr: 10.0.0.0/16
  controlPlaneSubnetIDs: [subnet-cp1, subnet-cp2]
  subnets:
    private: {a: {id: subnet-a, az: us-west-2a, cidr: 10.0.240.0/20}, b: {id: subnet-b, az: us-west-2b}}
managedNodeGroups:
  - {name: arm, instanceType: m6g.large, ami: ami-1, amiFamily: AmazonLinux2023, subnets: [subnet-n1]}
  - {name: two, subnets: [subnet-n2], iam: {instanceRoleARN: "arn:aws:iam::111122223333:role/nodes"}}
secretsEncryption: {keyARN: "arn:aws:kms:us-west-2:111122223333:key/k"}
`

// What a config names by ID is there, for the region's clients, and no two subnets of it
// share addresses.
func TestWhatAConfigNamesIsThere(t *testing.T) {
	f := testregion.Load(t, named)
	x, said := twin.Existing(f.Cluster, "111122223333")
	for _, want := range []string{"VPC vpc-1", "subnet subnet-cp1", "subnet subnet-n2", "AMI ami-1", "role arn:aws:iam::111122223333:role/nodes",
		"KMS key arn:aws:kms:us-west-2:111122223333:key/k"} {
		if !slices.Contains(said, "  "+want) {
			t.Errorf("nothing is said of %s: %s", want, strings.Join(said, "\n"))
		}
	}
	if len(x.Images) != 1 || x.Images[0].Arch != "arm64" {
		t.Errorf("%+v", x.Images)
	}
	r := testregion.New(t, f, 1) // which holds all of it
	out, err := r.AWS.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: new("default-for-az"),
		Values: []string{"false"}}}})
	if err != nil {
		t.Fatal(err)
	}
	var blocks []netip.Prefix
	for _, s := range out.Subnets {
		p := netip.MustParsePrefix(*s.CidrBlock)
		if i := slices.IndexFunc(blocks, p.Overlaps); i >= 0 {
			t.Errorf("%s has %s, which overlaps %s", *s.SubnetId, p, blocks[i])
		}
		blocks = append(blocks, p)
	}
	if len(blocks) != 6 {
		t.Errorf("%v", blocks)
	}
	if _, err := r.AWS.IAM.GetRole(t.Context(), &iam.GetRoleInput{RoleName: new("nodes")}); err != nil {
		t.Error(err)
	}
}

// A config that names nothing needs nothing, and nothing is said.
func TestAPlainConfigNeedsNothing(t *testing.T) {
	x, said := twin.Existing(testregion.Load(t, testregion.Cluster).Cluster, "111122223333")
	if len(said) > 0 || len(x.VPCs)+len(x.Subnets)+len(x.Roles) > 0 {
		t.Errorf("%v %+v", said, x)
	}
}
