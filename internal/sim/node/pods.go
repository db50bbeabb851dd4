package node

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// owner is an object whose controller makes others, as Kubernetes names it.
type owner struct {
	metav1.Object
	apiVersion, kind string
	controller       string // whose service account writes
}

func (o owner) reference() []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: o.apiVersion, Kind: o.kind, Name: o.GetName(), UID: o.GetUID(), Controller: new(true),
		BlockOwnerDeletion: new(true)}}
}

func ownerIs(p metav1.Object, owner metav1.Object) bool {
	r := metav1.GetControllerOf(p)
	return r != nil && r.UID == owner.GetUID()
}

// newPod makes a pod of a template; its name is drawn from the world, by what tells the
// owner's pods apart.
func (c *Cluster) newPod(o owner, t corev1.PodTemplateSpec, by string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: *t.ObjectMeta.DeepCopy(), Spec: *t.Spec.DeepCopy()}
	p.Namespace, p.GenerateName = o.GetNamespace(), o.GetName()+"-"
	p.Name = p.GenerateName + c.w.Hex("pod "+c.id+" "+o.GetNamespace()+"/"+o.GetName()+" "+by, 5)
	p.OwnerReferences = o.reference()
	return p
}

// active tells whether a pod counts for its owner: it has not ended, and nobody ends it.
func active(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed
}

// available tells whether a pod has been ready for so many seconds, and has the loops look
// again when it will have been.
func (c *Cluster) available(p *corev1.Pod, seconds int32) bool {
	if !PodReady(p) || seconds == 0 {
		return PodReady(p)
	}
	if c.ReadyAt == nil {
		c.ReadyAt = map[string]time.Duration{}
	}
	least, uid := time.Duration(seconds)*time.Second, string(p.UID)
	since, seen := c.ReadyAt[uid]
	if !seen {
		since = c.w.Elapsed()
		c.ReadyAt[uid] = since
		c.after(least, "node:pass", at{})
	}
	return c.w.Elapsed()-since >= least
}

// attempt is what a controller remembers of its refused creations for an owner.
type attempt struct {
	Tries int
	Next  time.Duration // since the world began: not before
}

// The queue of a controller tries again after a while that doubles up to 1000 seconds
// (client-go, DefaultTypedControllerRateLimiter); what it begins with is a pass here.
const (
	firstTry = time.Second
	lastTry  = 1000 * time.Second
)

// held tells whether an owner's creations were refused a moment ago.
func (c *Cluster) held(o metav1.Object) bool {
	a := c.Attempts[string(o.GetUID())]
	return a != nil && c.w.Elapsed() < a.Next
}

// make creates an object for an owner, through the API; a refusal is said by an event of
// the owner's, and its next creation comes later.
func (c *Cluster) make(o owner, x runtime.Object) error {
	err := c.create(o.controller, x)
	uid := string(o.GetUID())
	if err == nil {
		delete(c.Attempts, uid)
		return nil
	}
	if apierrors.IsAlreadyExists(err) {
		return err
	}
	if c.Attempts == nil {
		c.Attempts = map[string]*attempt{}
	}
	a := c.Attempts[uid]
	if a == nil {
		a = &attempt{}
		c.Attempts[uid] = a
	}
	wait := min(firstTry<<min(a.Tries, 10), lastTry)
	a.Tries++
	a.Next = c.w.Elapsed() + wait
	c.after(wait, "node:pass", at{})
	c.event(o.kind, o.GetNamespace(), o.GetName(), corev1.EventTypeWarning, "FailedCreate", fmt.Sprintf("Error creating: %v", err))
	return err
}

// create writes as a controller does. Where a webhook outside of this program is asked, the
// region's lock is let go, for its program may ask the region.
func (c *Cluster) create(controller string, x runtime.Object) error {
	if !c.API.CallsOut() {
		return c.API.Create(controller, x)
	}
	var err error
	c.Changed() // what happens meanwhile is seen in a pass of its own
	c.w.Aside(func() { err = c.API.Create(controller, x) })
	return err
}
