package cfn_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// A tag of the stack is a tag of every resource that takes some; it comes, changes and
// goes, nothing is replaced by it, and it meets what somebody deleted.
func TestTheStacksTagsAreItsResourcesTags(t *testing.T) {
	s := region(t)
	if err := s.create("s", role, ""); err != nil {
		t.Fatal(err)
	}
	retag := func(value string) types.StackStatus {
		t.Helper()
		in := &cloudformation.UpdateStackInput{StackName: new("s"), UsePreviousTemplate: new(true), Tags: []types.Tag{},
			Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}}
		if value != "" {
			in.Tags = append(in.Tags, types.Tag{Key: new("k"), Value: &value})
		}
		if _, err := s.AWS.CFN.UpdateStack(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		s.Sim.World.Advance(time.Hour)
		return s.describe("s").StackStatus
	}
	subnet := s.physical("Subnet")
	for _, want := range []string{"a", "b", ""} {
		if st := retag(want); st != types.StackStatusUpdateComplete || s.physical("Subnet") != subnet {
			t.Fatalf("%q: %s %v", want, st, s.unfinished())
		}
		sub, err := s.AWS.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: new("tag-key"), Values: []string{"k"}}}})
		if err != nil {
			t.Fatal(err)
		}
		role, err := s.AWS.IAM.GetRole(t.Context(), &iam.GetRoleInput{RoleName: new("r")})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, x := range sub.Subnets {
			for _, tag := range x.Tags {
				if *tag.Key == "k" {
					got = *tag.Value
				}
			}
		}
		if got != want || (len(role.Role.Tags) == 1) != (want != "") {
			t.Errorf("%q: the subnet has %q, the role %v", want, got, role.Role.Tags)
		}
	}
	if _, err := s.Region.Region.EC2.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: &subnet}); err != nil {
		t.Fatal(err)
	}
	if st := retag("c"); st != types.StackStatusUpdateRollbackComplete && st != types.StackStatusUpdateRollbackFailed {
		t.Errorf("a tag for a subnet that is gone: %s", st)
	}
}
