package node

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/rand"
	hashutil "k8s.io/kubernetes/pkg/util/hash"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// templateHash tells templates apart as Kubernetes does (controller.ComputeHash).
func templateHash(t *corev1.PodTemplateSpec) string {
	h := fnv.New32a()
	hashutil.DeepHashObject(h, *t)
	return rand.SafeEncodeString(fmt.Sprint(h.Sum32()))
}

// revision is where `kubectl rollout` reads which template came when; the other two are
// what the controller notes on ReplicaSets (deployment/util).
const (
	revision        = "deployment.kubernetes.io/revision"
	desiredReplicas = "deployment.kubernetes.io/desired-replicas"
	maxReplicas     = "deployment.kubernetes.io/max-replicas"
)

func revisionOf(o metav1.Object) int {
	n, _ := strconv.Atoi(o.GetAnnotations()[revision]) // none is 0
	return n
}

// newReplicaSet is one of a Deployment's current template, told from others by its hash.
func newReplicaSet(o owner, d *appsv1.Deployment, hash string, rev int) *appsv1.ReplicaSet {
	t := *d.Spec.Template.DeepCopy()
	t.Labels = labels.Merge(t.Labels, labels.Set{appsv1.DefaultDeploymentUniqueLabelKey: hash})
	sel := d.Spec.Selector.DeepCopy()
	sel.MatchLabels = labels.Merge(sel.MatchLabels, labels.Set{appsv1.DefaultDeploymentUniqueLabelKey: hash})
	notes := labels.Merge(d.Annotations, labels.Set{revision: strconv.Itoa(rev)})
	delete(notes, corev1.LastAppliedConfigAnnotation)
	return &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: d.Name + "-" + hash, Namespace: d.Namespace, Labels: t.Labels, Annotations: notes,
		OwnerReferences: o.reference()},
		Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0)), Selector: sel, Template: t, MinReadySeconds: d.Spec.MinReadySeconds}}
}

// number has the current ReplicaSet of a Deployment, and the Deployment, bear the newest
// revision, also where an older template has come back.
func (c *Cluster) number(d *appsv1.Deployment, cur *appsv1.ReplicaSet, newest int) *appsv1.Deployment {
	if n := revisionOf(cur); n < newest {
		u := cur.DeepCopy()
		u.Annotations = labels.Merge(u.Annotations, labels.Set{revision: strconv.Itoa(newest + 1)})
		c.API.Save(u)
		cur = u
	}
	if revisionOf(d) == revisionOf(cur) {
		return d
	}
	u := d.DeepCopy()
	u.Annotations = labels.Merge(u.Annotations, labels.Set{revision: cur.Annotations[revision]})
	c.API.Save(u)
	return u
}

// deployments keeps one ReplicaSet per template and moves replicas to the newest.
func (c *Cluster) deployments() {
	sets := map[string][]*appsv1.ReplicaSet{}
	for _, s := range kubeapi.List[appsv1.ReplicaSet](c.API) {
		if r := metav1.GetControllerOf(s); r != nil && s.DeletionTimestamp == nil {
			sets[string(r.UID)] = append(sets[string(r.UID)], s)
		}
	}
	for _, d := range kubeapi.List[appsv1.Deployment](c.API) {
		if d.DeletionTimestamp == nil {
			c.deployment(d, sets[string(d.UID)])
		}
	}
}

// rollout is a Deployment at work: its ReplicaSets, and what may be up and down meanwhile.
type rollout struct {
	d                  *appsv1.Deployment
	cur                *appsv1.ReplicaSet // of the current template; nil: there is none yet
	old                []*appsv1.ReplicaSet
	surge, unavailable int32
}

