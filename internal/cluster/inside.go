package cluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/config"
)

// Inside is what stands inside Kubernetes, of what the config names.
type Inside struct {
	Accounts   map[string]*corev1.ServiceAccount // by namespace/name
	AWSAuth    map[string]string                 // kube-system/aws-auth
	CNIConfig  map[string]string                 // kube-system/amazon-vpc-cni
	DaemonSets map[string]bool                   // by namespace/name
	Bindings   map[string]bool                   // role bindings, by namespace/name
}

// Look reads what the config names inside Kubernetes.
func (d *Details) Look(ctx context.Context, k kubernetes.Interface, cfg *config.ClusterConfig) error {
	in := &Inside{Accounts: map[string]*corev1.ServiceAccount{}, DaemonSets: map[string]bool{}, Bindings: map[string]bool{}}
	account := func(ns, name string) error {
		a, err := k.CoreV1().ServiceAccounts(ns).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		in.Accounts[ns+"/"+name] = a
		return err
	}
	for _, sa := range cfg.IAM.ServiceAccounts {
		if err := account(sa.Metadata.Namespace, sa.Metadata.Name); err != nil {
			return err
		}
	}
	for _, p := range cfg.IAM.PodIdentityAssociations {
		if err := account(p.Namespace, p.ServiceAccountName); err != nil {
			return err
		}
	}
	for _, m := range []struct {
		name string
		into *map[string]string
	}{{"aws-auth", &in.AWSAuth}, {"amazon-vpc-cni", &in.CNIConfig}} {
		cm, err := k.CoreV1().ConfigMaps("kube-system").Get(ctx, m.name, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		if err == nil {
			*m.into = cm.Data
		}
	}
	for _, m := range cfg.IamIdentityMappings {
		if m.ServiceName == "" {
			continue
		}
		_, err := k.RbacV1().RoleBindings(m.Namespace).Get(ctx, m.ServiceName, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		in.Bindings[m.Namespace+"/"+m.ServiceName] = err == nil
	}
	if cfg.CNI != nil {
		sets, err := k.AppsV1().DaemonSets("").List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, s := range sets.Items {
			in.DaemonSets[s.Namespace+"/"+s.Name] = true
		}
	}
	d.Inside = in
	return nil
}
