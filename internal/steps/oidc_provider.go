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
)

// OIDCProvider registers the cluster's issuer with IAM. IAM finds the thumbprint
// itself.
type OIDCProvider struct {
	Tags map[string]string `json:"tags,omitempty"`
}

// Run looks, then creates.
func (s *OIDCProvider) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	issuer := cluster.Issuer(c)
	if issuer == "" {
		return engine.Waiting("EKS has not published the issuer yet")
	}
	_, err = e.AWS.IAM.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(cluster.ProviderARN(e.AWS, issuer))})
	if err == nil {
		return engine.Finished("registered")
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	in := &iam.CreateOpenIDConnectProviderInput{Url: new("https://" + issuer), ClientIDList: []string{"sts.amazonaws.com"}}
	for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
		in.Tags = append(in.Tags, iamtypes.Tag{Key: new(k), Value: new(s.Tags[k])})
	}
	if _, err := e.AWS.IAM.CreateOpenIDConnectProvider(ctx, in); err != nil && awsc.Code(err) != "EntityAlreadyExists" {
		return engine.Result{}, fmt.Errorf("registering the OIDC issuer: %w", err)
	}
	return engine.Result{State: engine.Done, Reason: "registered", Changed: true}, nil
}
