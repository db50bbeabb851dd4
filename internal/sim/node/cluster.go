// Package node makes a simulated cluster live: the controllers that turn
// DaemonSets and Deployments into pods, the scheduler, and the kubelets whose
// nodes become Ready only when a network plugin runs on them. It knows the world's
// clock and the Kubernetes objects; what AWS says about an instance it asks of Env.
package node

import (
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

// Cluster runs one cluster's control loops.
type Cluster struct {
	API *kubeapi.Cluster

	w       *world.World
	env     Env
	name    string
	pending atomic.Bool
	started map[string]bool // pod UIDs whose start is under way or over
	readied map[string]bool // node names whose network has come up
	stopped bool
}

// settle is how long the control loops take to notice a change.
const settle = 200 * time.Millisecond

// New makes the loops of a cluster; Changed must be called when its objects change.
func New(w *world.World, name string, env Env) *Cluster {
	return &Cluster{w: w, env: env, name: name, started: map[string]bool{}, readied: map[string]bool{}}
}

// Changed schedules one pass of the loops; many changes make one pass.
func (c *Cluster) Changed() {
	if c.pending.CompareAndSwap(false, true) {
		c.w.After(settle, func() {
			c.pending.Store(false)
			if !c.stopped {
				c.pass()
			}
		})
	}
}

// Stop ends the loops: the control plane is gone.
func (c *Cluster) Stop() { c.stopped = true }

// pass is one round of every control loop, in the order in which their results
// feed each other.
func (c *Cluster) pass() {
	c.daemonSets()
	c.deployments()
	c.replicaSets()
	c.schedule()
	c.kubelets()
	c.budgets()
	c.env.Settled()
}

func podReady(p *corev1.Pod) bool {
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
