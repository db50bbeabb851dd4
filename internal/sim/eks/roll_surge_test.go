package eks_test

import (
	"testing"
	"time"

	asgsdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

const notJoining = "Failed NodeCreationFailure Couldn't proceed with upgrade process as new nodes are not joining node group g"

// autoscaler sets what the group's Auto Scaling group wants, as cluster-autoscaler does.
func (l life) autoscaler(desired int32) {
	l.t.Helper()
	out, err := l.AWS.ASG.DescribeAutoScalingGroups(l.t.Context(), &asgsdk.DescribeAutoScalingGroupsInput{})
	l.refused("", err)
	_, err = l.AWS.ASG.SetDesiredCapacity(l.t.Context(), &asgsdk.SetDesiredCapacityInput{
		AutoScalingGroupName: out.AutoScalingGroups[0].AutoScalingGroupName, DesiredCapacity: new(desired)})
	l.refused("", err)
}

// grow is an autoscaler that may raise the largest size, too.
func (l life) grow(to int32) {
	l.t.Helper()
	out, err := l.AWS.ASG.DescribeAutoScalingGroups(l.t.Context(), &asgsdk.DescribeAutoScalingGroupsInput{})
	l.refused("", err)
	_, err = l.AWS.ASG.UpdateAutoScalingGroup(l.t.Context(), &asgsdk.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: out.AutoScalingGroups[0].AutoScalingGroupName, DesiredCapacity: new(to), MaxSize: new(to)})
	l.refused("", err)
}

// Every zone that has an old node must get a new one, however many there are elsewhere, and
// within a quarter of an hour.
func TestAnUpgradeWantsANewNodeInEachZone(t *testing.T) {
	l := rolling(t)
	none := l.Region.Region.EC2.NoCapacity
	none["m5.large/us-west-2b"] = true
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.after(14 * time.Minute)
	l.expect("the update", l.update(u.Id, new("g")), "InProgress")
	if n := len(kubeapi.List[corev1.Node](l.kube())); n != 6 {
		t.Errorf("%d nodes", n) // all of the surge is in the other zone
	}
	l.after(2 * time.Minute)
	l.expect("the update", l.update(u.Id, new("g")), notJoining)
	delete(none, "m5.large/us-west-2b")
	l.after(10 * time.Minute)
	u, err = l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.after(40 * time.Minute)
	l.expect("the update with capacity in both", l.update(u.Id, new("g")), "Successful")
}

// Of the surge as many come as the account's quota lets: with one in each zone the upgrade goes on,
// and ends with the group's size.
func TestAnUpgradeGoesOnWithFewerNewNodes(t *testing.T) {
	l := rolling(t)
	l.Region.Region.EC2.Quotas.VCPUs = 10 // of six nodes with two each, beside what runs, not all
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.after(3 * time.Minute)
	if n := len(kubeapi.List[corev1.Node](l.kube())); n != 4 {
		t.Errorf("%d nodes", n)
	}
	l.after(40 * time.Minute)
	l.expect("the update", l.update(u.Id, new("g")), "Successful")
	if n := len(kubeapi.List[corev1.Node](l.kube())); n != 2 {
		t.Errorf("%d nodes afterwards", n)
	}
}

// The new nodes are waited for with EKS's labels on them; without, they do not count.
func TestAnUpgradeWantsItsLabelsOnNewNodes(t *testing.T) {
	l := rolling(t)
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	for range 16 * 12 {
		for _, n := range kubeapi.List[corev1.Node](l.kube()) {
			if n.Labels["eks.amazonaws.com/nodegroup-image"] != "" {
				x := n.DeepCopy()
				delete(x.Labels, "eks.amazonaws.com/nodegroup-image")
				l.kube().Save(x)
			}
		}
		l.after(5 * time.Second)
	}
	l.expect("the update", l.update(u.Id, new("g")), notJoining)
}

// What an autoscaler takes away of the surplus is not waited for, as long as each zone has a
// new node; nor is it brought back.
func TestAnUpgradeGoesOnWithLessOfASurge(t *testing.T) {
	l := rolling(t)
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.autoscaler(4)
	l.after(40 * time.Minute)
	l.expect("the update", l.update(u.Id, new("g")), "Successful")
	sizes, _, all := l.scaling()
	l.holds("sizes", sizes, "1 2 2")
	l.holds("instances", len(all), 2)
	v, _ := l.kubelets()
	l.expect("the kubelets", v, "1.35 1.35")
}
