package steps

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/engine"
)

// WindowsSupport turns Windows IP address management on in the VPC CNI.
type WindowsSupport struct{}

// Run sets enable-windows-ipam.
func (s *WindowsSupport) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	api := k.CoreV1().ConfigMaps("kube-system")
	cm, err := api.Get(ctx, "amazon-vpc-cni", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = api.Create(
			ctx,
			&corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: "amazon-vpc-cni", Namespace: "kube-system"},
				Data:       map[string]string{"enable-windows-ipam": "true"},
			},
			metav1.CreateOptions{},
		)
		return engine.Result{State: engine.Done, Reason: "enabled", Changed: true}, err
	}
	if err != nil {
		return engine.Result{}, err
	}
	if cm.Data["enable-windows-ipam"] == "true" {
		return engine.Finished("in place")
	}
	if cm.Data == nil {
		cm.Data = map[string]string{}
	}
	cm.Data["enable-windows-ipam"] = "true"
	_, err = api.Update(ctx, cm, metav1.UpdateOptions{})
	return engine.Result{State: engine.Done, Reason: "enabled", Changed: true}, err
}
