package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
)

// IdentityProvider associates an OIDC identity provider and waits for the update.
type IdentityProvider struct {
	Provider config.IdentityProvider `json:"provider"`
}

// Run looks, associates, polls.
func (s *IdentityProvider) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	p := s.Provider
	d, err := e.AWS.EKS.DescribeIdentityProviderConfig(
		ctx,
		&eks.DescribeIdentityProviderConfigInput{
			ClusterName:            new(e.Name),
			IdentityProviderConfig: &types.IdentityProviderConfig{Name: new(p.Name), Type: new("oidc")},
		},
	)
	if err == nil {
		if o := d.IdentityProviderConfig.Oidc; o != nil && o.Status == types.ConfigStatusActive {
			return e.settled(ctx, "ACTIVE")
		} else if o != nil && o.Status == types.ConfigStatusDeleting {
			return engine.Waiting("an earlier " + p.Name + " is still being disassociated")
		}
		return engine.Waiting("EKS is associating the identity provider")
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	opt := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	_, err = e.AWS.EKS.AssociateIdentityProviderConfig(
		ctx,
		&eks.AssociateIdentityProviderConfigInput{
			ClusterName:        new(e.Name),
			Tags:               p.Tags,
			ClientRequestToken: e.token(e.Name, "idp", p.Name, p.IssuerURL, p.ClientID),
			Oidc: &types.OidcIdentityProviderConfigRequest{
				IdentityProviderConfigName: new(p.Name),
				IssuerUrl:                  new(p.IssuerURL),
				ClientId:                   new(p.ClientID),
				UsernameClaim:              opt(p.UsernameClaim),
				UsernamePrefix:             opt(p.UsernamePrefix),
				GroupsClaim:                opt(p.GroupsClaim),
				GroupsPrefix:               opt(p.GroupsPrefix),
				RequiredClaims:             p.RequiredClaims,
			},
		},
	)
	if err != nil {
		return engine.Result{}, fmt.Errorf("associating identity provider %s: %w", p.Name, err)
	}
	return engine.Started("EKS is associating the identity provider")
}
