package eks_test

import (
	"testing"
	"time"

	asgsdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// A managed group that becomes smaller lets its node's pods go first, within their budgets for
// a quarter of an hour, and ends it then whatever they say.
func TestANodeThatLeavesIsDrained(t *testing.T) {
	for allowed, want := range map[int]struct{ least, most time.Duration }{3: {0, 3 * time.Minute}, 4: {14 * time.Minute, 18 * time.Minute}} {
		l := rolling(t)
		out, err := l.AWS.ASG.DescribeAutoScalingGroups(t.Context(), &asgsdk.DescribeAutoScalingGroupsInput{})
		l.refused("", err)
		hooks, err := l.AWS.ASG.DescribeLifecycleHooks(t.Context(), &asgsdk.DescribeLifecycleHooksInput{
			AutoScalingGroupName: out.AutoScalingGroups[0].AutoScalingGroupName})
		l.refused("", err)
		if h := hooks.LifecycleHooks; len(h) != 1 || *h[0].LifecycleHookName != "Terminate-LC-Hook" || *h[0].HeartbeatTimeout != 1800 {
			t.Errorf("the hooks are %+v", h)
		}
		l.budget(allowed)
		_, err = l.AWS.EKS.UpdateNodegroupConfig(t.Context(), &eks.UpdateNodegroupConfigInput{ClusterName: new("c"), NodegroupName: new("g"),
			ScalingConfig: &types.NodegroupScalingConfig{DesiredSize: new(int32(1))}})
		l.refused("", err)
		fewest := 4
		took := l.next("one node is left", 30*time.Minute, func() bool {
			ready := 0
			for _, p := range kubeapi.List[corev1.Pod](l.kube()) {
				if p.Labels["app"] == "web" && p.DeletionTimestamp == nil && p.Status.Phase == corev1.PodRunning {
					ready++
				}
			}
			nodes := len(kubeapi.List[corev1.Node](l.kube()))
			if nodes == 2 {
				fewest = min(fewest, ready)
			}
			return nodes == 1
		})
		if took < want.least || took > want.most || fewest < allowed {
			t.Errorf("with %d pods to run, the node left after %s, and %d ran", allowed, took, fewest)
		}
	}
}
