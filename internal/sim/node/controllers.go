package node

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

func owned(owner metav1.Object, kind string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: owner.GetName(), UID: owner.GetUID(), Controller: new(true)}}
}

func ownerIs(p metav1.Object, owner metav1.Object) bool {
	r := metav1.GetControllerOf(p)
	return r != nil && r.UID == owner.GetUID()
}

// newPod makes a pod of a template, on a node or, with "", where the scheduler puts it;
// its name is drawn from the world.
func (c *Cluster) newPod(owner metav1.Object, kind string, t corev1.PodTemplateSpec, node string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: *t.ObjectMeta.DeepCopy(), Spec: *t.Spec.DeepCopy()}
	p.Namespace = owner.GetNamespace()
	p.Name = owner.GetName() + "-" + c.w.Hex("pod "+c.id+" "+owner.GetNamespace()+"/"+owner.GetName()+" "+node, 5)
	p.OwnerReferences = owned(owner, kind)
	p.Spec.NodeName = node
	return p
}

// daemonSets runs one pod on each eligible node, Ready or not.
func (c *Cluster) daemonSets() {
	nodes := kubeapi.List[corev1.Node](c.API)
	pods := kubeapi.List[corev1.Pod](c.API)
	for _, ds := range kubeapi.List[appsv1.DaemonSet](c.API) {
		st := appsv1.DaemonSetStatus{ObservedGeneration: ds.Generation}
		for _, n := range nodes {
			var have *corev1.Pod
			for _, p := range pods {
				if p.Spec.NodeName == n.Name && ownerIs(p, ds) && p.DeletionTimestamp == nil {
					have = p
				}
			}
			if !daemonFits(ds, n) {
				if have != nil {
					c.API.Remove(have)
				}
				continue
			}
			st.DesiredNumberScheduled++
			if have == nil {
				p := c.newPod(ds, "DaemonSet", ds.Spec.Template, n.Name)
				p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists},
					corev1.Toleration{Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists})
				c.API.Save(p)
				continue
			}
			st.CurrentNumberScheduled++
			st.UpdatedNumberScheduled++
			if podReady(have) {
				st.NumberReady++
				st.NumberAvailable++
			}
		}
		st.NumberUnavailable = st.DesiredNumberScheduled - st.NumberAvailable
		if !reflect.DeepEqual(st, ds.Status) {
			n := ds.DeepCopy()
			n.Status = st
			c.API.Save(n)
		}
	}
	for _, p := range pods {
		c.orphan(p, "DaemonSet", func(ns, name string) metav1.Object {
			if d := kubeapi.Get[appsv1.DaemonSet](c.API, ns, name); d != nil {
				return d
			}
			return nil
		})
	}
}

// orphan collects a pod whose owner is gone.
func (c *Cluster) orphan(p metav1.Object, kind string, get func(ns, name string) metav1.Object) {
	r := metav1.GetControllerOf(p)
	if r == nil || r.Kind != kind {
		return
	}
	if o := get(p.GetNamespace(), r.Name); o == nil || o.GetUID() != r.UID {
		c.API.Remove(p.(runtime.Object))
	}
}

func daemonFits(ds *appsv1.DaemonSet, n *corev1.Node) bool {
	s := ds.Spec.Template.Spec
	if !selects(s, n) {
		return false
	}
	for _, t := range n.Spec.Taints {
		if t.Key == corev1.TaintNodeNotReady || t.Key == corev1.TaintNodeUnschedulable || t.Effect == corev1.TaintEffectPreferNoSchedule {
			continue
		}
		if !tolerates(s.Tolerations, t) {
			return false
		}
	}
	return true
}

func selects(s corev1.PodSpec, n *corev1.Node) bool {
	if !labels.SelectorFromSet(s.NodeSelector).Matches(labels.Set(n.Labels)) {
		return false
	}
	if s.Affinity == nil || s.Affinity.NodeAffinity == nil || s.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return true
	}
	for _, t := range s.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		ok := true
		for _, e := range t.MatchExpressions {
			v, has := n.Labels[e.Key]
			in := false
			for _, x := range e.Values {
				in = in || x == v
			}
			switch e.Operator {
			case corev1.NodeSelectorOpIn:
				ok = ok && has && in
			case corev1.NodeSelectorOpNotIn:
				ok = ok && (!has || !in)
			case corev1.NodeSelectorOpExists:
				ok = ok && has
			case corev1.NodeSelectorOpDoesNotExist:
				ok = ok && !has
			}
		}
		if ok {
			return true
		}
	}
	return false
}

