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
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/pace"
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

// Endpoint is where a cluster's Kubernetes API is, and the authority of its
// certificate in PEM; "" as long as EKS has neither.
func Endpoint(cl *types.Cluster) (endpoint string, ca []byte) {
	if cl == nil || cl.Endpoint == nil || cl.CertificateAuthority == nil {
		return "", nil
	}
	ca, err := base64.StdEncoding.DecodeString(aws.ToString(cl.CertificateAuthority.Data))
	if err != nil {
		return "", nil
	}
	return *cl.Endpoint, ca
}

// bearer signs requests to one cluster with a token that it makes anew before EKS
// would refuse the old one. Requests come from many goroutines.
type bearer struct {
	aws     *awsc.Clients
	cluster string
	next    http.RoundTripper

	mu      sync.Mutex
	token   string
	expires time.Time
}

// RoundTrip sends a request with the token.
func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := b.current(r.Context())
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	out, err := b.next.RoundTrip(r)
	if err == nil && out.StatusCode == http.StatusUnauthorized {
		b.forget(token)
		// The API server does not say why. AWS does, where the credentials have expired.
		if _, refused := b.aws.STS.GetCallerIdentity(r.Context(), &sts.GetCallerIdentityInput{}); pace.Classify(refused).Class == pace.Blocked {
			out.Body.Close()
			return nil, refused
		}
	}
	return out, err
}

func (b *bearer) current(ctx context.Context) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Now().After(b.expires) {
		token, expires, err := Token(ctx, b.aws, b.cluster)
		if err != nil {
			return "", err
		}
		b.token, b.expires = token, expires
	}
	return b.token, nil
}

// forget drops a token that was refused: the credentials behind it may be others now.
func (b *bearer) forget(token string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.token == token {
		b.expires = time.Time{}
	}
}

// Client reaches a cluster's Kubernetes API as the AWS caller, at the pace of the AWS
// clients: client-go's own rate limit and retries are off.
func Client(_ context.Context, c *awsc.Clients, cl *types.Cluster) (kubernetes.Interface, error) {
	if cl == nil || cl.Endpoint == nil || cl.CertificateAuthority == nil {
		return nil, fmt.Errorf("cluster %s has no Kubernetes API endpoint yet", aws.ToString(cl.Name))
	}
	ca, err := base64.StdEncoding.DecodeString(aws.ToString(cl.CertificateAuthority.Data))
	if err != nil {
		return nil, fmt.Errorf("the certificate authority of cluster %s cannot be read: %w", *cl.Name, err)
	}
	cfg := &rest.Config{Host: *cl.Endpoint, QPS: -1, UserAgent: "slipway"}
	if c.Transport != nil {
		cfg.Transport = c.Transport
		cfg.Host = "https://" + strings.TrimPrefix(*cl.Endpoint, "https://")
	} else {
		cfg.TLSClientConfig = rest.TLSClientConfig{CAData: ca}
	}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return c.Pacer.Kubernetes(&bearer{aws: c, cluster: *cl.Name, next: next})
	})
	return kubernetes.NewForConfig(cfg)
}
