package kubeapi

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/resourcequota"
	quota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/apiserver/pkg/quota/v1/generic"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/quota/v1/install"
)

// evaluators is how many of a cluster's quotas are evaluated at once.
const evaluators = 2

func registerQuota(p *admission.Plugins) {
	p.Register(resourcequota.PluginName, func(io.Reader) (admission.Interface, error) {
		return &quotas{Handler: admission.NewHandler(admission.Create, admission.Update)}, nil
	})
}

// quotas is Kubernetes' own admission by ResourceQuota, made when a namespace has the first:
// it has goroutines that nobody ends.
type quotas struct {
	*admission.Handler
	c     *Cluster
	inner func() *resourcequota.QuotaAdmission
}

func (q *quotas) setCluster(c *Cluster) {
	q.c = c
	q.inner = sync.OnceValue(func() *resourcequota.QuotaAdmission {
		p, err := resourcequota.NewResourceQuota(nil, evaluators)
		if err != nil {
			panic(err) // nothing in it depends on the world
		}
		p.SetDrainedNotification(make(chan struct{})) // never: it lives as long as the cluster
		p.SetExternalKubeClientSet(c.client())
		p.SetExternalKubeInformerFactory(&informerFactory{c: c, made: map[string]*informer{}})
		p.SetQuotaConfiguration(install.NewQuotaConfigurationForAdmission())
		return p
	})
}

func (q *quotas) Validate(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	for _, x := range List[corev1.ResourceQuota](q.c) {
		if x.Namespace == a.GetNamespace() {
			return q.inner().Validate(ctx, a, o)
		}
	}
	return nil
}

// newRegistry has what each kind of object uses, by Kubernetes' own evaluators.
func (c *Cluster) newRegistry() quota.Registry {
	var mu sync.Mutex
	made := map[schema.GroupVersionResource]cache.GenericLister{}
	lister := func(r schema.GroupVersionResource) (cache.GenericLister, error) {
		mu.Lock()
		defer mu.Unlock()
		if l := made[r]; l != nil {
			return l, nil
		}
		for _, k := range kinds {
			if k.gv.Group == r.Group && k.resource == r.Resource {
				made[r] = cache.NewGenericLister(c.informer(k, nil).indexer, r.GroupResource())
				return made[r], nil
			}
		}
		return nil, fmt.Errorf("nothing is known of %s", r)
	}
	return generic.NewRegistry(install.NewQuotaConfigurationForControllers(lister).Evaluators())
}

// Usage is what a quota's namespace uses of it.
func (c *Cluster) Usage(q *corev1.ResourceQuota) (corev1.ResourceList, error) {
	used, err := quota.CalculateUsage(q.Namespace, q.Spec.Scopes, q.Spec.Hard, c.registry(), q.Spec.ScopeSelector)
	if err != nil {
		return nil, err
	}
	for k := range q.Spec.Hard {
		name, counted := strings.CutPrefix(string(k), "count/")
		if !counted {
			continue
		}
		c.objects.mu.Lock()
		n := len(c.objects.keys(prefixOf(schema.ParseGroupResource(name)) + "/" + q.Namespace))
		c.objects.mu.Unlock()
		used[k] = *resource.NewQuantity(int64(n), resource.DecimalSI)
	}
	return quota.Mask(used, quota.ResourceNames(q.Spec.Hard)), nil
}
