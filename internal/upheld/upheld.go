// Package upheld counts what a disruption of nodes must not do to pods: whether a budget was
// violated, and by whose going. It reads nothing but the events of a Kubernetes API, in their
// order, and must know neither plans nor steps: it judges them.
package upheld

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// Log is a record of pods and disruption budgets, from its beginning on.
type Log struct {
	k             kubernetes.Interface
	pods, budgets watch.Interface
	first         []change // what there was
}

// change is one event of one object, at its place in the API's order.
type change struct {
	at   uint64
	gone bool
	obj  runtime.Object
}

// endMark names the two objects by which the end of a log is known.
const endMark = "upheld-ends-here"

// Begin begins a record.
func Begin(ctx context.Context, k kubernetes.Interface) (*Log, error) {
	l := &Log{k: k}
	pods, err := k.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	budgets, err := k.PolicyV1().PodDisruptionBudgets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing budgets: %w", err)
	}
	for i := range budgets.Items {
		l.first = append(l.first, change{obj: &budgets.Items[i]})
	}
	for i := range pods.Items {
		l.first = append(l.first, change{obj: &pods.Items[i]})
	}
	if l.pods, err = k.CoreV1().Pods("").Watch(ctx, metav1.ListOptions{ResourceVersion: pods.ResourceVersion}); err != nil {
		return nil, fmt.Errorf("watching pods: %w", err)
	}
	if l.budgets, err = k.PolicyV1().PodDisruptionBudgets("").Watch(ctx, metav1.ListOptions{ResourceVersion: budgets.ResourceVersion}); err != nil {
		return nil, fmt.Errorf("watching budgets: %w", err)
	}
	return l, nil
}

// End ends the record, and judges what happened. lost tells of nodes that failed by
// themselves: what becomes of their pods is nobody's doing, and counts as unavailable.
func (l *Log) End(ctx context.Context, lost func(node string) bool) (*Count, error) {
	defer l.pods.Stop()
	defer l.budgets.Stop()
	mark := metav1.ObjectMeta{Name: endMark, Namespace: metav1.NamespaceDefault}
	pod := &corev1.Pod{ObjectMeta: mark, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "none"}},
		NodeSelector: map[string]string{endMark: "nowhere"}}}
	if _, err := l.k.CoreV1().Pods(mark.Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return nil, fmt.Errorf("marking the end: %w", err)
	}
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: mark}
	if _, err := l.k.PolicyV1().PodDisruptionBudgets(mark.Namespace).Create(ctx, budget, metav1.CreateOptions{}); err != nil {
		return nil, fmt.Errorf("marking the end: %w", err)
	}
	all := l.first
	for _, w := range []watch.Interface{l.pods, l.budgets} {
		some, err := until(ctx, w)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all[len(l.first):], func(a, b change) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	c := &Count{lost: lost, pods: map[string]*corev1.Pod{}, budgets: map[string]*policyv1.PodDisruptionBudget{},
		unseen: map[string]int{}, done: map[types.UID]string{}}
	for i, x := range all {
		if i == len(l.first) {
			c.began = c.byController()
		}
		c.take(x)
	}
	c.ends()
	if err := l.k.PolicyV1().PodDisruptionBudgets(mark.Namespace).Delete(ctx, endMark, metav1.DeleteOptions{}); err != nil {
		return nil, err
	}
	return c, l.k.CoreV1().Pods(mark.Namespace).Delete(ctx, endMark, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
}

// until reads a watch to the mark.
func until(ctx context.Context, w watch.Interface) ([]change, error) {
	var out []change
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case e, open := <-w.ResultChan():
			if !open {
				return nil, fmt.Errorf("the watch ended before its mark")
			}
			m, is := e.Object.(metav1.Object)
			if !is {
				return nil, fmt.Errorf("the watch says %s: %v", e.Type, e.Object)
			}
			if m.GetName() == endMark {
				return out, nil
			}
			at, err := strconv.ParseUint(m.GetResourceVersion(), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("the resource version of %s: %w", m.GetName(), err)
			}
			out = append(out, change{at, e.Type == watch.Deleted, e.Object})
		}
	}
}

// Count is what a record came to.
type Count struct {
	Left       int      // pods that were available and were taken away
	Violations []string // each in words
	// Lost are controllers with fewer pods than at the beginning, of which none is to come;
	// Waiting are pods that no node has room for, of controllers that had none such.
	Lost, Waiting []string

	began   map[string]tally
	done    map[types.UID]string // pods that succeeded, and whose they are: with a node goes what has run on it
	pods    map[string]*corev1.Pod
	budgets map[string]*policyv1.PodDisruptionBudget
	lost    func(string) bool
	// unseen are the pods that went with their nodes since a budget's status was written last: an
	// eviction is let go by that status, and nobody can know better.
	unseen map[string]int
}

