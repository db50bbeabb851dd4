package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
)

// Encryption turns secrets encryption on in a live cluster, which EKS cannot undo.
type Encryption struct {
	Env    *Env
	KeyARN string
	id     string
}

// Run starts or polls the update.
func (s *Encryption) Run(ctx context.Context) (engine.Result, error) {
	if s.id == "" {
		out, err := s.Env.AWS.EKS.AssociateEncryptionConfig(ctx, &eks.AssociateEncryptionConfigInput{ClusterName: new(s.Env.Name()), EncryptionConfig: []types.EncryptionConfig{{Resources: []string{"secrets"}, Provider: &types.Provider{KeyArn: new(s.KeyARN)}}}})
		if err != nil {
			return engine.Result{}, fmt.Errorf("turning secrets encryption on: %w", err)
		}
		s.id = *out.Update.Id
		return engine.Started("EKS is encrypting the cluster's secrets")
	}
	return s.Env.clusterUpdate(ctx, s.id)
}

// clusterUpdate polls an update of the cluster, and then the cluster itself.
func (e *Env) clusterUpdate(ctx context.Context, id string) (engine.Result, error) {
	r, err := e.update(ctx, &eks.DescribeUpdateInput{UpdateId: &id}, "the cluster")
	if err == nil && r.State == engine.Done {
		return e.settled(ctx, r.Reason)
	}
	return r, err
}

// settled is done once the cluster is ACTIVE again: its status lags an update's.
func (e *Env) settled(ctx context.Context, reason string) (engine.Result, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	if c.Status != types.ClusterStatusActive {
		return engine.Waiting("the cluster is " + string(c.Status))
	}
	return engine.Finished(reason)
}

// ClusterUpdate changes one aspect of a live cluster and waits for the update.
type ClusterUpdate struct {
	Env   *Env
	Input *eks.UpdateClusterConfigInput
	id    string
}

// Run starts or polls the update; "already there" is success.
func (s *ClusterUpdate) Run(ctx context.Context) (engine.Result, error) {
	if s.id == "" {
		s.Input.Name = new(s.Env.Name())
		out, err := s.Env.AWS.EKS.UpdateClusterConfig(ctx, s.Input)
		if err != nil {
			if m := awsc.Message(err); strings.Contains(m, "already at the desired configuration") || strings.Contains(m, "No changes needed") {
				return engine.Finished("already so")
			}
			return engine.Result{}, err
		}
		s.id = *out.Update.Id
		return engine.Started("EKS is updating the cluster")
	}
	return s.Env.clusterUpdate(ctx, s.id)
}

// update polls one update of the cluster, or of what in names inside it.
func (e *Env) update(ctx context.Context, in *eks.DescribeUpdateInput, what string) (engine.Result, error) {
	in.Name = new(e.Name())
	d, err := e.AWS.EKS.DescribeUpdate(ctx, in)
	if err != nil {
		return engine.Result{}, err
	}
	switch u := d.Update; u.Status {
	case types.UpdateStatusSuccessful:
		return engine.Finished("updated")
	case types.UpdateStatusFailed, types.UpdateStatusCancelled:
		msg := fmt.Sprintf("the update %s of %s is %s", u.Type, what, u.Status)
		for _, x := range u.Errors {
			msg += fmt.Sprintf("; %s: %s", x.ErrorCode, aws.ToString(x.ErrorMessage))
		}
		return engine.Result{}, fmt.Errorf("%s", msg)
	}
	return engine.Waiting("EKS is updating " + what)
}
