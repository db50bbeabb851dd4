package run_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// groupsOnly prepares the creation of node groups and nothing else.
func groupsOnly(t *testing.T, r *testregion.Region, f *config.File, w run.Wish) *run.Session {
	t.Helper()
	w.GroupsAlone = true
	s, err := run.PrepareWith(t.Context(), r.AWS, f, w)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fromFlags prepares a node group that no file describes.
func fromFlags(t *testing.T, r *testregion.Region, managed bool, group map[string]any, w run.Wish) *run.Session {
	t.Helper()
	s, err := run.PrepareGroup(t.Context(), r.AWS, "test", run.NewGroup{Managed: managed, Properties: group}, w)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// kinds counts a plan's steps by kind.
func kinds(s *run.Session) map[string]int {
	out := map[string]int{}
	for _, e := range s.Plan.Entries {
		out[e.Kind]++
	}
	return out
}

// A group that flags describe is made on what EKS and EC2 say of the cluster; it is a
// stack by eksctl's contract, and asking again changes nothing.
func TestAGroupIsMadeFromFlags(t *testing.T) {
	for _, managed := range []bool{true, false} {
		r := up(t, withoutNAT)
		flags := map[string]any{"name": "batch", "desiredCapacity": 2, "instanceType": "m5.large", "labels": map[string]string{"pool": "batch"}}
		before := r.AWS.Calls()
		s := fromFlags(t, r, managed, flags, run.Wish{})
		if n := r.AWS.Calls() - before; n > 70 {
			t.Errorf("managed %v: %d requests: the cluster is read once", managed, n)
		}
		if k := kinds(s); k[rules.NodeGroup] != 1 || k[rules.Nodes] != 1 || len(k) != 2 {
			t.Fatalf("managed %v: the plan has %v", managed, k)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		s = fromFlags(t, r, managed, flags, run.Wish{})
		if !s.Plan.Empty() || !strings.Contains(strings.Join(s.Plan.Notes, "\n"), "node group batch stands already") {
			t.Errorf("managed %v: again: %v %v", managed, kinds(s), s.Plan.Notes)
		}
		if s.Live.Stacks["eksctl-test-nodegroup-batch"] == nil {
			t.Errorf("managed %v: the stacks are %v", managed, slices.Sorted(maps.Keys(s.Live.Stacks)))
		}
	}
}

// Whom the cluster does not let in makes a group all the same: by what EKS says of it alone.
// Nodes are not ended by somebody who cannot empty them.
func TestWhoIsNotLetInGoesByWhatEKSSays(t *testing.T) {
	r := up(t, withoutNAT)
	if _, err := r.AWS.EKS.DeleteAccessEntry(t.Context(), &eks.DeleteAccessEntryInput{ClusterName: new("test"), PrincipalArn: &r.AWS.Caller}); err != nil {
		t.Fatal(err)
	}
	s := fromFlags(t, r, true, map[string]any{"name": "batch", "desiredCapacity": 2, "maxSize": 2, "minSize": 1}, run.Wish{})
	if k := kinds(s); k[rules.NodeGroup] != 1 || !strings.Contains(s.Plan.Unreachable, "does not let "+r.AWS.Caller+" in (Unauthorized)") {
		t.Errorf("the plan has %v, and says %q", k, s.Plan.Unreachable)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Error(rep.FirstFailure)
	}
	_, err := scaled(t, r, "batch", run.GroupSizes{Nodes: new(1)})
	if fs, _ := finding.Of(err); len(fs) != 1 || fs[0].Code != "cannot-drain" || !strings.Contains(fs[0].Error(), "--drain=false") {
		t.Errorf("%v", err)
	}
}

// With the control plane's subnets replaced, a group from flags is made in the live ones,
// whatever the record says.
func TestAGroupFromFlagsKnowsNoStaleRecord(t *testing.T) {
	r, now := replaced(t)
	if rep := drive(t, r, fromFlags(t, r, true, map[string]any{"name": "m", "desiredCapacity": 1}, run.Wish{})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("m")})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(now)
	if got := slices.Sorted(slices.Values(g.Nodegroup.Subnets)); !slices.Equal(got, now) {
		t.Errorf("the group is in %v, and the control plane in %v", got, now)
	}
}

// Of a file, only what is not there is made, nothing else of it is followed, and only the
// groups that are made are checked.
func TestOfAFileOnlyMissingGroupsAreMade(t *testing.T) {
	r := up(t, testregion.Cluster+"managedNodeGroups: [{name: a, desiredCapacity: 1, privateNetworking: true}]\n")
	f := testregion.Load(t, testregion.Cluster+`managedNodeGroups:
  - {name: a, desiredCapacity: 3, privateNetworking: true}
  - {name: b, desiredCapacity: 1, privateNetworking: true}
  - {name: wrong, instanceType: m5.enormous}
addons: [{name: vpc-cni}, {name: kube-proxy}, {name: coredns}, {name: metrics-server}, {name: aws-ebs-csi-driver}]
`)
	one, err := f.Only("a", "b")
	if err != nil {
		t.Fatal(err)
	}
	s := groupsOnly(t, r, one, run.Wish{})
	if k := kinds(s); k[rules.NodeGroup] != 1 || k[rules.Nodes] != 1 || len(k) != 2 {
		t.Fatalf("the plan has %v", k)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if s = groupsOnly(t, r, one, run.Wish{}); s.Live.Groups["b"] == nil || s.Live.Groups["a"].ScalingConfig.DesiredSize != 1 {
		t.Errorf("%+v", s.Live.Groups)
	}
}

// What is wrong of a group is told before anything is made: no cluster, and subnets that
// are not there, which are not asked for where nobody wants that.
func TestAGroupThatCannotBeMadeIsRefused(t *testing.T) {
	r := up(t, withoutNAT)
	g := run.NewGroup{Managed: true, Properties: map[string]any{"name": "g"}}
	if _, err := run.PrepareGroup(t.Context(), r.AWS, "none", g, run.Wish{}); err == nil || !strings.Contains(err.Error(), "there is no cluster none in us-west-2") {
		t.Errorf("%v", err)
	}
	g.Properties["subnets"] = []string{"subnet-0123456789abcdef0"}
	if _, err := run.PrepareGroup(t.Context(), r.AWS, "test", g, run.Wish{}); err == nil || !strings.Contains(err.Error(), "has no subnet subnet-0123456789abcdef0: it does not exist, or is another VPC's") {
		t.Errorf("%v", err)
	}
	if s := fromFlags(t, r, true, g.Properties, run.Wish{SkipSubnets: true}); !strings.Contains(strings.Join(s.Plan.Notes, "\n"), "Not checked, as it was asked for") {
		t.Errorf("%v", s.Plan.Notes)
	}
}