// take takes the next change in.
func (c *Count) take(x change) {
	switch o := x.obj.(type) {
	case *policyv1.PodDisruptionBudget:
		key := o.Namespace + "/" + o.Name
		was := c.budgets[key]
		if c.budgets[key] = o; x.gone {
			delete(c.budgets, key)
		}
		if was == nil || len(o.Status.DisruptedPods) <= len(was.Status.DisruptedPods) { // else an eviction has counted itself, and nothing was looked at
			delete(c.unseen, key)
		}
	case *corev1.Pod:
		key := o.Namespace + "/" + o.Name
		was := c.pods[key]
		if was != nil && was.UID != o.UID {
			was = nil
		}
		if c.pods[key] = o; x.gone {
			delete(c.pods, key)
		}
		if of := controller(o); of != "" && o.Status.Phase == corev1.PodSucceeded {
			c.done[o.UID] = of
		}
		if was != nil && available(was) && (x.gone || !available(o)) && c.lost(was.Spec.NodeName) {
			for name := range c.budgets {
				if c.covers(name, was) {
					c.unseen[name]++
				}
			}
		}
		leaves := was != nil && was.DeletionTimestamp == nil && (x.gone || o.DeletionTimestamp != nil)
		if leaves && was.Status.Phase == corev1.PodRunning && !c.lost(was.Spec.NodeName) {
			c.leaves(was)
		}
	}
}

// leaves judges that a pod which ran is taken away, whoever did it.
func (c *Count) leaves(p *corev1.Pod) {
	healthy := available(p)
	if healthy {
		c.Left++
	}
	for _, name := range slices.Sorted(maps.Keys(c.budgets)) {
		b := c.budgets[name]
		if !c.covers(name, p) {
			continue
		}
		if policy := b.Spec.UnhealthyPodEvictionPolicy; !healthy && policy != nil && *policy == policyv1.AlwaysAllow {
			continue
		}
		left := c.unseen[name]
		for _, x := range c.pods {
			if x.UID != p.UID && available(x) && c.covers(name, x) {
				left++
			}
		}
		if want := wants(b); left < want {
			c.Violations = append(c.Violations, fmt.Sprintf("pod %s/%s left node %s: budget %s wants %d pods healthy, and %d were left",
				p.Namespace, p.Name, p.Spec.NodeName, name, want, left))
		}
	}
}

// tally is how many pods a controller has: those that run, have run or may, and those among
// them that wait for a node.
type tally struct{ pods, waiting int }

// controller is what keeps a pod there, in words; "": nothing does, or a DaemonSet, whose pods
// come and go with nodes.
func controller(p *corev1.Pod) string {
	if o := metav1.GetControllerOf(p); o != nil && o.Kind != "DaemonSet" {
		return o.Kind + " " + p.Namespace + "/" + o.Name
	}
	return ""
}

// byController counts the pods that something keeps there.
func (c *Count) byController() map[string]tally {
	out := map[string]tally{}
	for _, key := range c.done {
		n := out[key]
		n.pods++
		out[key] = n
	}
	for _, p := range c.pods {
		key := controller(p)
		if key == "" || c.done[p.UID] != "" || p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodFailed {
			continue
		}
		n := out[key]
		n.pods++
		if p.Spec.NodeName == "" {
			n.waiting++
		}
		out[key] = n
	}
	return out
}

// ends compares what controllers have with what they had. A StatefulSet makes a pod once
// those before it are ready, so that one that waits stands for those that follow.
func (c *Count) ends() {
	now := c.byController()
	for _, key := range slices.Sorted(maps.Keys(c.began)) {
		was, is := c.began[key], now[key]
		if is.pods < was.pods && is.waiting == 0 {
			c.Lost = append(c.Lost, fmt.Sprintf("%s has %d pods, and had %d", key, is.pods, was.pods))
		}
		if is.waiting > was.waiting {
			c.Waiting = append(c.Waiting, fmt.Sprintf("%s: %d", key, is.waiting-was.waiting))
		}
	}
}

// covers tells whether a budget is about a pod.
func (c *Count) covers(budget string, p *corev1.Pod) bool {
	b := c.budgets[budget]
	sel, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
	return err == nil && b.Spec.Selector != nil && b.Namespace == p.Namespace && sel.Matches(labels.Set(p.Labels))
}

// available tells whether a pod counts for a budget: Ready, and not on its way out
// (Kubernetes' disruption controller, countHealthyPods).
func available(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// wants is how many healthy pods a budget wants: of those that its controllers say there
// should be, as the budget's own status has it. Percentages are rounded up, as the disruption
// controller does.
func wants(b *policyv1.PodDisruptionBudget) int {
	expected := int(b.Status.ExpectedPods)
	of := func(v *intstr.IntOrString) int {
		n, err := intstr.GetScaledValueFromIntOrPercent(v, expected, true)
		if err != nil {
			return 0
		}
		return n
	}
	switch {
	case b.Spec.MaxUnavailable != nil:
		return max(0, expected-of(b.Spec.MaxUnavailable))
	case b.Spec.MinAvailable != nil:
		return of(b.Spec.MinAvailable)
	}
	return 0
}
