// Package node makes a simulated cluster live: the controllers that turn
// DaemonSets and Deployments into pods, the scheduler, and the kubelets whose
// nodes become Ready only when a network plugin runs on them. It knows the world's
// clock and the Kubernetes objects; what AWS says about an instance it asks of Env.
package node

import (
	"encoding/json"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// Env is what the cluster's nodes depend on outside Kubernetes.
type Env interface {
	// CNI tells whether the VPC CNI plugin on a node may manage network interfaces
	// and find addresses: "" or the error that its pod logs.
	CNI(node *corev1.Node, serviceAccount string) string
	// Unplaced is told of a pod that no node takes (Fargate and Auto Mode act).
	Unplaced(pod *corev1.Pod)
	// Settled is told after each pass of the control loops: workloads may have
	// become ready or stopped being so.
	Settled()
}

// Fleet is the clusters of one region, and what happens in them.
type Fleet struct {
	w        *world.World
	clusters map[string]*Cluster
}

// NewFleet says what happens at the events of clusters.
func NewFleet(w *world.World) *Fleet {
	f := &Fleet{w: w, clusters: map[string]*Cluster{}}
	f.on("node:pass", func(c *Cluster, _ at) {
		c.pending.Store(false)
		c.pass()
	})
	f.on("node:balance", func(c *Cluster, _ at) { c.services() })
	f.on("node:ready", (*Cluster).ready)
	f.on("node:renew", (*Cluster).renew)
	f.on("node:start", (*Cluster).run)
	f.on("node:stop", (*Cluster).stopped)
	f.on("node:finish", (*Cluster).finished)
	return f
}

// at is where in a cluster something happens: a pod, a node, or a pod on a node.
type at struct {
	Namespace string `json:",omitempty"`
	Pod       string `json:",omitempty"`
	UID       string `json:",omitempty"`
	Node      string `json:",omitempty"`
}

// on says what happens at a kind of event in the cluster that is its key, while that
// cluster is there.
func (f *Fleet) on(kind string, do func(*Cluster, at)) {
	world.On(f.w, kind, func(id string, p at) {
		if c := f.clusters[id]; c != nil {
			do(c, p)
		}
	})
}

// Cluster runs one cluster's control loops.
type Cluster struct {
	API *kubeapi.Cluster

	w       *world.World
	env     Env
	id      string
	stop    func()
	pending atomic.Bool // a pass is scheduled
	passing bool        // a pass runs, which may have let the region's lock go
	loops
}

// loops is what the control loops remember.
type loops struct {
	Started map[string]bool // pod UIDs whose start, or with stop: whose end, is under way or over
	Readied map[string]bool // node names whose network has come up
	Tick    time.Time       `json:",omitzero"`  // when the loops run next for a CronJob
	Pending bool            `json:",omitempty"` // in a saved cluster: pending
	// Balancing is what the service controller remembers, by a Service's UID.
	Balancing map[string]*balancing `json:",omitempty"`
	// Attempts are what was refused, by the UID of the object that wanted it.
	Attempts map[string]*attempt `json:",omitempty"`
	// Moved is when a Deployment's rollout went on last, ReadyAt when a pod was first seen
	// ready, by UID; since the world began.
	Moved   map[string]time.Duration `json:",omitempty"`
	ReadyAt map[string]time.Duration `json:",omitempty"`
	// Told is the last event of an object that is told of once, by UID.
	Told map[string]string `json:",omitempty"`
}

// settle is how long the control loops take to notice a change.
const settle = 200 * time.Millisecond

// New makes the loops of a cluster. The identifier is its own for ever: a cluster of
// the same name that comes later has another. Changed must be called when the
// cluster's objects change.
func (f *Fleet) New(id string, env Env) *Cluster {
	c := &Cluster{w: f.w, env: env, id: id, loops: loops{Started: map[string]bool{}, Readied: map[string]bool{}}}
	c.stop = func() { delete(f.clusters, id) }
	f.clusters[id] = c
	return c
}

// Save is what the control loops remember, as JSON.
func (c *Cluster) Save() (json.RawMessage, error) {
	l := c.loops
	l.Pending = c.pending.Load()
	return json.Marshal(l)
}

// Load goes on from what other control loops remembered.
func (c *Cluster) Load(b json.RawMessage) error {
	err := json.Unmarshal(b, &c.loops)
	c.pending.Store(c.Pending)
	return err
}

// Changed schedules one pass of the loops; many changes make one pass.
func (c *Cluster) Changed() {
	if c.pending.CompareAndSwap(false, true) {
		c.after(settle, "node:pass", at{})
	}
}

func (c *Cluster) after(d time.Duration, kind string, p at) { c.w.Schedule(d, kind, c.id, p) }

// Stop ends the loops: the control plane is gone.
func (c *Cluster) Stop() { c.stop() }

// pass is one round of every control loop, in the order in which their results
// feed each other. One that is at work is not joined by another.
func (c *Cluster) pass() {
	if c.passing {
		c.Changed()
		return
	}
	c.passing = true
	defer func() { c.passing = false }()
	c.upkeep()
	c.quotas()
	c.cronJobs()
	c.jobs()
	c.daemonSets()
	c.autoscalers()
	c.deployments()
	c.replicaSets()
	c.statefulSets()
	c.bind()
	c.schedule()
	c.kubelets()
	c.endpoints()
	c.budgets()
	c.services()
	c.env.Settled()
	c.forgetGone()
}

// forgetGone drops what is remembered of objects that are no more.
func (c *Cluster) forgetGone() {
	if len(c.Attempts)+len(c.Moved)+len(c.ReadyAt)+len(c.Told) == 0 {
		return
	}
	there := c.API.UIDs()
	gone := func(uid string) bool { return !there[uid] }
	maps.DeleteFunc(c.Attempts, func(uid string, _ *attempt) bool { return gone(uid) })
	maps.DeleteFunc(c.Moved, func(uid string, _ time.Duration) bool { return gone(uid) })
	maps.DeleteFunc(c.ReadyAt, func(uid string, _ time.Duration) bool { return gone(uid) })
	maps.DeleteFunc(c.Told, func(uid, _ string) bool { return gone(uid) })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// PodReady tells whether a pod's Ready condition is true.
func PodReady(p *corev1.Pod) bool {
	for _, x := range p.Status.Conditions {
		if x.Type == corev1.PodReady {
			return x.Status == corev1.ConditionTrue
		}
	}
	return false
}

// NodeReady tells whether a node's Ready condition is true.
func NodeReady(n *corev1.Node) bool {
	for _, x := range n.Status.Conditions {
		if x.Type == corev1.NodeReady {
			return x.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Desired and Ready pods of a DaemonSet or Deployment, for add-on health.
func (c *Cluster) Workload(kind, ns, name string) (desired, ready int32, exists bool) {
	switch kind {
	case "DaemonSet":
		if d := kubeapi.Get[appsv1.DaemonSet](c.API, ns, name); d != nil {
			return d.Status.DesiredNumberScheduled, d.Status.NumberReady, true
		}
	case "Deployment":
		if d := kubeapi.Get[appsv1.Deployment](c.API, ns, name); d != nil {
			return *d.Spec.Replicas, d.Status.ReadyReplicas, true
		}
	}
	return 0, 0, false
}
