// Package kubeapi is the Kubernetes API of simulated clusters: Kubernetes' own
// registries (k8s.io/kubernetes/pkg/registry: defaults, validation, conversion between
// versions, tables) behind its generic API server, over an in-memory storage, one server
// for all clusters of a minor version, with the cluster in the request's context. It
// serves and stores objects; what makes them live (controllers, scheduler, kubelets) is
// package node's business, and of AWS it knows only that somebody else decides who a
// bearer token is.
package kubeapi

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
)

// objects is one cluster's storage: a map with one resource version counter and a
// log of recent events for watches to resume from. Rows are in their storage version,
// and are never changed: a write puts another object in a row's place.
type objects struct {
	mu       sync.Mutex
	rv       uint64
	rows     map[string]runtime.Object
	buckets  map[string]map[string]bool // the rows' keys by the first part of their paths
	log      []event
	base     uint64
	watchers map[*watcher]bool
	changed  func()
	uid      func(key string) string
	date     func() time.Time
	hooks    []func(key string, obj, old runtime.Object) // told of every change, lock held
	leaving  map[string]bool                             // resources whose definition waits for the last of them to go
}

type event struct {
	rv       uint64
	typ      watch.EventType
	key      string
	obj, old runtime.Object
}

const keepEvents = 2000

