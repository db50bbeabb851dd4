package kubeapi

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
)

// namespaces is the reading of one namespace that the registry of resource claims does.
type namespaces struct{ core.NamespaceInterface }

func (namespaces) Get(ctx context.Context, name string, _ metav1.GetOptions) (*corev1.Namespace, error) {
	if n := Get[corev1.Namespace](clusterOf(ctx), "", name); n != nil {
		return n, nil
	}
	return nil, apierrors.NewNotFound(corev1.Resource("namespaces"), name)
}

// noDiscovery finds no kind of a policy's parameters when asked without a cluster: the
// registry asks only to learn whether a user who is not an administrator may read them.
type noDiscovery struct{ discovery.DiscoveryInterface }

func (noDiscovery) ServerResourcesForGroupVersion(gv string) (*metav1.APIResourceList, error) {
	return nil, apierrors.NewNotFound(corev1.Resource("apiresources"), gv)
}
