package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/pace"
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
	iss := issuer(c)
	if iss == "" {
		return engine.Waiting("EKS has not published the issuer yet")
	}
	arn := "arn:" + e.AWS.Partition + ":iam::" + e.AWS.Account + ":oidc-provider/" + iss
	_, err = e.AWS.IAM.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if err == nil {
		return engine.Finished("registered")
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	in := &iam.CreateOpenIDConnectProviderInput{Url: new("https://" + iss), ClientIDList: []string{"sts.amazonaws.com"}}
	for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
		in.Tags = append(in.Tags, iamtypes.Tag{Key: new(k), Value: new(s.Tags[k])})
	}
	if _, err := e.AWS.IAM.CreateOpenIDConnectProvider(ctx, in); err != nil && !pace.Done(err) {
		return engine.Result{}, fmt.Errorf("registering the OIDC issuer: %w", err)
	}
	return engine.Result{State: engine.Done, Reason: "registered", Changed: true}, nil
}
