package kubeapi

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// fallback sets what is not set.
func fallback[T any](p **T, v T) {
	if *p == nil {
		*p = &v
	}
}

// builtinDefaults are Kubernetes' (pkg/apis/*/v1/defaults.go) for the groups of which
// this server stores objects and does nothing with them.
func builtinDefaults(o runtime.Object) {
	switch x := o.(type) {
	case *appsv1.StatefulSet:
		podDefaults(&x.Spec.Template.Spec)
		fallback(&x.Spec.Replicas, 1)
		if x.Spec.PodManagementPolicy == "" {
			x.Spec.PodManagementPolicy = appsv1.OrderedReadyPodManagement
		}
		if x.Spec.UpdateStrategy.Type == "" {
			x.Spec.UpdateStrategy.Type = appsv1.RollingUpdateStatefulSetStrategyType
		}
	case *corev1.PersistentVolumeClaim:
		if x.Status.Phase == "" {
			x.Status.Phase = corev1.ClaimPending
		}
		fallback(&x.Spec.VolumeMode, corev1.PersistentVolumeFilesystem)
	case *corev1.PersistentVolume:
		if x.Status.Phase == "" {
			x.Status.Phase = corev1.VolumePending
		}
		if x.Spec.PersistentVolumeReclaimPolicy == "" {
			x.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
		}
		fallback(&x.Spec.VolumeMode, corev1.PersistentVolumeFilesystem)
	case *networkingv1.NetworkPolicy:
		if len(x.Spec.PolicyTypes) == 0 {
			x.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
			if len(x.Spec.Egress) > 0 {
				x.Spec.PolicyTypes = append(x.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
			}
		}
	case *batchv1.Job:
		jobDefaults(&x.Spec)
	case *batchv1.CronJob:
		if x.Spec.ConcurrencyPolicy == "" {
			x.Spec.ConcurrencyPolicy = batchv1.AllowConcurrent
		}
		fallback(&x.Spec.Suspend, false)
		fallback(&x.Spec.SuccessfulJobsHistoryLimit, 3)
		fallback(&x.Spec.FailedJobsHistoryLimit, 1)
	case *autoscalingv2.HorizontalPodAutoscaler:
		fallback(&x.Spec.MinReplicas, 1)
	case *schedulingv1.PriorityClass:
		fallback(&x.PreemptionPolicy, corev1.PreemptLowerPriority)
	case *storagev1.StorageClass:
		fallback(&x.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)
		fallback(&x.VolumeBindingMode, storagev1.VolumeBindingImmediate)
	case *admissionv1.MutatingWebhookConfiguration:
		for i := range x.Webhooks {
			fallback(&x.Webhooks[i].FailurePolicy, admissionv1.Fail)
			fallback(&x.Webhooks[i].MatchPolicy, admissionv1.Equivalent)
			fallback(&x.Webhooks[i].ReinvocationPolicy, admissionv1.NeverReinvocationPolicy)
			fallback(&x.Webhooks[i].TimeoutSeconds, 10)
		}
	case *admissionv1.ValidatingWebhookConfiguration:
		for i := range x.Webhooks {
			fallback(&x.Webhooks[i].FailurePolicy, admissionv1.Fail)
			fallback(&x.Webhooks[i].MatchPolicy, admissionv1.Equivalent)
			fallback(&x.Webhooks[i].TimeoutSeconds, 10)
		}
	}
}

func jobDefaults(s *batchv1.JobSpec) {
	podDefaults(&s.Template.Spec)
	if s.Completions == nil && s.Parallelism == nil {
		s.Completions = new(int32(1))
	}
	fallback(&s.Parallelism, 1)
	fallback(&s.BackoffLimit, 6)
	fallback(&s.CompletionMode, batchv1.NonIndexedCompletion)
	fallback(&s.Suspend, false)
}

// validateBuiltin asks for what cannot be left out.
func validateBuiltin(o runtime.Object) field.ErrorList {
	spec := field.NewPath("spec")
	switch x := o.(type) {
	case *networkingv1.Ingress:
		if len(x.Spec.Rules) == 0 && x.Spec.DefaultBackend == nil {
			return field.ErrorList{field.Invalid(spec, x.Spec.Rules, "either `defaultBackend` or `rules` must be specified")}
		}
	case *networkingv1.IngressClass:
		if x.Spec.Controller == "" {
			return field.ErrorList{field.Required(spec.Child("controller"), "")}
		}
	case *batchv1.CronJob:
		if x.Spec.Schedule == "" {
			return field.ErrorList{field.Required(spec.Child("schedule"), "")}
		}
	case *autoscalingv2.HorizontalPodAutoscaler:
		if x.Spec.MaxReplicas < 1 {
			return field.ErrorList{field.Invalid(spec.Child("maxReplicas"), x.Spec.MaxReplicas, "must be greater than 0")}
		}
	case *storagev1.StorageClass:
		if x.Provisioner == "" {
			return field.ErrorList{field.Required(field.NewPath("provisioner"), "")}
		}
	}
	return nil
}
