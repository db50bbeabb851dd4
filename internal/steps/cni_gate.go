package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// CNIGate waits for a network plugin that the user installs.
type CNIGate struct {
	DaemonSet string `json:"daemonSet"` // namespace/name
}

// Run looks for the DaemonSet.
func (s *CNIGate) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	ns, name, _ := strings.Cut(s.DaemonSet, "/")
	exists, _, _, err := kube.DaemonSet(ctx, k, ns, name)
	if err != nil {
		return engine.Result{}, err
	}
	if !exists {
		return engine.Result{
			State: engine.Blocked,
			Reason: fmt.Sprintf(
				"install the network plugin: DaemonSet %s is not there (slipway kubeconfig %s, then apply or helm install)",
				s.DaemonSet,
				e.Name,
			),
		}, nil
	}
	return engine.Finished("DaemonSet " + s.DaemonSet + " seen")
}
