package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const everything = testregion.Cluster + `
iam:
  withOIDC: true
  serviceAccounts: [{metadata: {name: sa}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]
  podIdentityAssociations: [{namespace: a, serviceAccountName: b, permissionPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]
accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops", kubernetesGroups: [crew]}]}
addons: [{name: eks-pod-identity-agent}]
identityProviders: [{type: oidc, name: dex, issuerURL: "https://dex.example", clientID: abc}]
fargateProfiles: [{name: fp, selectors: [{namespace: far}]}]
managedNodeGroups: [{name: m, desiredCapacity: 1}]
nodeGroups: [{name: s, desiredCapacity: 1}]
`

// What somebody else took away, or is taking away, stands again after one up, and is
// there once.
func TestWhatGoesIsMadeAgain(t *testing.T) {
	deleteStack := func(name string) func(*testing.T, *testregion.Region) {
		return func(t *testing.T, r *testregion.Region) {
			_, err := r.AWS.CFN.UpdateTerminationProtection(t.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: &name, EnableTerminationProtection: new(false)})
			must(t, err)
			_, err = r.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: &name})
			must(t, err)
		}
	}
	ops := "arn:aws:iam::444455556666:role/ops"
	cluster := new("test")
	for _, c := range []struct {
		name   string
		later  time.Duration // between the deletion and the plan
		asks   bool          // the plan deletes something, which needs a yes
		delete func(*testing.T, *testregion.Region)
	}{
		{"a managed group that is going, behind its stack", 5 * time.Second, true, func(t *testing.T, r *testregion.Region) {
			_, err := r.AWS.EKS.DeleteNodegroup(t.Context(), &eks.DeleteNodegroupInput{ClusterName: cluster, NodegroupName: new("m")})
			must(t, err)
		}},
		{"a managed group that is gone, behind its stack", 20 * time.Minute, true, func(t *testing.T, r *testregion.Region) {
			_, err := r.AWS.EKS.DeleteNodegroup(t.Context(), &eks.DeleteNodegroupInput{ClusterName: cluster, NodegroupName: new("m")})
			must(t, err)
		}},
		{"an Auto Scaling group that is gone, behind its stack", time.Minute, true, func(t *testing.T, r *testregion.Region) {
			all, err := r.AWS.ASG.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
			must(t, err)
			for _, g := range all.AutoScalingGroups {
				if strings.Contains(*g.AutoScalingGroupName, "nodegroup-s") {
					_, err := r.AWS.ASG.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: g.AutoScalingGroupName, ForceDelete: new(true)})
					must(t, err)
					return
				}
			}
			t.Fatal("no Auto Scaling group of s")
		}},
		{"a managed group's stack that is going", 5 * time.Second, false, deleteStack(stack.GroupName("test", "m"))},
		{"a self-managed group's stack that is going", 5 * time.Second, false, deleteStack(stack.GroupName("test", "s"))},
		{"an access entry's stack that is going", 0, false, deleteStack(stack.AccessEntryName("test", ops))},
		{"an access entry that is gone, behind its stack", time.Minute, true, func(t *testing.T, r *testregion.Region) {
			_, err := r.AWS.EKS.DeleteAccessEntry(t.Context(), &eks.DeleteAccessEntryInput{ClusterName: cluster, PrincipalArn: &ops})
			must(t, err)
		}},
		{"a role's stack that is going", 0, false, deleteStack(stack.ServiceAccountName("test", "default", "sa"))},
		{"an association's role that is going", 0, false, deleteStack(stack.PodRoleName("test", "a", "b"))},
		{"an add-on that is going", 0, false, func(t *testing.T, r *testregion.Region) {
			_, err := r.AWS.EKS.DeleteAddon(t.Context(), &eks.DeleteAddonInput{ClusterName: cluster, AddonName: new("coredns")})
			must(t, err)
		}},
		{"a Fargate profile that is going", 5 * time.Second, false, func(t *testing.T, r *testregion.Region) {
			_, err := r.AWS.EKS.DeleteFargateProfile(t.Context(), &eks.DeleteFargateProfileInput{ClusterName: cluster, FargateProfileName: new("fp")})
			must(t, err)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := up(t, everything)
			before := prepare(t, r, everything)
			if !before.Plan.Empty() {
				t.Fatalf("a second plan still has %v", before.Plan.Entries)
			}
			was := plan.Facts(before.Live)
			c.delete(t, r)
			r.Sim.World.Advance(c.later)
			s := prepare(t, r, everything)
			if s.Plan.Empty() || len(s.Plan.Deletions) > 0 != c.asks {
				t.Errorf("the plan has %d steps, and deletes %q", len(s.Plan.Entries), s.Plan.Deletions)
			}
			if rep := drive(t, r, s); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			again := prepare(t, r, everything)
			if !again.Plan.Empty() {
				t.Errorf("a second plan still has %v", again.Plan.Entries)
			}
			now := plan.Facts(again.Live)
			if len(now) != len(was) {
				t.Errorf("not the same things stand: %v", plan.Moved(was, now))
			}
			for k := range was {
				if now[k] == "" && !strings.Contains(k, "NodeInstanceRole") { // whose name is CloudFormation's
					t.Errorf("%s is missing", k)
				}
			}
		})
	}
}
