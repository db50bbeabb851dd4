package kubeapi

import (
	"context"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apiserver/pkg/admission"
	api "k8s.io/kubernetes/pkg/apis/core"
)

const defaultClassPlugin = "DefaultStorageClass"

const protectionPlugin = "StorageObjectInUseProtection"

func registerProtection(p *admission.Plugins) {
	p.Register(protectionPlugin, func(io.Reader) (admission.Interface, error) {
		return protection{admission.NewHandler(admission.Create)}, nil
	})
}

// protection has volumes and claims that are used wait for the end of that; again
// Kubernetes' plugin of that name links mounting along.
type protection struct{ *admission.Handler }

func (protection) Admit(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	guard := func(list *[]string, f string) {
		if !slices.Contains(*list, f) {
			*list = append(*list, f)
		}
	}
	switch x := a.GetObject().(type) {
	case *api.PersistentVolumeClaim:
		guard(&x.Finalizers, "kubernetes.io/pvc-protection")
	case *api.PersistentVolume:
		guard(&x.Finalizers, "kubernetes.io/pv-protection")
	}
	return nil
}

// defaultClass gives a claim that names no class the newest of those that are the default.
// Kubernetes' plugin of that name does no more, and links mounting along.
type defaultClass struct {
	*admission.Handler
	c *Cluster
}

func registerDefaultClass(p *admission.Plugins) {
	p.Register(defaultClassPlugin, func(io.Reader) (admission.Interface, error) {
		return &defaultClass{Handler: admission.NewHandler(admission.Create)}, nil
	})
}

func (d *defaultClass) setCluster(c *Cluster) { d.c = c }

func (d *defaultClass) Admit(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	claim, ok := a.GetObject().(*api.PersistentVolumeClaim)
	if !ok || a.GetSubresource() != "" || claim.Spec.StorageClassName != nil || claim.Annotations[corev1.BetaStorageClassAnnotation] != "" {
		return nil
	}
	var newest *storagev1.StorageClass
	for _, s := range List[storagev1.StorageClass](d.c) {
		if s.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" &&
			(newest == nil || newest.CreationTimestamp.Before(&s.CreationTimestamp)) {
			newest = s
		}
	}
	if newest != nil {
		claim.Spec.StorageClassName = &newest.Name
	}
	return nil
}
