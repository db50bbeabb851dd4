// Package kubeapi is the Kubernetes API of simulated clusters: Kubernetes' own
// generic API server over an in-memory storage, one server for all clusters, with
// the cluster in the request's context. It serves and stores objects; what makes
// them live (controllers, scheduler, kubelets) is package node's business, and of
// AWS it knows only that somebody else decides who a bearer token is.
package kubeapi

import (
	"context"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
)

// objects is one cluster's storage: a map with one resource version counter and a
// log of recent events for watches to resume from.
type objects struct {
	mu       sync.Mutex
	rv       uint64
	rows     map[string]runtime.Object
	log      []event
	base     uint64
	watchers map[*watcher]bool
	changed  func()
}

type event struct {
	rv       uint64
	typ      watch.EventType
	key      string
	obj, old runtime.Object
}

const keepEvents = 2000

func newObjects(changed func()) *objects {
	return &objects{rv: 1, base: 1, rows: map[string]runtime.Object{}, watchers: map[*watcher]bool{}, changed: changed}
}

type ctxKey struct{}

func withCluster(ctx context.Context, c *Cluster) context.Context {
	return context.WithValue(ctx, ctxKey{}, c)
}

func clusterOf(ctx context.Context) *Cluster {
	c, _ := ctx.Value(ctxKey{}).(*Cluster)
	return c
}

var versioner storage.Versioner = storage.APIObjectVersioner{}

// backend is storage.Interface for every cluster: the request's context says which.
type backend struct{}

func at(ctx context.Context) *objects { return clusterOf(ctx).objects }

func (backend) Versioner() storage.Versioner                 { return versioner }
func (backend) Stats(context.Context) (storage.Stats, error) { return storage.Stats{}, nil }
func (backend) SetKeysFunc(storage.KeysFunc)                 {}
func (backend) ReadinessCheck() error                        { return nil }
func (backend) RequestWatchProgress(context.Context) error   { return nil }

