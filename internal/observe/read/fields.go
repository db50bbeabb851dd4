package read

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
)

// eksManagers set fields of an add-on's objects on EKS's behalf, or what follows from them.
var eksManagers = []string{"eks", "kube-controller-manager"}

// Unrecorded is who set the fields of an object of which Kubernetes has no record.
const Unrecorded = "somebody of whom there is no record"

// Contested are the fields of a workload (a DaemonSet or a Deployment, namespace/name) that
// others than EKS set, by who does, as Kubernetes has it in managedFields. ours: EKS has an
// add-on for it, so that what nobody is recorded for is EKS's. None: there is no such object.
func Contested(ctx context.Context, c *awsc.Clients, live *observe.Observed, daemonSet, deployment string, ours bool) (map[string][]string, error) {
	k, err := kube.Client(ctx, c, Described(live.Cluster))
	if err != nil {
		return nil, err
	}
	ns, name, _ := strings.Cut(daemonSet+deployment, "/")
	var m metav1.ObjectMeta
	if daemonSet != "" {
		d, e := k.AppsV1().DaemonSets(ns).Get(ctx, name, metav1.GetOptions{})
		m, err = d.ObjectMeta, e
	} else {
		d, e := k.AppsV1().Deployments(ns).Get(ctx, name, metav1.GetOptions{})
		m, err = d.ObjectMeta, e
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading who set the fields of %s/%s: %w", ns, name, err)
	}
	out := map[string][]string{}
	for who, set := range taken(&m) {
		out[who] = set
	}
	if len(m.ManagedFields) == 0 && !ours {
		out[Unrecorded] = []string{".spec"}
	}
	return out, nil
}

// taken are the fields of an object's spec that others than EKS set, by who did.
func taken(m *metav1.ObjectMeta) map[string]observe.Set {
	var out map[string]observe.Set
	for _, f := range m.ManagedFields {
		if f.Subresource != "" || f.FieldsV1 == nil || slices.Contains(eksManagers, f.Manager) {
			continue
		}
		if set := leavesOf(f.FieldsV1.Raw); len(set) > 0 {
			if out == nil {
				out = map[string]observe.Set{}
			}
			out[f.Manager] = append(out[f.Manager], set...)
		}
	}
	return out
}

// leavesOf are the fields below spec of a set of them, each as a path.
func leavesOf(raw []byte) []string {
	var tree map[string]any
	if json.Unmarshal(raw, &tree) != nil {
		return nil
	}
	spec, _ := tree["f:spec"].(map[string]any)
	return below(".spec", spec)
}

func below(path string, tree map[string]any) (out []string) {
	if len(tree) == 0 {
		return []string{path}
	}
	for _, k := range slices.Sorted(maps.Keys(tree)) {
		sub, _ := tree[k].(map[string]any)
		switch kind, rest, _ := strings.Cut(k, ":"); kind {
		case ".":
			if len(tree) == 1 {
				out = append(out, path)
			}
		case "f":
			out = append(out, below(path+"."+rest, sub)...)
		default: // k: a key of a list, v: a value of a set
			out = append(out, below(path+"["+keyed(rest)+"]", sub)...)
		}
	}
	return out
}

// keyed writes an element's key as EKS does: name="aws-node".
func keyed(key string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(key), &fields) != nil {
		return key
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		parts = append(parts, fmt.Sprintf("%s=%q", k, fmt.Sprint(fields[k])))
	}
	return strings.Join(parts, ",")
}
