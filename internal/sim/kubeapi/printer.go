package kubeapi

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
)

// printer makes the tables that `kubectl get` shows.
type printer struct{ kind kind }

var columns = map[string][]string{
	"Node":                {"Name", "Status", "Roles", "Age", "Version", "+Internal-IP", "+External-IP", "+OS-Image"},
	"Pod":                 {"Name", "Ready", "Status", "Restarts", "Age", "+IP", "+Node"},
	"Namespace":           {"Name", "Status", "Age"},
	"ConfigMap":           {"Name", "Data", "Age"},
	"Secret":              {"Name", "Type", "Data", "Age"},
	"Event":               {"Last Seen", "Type", "Reason", "Object", "Message"},
	"Service":             {"Name", "Type", "Cluster-IP", "Age"},
	"ServiceAccount":      {"Name", "Secrets", "Age"},
	"DaemonSet":           {"Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age"},
	"Deployment":          {"Name", "Ready", "Up-to-date", "Available", "Age"},
	"ReplicaSet":          {"Name", "Desired", "Current", "Ready", "Age"},
	"PodDisruptionBudget": {"Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"},
	"Lease":               {"Name", "Holder", "Age"},
	"ClusterRole":         {"Name", "Created At"},
	"ClusterRoleBinding":  {"Name", "Role", "Age"},
	"Role":                {"Name", "Created At"},
	"RoleBinding":         {"Name", "Role", "Age"},
}

// columnsOf are a kind's columns; those of kinds that only controllers look at are its
// name and when it was made.
func columnsOf(name string) []string {
	for _, c := range []map[string][]string{columns, builtinColumns} {
		if l := c[name]; l != nil {
			return l
		}
	}
	return []string{"Name", "Created At"}
}

func (p printer) ConvertToTable(_ context.Context, o runtime.Object, opts runtime.Object) (*metav1.Table, error) {
	t := &metav1.Table{}
	for _, c := range columnsOf(p.kind.name) {
		d := metav1.TableColumnDefinition{Name: strings.TrimPrefix(c, "+"), Type: "string"}
		if strings.HasPrefix(c, "+") {
			d.Priority = 1
		}
		if d.Name == "Name" {
			d.Format = "name"
		}
		t.ColumnDefinitions = append(t.ColumnDefinitions, d)
	}
	row := func(x runtime.Object) error {
		t.Rows = append(t.Rows, metav1.TableRow{Cells: cells(x), Object: runtime.RawExtension{Object: x}})
		return nil
	}
	if !meta.IsListType(o) {
		if m, err := meta.CommonAccessor(o); err == nil {
			t.ResourceVersion = m.GetResourceVersion()
		}
		return t, row(o)
	}
	if m, err := meta.ListAccessor(o); err == nil {
		t.ResourceVersion, t.Continue = m.GetResourceVersion(), m.GetContinue()
	}
	return t, meta.EachListItem(o, row)
}

func age(m metav1.Object) string {
	return duration.HumanDuration(max(0, time.Since(m.GetCreationTimestamp().Time)))
}

