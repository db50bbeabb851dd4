// Package kube is the Kubernetes side of a launch: a client for a cluster that AWS
// describes, its bearer token, and what readiness means there. It must not know
// plans or CloudFormation.
package kube

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	awsc "github.com/slipway-eks/slipway/internal/aws"
)

// tokenLife is how long EKS accepts a token less a margin (it says 15 minutes).
const tokenLife = 14 * time.Minute

// Token is a bearer token for a cluster: a presigned GetCallerIdentity that names
// the cluster in a signed header (facts/eksctl.md §3, "K8s auth").
func Token(ctx context.Context, c *awsc.Clients, cluster string) (token string, expires time.Time, err error) {
	p := sts.NewPresignClient(c.STS)
	out, err := p.PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(so *sts.Options) {
			so.APIOptions = append(so.APIOptions, smithyhttp.SetHeaderValue("x-k8s-aws-id", cluster), smithyhttp.SetHeaderValue("X-Amz-Expires", "60"))
		})
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("signing a token for cluster %s: %w", cluster, err)
	}
	return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(out.URL)), time.Now().Add(tokenLife), nil
}

// Client reaches a cluster's Kubernetes API as the AWS caller.
func Client(ctx context.Context, c *awsc.Clients, cl *types.Cluster) (kubernetes.Interface, error) {
	if cl == nil || cl.Endpoint == nil || cl.CertificateAuthority == nil {
		return nil, fmt.Errorf("cluster %s has no Kubernetes API endpoint yet", aws.ToString(cl.Name))
	}
	ca, err := base64.StdEncoding.DecodeString(aws.ToString(cl.CertificateAuthority.Data))
	if err != nil {
		return nil, fmt.Errorf("the certificate authority of cluster %s cannot be read: %w", *cl.Name, err)
	}
	cfg := &rest.Config{Host: *cl.Endpoint, QPS: -1, Timeout: 20 * time.Second, UserAgent: "slipway"}
	if c.Transport != nil {
		cfg.Transport = c.Transport
		cfg.Host = "https://" + strings.TrimPrefix(*cl.Endpoint, "https://")
	} else {
		cfg.TLSClientConfig = rest.TLSClientConfig{CAData: ca}
	}
	name := *cl.Name
	var token string
	var expires time.Time
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if time.Now().After(expires) {
				var err error
				if token, expires, err = Token(ctx, c, name); err != nil {
					return nil, err
				}
			}
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", "Bearer "+token)
			return next.RoundTrip(r)
		})
	})
	return kubernetes.NewForConfig(cfg)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