func (backend) CompactRevision() int64 { return 0 }
func (backend) GetCurrentResourceVersion(ctx context.Context) (uint64, error) {
	o := at(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.rv, nil
}

func set(dst, src runtime.Object) error {
	v, err := conversion.EnforcePtr(dst)
	if err != nil {
		return err
	}
	v.Set(reflect.ValueOf(src.DeepCopyObject()).Elem())
	return nil
}

// heartbeat tells writes that no control loop acts on.
func heartbeat(o runtime.Object) bool {
	_, ok := o.(*coordinationv1.Lease)
	return ok
}

// emit logs a change and offers it to the watchers; the caller holds the lock.
func (o *objects) emit(t watch.EventType, key string, obj, old runtime.Object) {
	e := event{o.rv, t, key, obj, old}
	o.log = append(o.log, e)
	if len(o.log) > keepEvents {
		o.base = o.log[keepEvents/2-1].rv
		o.log = append([]event(nil), o.log[keepEvents/2:]...)
	}
	for w := range o.watchers {
		w.offer(e)
	}
	if o.changed != nil && !heartbeat(obj) {
		o.changed()
	}
}

// store puts an object under a key with a new resource version; lock held.
func (o *objects) store(key string, obj runtime.Object) error {
	old := o.rows[key]
	if err := versioner.PrepareObjectForStorage(obj); err != nil {
		return err
	}
	o.rv++
	if err := versioner.UpdateObject(obj, o.rv); err != nil {
		return err
	}
	o.rows[key] = obj
	t := watch.Modified
	if old == nil {
		t = watch.Added
	}
	o.emit(t, key, obj, old)
	return nil
}

// drop removes a key; lock held.
func (o *objects) drop(key string) runtime.Object {
	old := o.rows[key]
	if old == nil {
		return nil
	}
	delete(o.rows, key)
	o.rv++
	d := old.DeepCopyObject()
	_ = versioner.UpdateObject(d, o.rv)
	o.emit(watch.Deleted, key, d, old)
	return d
}

func (backend) Create(ctx context.Context, key string, obj, out runtime.Object, _ uint64) error {
	o := at(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.rows[key]; ok {
		return storage.NewKeyExistsError(key, 0)
	}
	n := obj.DeepCopyObject()
	if err := o.store(key, n); err != nil || out == nil {
		return err
	}
	return set(out, n)
}

func (o *objects) get(key string) runtime.Object {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.rows[key]
}

func (backend) Delete(ctx context.Context, key string, out runtime.Object, p *storage.Preconditions, validate storage.ValidateObjectFunc, _ runtime.Object,
	_ storage.DeleteOptions) error {
	o := at(ctx)
	cur := o.get(key)
	if cur == nil {
		return storage.NewKeyNotFoundError(key, 0)
	}
	if p != nil {
		if err := p.Check(key, cur); err != nil {
			return err
		}
	}
	if err := validate(ctx, cur.DeepCopyObject()); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.rows[key] != cur {
		return storage.NewResourceVersionConflictsError(key, 0)
	}
	return set(out, o.drop(key))
}

func (backend) Get(ctx context.Context, key string, opts storage.GetOptions, ptr runtime.Object) error {
	cur := at(ctx).get(key)
	if cur == nil {
		if opts.IgnoreNotFound {
			return runtime.SetZeroValue(ptr)
		}
		return storage.NewKeyNotFoundError(key, 0)
	}
	return set(ptr, cur)
}

func under(key, prefix string) bool {
	return key == prefix || strings.HasPrefix(key, strings.TrimSuffix(prefix, "/")+"/")
}

// keys lists the keys under a prefix, sorted; lock held.
func (o *objects) keys(prefix string) []string {
	var out []string
	for k := range o.rows {
		if under(k, prefix) {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

func (backend) GetList(ctx context.Context, key string, opts storage.ListOptions, list runtime.Object) error {
	items, err := meta.GetItemsPtr(list)
	if err != nil {
		return err
	}
	v, err := conversion.EnforcePtr(items)
	if err != nil {
		return err
	}
	o := at(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	keys := o.keys(key)
	if c := opts.Predicate.Continue; c != "" {
		keys = keys[sort.SearchStrings(keys, c):]
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, len(keys)))
	next := ""
	for _, k := range keys {
		if ok, err := opts.Predicate.Matches(o.rows[k]); err != nil || !ok {
			continue
		}
		if opts.Predicate.Limit > 0 && int64(v.Len()) == opts.Predicate.Limit {
			next = k
			break
		}
		v.Set(reflect.Append(v, reflect.ValueOf(o.rows[k].DeepCopyObject()).Elem()))
	}
	return versioner.UpdateList(list, o.rv, next, nil)
}

func (backend) GuaranteedUpdate(ctx context.Context, key string, dst runtime.Object, ignoreNotFound bool, p *storage.Preconditions, try storage.UpdateFunc,
	_ runtime.Object) error {
	o := at(ctx)
	for {
		cur := o.get(key)
		var in runtime.Object
		var rv uint64
		switch {
		case cur != nil:
			in = cur.DeepCopyObject()
			rv, _ = versioner.ObjectResourceVersion(cur)
		case ignoreNotFound:
			in = reflect.New(reflect.TypeOf(dst).Elem()).Interface().(runtime.Object)
		default:
			return storage.NewKeyNotFoundError(key, 0)
		}
		if p != nil {
			if err := p.Check(key, in); err != nil {
				return err
			}
		}
		out, _, err := try(in, storage.ResponseMeta{ResourceVersion: rv})
		if err != nil {
			return err
		}
		done, err := o.swap(key, cur, out.DeepCopyObject(), dst)
		if done || err != nil {
			return err
		}
	}
}

// swap stores out where cur still stands; done is false when somebody was faster.
func (o *objects) swap(key string, cur, out, dst runtime.Object) (done bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.rows[key] != cur {
		return false, nil
	}
	if cur != nil {
		a, _ := meta.Accessor(cur)
		b, _ := meta.Accessor(out)
		b.SetResourceVersion(a.GetResourceVersion())
		if reflect.DeepEqual(cur, out) {
			return true, set(dst, out)
		}
	}
	if err := o.store(key, out); err != nil {
		return true, err
	}
	return true, set(dst, out)
}

type watcher struct {
	o    *objects
	key  string
	opts storage.ListOptions
	from uint64

	mu   sync.Mutex
	q    []watch.Event
	wake chan struct{}
	ch   chan watch.Event
	done chan struct{}
	once sync.Once
}

// offer queues an event as the watcher's selector sees it: an object that starts
// to match was added, one that stops was deleted.
func (x *watcher) offer(e event) {
	if e.rv <= x.from || !under(e.key, x.key) {
		return
	}
	now, _ := x.opts.Predicate.Matches(e.obj)
	was := false
	if e.old != nil {
		was, _ = x.opts.Predicate.Matches(e.old)
	}
	t := e.typ
	switch {
	case t == watch.Deleted && !was, t != watch.Deleted && !now && !was:
		return
	case t == watch.Deleted:
	case now && !was:
		t = watch.Added
	case !now:
		t = watch.Deleted
	default:
		t = watch.Modified
	}
	x.push(watch.Event{Type: t, Object: e.obj.DeepCopyObject()})
}

func (x *watcher) push(e watch.Event) {
	x.mu.Lock()
	x.q = append(x.q, e)
	x.mu.Unlock()
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *watcher) run(ctx context.Context) {
	defer close(x.ch)
	for {
		x.mu.Lock()
		q := x.q
		x.q = nil
		x.mu.Unlock()
		for _, e := range q {
			select {
			case x.ch <- e:
			case <-x.done:
				return
			case <-ctx.Done():
				x.Stop()
				return
			}
		}
		select {
		case <-x.wake:
		case <-x.done:
			return
		case <-ctx.Done():
			x.Stop()
			return
		}
	}
}

func (x *watcher) ResultChan() <-chan watch.Event { return x.ch }

func (x *watcher) Stop() {
	x.once.Do(func() {
		close(x.done)
		x.o.mu.Lock()
		delete(x.o.watchers, x)
		x.o.mu.Unlock()
	})
}

func (backend) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	o := at(ctx)
	x := &watcher{o: o, key: key, opts: opts, wake: make(chan struct{}, 1), ch: make(chan watch.Event, 16), done: make(chan struct{})}
	rv, err := versioner.ParseResourceVersion(opts.ResourceVersion)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	list := opts.SendInitialEvents != nil && *opts.SendInitialEvents
	if rv != 0 && !list && rv < o.base {
		return nil, fmt.Errorf("too old resource version: %d (%d)", rv, o.base)
	}
	if rv == 0 || list {
		for _, k := range o.keys(key) {
			x.offer(event{o.rv, watch.Added, k, o.rows[k], nil})
		}
		if list && opts.Predicate.AllowWatchBookmarks {
			x.bookmark(o)
		}
		x.from = o.rv
	} else {
		x.from = rv
		for _, e := range o.log {
			x.offer(e)
		}
	}
	o.watchers[x] = true
	go x.run(ctx)
	return x, nil
}

// bookmark ends the initial events of a streaming list.
func (x *watcher) bookmark(o *objects) {
	for _, k := range kinds {
		if !under(x.key, k.prefix()) {
			continue
		}
		b := k.empty()
		m, err := meta.Accessor(b)
		if err != nil {
			return
		}
		m.SetResourceVersion(fmt.Sprint(o.rv))
		m.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
		x.push(watch.Event{Type: watch.Bookmark, Object: b})
	}
}
