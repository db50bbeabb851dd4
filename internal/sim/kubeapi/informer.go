package kubeapi

import (
	"context"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
)

// informer is what upstream's plugins watch a kind through, without any watching: the
// cluster's storage tells it of every write before the write returns, so what the next
// request sees never depends on how fast a goroutine was.
type informer struct {
	indexer  cache.Indexer
	handlers []cache.ResourceEventHandler
	prepare  func(runtime.Object) runtime.Object
}

// informer makes one that knows what is stored; prepare, where it is not nil, makes
// another object of each that is shown.
func (c *Cluster) informer(k kind, prepare func(runtime.Object) runtime.Object) *informer {
	i := &informer{indexer: cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}), prepare: prepare}
	prefix := k.prefix() + "/"
	o := c.objects
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, key := range o.keys(k.prefix()) {
		i.tell(o.rows[key], nil)
	}
	o.hooks = append(o.hooks, func(key string, obj, old runtime.Object) {
		if !strings.HasPrefix(key, prefix) {
			return
		}
		if o.rows[key] == nil {
			obj = nil
		}
		i.tell(obj, old)
	})
	return i
}

func (i *informer) tell(obj, old runtime.Object) {
	show := func(x runtime.Object) runtime.Object {
		if x != nil && i.prepare != nil {
			return i.prepare(x)
		}
		return x
	}
	obj, old = show(obj), show(old)
	if obj == nil {
		_ = i.indexer.Delete(old) // its key is known: it was added
	} else {
		_ = i.indexer.Update(obj)
	}
	for _, h := range i.handlers {
		switch {
		case obj == nil:
			h.OnDelete(old)
		case old == nil:
			h.OnAdd(obj, false)
		default:
			h.OnUpdate(old, obj)
		}
	}
}

// AddEventHandler has h told of what changes from now on; what is there, its lister has.
func (i *informer) AddEventHandler(h cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	i.handlers = append(i.handlers, h)
	return i, nil
}

func (i *informer) AddEventHandlerWithResyncPeriod(h cache.ResourceEventHandler, _ time.Duration) (cache.ResourceEventHandlerRegistration, error) {
	return i.AddEventHandler(h)
}

func (i *informer) AddEventHandlerWithOptions(h cache.ResourceEventHandler, _ cache.HandlerOptions) (cache.ResourceEventHandlerRegistration, error) {
	return i.AddEventHandler(h)
}

func (*informer) RemoveEventHandler(cache.ResourceEventHandlerRegistration) error { return nil }
func (i *informer) GetStore() cache.Store                                         { return i.indexer }
func (i *informer) GetIndexer() cache.Indexer                                     { return i.indexer }
func (i *informer) AddIndexers(x cache.Indexers) error                            { return i.indexer.AddIndexers(x) }
func (*informer) GetController() cache.Controller                                 { return nil }
func (*informer) Run(<-chan struct{})                                             {}
func (*informer) RunWithContext(context.Context)                                  {}
func (*informer) HasSynced() bool                                                 { return true }
func (*informer) LastSyncResourceVersion() string                                 { return "" }
func (*informer) SetWatchErrorHandler(cache.WatchErrorHandler) error              { return nil }
func (*informer) SetWatchErrorHandlerWithContext(cache.WatchErrorHandlerWithContext) error {
	return nil
}
func (*informer) SetTransform(cache.TransformFunc) error { return nil }
func (*informer) IsStopped() bool                        { return false }
