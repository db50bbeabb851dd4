package iam

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// Instances are launched with the role of their profile, which the caller must be let pass,
// whichever way the profile is named.
func TestRunInstancesPassesTheProfilesRole(t *testing.T) {
	i := New(world.New(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), 1, 0), "111122223333", "aws")
	i.roles.Put("nodes", &role{Role: types.Role{Arn: new("arn:aws:iam::111122223333:role/nodes"), RoleName: new("nodes")}})
	if _, err := i.CreateInstanceProfile(nil, &iam.CreateInstanceProfileInput{InstanceProfileName: new("p")}); err != nil {
		t.Fatal(err)
	}
	if _, err := i.AddRoleToInstanceProfile(nil, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new("p"), RoleName: new("nodes")}); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*ec2types.IamInstanceProfileSpecification{{Name: new("p")}, {Arn: new("arn:aws:iam::111122223333:instance-profile/p")}} {
		got := i.passes("ec2", "RunInstances", &ec2.RunInstancesInput{IamInstanceProfile: p})
		if len(got) != 1 || got[0] != (passed{"arn:aws:iam::111122223333:role/nodes", "ec2.amazonaws.com"}) {
			t.Errorf("%+v: %v", p, got)
		}
	}
	if got := i.passes("ec2", "RunInstances", &ec2.RunInstancesInput{}); len(got) != 0 {
		t.Errorf("without a profile: %v", got)
	}
}
