package steps

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// GroupVersion has EKS replace a managed group's nodes, within the group, by ones of another
// AMI release, Kubernetes minor or version of the group's own launch template. Its input
// names no cluster: Env does.
type GroupVersion struct {
	Input eks.UpdateNodegroupVersionInput `json:"input"`
	// Anew: it is asked for though EKS says that the group is so, as its nodes are not all: an
	// update before failed half-way. What is new stays.
	Anew bool `json:"anew,omitempty"`
}

// Run looks, begins, polls, and says meanwhile which nodes are emptied and what holds them.
// An update to the same that is under way already is followed as if this step had begun it,
// so that how it ended is told.
func (s *GroupVersion) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	name := aws.ToString(s.Input.NodegroupName)
	if m.Update == "" {
		if err := s.follow(ctx, e, m); err != nil {
			return engine.Result{}, err
		}
	}
	r, err := update{what: "node group " + name, in: eks.DescribeUpdateInput{NodegroupName: &name},
		look: func(ctx context.Context) (string, bool, error) {
			out, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: &name})
			if err != nil {
				return "", false, err
			}
			return string(out.Nodegroup.Status), s.reached(out.Nodegroup) && (!s.Anew || m.Attempt > 0), nil
		},
		why: func(ctx context.Context, u *types.Update) string { return s.held(ctx, e, u) },
		begin: func(ctx context.Context) (*types.Update, error) {
			in := s.Input
			in.ClusterName, in.ClientRequestToken = &e.Name, e.token("nodegroup-version", name, fmt.Sprint(plain(in)), fmt.Sprint(m.Attempt))
			out, err := e.AWS.EKS.UpdateNodegroupVersion(ctx, &in)
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		}}.run(ctx, e, m)
	if err == nil && r.State == engine.Wait && e.Reachable {
		if k, err := e.Kube(ctx); err == nil { // what cannot be seen is not told: EKS goes on all the same
			if x, err := kube.RollingOf(ctx, k, name); err == nil {
				r.Reason += ": " + x.Words()
			}
		}
	}
	return r, err
}

// reached tells whether a group is as wanted.
func (s *GroupVersion) reached(g *types.Nodegroup) bool {
	if in := s.Input.LaunchTemplate; in != nil && (g.LaunchTemplate == nil || aws.ToString(in.Version) != aws.ToString(g.LaunchTemplate.Version)) {
		return false
	}
	is := func(want, have *string) bool { return want == nil || aws.ToString(want) == aws.ToString(have) }
	return is(s.Input.Version, g.Version) && is(s.Input.ReleaseVersion, g.ReleaseVersion)
}

// follow finds an update to the same that is under way: the one before this run, or this
// step's own, whose answer was lost.
func (s *GroupVersion) follow(ctx context.Context, e *Env, m *Memo) error {
	g, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: s.Input.NodegroupName})
	if err != nil || g.Nodegroup.Status != types.NodegroupStatusUpdating {
		return err
	}
	in := &eks.ListUpdatesInput{Name: &e.Name, NodegroupName: s.Input.NodegroupName}
	ids, err := awsc.Collect(ctx, eks.NewListUpdatesPaginator(e.AWS.EKS, in), func(o *eks.ListUpdatesOutput) []string { return o.UpdateIds })
	if err != nil {
		return fmt.Errorf("listing the updates of node group %s: %w", *s.Input.NodegroupName, err)
	}
	for _, id := range ids {
		u, err := e.AWS.EKS.DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: &e.Name, NodegroupName: s.Input.NodegroupName, UpdateId: &id})
		if err != nil {
			return err
		}
		if u.Update.Status == types.UpdateStatusInProgress && u.Update.Type == types.UpdateTypeVersionUpdate && s.leadsTo(u.Update) {
			m.Update = id
		}
	}
	return nil
}

// leadsTo tells whether an update makes of the group what is wanted.
func (s *GroupVersion) leadsTo(u *types.Update) bool {
	says := func(kind types.UpdateParamType, want *string) bool {
		return want == nil || slices.ContainsFunc(u.Params, func(p types.UpdateParam) bool { return p.Type == kind && aws.ToString(p.Value) == *want })
	}
	lt := s.Input.LaunchTemplate
	return says(types.UpdateParamTypeVersion, s.Input.Version) && says(types.UpdateParamTypeReleaseVersion, s.Input.ReleaseVersion) &&
		(lt == nil || says(types.UpdateParamTypeLaunchTemplateVersion, lt.Version))
}

// held is what keeps the nodes from being emptied that EKS gave up on, and what to do: EKS
// names no pod.
func (s *GroupVersion) held(ctx context.Context, e *Env, u *types.Update) string {
	if !slices.ContainsFunc(u.Errors, func(x types.ErrorDetail) bool { return x.ErrorCode == types.ErrorCodePodEvictionFailure }) {
		return ""
	}
	const next = ". What is new stays: let the budget allow a disruption (one replica more than it wants, or maxUnavailable: 1) and run the same command " +
		"again, or with --force, by which EKS ends such pods; to stay as it is, kubectl uncordon the old nodes"
	k, err := e.Kube(ctx)
	if err != nil {
		return next
	}
	x, err := kube.RollingOf(ctx, k, aws.ToString(s.Input.NodegroupName))
	if err != nil || len(x.Old) == 0 {
		return next
	}
	return ". " + x.Words() + next
}