func (c *Cluster) deployment(d *appsv1.Deployment, sets []*appsv1.ReplicaSet) {
	r := rollout{d: d}
	name, newest, made := d.Name+"-"+templateHash(&d.Spec.Template), 0, false
	for _, s := range sets {
		newest = max(newest, revisionOf(s))
		if s.Name == name {
			r.cur = s
		} else {
			r.old = append(r.old, s)
		}
	}
	r.limits()
	o := owner{d, "apps/v1", "Deployment", "deployment-controller"}
	if r.cur == nil && !d.Spec.Paused && !c.recreating(&r) && !c.held(d) {
		s := newReplicaSet(o, d, name[len(d.Name)+1:], newest+1)
		if c.make(o, s) == nil {
			r.cur, made = kubeapi.Get[appsv1.ReplicaSet](c.API, d.Namespace, s.Name), true
			newest++
		}
	}
	if r.cur != nil {
		d = c.number(d, r.cur, newest)
		r.d, r.cur = d, kubeapi.Get[appsv1.ReplicaSet](c.API, d.Namespace, name)
	}
	c.roll(&r)
	c.reportDeployment(&r, made)
	if r.done() {
		c.tidy(&r)
	}
}

// limits reads the strategy (deployment/util, ResolveFenceposts).
func (r *rollout) limits() {
	u := r.d.Spec.Strategy.RollingUpdate
	n := int(*r.d.Spec.Replicas)
	if r.d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType || u == nil {
		if r.d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
			r.unavailable = int32(n)
		}
		return
	}
	share := func(x *intstr.IntOrString, up bool) int32 {
		v, _ := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(x, intstr.FromInt32(0)), n, up)
		return int32(v)
	}
	r.surge, r.unavailable = share(u.MaxSurge, true), min(share(u.MaxUnavailable, false), int32(n))
	if r.surge == 0 && r.unavailable == 0 {
		r.unavailable = 1
	}
}

// recreating tells whether pods of older templates have to end before others begin.
func (c *Cluster) recreating(r *rollout) bool {
	if r.d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType || len(r.old) == 0 {
		return false
	}
	wait := false
	for _, s := range r.old {
		if *s.Spec.Replicas > 0 {
			c.scaleSet(r.d, s, 0)
		}
		wait = wait || *s.Spec.Replicas > 0 || s.Status.Replicas > 0
	}
	for _, p := range kubeapi.List[corev1.Pod](c.API) {
		ref := metav1.GetControllerOf(p)
		wait = wait || ref != nil && slices.ContainsFunc(r.old, func(s *appsv1.ReplicaSet) bool { return s.UID == ref.UID })
	}
	return wait
}

// scaleSet wants another number of pods of a ReplicaSet.
func (c *Cluster) scaleSet(d *appsv1.Deployment, s *appsv1.ReplicaSet, n int32) *appsv1.ReplicaSet {
	if *s.Spec.Replicas == n {
		return s
	}
	verb := "up"
	if n < *s.Spec.Replicas {
		verb = "down"
	}
	was := *s.Spec.Replicas
	u := s.DeepCopy()
	u.Spec.Replicas = new(n)
	u.Generation++
	if !c.API.Save(u) {
		return s
	}
	c.event("Deployment", d.Namespace, d.Name, "Normal", "ScalingReplicaSet", fmt.Sprintf("Scaled %s replica set %s from %d to %d", verb, s.Name, was, n))
	return u
}

