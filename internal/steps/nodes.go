package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// Nodes is done when a node group's wanted number of nodes is Ready, as the
// Kubernetes API says.
type Nodes struct {
	Group   string `json:"group"`
	Want    int    `json:"want"`
	Managed bool   `json:"managed,omitempty"`
}

// Run counts.
func (s *Nodes) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	if !e.Reachable {
		return s.unseen(ctx, e)
	}
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	all, err := kube.Nodes(ctx, k)
	if err != nil {
		return engine.Result{}, err
	}
	ready, seen, why := 0, 0, ""
	for _, n := range all {
		if n.Group != s.Group {
			continue
		}
		seen++
		if n.Ready {
			ready++
		} else if why == "" {
			why = n.Reason
		}
	}
	r := engine.Result{State: engine.Wait, Ready: ready, Want: s.Want}
	switch {
	case ready >= s.Want:
		r.State, r.Reason = engine.Done, fmt.Sprintf("%d Ready", ready)
	case seen == 0:
		r.Reason = "no node has registered yet"
	case why != "":
		r.Reason = fmt.Sprintf("%d of %d Ready; %s", ready, s.Want, why)
	default:
		r.Reason = fmt.Sprintf("%d of %d registered", seen, s.Want)
	}
	if r.State == engine.Wait && seen < s.Want {
		if why := e.launchTrouble(ctx, s.Group); why != "" {
			r.Reason += "; " + why
		}
	}
	return r, nil
}

// explainGroup says why a managed node group failed: its health issues, and what
// its nodes' kubelets say.
func explainGroup(ctx context.Context, e *Env, group string) string {
	var out []string
	d, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: &group})
	if err == nil && d.Nodegroup.Health != nil {
		for _, i := range d.Nodegroup.Health.Issues {
			out = append(out, fmt.Sprintf("health issue %s: %s (%s)", i.Code, aws.ToString(i.Message), strings.Join(i.ResourceIds, ", ")))
		}
	} else if err != nil && !awsc.NotFound(err) {
		out = append(out, awsc.Message(err))
	}
	if !e.Reachable {
		return strings.Join(out, "; ")
	}
	if k, err := e.Kube(ctx); err == nil {
		nodes, err := kube.Nodes(ctx, k)
		i := slices.IndexFunc(nodes, func(n kube.Node) bool { return n.Group == group && !n.Ready })
		if err == nil && i >= 0 {
			out = append(out, "node "+nodes[i].Name+" is not Ready: "+nodes[i].Reason)
		}
	}
	return strings.Join(out, "; ")
}

// unseen says what AWS says of a group whose nodes cannot be counted from here, and
// no more than that.
func (s *Nodes) unseen(ctx context.Context, e *Env) (engine.Result, error) {
	const from = "the nodes cannot be counted from here"
	if s.Managed {
		d, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: &s.Group})
		if err != nil {
			return engine.Result{}, fmt.Errorf("describing node group %s: %w", s.Group, err)
		}
		says := fmt.Sprintf("%s; EKS says that the group is %s", from, d.Nodegroup.Status)
		if moving(string(d.Nodegroup.Status)) {
			return engine.Waiting(says)
		}
		return engine.Finished(says)
	}
	all, err := e.scalingGroups(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	up := 0
	if g := all[s.Group]; g != nil {
		for _, i := range g.Instances {
			if i.LifecycleState == asgtypes.LifecycleStateInService {
				up++
			}
		}
	}
	says := fmt.Sprintf("%s; its Auto Scaling group has %d of %d instances in service, and whether they joined was not seen", from, up, s.Want)
	if up < s.Want {
		return engine.Waiting(says)
	}
	return engine.Finished(says)
}
