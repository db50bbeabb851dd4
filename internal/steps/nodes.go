package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// Nodes is done when a node group's wanted number of nodes is Ready, as the
// Kubernetes API says.
type Nodes struct {
	Env   *Env
	Group string
	Want  int
}

// Run counts.
func (s *Nodes) Run(ctx context.Context) (engine.Result, error) {
	if !s.Env.Reachable {
		return engine.Finished("the Kubernetes API cannot be reached from here; EKS says the group is ACTIVE")
	}
	k, err := s.Env.Kube(ctx)
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
	return r, nil
}

// ExplainGroup says why a managed node group failed: its health issues, and what
// its nodes' kubelets say.
func ExplainGroup(e *Env, group string) func(context.Context, string) string {
	return func(ctx context.Context, logical string) string {
		var out []string
		d, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: new(e.Name()), NodegroupName: &group})
		if err == nil && d.Nodegroup.Health != nil {
			for _, i := range d.Nodegroup.Health.Issues {
				out = append(out, fmt.Sprintf("health issue %s: %s (%s)", i.Code, aws.ToString(i.Message), strings.Join(i.ResourceIds, ", ")))
			}
		} else if err != nil && !awsc.NotFound(err) {
			out = append(out, awsc.Message(err))
		}
		if k, err := e.Kube(ctx); err == nil && e.Reachable {
			nodes, err := kube.Nodes(ctx, k)
			if err == nil {
				for _, n := range nodes {
					if n.Group == group && !n.Ready {
						out = append(out, "node "+n.Name+" is not Ready: "+n.Reason)
						break
					}
				}
			}
		}
		return strings.Join(out, "; ")
	}
}