// roll moves replicas from the older ReplicaSets to the current one, as far as the strategy
// lets it now (deployment/rolling.go).
func (c *Cluster) roll(r *rollout) {
	want := *r.d.Spec.Replicas
	if r.cur == nil {
		return
	}
	sum := func() (spec, available int32) {
		for _, s := range append(slices.Clone(r.old), r.cur) {
			spec += *s.Spec.Replicas
			available += s.Status.AvailableReplicas
		}
		return spec, available
	}
	total, _ := sum()
	running := slices.ContainsFunc(r.old, func(s *appsv1.ReplicaSet) bool { return *s.Spec.Replicas > 0 })
	next := want
	switch {
	case r.d.Spec.Paused && running:
		next = *r.cur.Spec.Replicas // proportional scaling of a paused rollout is left out
	case r.d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType && c.recreating(r):
		next = *r.cur.Spec.Replicas
	case running && *r.cur.Spec.Replicas < want:
		next = *r.cur.Spec.Replicas + max(0, min(want-*r.cur.Spec.Replicas, want+r.surge-total))
	}
	r.cur = c.annotate(r, c.scaleSet(r.d, r.cur, next))
	if r.d.Spec.Paused {
		return
	}
	slices.SortStableFunc(r.old, func(a, b *appsv1.ReplicaSet) int { return cmp.Compare(revisionOf(a), revisionOf(b)) })
	total, available := sum()
	down := total - (want - r.unavailable) - (*r.cur.Spec.Replicas - r.cur.Status.AvailableReplicas)
	for i, s := range r.old { // what does not run anyhow goes first
		n := max(0, min(*s.Spec.Replicas-s.Status.AvailableReplicas, down))
		down -= n
		r.old[i] = c.scaleSet(r.d, s, *s.Spec.Replicas-n)
	}
	spare := min(available-(want-r.unavailable), max(down, 0))
	for i, s := range r.old {
		n := max(0, min(*s.Spec.Replicas, spare))
		spare -= n
		r.old[i] = c.scaleSet(r.d, s, *s.Spec.Replicas-n)
	}
}

// annotate notes on the current ReplicaSet what the Deployment wants of all of them.
func (c *Cluster) annotate(r *rollout, s *appsv1.ReplicaSet) *appsv1.ReplicaSet {
	notes := labels.Set{desiredReplicas: fmt.Sprint(*r.d.Spec.Replicas), maxReplicas: fmt.Sprint(*r.d.Spec.Replicas + r.surge)}
	if labelsMatch(notes, s.Annotations) {
		return s
	}
	u := s.DeepCopy()
	u.Annotations = labels.Merge(u.Annotations, notes)
	if !c.API.Save(u) {
		return s
	}
	return u
}

func (r *rollout) done() bool {
	st := r.d.Status
	return st.UpdatedReplicas == *r.d.Spec.Replicas && st.Replicas == *r.d.Spec.Replicas && st.AvailableReplicas == *r.d.Spec.Replicas &&
		st.ObservedGeneration >= r.d.Generation
}

// tidy removes old ReplicaSets that the history does not keep.
func (c *Cluster) tidy(r *rollout) {
	limit := r.d.Spec.RevisionHistoryLimit
	if limit == nil {
		return
	}
	gone := len(r.old) - int(*limit)
	for _, s := range r.old[:max(0, gone)] {
		if s.Status.Replicas == 0 && *s.Spec.Replicas == 0 {
			c.API.Delete(s)
		}
	}
}

func (c *Cluster) reportDeployment(r *rollout, made bool) {
	d := r.d
	st := appsv1.DeploymentStatus{ObservedGeneration: d.Generation, CollisionCount: d.Status.CollisionCount, TerminatingReplicas: d.Status.TerminatingReplicas}
	spec := int32(0)
	for _, s := range append(slices.Clone(r.old), r.cur) {
		if s == nil {
			continue
		}
		spec += *s.Spec.Replicas
		st.Replicas += s.Status.Replicas
		st.ReadyReplicas += s.Status.ReadyReplicas
		st.AvailableReplicas += s.Status.AvailableReplicas
		if s == r.cur {
			st.UpdatedReplicas = s.Status.Replicas
		}
	}
	st.UnavailableReplicas = max(0, spec-st.AvailableReplicas)
	st.Conditions = c.deploymentConditions(r, st, made)
	if !reflect.DeepEqual(st, d.Status) {
		n := d.DeepCopy()
		n.Status = st
		if c.API.Save(n) {
			r.d = n
		}
	}
}

