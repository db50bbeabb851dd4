package eks_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	asgsdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// joinable says whether new nodes may join: whether their role has an access entry.
func (l life) joinable(yes bool) {
	l.t.Helper()
	var err error
	if yes {
		_, err = l.AWS.EKS.CreateAccessEntry(l.t.Context(), &eks.CreateAccessEntryInput{ClusterName: new("c"), PrincipalArn: new(nodes), Type: new("EC2_LINUX")})
	} else {
		_, err = l.AWS.EKS.DeleteAccessEntry(l.t.Context(), &eks.DeleteAccessEntryInput{ClusterName: new("c"), PrincipalArn: new(nodes)})
	}
	l.refused("", err)
}

// scaling is what the group's Auto Scaling group wants, launches from, and has.
func (l life) scaling() (sizes, template string, instances []string) {
	l.t.Helper()
	out, err := l.AWS.ASG.DescribeAutoScalingGroups(l.t.Context(), &asgsdk.DescribeAutoScalingGroupsInput{})
	l.refused("", err)
	g := out.AutoScalingGroups[0]
	for _, i := range g.Instances {
		instances = append(instances, *i.InstanceId)
	}
	slices.Sort(instances)
	return fmt.Sprint(*g.MinSize, *g.DesiredCapacity, *g.MaxSize), *g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version, instances
}

func (l life) described() *types.Nodegroup {
	l.t.Helper()
	g, err := l.AWS.EKS.DescribeNodegroup(l.t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("g")})
	l.refused("", err)
	return g.Nodegroup
}

// Where the new nodes do not join, all is as it was: nodes, sizes, template and version. The
// update names the instances, and can be asked for again.
func TestAnUpgradeGoesBackWhereNewNodesDoNotJoin(t *testing.T) {
	l := rolling(t)
	was, before := l.described(), ""
	sizes, template, old := l.scaling()
	l.joinable(false)
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.after(10 * time.Minute)
	now, _, all := l.scaling()
	l.holds("the surge", now+fmt.Sprint(len(all)), "1 6 66")
	_, next, _ := l.scaling()
	l.holds("the template has another version", next == template, false)
	l.after(20 * time.Minute)
	l.expect("the update", l.update(u.Id, new("g")), "Failed NodeCreationFailure Couldn't proceed with upgrade process as new nodes are not joining node group g")
	d, err := l.AWS.EKS.DescribeUpdate(t.Context(), &eks.DescribeUpdateInput{Name: new("c"), NodegroupName: new("g"), UpdateId: u.Id})
	l.refused("", err)
	l.holds("the instances that did not join", len(d.Update.Errors[0].ResourceIds), 4)
	l.after(10 * time.Minute)
	now, next, all = l.scaling()
	l.holds("sizes, template and instances", fmt.Sprint(now, next, all), fmt.Sprint(sizes, template, old))
	versions, cordoned := l.kubelets()
	l.holds("the nodes", fmt.Sprint(versions, cordoned), fmt.Sprint("1.34 1.34", 0))
	g := l.described()
	before = *was.Version + " " + *was.ReleaseVersion + " ACTIVE"
	l.holds("the group", *g.Version+" "+*g.ReleaseVersion+" "+string(g.Status), before)
	l.joinable(true)
	u, err = l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.after(40 * time.Minute)
	l.expect("the next update", l.update(u.Id, new("g")), "Successful")
}

// Where they do not join any more once old ones have gone, the group is left with nodes of
// both kinds, its version is what it was, and further nodes are as the old ones.
func TestAnUpgradeThatFailsHalfwayLeavesBothKinds(t *testing.T) {
	l := rolling(t)
	sizes, template, old := l.scaling()
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	for {
		l.after(5 * time.Second)
		if _, _, all := l.scaling(); !slices.Contains(all, old[0]) || !slices.Contains(all, old[1]) {
			break
		}
		l.expect("the update", l.update(u.Id, new("g")), "InProgress")
	}
	l.joinable(false)
	l.after(40 * time.Minute)
	l.expect("the update", l.update(u.Id, new("g")), "Failed NodeCreationFailure Couldn't proceed with upgrade process as new nodes are not joining node group g")
	now, next, _ := l.scaling()
	l.holds("sizes and template", now+" "+next, sizes+" "+template)
	versions, _ := l.kubelets()
	l.holds("the nodes", versions, "1.34 1.35")
	l.holds("the group", *l.described().Version+" "+l.groupIs(), "1.34 ACTIVE")
}

// What an autoscaler had the group grow to is what it has in the end.
func TestAnUpgradeKeepsWhatAnAutoscalerWanted(t *testing.T) {
	l := rolling(t)
	out, err := l.AWS.ASG.DescribeAutoScalingGroups(t.Context(), &asgsdk.DescribeAutoScalingGroupsInput{})
	l.refused("", err)
	_, err = l.AWS.ASG.SetDesiredCapacity(t.Context(), &asgsdk.SetDesiredCapacityInput{AutoScalingGroupName: out.AutoScalingGroups[0].AutoScalingGroupName,
		DesiredCapacity: new(int32(1))})
	l.refused("", err)
	l.after(10 * time.Minute)
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.after(40 * time.Minute)
	l.expect("the update", l.update(u.Id, new("g")), "Successful")
	sizes, _, _ := l.scaling()
	l.holds("sizes", sizes, "1 1 2")
}