func tolerates(ts []corev1.Toleration, t corev1.Taint) bool {
	for _, x := range ts {
		if (x.Effect == "" || x.Effect == t.Effect) && (x.Key == "" && x.Operator == corev1.TolerationOpExists || x.Key == t.Key &&
			(x.Operator == corev1.TolerationOpExists || x.Value == t.Value)) {
			return true
		}
	}
	return false
}

func templateHash(t corev1.PodTemplateSpec) string {
	h := fnv.New32a()
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // it came as JSON
	}
	h.Write(b)
	return fmt.Sprintf("%08x", h.Sum32())
}

// revision is where `kubectl rollout` reads which template came when.
const revision = "deployment.kubernetes.io/revision"

func revisionOf(o metav1.Object) int {
	n, _ := strconv.Atoi(o.GetAnnotations()[revision]) // none is 0
	return n
}

// newReplicaSet is one of a Deployment's current template, told from others by its hash.
func newReplicaSet(d *appsv1.Deployment, hash string, rev int) *appsv1.ReplicaSet {
	t := *d.Spec.Template.DeepCopy()
	t.Labels = labels.Merge(t.Labels, labels.Set{appsv1.DefaultDeploymentUniqueLabelKey: hash})
	sel := d.Spec.Selector.DeepCopy()
	sel.MatchLabels = labels.Merge(sel.MatchLabels, labels.Set{appsv1.DefaultDeploymentUniqueLabelKey: hash})
	notes := labels.Merge(d.Annotations, labels.Set{revision: strconv.Itoa(rev)})
	delete(notes, corev1.LastAppliedConfigAnnotation)
	return &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: d.Name + "-" + hash, Namespace: d.Namespace, Labels: t.Labels, Annotations: notes,
		OwnerReferences: owned(d, "Deployment")},
		Spec: appsv1.ReplicaSetSpec{Replicas: new(*d.Spec.Replicas), Selector: sel, Template: t}}
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
	sets := kubeapi.List[appsv1.ReplicaSet](c.API)
	for _, d := range kubeapi.List[appsv1.Deployment](c.API) {
		hash := templateHash(d.Spec.Template)
		want := d.Name + "-" + hash
		cur := kubeapi.Get[appsv1.ReplicaSet](c.API, d.Namespace, want)
		newest := 0
		for _, s := range sets {
			if ownerIs(s, d) {
				newest = max(newest, revisionOf(s))
			}
		}
		if cur == nil {
			cur = newReplicaSet(d, hash, newest+1)
			newest++
			c.API.Save(cur)
			c.event("Deployment", d.Namespace, d.Name, "Normal", "ScalingReplicaSet",
				fmt.Sprintf("Scaled up replica set %s from 0 to %d", want, *d.Spec.Replicas))
		} else if *cur.Spec.Replicas != *d.Spec.Replicas {
			n := cur.DeepCopy()
			n.Spec.Replicas = new(*d.Spec.Replicas)
			c.API.Save(n)
		}
		d = c.number(d, kubeapi.Get[appsv1.ReplicaSet](c.API, d.Namespace, want), newest)
		st := appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: cur.Status.Replicas, UpdatedReplicas: cur.Status.Replicas,
			ReadyReplicas: cur.Status.ReadyReplicas, AvailableReplicas: cur.Status.ReadyReplicas}
		for _, s := range sets {
			if !ownerIs(s, d) || s.Name == want {
				continue
			}
			if cur.Status.ReadyReplicas >= *d.Spec.Replicas && *s.Spec.Replicas > 0 {
				n := s.DeepCopy()
				n.Spec.Replicas = new(int32(0))
				c.API.Save(n)
			}
			st.Replicas += s.Status.Replicas
			st.ReadyReplicas += s.Status.ReadyReplicas
			st.AvailableReplicas += s.Status.ReadyReplicas
		}
		st.UnavailableReplicas = max(0, *d.Spec.Replicas-st.AvailableReplicas)
		avail := corev1.ConditionFalse
		if st.UnavailableReplicas == 0 {
			avail = corev1.ConditionTrue
		}
		st.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentAvailable, Status: avail, Reason: "MinimumReplicasAvailable"}}
		if !reflect.DeepEqual(st, d.Status) {
			n := d.DeepCopy()
			n.Status = st
			c.API.Save(n)
		}
	}
	for _, s := range sets {
		c.orphan(s, "Deployment", func(ns, name string) metav1.Object {
			if d := kubeapi.Get[appsv1.Deployment](c.API, ns, name); d != nil {
				return d
			}
			return nil
		})
	}
}

