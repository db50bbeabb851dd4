package eks_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// automatic is a cluster of 1.34 in Auto Mode, with pods on nodes of its own.
func automatic(t *testing.T) life {
	l := begin(t).after(20 * time.Minute)
	_, err := l.AWS.EKS.UpdateClusterConfig(t.Context(), &eks.UpdateClusterConfigInput{Name: new("c"),
		ComputeConfig:           &types.ComputeConfigRequest{Enabled: new(true), NodePools: []string{"general-purpose"}, NodeRoleArn: new(nodes)},
		StorageConfig:           &types.StorageConfigRequest{BlockStorage: &types.BlockStorage{Enabled: new(true)}},
		KubernetesNetworkConfig: &types.KubernetesNetworkConfigRequest{ElasticLoadBalancing: &types.ElasticLoadBalancing{Enabled: new(true)}}})
	l.refused("", err)
	l.after(15 * time.Minute)
	labels := map[string]string{"app": "web"}
	l.kube().Save(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"}, Spec: appsv1.DeploymentSpec{Replicas: new(int32(3)),
		Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}}})
	l.after(10 * time.Minute)
	l.expect("Auto Mode's nodes", l.minors(), "1.34")
	return l
}

// minors are those of the kubelets, each once.
func (l life) minors() string {
	v, _ := l.kubelets()
	return strings.Join(slices.Compact(strings.Fields(v)), " ")
}

func (l life) cancel(id *string) (*types.Update, error) {
	out, err := l.AWS.EKS.CancelUpdate(l.t.Context(), &eks.CancelUpdateInput{Name: new("c"), UpdateId: id})
	if err != nil {
		return nil, err
	}
	return out.Update, nil
}

// hold keeps Auto Mode from taking its nodes away, or lets it.
func (l life) hold(yes bool) {
	for _, n := range kubeapi.List[corev1.Node](l.kube()) {
		u := n.DeepCopy()
		delete(u.Annotations, "karpenter.sh/do-not-disrupt")
		if yes {
			u.Annotations = map[string]string{"karpenter.sh/do-not-disrupt": "true"}
		}
		l.kube().Save(u)
	}
}

// A rollback in Auto Mode begins with the nodes, and the cluster stays ACTIVE meanwhile; it
// can be cancelled until the control plane's turn, and in no other state.
func TestARollbackIsCancelled(t *testing.T) {
	l := automatic(t)
	up, err := l.upgrade("1.35")
	l.refused("", err)
	_, err = l.cancel(up.Id)
	l.refused("InvalidRequestException", err) // an update is no rollback
	l.after(30 * time.Minute)
	l.expect("Auto Mode's nodes", l.minors(), "1.35")
	_, err = l.cancel(up.Id)
	l.refused("InvalidRequestException", err) // it is over
	_, err = l.cancel(new("00000000-0000-0000-0000-000000000000"))
	l.refused("ResourceNotFoundException", err)

	l.hold(true)
	back, err := l.upgrade("1.34")
	l.refused("", err)
	l.holds("the update", back.Type, types.UpdateTypeVersionRollback)
	l.after(time.Hour)
	l.expect("the cluster", string(l.cluster().Status)+" "+*l.cluster().Version+" "+l.update(back.Id, nil), "ACTIVE 1.35 InProgress")
	_, err = l.AWS.EKS.UpdateClusterConfig(t.Context(), &eks.UpdateClusterConfigInput{Name: new("c"), DeletionProtection: new(true)})
	l.refused("ResourceInUseException", err)
	u, err := l.cancel(back.Id)
	l.refused("", err)
	l.holds("the cancellation", string(u.Cancellation.Status)+" "+string(u.Status), "InProgress InProgress")
	_, err = l.cancel(back.Id)
	l.refused("InvalidRequestException", err) // it is being cancelled
	l.after(time.Minute)
	l.expect("the cluster", string(l.cluster().Status)+" "+*l.cluster().Version+" "+l.update(back.Id, nil), "ACTIVE 1.35 Cancelled")
	_, err = l.cancel(back.Id)
	l.refused("InvalidRequestException", err) // it was cancelled

	l.hold(false)
	again, err := l.upgrade("1.34")
	l.refused("", err)
	l.next("the control plane's turn", 30*time.Minute, func() bool { return l.cluster().Status == types.ClusterStatusUpdating })
	l.after(2 * time.Minute)
	l.expect("Auto Mode's nodes", l.minors(), "1.34")
	_, err = l.cancel(again.Id)
	l.refused("InvalidRequestException", err) // the control plane goes back
	l.after(20 * time.Minute)
	l.expect("the cluster", string(l.cluster().Status)+" "+*l.cluster().Version+" "+l.update(again.Id, nil), "ACTIVE 1.34 Successful")
	_, err = l.cancel(again.Id)
	l.refused("InvalidRequestException", err)
}

// The nodes have a time to go back in; afterwards they are what the control plane still is.
func TestARollbackOfNodesTimesOut(t *testing.T) {
	l := automatic(t)
	_, err := l.upgrade("1.35")
	l.refused("", err)
	l.after(30 * time.Minute)
	l.hold(true)
	roll := func(minutes int32) (*types.Update, error) {
		out, err := l.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("c"), Version: new("1.34"),
			RollbackConfig: &types.RollbackConfig{TimeoutMinutes: &minutes}})
		if err != nil {
			return nil, err
		}
		return out.Update, nil
	}
	_, err = roll(60)
	l.refused("InvalidParameterException", err)
	u, err := roll(120)
	l.refused("", err)
	l.after(119 * time.Minute)
	l.expect("the update", l.update(u.Id, nil), "InProgress")
	l.after(2 * time.Minute)
	l.expect("the update", l.update(u.Id, nil), "Failed Unknown The rollback of Auto Mode nodes did not complete within the timeout.")
	l.hold(false)
	l.after(30 * time.Minute)
	l.expect("the cluster and its nodes", string(l.cluster().Status)+" "+*l.cluster().Version+" "+l.minors(), "ACTIVE 1.35 1.35")
}
