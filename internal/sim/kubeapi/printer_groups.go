package kubeapi

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// builtinColumns are those of Kubernetes' own printer (pkg/printers/internalversion).
var builtinColumns = map[string][]string{
	"Endpoints":               {"Name", "Endpoints", "Age"},
	"EndpointSlice":           {"Name", "AddressType", "Ports", "Endpoints", "Age"},
	"PersistentVolume":        {"Name", "Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim", "StorageClass", "Age"},
	"PersistentVolumeClaim":   {"Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass", "Age"},
	"StatefulSet":             {"Name", "Ready", "Age"},
	"Ingress":                 {"Name", "Class", "Hosts", "Address", "Ports", "Age"},
	"IngressClass":            {"Name", "Controller", "Parameters", "Age"},
	"NetworkPolicy":           {"Name", "Pod-Selector", "Age"},
	"Job":                     {"Name", "Status", "Completions", "Age"},
	"CronJob":                 {"Name", "Schedule", "TimeZone", "Suspend", "Active", "Age"},
	"HorizontalPodAutoscaler": {"Name", "Reference", "MinPods", "MaxPods", "Replicas", "Age"},
	"PriorityClass":           {"Name", "Value", "Global-Default", "Age", "PreemptionPolicy"},
	"StorageClass":            {"Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"},
}

func builtinCells(o runtime.Object) []any {
	switch x := o.(type) {
	//lint:ignore SA1019 clients still list them
	case *corev1.Endpoints:
		return []any{x.Name, endpoints(x), age(x)}
	case *discoveryv1.EndpointSlice:
		var ports, addresses []string
		for _, p := range x.Ports {
			ports = append(ports, fmt.Sprint(deref(p.Port)))
		}
		for _, e := range x.Endpoints {
			addresses = append(addresses, e.Addresses...)
		}
		return []any{x.Name, string(x.AddressType), list(ports), list(addresses), age(x)}
	case *corev1.PersistentVolume:
		claim := ""
		if r := x.Spec.ClaimRef; r != nil {
			claim = r.Namespace + "/" + r.Name
		}
		return []any{x.Name, x.Spec.Capacity.Storage().String(), modes(x.Spec.AccessModes), string(x.Spec.PersistentVolumeReclaimPolicy),
			string(x.Status.Phase), claim, x.Spec.StorageClassName, age(x)}
	case *corev1.PersistentVolumeClaim:
		return []any{x.Name, string(x.Status.Phase), x.Spec.VolumeName, x.Status.Capacity.Storage().String(), modes(x.Status.AccessModes),
			deref(x.Spec.StorageClassName), age(x)}
	case *appsv1.StatefulSet:
		return []any{x.Name, fmt.Sprintf("%d/%d", x.Status.ReadyReplicas, deref(x.Spec.Replicas)), age(x)}
	case *networkingv1.Ingress:
		return ingressCells(x)
	case *networkingv1.IngressClass:
		return []any{x.Name, x.Spec.Controller, "<none>", age(x)}
	case *networkingv1.NetworkPolicy:
		return []any{x.Name, metav1.FormatLabelSelector(&x.Spec.PodSelector), age(x)}
	case *batchv1.Job:
		return jobCells(x)
	case *batchv1.CronJob:
		return []any{x.Name, x.Spec.Schedule, cmp.Or(deref(x.Spec.TimeZone), "<none>"), fmt.Sprint(deref(x.Spec.Suspend)), len(x.Status.Active), age(x)}
	case *autoscalingv2.HorizontalPodAutoscaler:
		return []any{x.Name, x.Spec.ScaleTargetRef.Kind + "/" + x.Spec.ScaleTargetRef.Name, deref(x.Spec.MinReplicas), x.Spec.MaxReplicas,
			x.Status.CurrentReplicas, age(x)}
	case *schedulingv1.PriorityClass:
		return []any{x.Name, x.Value, x.GlobalDefault, age(x), string(deref(x.PreemptionPolicy))}
	case *storagev1.StorageClass:
		name := x.Name
		if x.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
			name += " (default)"
		}
		return []any{name, x.Provisioner, string(deref(x.ReclaimPolicy)), string(deref(x.VolumeBindingMode)), deref(x.AllowVolumeExpansion), age(x)}
	}
	if m, err := meta.Accessor(o); err == nil {
		return []any{m.GetName(), m.GetCreationTimestamp().UTC().Format(time.RFC3339)}
	}
	return nil
}

func ingressCells(x *networkingv1.Ingress) []any {
	ports := "80"
	if len(x.Spec.TLS) > 0 {
		ports = "80, 443"
	}
	var hosts, at []string
	for _, r := range x.Spec.Rules {
		hosts = append(hosts, cmp.Or(r.Host, "*"))
	}
	if len(hosts) == 0 {
		hosts = []string{"*"}
	}
	for _, l := range x.Status.LoadBalancer.Ingress {
		at = append(at, cmp.Or(l.IP, l.Hostname))
	}
	return []any{x.Name, cmp.Or(deref(x.Spec.IngressClassName), "<none>"), strings.Join(hosts, ","), strings.Join(at, ","), ports, age(x)}
}

func jobCells(x *batchv1.Job) []any {
	status := "Running"
	for _, c := range x.Status.Conditions {
		if c.Status == corev1.ConditionTrue {
			status = string(c.Type)
		}
	}
	return []any{x.Name, status, fmt.Sprintf("%d/%d", x.Status.Succeeded, max(1, deref(x.Spec.Completions))), age(x)}
}

//lint:ignore SA1019 as above
func endpoints(x *corev1.Endpoints) string {
	var out []string
	for _, s := range x.Subsets {
		for _, a := range s.Addresses {
			for _, p := range s.Ports {
				out = append(out, fmt.Sprintf("%s:%d", a.IP, p.Port))
			}
		}
	}
	return list(out)
}

func list(s []string) string { return cmp.Or(strings.Join(s, ","), "<none>") }

func modes(m []corev1.PersistentVolumeAccessMode) string {
	short := map[corev1.PersistentVolumeAccessMode]string{corev1.ReadWriteOnce: "RWO", corev1.ReadOnlyMany: "ROX", corev1.ReadWriteMany: "RWX",
		corev1.ReadWriteOncePod: "RWOP"}
	var out []string
	for _, x := range m {
		out = append(out, short[x])
	}
	return strings.Join(out, ",")
}

// deref is what a pointer points at, or nothing of the kind.
func deref[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}
