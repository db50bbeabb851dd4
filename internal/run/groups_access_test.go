package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A role that was deleted and made again has an access entry that lets nobody in (ops case 7):
// a group is refused before it is made, and the calls that the refusal names let its nodes join.
func TestADeadAccessEntryIsToldBeforeAGroupIsMade(t *testing.T) {
	const role, text = "arn:aws:iam::111122223333:role/nodes", testregion.Cluster +
		"managedNodeGroups: [{name: w, desiredCapacity: 1, iam: {instanceRoleARN: 'arn:aws:iam::111122223333:role/nodes'}}]\n"
	r := up(t, text)
	s, err := run.PrepareDelete(t.Context(), r.AWS, "test", []string{"w"}, run.GroupChange{})
	must(t, err)
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	// EKS leaves the entry where a group goes by its own call; our removal takes it along.
	_, _ = r.AWS.EKS.CreateAccessEntry(t.Context(), &eks.CreateAccessEntryInput{ClusterName: new("test"), PrincipalArn: new(role), Type: new("EC2_LINUX")})
	policies, err := r.AWS.IAM.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: new("nodes")})
	must(t, err)
	for _, p := range policies.AttachedPolicies {
		_, err := r.AWS.IAM.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: new("nodes"), PolicyArn: p.PolicyArn})
		must(t, err)
	}
	profiles, err := r.AWS.IAM.ListInstanceProfilesForRole(t.Context(), &iam.ListInstanceProfilesForRoleInput{RoleName: new("nodes")})
	must(t, err)
	for _, p := range profiles.InstanceProfiles {
		_, err := r.AWS.IAM.RemoveRoleFromInstanceProfile(t.Context(), &iam.RemoveRoleFromInstanceProfileInput{RoleName: new("nodes"), InstanceProfileName: p.InstanceProfileName})
		must(t, err)
	}
	_, err = r.AWS.IAM.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: new("nodes")})
	must(t, err)
	r.Sim.World.Advance(time.Hour)
	_, err = r.AWS.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: new("nodes"),
		AssumeRolePolicyDocument: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	must(t, err)
	for _, p := range policies.AttachedPolicies {
		_, err := r.AWS.IAM.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: new("nodes"), PolicyArn: p.PolicyArn})
		must(t, err)
	}
	r.Sim.World.Advance(time.Minute) // IAM tells EKS of it
	f := testregion.Load(t, text)
	for _, alone := range []bool{true, false} { // nodegroup create, and up
		_, err = run.PrepareWith(t.Context(), r.AWS, f, run.Wish{GroupsAlone: alone})
		if fs, _ := finding.Of(err); len(fs) != 1 || fs[0].Code != "access-entry-dead" || !strings.Contains(err.Error(), "the ARN is equal, and the entry is bound to the role that was deleted") {
			t.Errorf("groups alone %v: %v", alone, err)
		}
	}
	_, err = r.AWS.EKS.DeleteAccessEntry(t.Context(), &eks.DeleteAccessEntryInput{ClusterName: new("test"), PrincipalArn: new(role)})
	must(t, err)
	_, err = r.AWS.EKS.CreateAccessEntry(t.Context(), &eks.CreateAccessEntryInput{ClusterName: new("test"), PrincipalArn: new(role), Type: new("EC2_LINUX")})
	must(t, err)
	if rep := drive(t, r, groupsOnly(t, r, f, run.Wish{})); !rep.OK() {
		t.Error(rep.FirstFailure)
	}
}
