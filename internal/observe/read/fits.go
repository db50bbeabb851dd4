package read

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
)

// volumes are the claims whose volumes are bound to some nodes, by namespace/name, with what
// they ask of a node.
func volumes(ctx context.Context, k kubernetes.Interface) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	var wrong error
	err := kube.Each(ctx, k.CoreV1().PersistentVolumes().List, func(l *corev1.PersistentVolumeList) string { return l.Continue },
		func(l *corev1.PersistentVolumeList) {
			for i := range l.Items {
				v := &l.Items[i]
				if v.Spec.ClaimRef == nil || v.Spec.NodeAffinity == nil || v.Spec.NodeAffinity.Required == nil {
					continue
				}
				b, err := json.Marshal(v.Spec.NodeAffinity.Required)
				if err != nil {
					wrong = fmt.Errorf("the node affinity of volume %s: %w", v.Name, err)
				}
				out[v.Spec.ClaimRef.Namespace+"/"+v.Spec.ClaimRef.Name] = b
			}
		})
	if err == nil {
		err = wrong
	}
	return out, err
}

// fit is what a pod asks of a node; nil: nothing that not every node has.
func fit(p *corev1.Pod, bound map[string]json.RawMessage) *observe.Fit {
	x := &observe.Fit{NodeSelector: p.Spec.NodeSelector, Volumes: map[string]json.RawMessage{}}
	if a := p.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		x.Affinity, _ = json.Marshal(a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution) // it was decoded
	}
	var tolerated []corev1.Toleration
	for _, t := range p.Spec.Tolerations {
		if t.Effect != corev1.TaintEffectNoExecute || t.Key != corev1.TaintNodeNotReady && t.Key != corev1.TaintNodeUnreachable { // each pod has these
			tolerated = append(tolerated, t)
		}
	}
	if len(tolerated) > 0 {
		x.Tolerations, _ = json.Marshal(tolerated) // it was decoded
	}
	for _, v := range p.Spec.Volumes {
		claim := ""
		switch {
		case v.PersistentVolumeClaim != nil:
			claim = v.PersistentVolumeClaim.ClaimName
		case v.Ephemeral != nil:
			claim = p.Name + "-" + v.Name
		}
		if b := bound[p.Namespace+"/"+claim]; b != nil {
			x.Volumes[claim] = b
		}
	}
	if len(x.NodeSelector)+len(x.Affinity)+len(x.Tolerations)+len(x.Volumes) == 0 {
		return nil
	}
	return x
}

// local are a pod's volumes whose content stays on the node when it moves.
func local(p *corev1.Pod) (out observe.Set) {
	for _, v := range p.Spec.Volumes {
		if v.EmptyDir != nil && v.EmptyDir.Medium != corev1.StorageMediumMemory || v.HostPath != nil {
			out = append(out, v.Name)
		}
	}
	return out
}
