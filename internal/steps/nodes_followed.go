package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// NodesFollowed is done when no node that Karpenter or Auto Mode keeps has a kubelet older than
// the control plane: both replace their nodes by themselves, when they see that they drifted and
// as their disruption settings let. Nothing is done to the nodes.
type NodesFollowed struct {
	Version string   `json:"version"`
	Of      []string `json:"of"` // eksfacts.KeptByKarpenter, eksfacts.KeptByAuto
}

// Run counts.
func (s *NodesFollowed) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	r, old := engine.Result{State: engine.Done}, []string(nil)
	err = kube.Each(ctx, k.CoreV1().Nodes().List, func(l *corev1.NodeList) string { return l.Continue }, func(l *corev1.NodeList) {
		for i := range l.Items {
			n := &l.Items[i]
			if !slices.Contains(s.Of, eksfacts.KeeperOf(n.Name, n.Labels)) {
				continue
			}
			r.Want++
			if v := n.Status.NodeInfo.KubeletVersion; eksfacts.Minor(v) < eksfacts.Minor(s.Version) {
				old = append(old, n.Name+" ("+v+")")
				continue
			}
			r.Ready++
		}
	})
	if err != nil {
		return engine.Result{}, fmt.Errorf("listing nodes: %w", err)
	}
	who := strings.Join(s.Of, " and ")
	if len(old) == 0 {
		r.Reason = fmt.Sprintf("%d nodes of %s are at %s", r.Ready, who, s.Version)
		return r, nil
	}
	slices.Sort(old)
	r.State, r.Next = engine.Wait, 30*time.Second
	r.Reason = fmt.Sprintf("%d of %d nodes of %s are at %s; next: %s. What holds one: its pool's disruption budgets, pods with karpenter.sh/do-not-disrupt, "+
		"an AMI that is pinned (kubectl get nodeclaims)", r.Ready, r.Want, who, s.Version, old[0])
	return r, nil
}