// The controller creates this many pods of a ReplicaSet in one pass, as Kubernetes'
// own does (burstReplicas); and none while so many wait for a node, which stands for
// the room that a control plane has.
const (
	burstReplicas = 500
	waitingPods   = 2000
)

// createPods makes some of the pods that a ReplicaSet lacks, and says how many.
func (c *Cluster) createPods(s *appsv1.ReplicaSet, lacks, room int) int {
	n := max(0, min(lacks, burstReplicas, room))
	for range n {
		c.API.Save(c.newPod(s, "ReplicaSet", s.Spec.Template, ""))
	}
	return n
}

// replicaSets keeps the wanted number of pods.
func (c *Cluster) replicaSets() {
	pods := kubeapi.List[corev1.Pod](c.API)
	room := waitingPods
	for _, p := range pods {
		if p.Spec.NodeName == "" {
			room--
		}
	}
	for _, s := range kubeapi.List[appsv1.ReplicaSet](c.API) {
		var mine []*corev1.Pod
		st := appsv1.ReplicaSetStatus{ObservedGeneration: s.Generation}
		for _, p := range pods {
			if ownerIs(p, s) && p.DeletionTimestamp == nil {
				mine = append(mine, p)
				if podReady(p) {
					st.ReadyReplicas++
				}
			}
		}
		st.AvailableReplicas = st.ReadyReplicas
		made := c.createPods(s, int(*s.Spec.Replicas)-len(mine), room)
		room -= made
		for i := int(*s.Spec.Replicas); i < len(mine); i++ {
			c.API.Remove(mine[i])
		}
		st.Replicas = min(int32(len(mine)+made), *s.Spec.Replicas)
		if !reflect.DeepEqual(st, s.Status) {
			n := s.DeepCopy()
			n.Status = st
			c.API.Save(n)
		}
	}
	for _, p := range pods {
		c.orphan(p, "ReplicaSet", func(ns, name string) metav1.Object {
			if d := kubeapi.Get[appsv1.ReplicaSet](c.API, ns, name); d != nil {
				return d
			}
			return nil
		})
	}
}

// budgets keeps the status that evictions consult.
func (c *Cluster) budgets() {
	pods := kubeapi.List[corev1.Pod](c.API)
	for _, b := range kubeapi.List[policyv1.PodDisruptionBudget](c.API) {
		sel, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil {
			continue
		}
		st := policyv1.PodDisruptionBudgetStatus{ObservedGeneration: b.Generation}
		for _, p := range pods {
			if p.Namespace == b.Namespace && sel.Matches(labels.Set(p.Labels)) && p.DeletionTimestamp == nil {
				st.ExpectedPods++
				if podReady(p) {
					st.CurrentHealthy++
				}
			}
		}
		switch {
		case b.Spec.MinAvailable != nil:
			n, _ := intstr.GetScaledValueFromIntOrPercent(b.Spec.MinAvailable, int(st.ExpectedPods), true)
			st.DesiredHealthy = int32(n)
		case b.Spec.MaxUnavailable != nil:
			n, _ := intstr.GetScaledValueFromIntOrPercent(b.Spec.MaxUnavailable, int(st.ExpectedPods), true)
			st.DesiredHealthy = max(0, st.ExpectedPods-int32(n))
		}
		st.DisruptionsAllowed = max(0, st.CurrentHealthy-st.DesiredHealthy)
		if !reflect.DeepEqual(st, b.Status) {
			n := b.DeepCopy()
			n.Status = st
			c.API.Save(n)
		}
	}
}
