package steps

import (
	"context"
	"fmt"

	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// GroupNodes does one thing to all nodes that a group has at the step's turn, and marks it,
// so that it can be taken back.
type GroupNodes struct {
	Group    string `json:"group"`
	Replaced string `json:"replaced"` // the group whose replacement does it
	Do       string `json:"do"`       // as nodeDeeds names it
}

// nodeDeeds are what can be done to a node; by is whose replacement does it.
var nodeDeeds = map[string]struct {
	said string
	do   func(ctx context.Context, k kubernetes.Interface, node, by string) (changed bool, err error)
}{
	"cordon":          {"cordoned", kube.Cordon},
	"exclude":         {"out of load balancers", kube.Exclude},
	"hold-scale-down": {"kept from the autoscaler", kube.HoldScaleDown},
	"restore": {"as before", func(ctx context.Context, k kubernetes.Interface, node, _ string) (bool, error) {
		return kube.Restore(ctx, k, node)
	}},
	"let-scale-down": {"the autoscaler's again", func(ctx context.Context, k kubernetes.Interface, node, _ string) (bool, error) {
		return kube.LetScaleDown(ctx, k, node)
	}},
}

// Run looks at each node, and does it where it is not done.
func (s *GroupNodes) Run(ctx context.Context, e *Env, _ *Memo) (r engine.Result, err error) {
	d, ok := nodeDeeds[s.Do]
	if !ok {
		return r, fmt.Errorf("nothing does %q to nodes", s.Do)
	}
	k, all, err := e.nodes(ctx)
	if err != nil {
		return r, err
	}
	nodes := inGroup(all, s.Group)
	for _, n := range nodes {
		changed, err := d.do(ctx, k, n.Name, s.Replaced)
		if r.Changed = r.Changed || changed; err != nil {
			return r, err
		}
	}
	r.State, r.Reason = engine.Done, many(len(nodes), "node is", "nodes are")+" "+d.said
	return r, nil
}