// deploymentConditions are what a rollout says of itself (deployment/progress.go).
func (c *Cluster) deploymentConditions(r *rollout, st appsv1.DeploymentStatus, made bool) []appsv1.DeploymentCondition {
	now := metav1.NewTime(c.w.Date().Truncate(time.Second))
	d, was := r.d, r.d.Status
	var out []appsv1.DeploymentCondition
	set := func(t appsv1.DeploymentConditionType, status corev1.ConditionStatus, reason, msg string, again bool) {
		x := appsv1.DeploymentCondition{Type: t, Status: status, Reason: reason, Message: msg, LastUpdateTime: now, LastTransitionTime: now}
		for _, y := range was.Conditions {
			if y.Type != t {
				continue
			}
			if y.Status == status {
				x.LastTransitionTime = y.LastTransitionTime
			}
			if y.Status == status && y.Reason == reason && !again {
				x = y
			}
		}
		out = append(out, x)
	}
	if st.AvailableReplicas >= *d.Spec.Replicas-r.unavailable {
		set(appsv1.DeploymentAvailable, corev1.ConditionTrue, "MinimumReplicasAvailable", "Deployment has minimum availability.", false)
	} else {
		set(appsv1.DeploymentAvailable, corev1.ConditionFalse, "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", false)
	}
	if r.cur != nil {
		for _, x := range r.cur.Status.Conditions {
			if x.Type == appsv1.ReplicaSetReplicaFailure && x.Status == corev1.ConditionTrue {
				set(appsv1.DeploymentReplicaFailure, corev1.ConditionTrue, x.Reason, x.Message, false)
			}
		}
	}
	p := slices.IndexFunc(was.Conditions, func(x appsv1.DeploymentCondition) bool { return x.Type == appsv1.DeploymentProgressing })
	name := ""
	if r.cur != nil {
		name = r.cur.Name
	}
	limit := 600 * time.Second
	if d.Spec.ProgressDeadlineSeconds != nil {
		limit = time.Duration(*d.Spec.ProgressDeadlineSeconds) * time.Second
	}
	complete := st.UpdatedReplicas == *d.Spec.Replicas && st.Replicas == *d.Spec.Replicas && st.AvailableReplicas == *d.Spec.Replicas
	moved := st.UpdatedReplicas > was.UpdatedReplicas || st.Replicas-st.UpdatedReplicas < was.Replicas-was.UpdatedReplicas ||
		st.ReadyReplicas > was.ReadyReplicas || st.AvailableReplicas > was.AvailableReplicas
	switch {
	case made:
		set(appsv1.DeploymentProgressing, corev1.ConditionTrue, "NewReplicaSetCreated", fmt.Sprintf("Created new replica set %q", name), true)
		c.moved(d, limit)
	case complete && name != "":
		set(appsv1.DeploymentProgressing, corev1.ConditionTrue, "NewReplicaSetAvailable", fmt.Sprintf("ReplicaSet %q has successfully progressed.", name), false)
	case moved && name != "":
		set(appsv1.DeploymentProgressing, corev1.ConditionTrue, "ReplicaSetUpdated", fmt.Sprintf("ReplicaSet %q is progressing.", name), true)
		c.moved(d, limit)
	case p >= 0 && was.Conditions[p].Reason != "NewReplicaSetAvailable" && c.w.Elapsed()-c.Moved[string(d.UID)] > limit && !d.Spec.Paused:
		set(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ProgressDeadlineExceeded", fmt.Sprintf("ReplicaSet %q has timed out progressing.", name), false)
	case p >= 0:
		out = append(out, was.Conditions[p])
	}
	return out
}

// moved notes when a rollout went on last: it fails when it has not for too long.
func (c *Cluster) moved(d *appsv1.Deployment, limit time.Duration) {
	if c.Moved == nil {
		c.Moved = map[string]time.Duration{}
	}
	c.Moved[string(d.UID)] = c.w.Elapsed()
	c.after(limit+time.Second, "node:pass", at{})
}