func cells(o runtime.Object) []any {
	switch x := o.(type) {
	case *corev1.Node:
		return nodeCells(x)
	case *corev1.Pod:
		return podCells(x)
	case *corev1.Namespace:
		return []any{x.Name, string(x.Status.Phase), age(x)}
	case *corev1.ConfigMap:
		return []any{x.Name, len(x.Data), age(x)}
	case *corev1.Secret:
		return []any{x.Name, string(x.Type), len(x.Data), age(x)}
	case *corev1.Event:
		return []any{duration.HumanDuration(time.Since(x.LastTimestamp.Time)), x.Type, x.Reason,
			strings.ToLower(x.InvolvedObject.Kind) + "/" + x.InvolvedObject.Name, x.Message}
	case *corev1.Service:
		return []any{x.Name, string(x.Spec.Type), x.Spec.ClusterIP, age(x)}
	case *corev1.ServiceAccount:
		return []any{x.Name, len(x.Secrets), age(x)}
	case *appsv1.DaemonSet:
		sel := []string{}
		for k, v := range x.Spec.Template.Spec.NodeSelector {
			sel = append(sel, k+"="+v)
		}
		sort.Strings(sel)
		s := strings.Join(sel, ",")
		if s == "" {
			s = "<none>"
		}
		st := x.Status
		return []any{x.Name, st.DesiredNumberScheduled, st.CurrentNumberScheduled, st.NumberReady, st.UpdatedNumberScheduled, st.NumberAvailable, s, age(x)}
	case *appsv1.Deployment:
		return []any{x.Name, fmt.Sprintf("%d/%d", x.Status.ReadyReplicas, *x.Spec.Replicas), x.Status.UpdatedReplicas, x.Status.AvailableReplicas, age(x)}
	case *appsv1.ReplicaSet:
		return []any{x.Name, *x.Spec.Replicas, x.Status.Replicas, x.Status.ReadyReplicas, age(x)}
	case *policyv1.PodDisruptionBudget:
		lo, hi := "N/A", "N/A"
		if x.Spec.MinAvailable != nil {
			lo = x.Spec.MinAvailable.String()
		}
		if x.Spec.MaxUnavailable != nil {
			hi = x.Spec.MaxUnavailable.String()
		}
		return []any{x.Name, lo, hi, x.Status.DisruptionsAllowed, age(x)}
	case *coordinationv1.Lease:
		holder := ""
		if x.Spec.HolderIdentity != nil {
			holder = *x.Spec.HolderIdentity
		}
		return []any{x.Name, holder, age(x)}
	case *rbacv1.ClusterRole:
		return []any{x.Name, x.CreationTimestamp.UTC().Format(time.RFC3339)}
	case *rbacv1.Role:
		return []any{x.Name, x.CreationTimestamp.UTC().Format(time.RFC3339)}
	case *rbacv1.ClusterRoleBinding:
		return []any{x.Name, x.RoleRef.Kind + "/" + x.RoleRef.Name, age(x)}
	case *rbacv1.RoleBinding:
		return []any{x.Name, x.RoleRef.Kind + "/" + x.RoleRef.Name, age(x)}
	}
	return builtinCells(o)
}

func nodeCells(x *corev1.Node) []any {
	status, ip, ext := "Unknown", "<none>", "<none>"
	for _, c := range x.Status.Conditions {
		if c.Type == corev1.NodeReady {
			status = map[corev1.ConditionStatus]string{corev1.ConditionTrue: "Ready", corev1.ConditionFalse: "NotReady",
				corev1.ConditionUnknown: "NotReady"}[c.Status]
		}
	}
	if x.Spec.Unschedulable {
		status += ",SchedulingDisabled"
	}
	for _, a := range x.Status.Addresses {
		switch a.Type {
		case corev1.NodeInternalIP:
			ip = a.Address
		case corev1.NodeExternalIP:
			ext = a.Address
		}
	}
	return []any{x.Name, status, "<none>", age(x), x.Status.NodeInfo.KubeletVersion, ip, ext, x.Status.NodeInfo.OSImage}
}

func podCells(x *corev1.Pod) []any {
	ready, restarts := 0, int32(0)
	status := string(x.Status.Phase)
	for _, c := range x.Status.ContainerStatuses {
		if c.Ready {
			ready++
		}
		restarts += c.RestartCount
		if c.State.Waiting != nil && c.State.Waiting.Reason != "" {
			status = c.State.Waiting.Reason
		}
	}
	if x.DeletionTimestamp != nil {
		status = "Terminating"
	}
	ip, node := x.Status.PodIP, x.Spec.NodeName
	if ip == "" {
		ip = "<none>"
	}
	if node == "" {
		node = "<none>"
	}
	return []any{x.Name, fmt.Sprintf("%d/%d", ready, len(x.Spec.Containers)), status, restarts, age(x), ip, node}
}
