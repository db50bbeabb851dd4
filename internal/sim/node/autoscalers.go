package node

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// scaled is what a HorizontalPodAutoscaler scales.
type scaled struct {
	object   runtime.Object
	replicas int32 // that are wanted
	current  int32 // that are there
}

func (c *Cluster) scaled(h *autoscalingv2.HorizontalPodAutoscaler) *scaled {
	r := h.Spec.ScaleTargetRef
	switch r.Kind {
	case "Deployment":
		if d := kubeapi.Get[appsv1.Deployment](c.API, h.Namespace, r.Name); d != nil {
			return &scaled{d, *d.Spec.Replicas, d.Status.Replicas}
		}
	case "StatefulSet":
		if d := kubeapi.Get[appsv1.StatefulSet](c.API, h.Namespace, r.Name); d != nil {
			return &scaled{d, *d.Spec.Replicas, d.Status.Replicas}
		}
	case "ReplicaSet":
		if d := kubeapi.Get[appsv1.ReplicaSet](c.API, h.Namespace, r.Name); d != nil {
			return &scaled{d, *d.Spec.Replicas, d.Status.Replicas}
		}
	}
	return nil
}

func (c *Cluster) resize(o runtime.Object, n int32) bool {
	switch d := o.DeepCopyObject().(type) {
	case *appsv1.Deployment:
		d.Spec.Replicas, d.Generation = new(n), d.Generation+1
		return c.API.Save(d)
	case *appsv1.StatefulSet:
		d.Spec.Replicas, d.Generation = new(n), d.Generation+1
		return c.API.Save(d)
	case *appsv1.ReplicaSet:
		d.Spec.Replicas, d.Generation = new(n), d.Generation+1
		return c.API.Save(d)
	}
	return false
}

// autoscalers keep what they scale within its limits. What pods use nobody measures, since
// they are simulated: the metrics' API is not there, and they say so.
func (c *Cluster) autoscalers() {
	for _, h := range kubeapi.List[autoscalingv2.HorizontalPodAutoscaler](c.API) {
		if h.DeletionTimestamp == nil {
			c.autoscale(h)
		}
	}
}

func (c *Cluster) autoscale(h *autoscalingv2.HorizontalPodAutoscaler) {
	now := metav1.NewTime(c.w.Date().Truncate(time.Second))
	st := autoscalingv2.HorizontalPodAutoscalerStatus{ObservedGeneration: new(h.Generation), LastScaleTime: h.Status.LastScaleTime,
		CurrentMetrics: h.Status.CurrentMetrics}
	set := func(t autoscalingv2.HorizontalPodAutoscalerConditionType, ok bool, reason, msg string) {
		x := autoscalingv2.HorizontalPodAutoscalerCondition{Type: t, Status: corev1.ConditionFalse, Reason: reason, Message: msg, LastTransitionTime: now}
		if ok {
			x.Status = corev1.ConditionTrue
		}
		if i := slices.IndexFunc(h.Status.Conditions, func(y autoscalingv2.HorizontalPodAutoscalerCondition) bool {
			return y.Type == t && y.Status == x.Status
		}); i >= 0 {
			x.LastTransitionTime = h.Status.Conditions[i].LastTransitionTime
		}
		st.Conditions = append(st.Conditions, x)
	}
	s, low := c.scaled(h), int32(1)
	if h.Spec.MinReplicas != nil {
		low = *h.Spec.MinReplicas
	}
	switch {
	case s == nil:
		r := h.Spec.ScaleTargetRef
		absent := fmt.Sprintf("%ss.apps %q not found", strings.ToLower(r.Kind), r.Name)
		set(autoscalingv2.AbleToScale, false, "FailedGetScale", "the HPA controller was unable to get the target's current scale: "+absent)
		c.tell("HorizontalPodAutoscaler", h, "Warning", "FailedGetScale", absent)
	case s.replicas == 0:
		st.CurrentReplicas = s.current
		set(autoscalingv2.AbleToScale, true, "SucceededGetScale", "the HPA controller was able to get the target's current scale")
		set(autoscalingv2.ScalingActive, false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
	case s.replicas < low || s.replicas > h.Spec.MaxReplicas:
		want, why := low, "Current number of replicas below Spec.MinReplicas"
		if s.replicas > low {
			want, why = h.Spec.MaxReplicas, "Current number of replicas above Spec.MaxReplicas"
		}
		st.CurrentReplicas, st.DesiredReplicas = s.current, want
		if c.resize(s.object, want) {
			st.LastScaleTime = &now
			c.event("HorizontalPodAutoscaler", h.Namespace, h.Name, "Normal", "SuccessfulRescale", fmt.Sprintf("New size: %d; reason: %s", want, why))
		}
		set(autoscalingv2.AbleToScale, true, "SucceededRescale", fmt.Sprintf("the HPA controller was able to update the target scale to %d", want))
	default:
		st.CurrentReplicas, st.DesiredReplicas = s.current, h.Status.DesiredReplicas
		set(autoscalingv2.AbleToScale, true, "SucceededGetScale", "the HPA controller was able to get the target's current scale")
		name := "cpu"
		for _, m := range h.Spec.Metrics {
			if m.Resource != nil {
				name = string(m.Resource.Name)
				break
			}
		}
		msg := fmt.Sprintf("failed to get %s utilization: unable to get metrics for resource %s: unable to fetch metrics from resource metrics API: the server "+
			"could not find the requested resource (get pods.metrics.k8s.io)", name, name)
		set(autoscalingv2.ScalingActive, false, "FailedGetResourceMetric", "the HPA was unable to compute the replica count: "+msg)
		c.tell("HorizontalPodAutoscaler", h, "Warning", "FailedGetResourceMetric", msg)
	}
	if !reflect.DeepEqual(st, h.Status) {
		u := h.DeepCopy()
		u.Status = st
		c.API.Save(u)
	}
}
