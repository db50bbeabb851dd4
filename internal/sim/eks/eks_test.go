package eks_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/sim/autoscaling"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	sim "github.com/slipway-eks/slipway/internal/sim/eks"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/kms"
	"github.com/slipway-eks/slipway/internal/sim/logs"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

const (
	account = "111122223333"
	role    = "arn:aws:iam::" + account + ":role/cluster"
	nodes   = "arn:aws:iam::" + account + ":role/nodes"
)

type region struct {
	w       *world.World
	ec2     *ec2.EC2
	asg     *autoscaling.AutoScaling
	eks     *sim.EKS
	subnets []string
}

func must[O any](out O, err error) O {
	if err != nil {
		panic(err)
	}
	return out
}

// empty is a region with the roles that tests name.
func empty() *region {
	w := world.New(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), 1, 0)
	e, i := ec2.New(w, "us-west-2", account, "aws"), iam.New(w.In("aws"), account, "aws")
	i.AdoptRole(role, []string{"eks.amazonaws.com"}, "AmazonEKSClusterPolicy")
	i.AdoptRole(nodes, []string{"ec2.amazonaws.com"}, "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy")
	r := &region{w: w, ec2: e, asg: autoscaling.New(w, e)}
	r.eks = sim.New(w, e, i, r.asg, kms.New(w, "us-west-2", account, "aws"), logs.New(w, "us-west-2", account, "aws"))
	return r
}

// start is a region with a network.
func start() *region {
	r := empty()
	r.w.Advance(time.Minute)
	vpc := must(r.ec2.CreateVpc(nil, &ec2sdk.CreateVpcInput{CidrBlock: new("10.0.0.0/16")})).Vpc.VpcId
	for i, zone := range []string{"us-west-2a", "us-west-2b"} {
		block := []string{"10.0.0.0/20", "10.0.16.0/20"}[i]
		s := must(r.ec2.CreateSubnet(nil, &ec2sdk.CreateSubnetInput{VpcId: vpc, CidrBlock: &block, AvailabilityZone: &zone}))
		r.subnets = append(r.subnets, *s.Subnet.SubnetId)
	}
	return r
}

func (r *region) create() *types.Cluster {
	return must(r.eks.CreateCluster(nil, &eks.CreateClusterInput{Name: new("c"), RoleArn: new(role),
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: r.subnets}})).Cluster
}

func (r *region) status() types.ClusterStatus {
	d, err := r.eks.DescribeCluster(nil, &eks.DescribeClusterInput{Name: new("c")})
	if err != nil {
		return "gone"
	}
	return d.Cluster.Status
}

func TestAClusterLives(t *testing.T) {
	r := start()
	r.create()
	_, err := r.eks.CreateAddon(nil, &eks.CreateAddonInput{ClusterName: new("c"), AddonName: new("vpc-cni")})
	if err == nil || !strings.Contains(err.Error(), "not in ACTIVE status") {
		t.Errorf("an add-on of a cluster that is being made: %v", err)
	}
	r.w.Advance(5 * time.Minute)
	if s := r.status(); s != types.ClusterStatusCreating {
		t.Errorf("after five minutes: %s", s)
	}
	r.w.Advance(7 * time.Minute)
	if s := r.status(); s != types.ClusterStatusActive {
		t.Errorf("after twelve: %s", s)
	}
	change := &eks.UpdateClusterConfigInput{Name: new("c"), UpgradePolicy: &types.UpgradePolicyRequest{SupportType: types.SupportTypeStandard}}
	must(r.eks.UpdateClusterConfig(nil, change))
	if _, err := r.eks.UpdateClusterConfig(nil, change); err == nil || !strings.Contains(err.Error(), "currently has update") {
		t.Errorf("a second update: %v", err)
	}
	r.w.Advance(11 * time.Minute)
	d := must(r.eks.DescribeCluster(nil, &eks.DescribeClusterInput{Name: new("c")})).Cluster
	if d.Status != types.ClusterStatusActive || d.UpgradePolicy.SupportType != types.SupportTypeStandard {
		t.Errorf("after the update: %s %s", d.Status, d.UpgradePolicy.SupportType)
	}
	must(r.eks.DeleteCluster(nil, &eks.DeleteClusterInput{Name: new("c")}))
	r.w.Advance(10 * time.Minute)
	if s := r.status(); s != "gone" {
		t.Errorf("after its deletion: %s", s)
	}
}

// What was under way in a cluster does nothing to a later one of its name.
func TestAClusterOfTheSameNameIsAnother(t *testing.T) {
	r := start()
	first := r.create()
	r.w.Advance(12 * time.Minute)
	must(r.eks.CreateAddon(nil, &eks.CreateAddonInput{ClusterName: new("c"), AddonName: new("metrics-server")}))
	must(r.eks.DeleteCluster(nil, &eks.DeleteClusterInput{Name: new("c")}))
	for r.status() != "gone" {
		r.w.Advance(time.Second)
	}
	second := r.create()
	if *first.CreatedAt == *second.CreatedAt {
		t.Error("it is the same")
	}
	l := must(r.eks.ListAddons(nil, &eks.ListAddonsInput{ClusterName: new("c")}))
	e := must(r.eks.ListAccessEntries(nil, &eks.ListAccessEntriesInput{ClusterName: new("c")}))
	if len(l.Addons)+len(e.AccessEntries) != 0 {
		t.Errorf("it was born with %v and %v", l.Addons, e.AccessEntries)
	}
	r.w.Advance(12 * time.Minute)
	if s := r.status(); s != types.ClusterStatusActive {
		t.Errorf("%s", s)
	}
}

