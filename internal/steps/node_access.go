package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
)

// NodeAccess lets a role of nodes in by an access entry, where it has none: one that a
// stack took away, and other nodes still need.
type NodeAccess struct {
	Role string `json:"role"` // ARN
	Type string `json:"type"` // EC2_LINUX, EC2_WINDOWS
}

// Run looks, and makes the entry.
func (s *NodeAccess) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	_, err := e.AWS.EKS.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &e.Name, PrincipalArn: &s.Role})
	if err == nil {
		return engine.Finished("in place")
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, fmt.Errorf("describing the access entry of %s: %w", s.Role, err)
	}
	in := &eks.CreateAccessEntryInput{ClusterName: &e.Name, PrincipalArn: &s.Role, Type: &s.Type, ClientRequestToken: e.token(e.Name, "node-access", s.Role)}
	if _, err := e.AWS.EKS.CreateAccessEntry(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("making the access entry of %s: %w", s.Role, err)
	}
	return engine.Result{State: engine.Done, Reason: "made", Changed: true}, nil
}
