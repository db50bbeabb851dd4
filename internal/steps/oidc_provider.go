package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/stack"
)

// OIDCProvider registers the cluster's issuer with IAM. IAM finds the thumbprint
// itself.
type OIDCProvider struct{ Env *Env }

// Run looks, then creates.
func (s *OIDCProvider) Run(ctx context.Context) (engine.Result, error) {
	c, err := s.Env.Cluster(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	issuer := cluster.Issuer(c)
	if issuer == "" {
		return engine.Waiting("EKS has not published the issuer yet")
	}
	_, err = s.Env.AWS.IAM.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(cluster.ProviderARN(s.Env.AWS, issuer))})
	if err == nil {
		return engine.Finished("registered")
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	in := &iam.CreateOpenIDConnectProviderInput{Url: new("https://" + issuer), ClientIDList: []string{"sts.amazonaws.com"}}
	tags := stack.Tags(s.Env.Config(), nil)
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		in.Tags = append(in.Tags, iamtypes.Tag{Key: new(k), Value: new(tags[k])})
	}
	if _, err := s.Env.AWS.IAM.CreateOpenIDConnectProvider(ctx, in); err != nil && awsc.Code(err) != "EntityAlreadyExists" {
		return engine.Result{}, fmt.Errorf("registering the OIDC issuer: %w", err)
	}
	return engine.Result{State: engine.Done, Reason: "registered", Changed: true}, nil
}