func TestEverythingOfEKSIsTaggedByARN(t *testing.T) {
	r := start()
	c := r.create()
	r.w.Advance(12 * time.Minute)
	a := must(r.eks.CreateAddon(nil, &eks.CreateAddonInput{ClusterName: new("c"), AddonName: new("vpc-cni")})).Addon
	g := must(r.eks.CreateNodegroup(nil, &eks.CreateNodegroupInput{ClusterName: new("c"), NodegroupName: new("g"), NodeRole: new(nodes),
		Subnets: r.subnets})).Nodegroup
	for _, arn := range []*string{c.Arn, a.AddonArn, g.NodegroupArn} {
		must(r.eks.TagResource(nil, &eks.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}}))
		must(r.eks.UntagResource(nil, &eks.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))
		if tags := must(r.eks.ListTagsForResource(nil, &eks.ListTagsForResourceInput{ResourceArn: arn})).Tags; len(tags) != 1 || tags["b"] != "2" {
			t.Errorf("%s: %v", *arn, tags)
		}
	}
	if _, err := r.eks.TagResource(nil, &eks.TagResourceInput{ResourceArn: new(*c.Arn + "x")}); err == nil {
		t.Error("an ARN of nothing was tagged")
	}
}

// An add-on follows its pods: coredns without nodes is degraded.
func TestAnAddonIsJudgedByItsPods(t *testing.T) {
	r := start()
	r.create()
	r.w.Advance(12 * time.Minute)
	for _, n := range []string{"vpc-cni", "coredns"} {
		must(r.eks.CreateAddon(nil, &eks.CreateAddonInput{ClusterName: new("c"), AddonName: &n, ResolveConflicts: types.ResolveConflictsOverwrite}))
	}
	must(r.eks.CreateAddon(nil, &eks.CreateAddonInput{ClusterName: new("c"), AddonName: new("kube-proxy"),
		AddonVersion: new("v1.34.4-eksbuild.3"), ResolveConflicts: types.ResolveConflictsPreserve})) // preserves in an update only
	r.w.Advance(5 * time.Minute)
	for n, want := range map[string]types.AddonStatus{"vpc-cni": types.AddonStatusActive, "coredns": types.AddonStatusDegraded,
		"kube-proxy": types.AddonStatusCreateFailed} {
		if a := must(r.eks.DescribeAddon(nil, &eks.DescribeAddonInput{ClusterName: new("c"), AddonName: &n})).Addon; a.Status != want {
			t.Errorf("%s is %s (%+v), want %s", n, a.Status, a.Health.Issues, want)
		}
	}
}

// A region that is saved at any minute of a cluster's life goes on as it would have.
func TestEKSGoesOnAfterALoad(t *testing.T) {
	r := start()
	r.create()
	for minute := range 40 {
		switch minute {
		case 13:
			must(r.eks.CreateAddon(nil, &eks.CreateAddonInput{ClusterName: new("c"), AddonName: new("eks-pod-identity-agent")}))
			must(r.eks.CreateNodegroup(nil, &eks.CreateNodegroupInput{ClusterName: new("c"), NodegroupName: new("g"), NodeRole: new(nodes),
				Subnets: r.subnets}))
		case 20:
			must(r.eks.UpdateClusterConfig(nil, &eks.UpdateClusterConfigInput{Name: new("c"),
				AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApiAndConfigMap}}))
		}
		r.w.Advance(time.Minute)
		next := empty()
		next.subnets = r.subnets
		if err := errors.Join(next.w.Load(must(r.w.Save())), next.ec2.Load(must(r.ec2.Save())), next.asg.Load(must(r.asg.Save())),
			next.eks.Load(must(r.eks.Save()))); err != nil {
			t.Fatal(err)
		}
		if a, b := string(must(r.eks.Save())), string(must(next.eks.Save())); a != b {
			t.Fatalf("minute %d:\n%s\n%s", minute, a, b)
		}
		r = next
	}
	d := must(r.eks.DescribeCluster(nil, &eks.DescribeClusterInput{Name: new("c")})).Cluster
	g := must(r.eks.DescribeNodegroup(nil, &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("g")})).Nodegroup
	a := must(r.eks.DescribeAddon(nil, &eks.DescribeAddonInput{ClusterName: new("c"), AddonName: new("eks-pod-identity-agent")})).Addon
	if d.AccessConfig.AuthenticationMode != types.AuthenticationModeApiAndConfigMap || g.Resources == nil || a.Status != types.AddonStatusActive {
		t.Errorf("%s %+v %s", d.AccessConfig.AuthenticationMode, g.Resources, a.Status)
	}
}