func newObjects(uid func(key string) string, date func() time.Time, changed func()) *objects {
	return &objects{rv: 1, base: 1, rows: map[string]runtime.Object{}, buckets: map[string]map[string]bool{}, watchers: map[*watcher]bool{},
		leaving: map[string]bool{}, changed: changed, uid: uid, date: date}
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

// backend is storage.Interface of one resource for every cluster: the request's context
// says which.
type backend struct {
	form    form
	newFunc func() runtime.Object
}

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

// set copies one object into another of its type.
func set(dst, src runtime.Object) error {
	v, err := conversion.EnforcePtr(dst)
	if err != nil {
		return err
	}
	v.Set(reflect.ValueOf(src).Elem())
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
	for _, h := range o.hooks {
		h(key, obj, old)
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
	o.stamp(key, obj, old)
	o.rv++
	if err := versioner.UpdateObject(obj, o.rv); err != nil {
		return err
	}
	o.put(key, obj)
	t := watch.Modified
	if old == nil {
		t = watch.Added
	}
	o.emit(t, key, obj, old)
	return nil
}

// stamp puts the world's time and identifiers where a registry has put the wall's.
func (o *objects) stamp(key string, obj, old runtime.Object) {
	m, err := meta.Accessor(obj)
	if err != nil {
		return
	}
	now := metav1.NewTime(o.date().Truncate(time.Second))
	var was metav1.Object
	if old == nil {
		m.SetUID(types.UID(o.uid(key)))
		m.SetCreationTimestamp(now)
	} else if was, err = meta.Accessor(old); err != nil {
		return
	}
	if m.GetDeletionTimestamp() != nil && (was == nil || was.GetDeletionTimestamp() == nil) {
		end := now
		if g := m.GetDeletionGracePeriodSeconds(); g != nil {
			end = metav1.NewTime(now.Add(time.Duration(*g) * time.Second))
		}
		m.SetDeletionTimestamp(&end)
	}
	fields := m.GetManagedFields()
	if len(fields) == 0 {
		return
	}
	fields = slices.Clone(fields)
	for i, f := range fields {
		// What a registry has dated now, an entry that was there keeps its date.
		if f.Time != nil && (was == nil || !slices.ContainsFunc(was.GetManagedFields(), func(w metav1.ManagedFieldsEntry) bool { return w.Time.Equal(f.Time) })) {
			fields[i].Time = &now
		}
	}
	m.SetManagedFields(fields)
}

// drop removes a key; lock held.
func (o *objects) drop(key string) runtime.Object {
	old := o.rows[key]
	if old == nil {
		return nil
	}
	delete(o.rows, key)
	delete(o.buckets[bucket(key)], key)
	o.rv++
	d := old.DeepCopyObject()
	_ = versioner.UpdateObject(d, o.rv)
	o.emit(watch.Deleted, key, d, old)
	return d
}

func (b backend) Create(ctx context.Context, key string, obj, out runtime.Object, _ uint64) error {
	n, err := b.form.stored(obj)
	if err != nil {
		return err
	}
	o := at(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.rows[key]; ok {
		return storage.NewKeyExistsError(key, 0)
	}
	if err := o.store(key, n); err != nil || out == nil {
		return err
	}
	return b.form.load(n, out)
}

func (o *objects) get(key string) runtime.Object {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.rows[key]
}

func (b backend) Delete(ctx context.Context, key string, out runtime.Object, p *storage.Preconditions, validate storage.ValidateObjectFunc, _ runtime.Object,
	_ storage.DeleteOptions) error {
	o := at(ctx)
	cur := o.get(key)
	if cur == nil {
		return storage.NewKeyNotFoundError(key, 0)
	}
	was := b.newFunc()
	if err := b.form.load(cur, was); err != nil {
		return err
	}
	if p != nil {
		if err := p.Check(key, was); err != nil {
			return err
		}
	}
	if err := validate(ctx, was); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.rows[key] != cur {
		return storage.NewResourceVersionConflictsError(key, 0)
	}
	return b.form.load(o.drop(key), out)
}

func (b backend) Get(ctx context.Context, key string, opts storage.GetOptions, ptr runtime.Object) error {
	o := at(ctx)
	o.mu.Lock()
	cur, rv := o.rows[key], o.rv
	o.mu.Unlock()
	if err := reached(opts.ResourceVersion, rv); err != nil {
		return err
	}
	if cur == nil {
		if opts.IgnoreNotFound {
			return runtime.SetZeroValue(ptr)
		}
		return storage.NewKeyNotFoundError(key, 0)
	}
	return b.form.load(cur, ptr)
}

// reached refuses a resource version that is still to come.
func reached(wanted string, rv uint64) error {
	v, err := versioner.ParseResourceVersion(wanted)
	if err == nil && v > rv {
		return storage.NewTooLargeResourceVersionError(v, rv, 1)
	}
	return err
}

// resourceOf is the group and resource of a custom resource's key.
func resourceOf(key string) string {
	if p := strings.SplitN(key, "/", 4); len(p) == 4 {
		return p[1] + "/" + p[2]
	}
	return ""
}

func under(key, prefix string) bool {
	return key == prefix || strings.HasPrefix(key, strings.TrimSuffix(prefix, "/")+"/")
}

// put has a row under its key; lock held.
func (o *objects) put(key string, obj runtime.Object) {
	o.rows[key] = obj
	b := bucket(key)
	if o.buckets[b] == nil {
		o.buckets[b] = map[string]bool{}
	}
	o.buckets[b][key] = true
}

func bucket(key string) string {
	b, _, _ := strings.Cut(strings.TrimPrefix(key, "/"), "/")
	return b
}

// keys lists the keys under a prefix, sorted; lock held.
func (o *objects) keys(prefix string) []string {
	var out []string
	for k := range o.buckets[bucket(prefix)] {
		if under(k, prefix) {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

// past is the rows, and the keys of those under a prefix, as they were at a resource
// version, which the log reaches back to; lock held.
func (o *objects) past(rv uint64, prefix string) (map[string]runtime.Object, []string) {
	if rv == 0 || rv >= o.rv {
		return o.rows, o.keys(prefix)
	}
	rows := maps.Clone(o.rows)
	for i := len(o.log) - 1; i >= 0 && o.log[i].rv > rv; i-- {
		if e := o.log[i]; e.old == nil {
			delete(rows, e.key)
		} else {
			rows[e.key] = e.old
		}
	}
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(rows)), func(k string) bool { return !under(k, prefix) })
	return rows, keys
}

// The words of Kubernetes for lists that its storage no longer has (etcd3/errors.go).
const (
	expired      = "The resourceVersion for the provided list is too old."
	inconsistent = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue " +
		"parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results " +
		"in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up " +
		"in the list."
)

// GetList answers a list, at the resource version that the options or their continue
// token name, or now.
func (b backend) GetList(ctx context.Context, key string, opts storage.ListOptions, list runtime.Object) error {
	items, err := meta.GetItemsPtr(list)
	if err != nil {
		return err
	}
	v, err := conversion.EnforcePtr(items)
	if err != nil {
		return err
	}
	root := key
	if opts.Recursive && !strings.HasSuffix(root, "/") {
		root += "/"
	}
	at64, from, err := storage.ValidateListOptions(root, versioner, opts)
	if err != nil {
		return err
	}
	o := at(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := reached(opts.ResourceVersion, o.rv); err != nil {
		return err
	}
	if at64 > 0 && uint64(at64) < o.base {
		return tooOld(from, root)
	}
	rv := o.rv
	if at64 > 0 {
		rv = uint64(at64)
	}
	rows, keys := o.past(rv, key)
	if !opts.Recursive {
		keys = slices.DeleteFunc(keys, func(k string) bool { return k != key })
	}
	keys = keys[sort.SearchStrings(keys, from):]
	v.Set(reflect.MakeSlice(v.Type(), 0, len(keys)))
	next, rest := "", (*int64)(nil)
	for i, k := range keys {
		if opts.Predicate.Limit > 0 && int64(v.Len()) == opts.Predicate.Limit {
			if next, err = storage.EncodeContinue(keys[i-1]+"\x00", root, int64(rv)); err != nil {
				return err
			}
			if opts.Predicate.Empty() {
				rest = new(int64(len(keys) - i))
			}
			break
		}
		x, err := b.matching(rows[k], opts.Predicate)
		if err != nil {
			return err
		}
		if x != nil {
			v.Set(reflect.Append(v, reflect.ValueOf(x).Elem()))
		}
	}
	return versioner.UpdateList(list, rv, next, rest)
}

func tooOld(from, root string) error {
	if from == "" {
		return apierrors.NewResourceExpired(expired)
	}
	e := apierrors.NewResourceExpired(inconsistent)
	var err error
	e.ErrStatus.ListMeta.Continue, err = storage.EncodeContinue(from, root, -1)
	if err != nil {
		return err
	}
	return e
}

// matching is a row as the registry knows it, or nil when it is not selected.
func (b backend) matching(row runtime.Object, p storage.SelectionPredicate) (runtime.Object, error) {
	x := b.newFunc()
	if !p.Empty() {
		view, err := b.form.view(row)
		if err != nil {
			return nil, err
		}
		if ok, err := p.Matches(view); err != nil || !ok {
			return nil, err
		}
	}
	return x, b.form.load(row, x)
}

func (b backend) GuaranteedUpdate(ctx context.Context, key string, dst runtime.Object, ignoreNotFound bool, p *storage.Preconditions, try storage.UpdateFunc,
	_ runtime.Object) error {
	o := at(ctx)
	for {
		cur := o.get(key)
		in := b.newFunc()
		var rv uint64
		switch {
		case cur != nil:
			if err := b.form.load(cur, in); err != nil {
				return err
			}
			rv, _ = versioner.ObjectResourceVersion(cur)
		case ignoreNotFound:
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
		row, err := b.form.stored(out)
		if err != nil {
			return err
		}
		if row, err = o.swap(key, cur, row); err != nil {
			return err
		}
		if row != nil {
			return b.form.load(row, dst)
		}
	}
}

// swap stores a row where cur still stands, and returns what stands now; nil when
// somebody was faster. What changes nothing is not written.
func (o *objects) swap(key string, cur, row runtime.Object) (runtime.Object, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.rows[key] != cur {
		return nil, nil
	}
	if cur != nil {
		a, _ := meta.Accessor(cur)
		b, _ := meta.Accessor(row)
		b.SetResourceVersion(a.GetResourceVersion())
		if equality.Semantic.DeepEqual(cur, row) {
			return cur, nil
		}
	}
	return row, o.store(key, row)
}

type watcher struct {
	o    *objects
	b    backend
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

// selects tells whether a watch shows a row.
func (x *watcher) selects(row runtime.Object) bool {
	if row == nil {
		return false
	}
	if x.opts.Predicate.Empty() {
		return true
	}
	v, err := x.b.form.view(row)
	if err != nil {
		return false
	}
	ok, _ := x.opts.Predicate.Matches(v)
	return ok
}

// offer queues an event as the watcher's selector sees it: an object that starts
// to match was added, one that stops was deleted.
func (x *watcher) offer(e event) {
	if e.rv <= x.from || !under(e.key, x.key) {
		return
	}
	t := e.typ
	now, was := t != watch.Deleted && x.selects(e.obj), x.selects(e.old)
	switch {
	case !now && !was:
		return
	case !now:
		t = watch.Deleted
	case !was:
		t = watch.Added
	default:
		t = watch.Modified
	}
	row := e.obj
	if t == watch.Deleted && e.typ != watch.Deleted {
		// One that is no longer selected is shown as it was, at the version of its change.
		row = e.old.DeepCopyObject()
		_ = versioner.UpdateObject(row, e.rv)
	}
	obj := x.b.newFunc()
	if err := x.b.form.load(row, obj); err != nil {
		return
	}
	x.push(watch.Event{Type: t, Object: obj})
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

// tooOldWatch is what a watch that asks for what is forgotten ends with.
func tooOldWatch(rv, base uint64) watch.Interface {
	s := apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", rv, base)).Status()
	f := watch.NewFakeWithChanSize(1, false)
	f.Error(&s)
	f.Stop()
	return f
}

func (b backend) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	o := at(ctx)
	x := &watcher{o: o, b: b, key: key, opts: opts, wake: make(chan struct{}, 1), ch: make(chan watch.Event, 16), done: make(chan struct{})}
	rv, err := versioner.ParseResourceVersion(opts.ResourceVersion)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	list := opts.SendInitialEvents != nil && *opts.SendInitialEvents
	quiet := opts.SendInitialEvents != nil && !*opts.SendInitialEvents
	if err := reached(opts.ResourceVersion, o.rv); err != nil {
		return nil, err
	}
	switch {
	case rv != 0 && !list && rv < o.base:
		return tooOldWatch(rv, o.base), nil
	case rv == 0 && !quiet || list:
		for _, k := range o.keys(key) {
			x.offer(event{o.rv, watch.Added, k, o.rows[k], nil})
		}
		if list && opts.Predicate.AllowWatchBookmarks {
			x.bookmark(o.rv, map[string]string{metav1.InitialEventsAnnotationKey: "true"})
		}
		x.from = o.rv
	case rv == 0:
		x.from = o.rv
	default:
		x.from = rv
		for _, e := range o.log {
			x.offer(e)
		}
	}
	o.watchers[x] = true
	go x.run(ctx)
	return x, nil
}

// bookmark tells how far a watch has come.
func (x *watcher) bookmark(rv uint64, notes map[string]string) {
	b := x.b.newFunc()
	m, err := meta.Accessor(b)
	if err != nil {
		return
	}
	m.SetResourceVersion(fmt.Sprint(rv))
	m.SetAnnotations(notes)
	x.push(watch.Event{Type: watch.Bookmark, Object: b})
}
