package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// UpgradeVerified is done when what was upgraded is seen to be: the control plane, the
// add-ons, and the nodes of the groups.
type UpgradeVerified struct {
	Version string   `json:"version"`
	Addons  []string `json:"addons,omitempty"` // that must be ACTIVE
	Groups  []string `json:"groups,omitempty"` // whose kubelets must be of the version
}

// Run looks at everything, and says what is first in the way.
func (s *UpgradeVerified) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	if v := aws.ToString(c.Version); v != s.Version || c.Status != types.ClusterStatusActive {
		return engine.Waiting(fmt.Sprintf("the control plane is %s, at %s", c.Status, v))
	}
	for _, name := range s.Addons {
		a, err := describeAddon(ctx, e, name)
		if err != nil {
			return engine.Result{}, err
		}
		if a != nil && a.Status != types.AddonStatusActive {
			return engine.Waiting("the add-on " + name + " is " + string(a.Status))
		}
	}
	if !e.Reachable || len(s.Groups) == 0 {
		return engine.Finished("the control plane is ACTIVE at " + s.Version)
	}
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	nodes, err := kube.Nodes(ctx, k)
	if err != nil {
		return engine.Result{}, err
	}
	r := engine.Result{State: engine.Done}
	for _, n := range nodes {
		if !slices.Contains(s.Groups, n.Group) {
			continue
		}
		r.Want++
		switch {
		case !strings.HasPrefix(n.Version, "v"+s.Version+"."):
			r.State, r.Reason = engine.Wait, "the kubelet of "+n.Name+" is "+n.Version
		case !n.Ready:
			r.State, r.Reason = engine.Wait, n.Name+" is not Ready: "+n.Reason
		default:
			r.Ready++
		}
	}
	if r.State == engine.Done {
		r.Reason = fmt.Sprintf("the control plane and %d nodes are at %s", r.Ready, s.Version)
	}
	return r, nil
}
