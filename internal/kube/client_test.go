package kube_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/pace"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func cluster() *types.Cluster {
	return &types.Cluster{Name: new("c"), Endpoint: new("https://ABC.gr7.us-west-2.eks.amazonaws.com"), CertificateAuthority: &types.Certificate{Data: new("")}}
}

type server func(*http.Request) (*http.Response, error)

func (s server) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// One client serves many goroutines: the token is made once, and none goes without.
// Under -race this also finds whoever reads it unguarded.
func TestTheTokenIsShared(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	var mu sync.Mutex
	tokens := map[string]int{}
	r.AWS.Transport = server(func(q *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		tokens[q.Header.Get("Authorization")]++
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: http.NoBody, Request: q}, nil
	})
	k, err := kube.Client(t.Context(), r.AWS, cluster())
	if err != nil {
		t.Fatal(err)
	}
	ctx, _ := pace.Begin(t.Context(), "")
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() { k.CoreV1().Nodes().List(ctx, metav1.ListOptions{}) }) //nolint:errcheck // an empty answer is an error; the token is what counts
	}
	all.Wait()
	if len(tokens) != 1 {
		t.Errorf("%d tokens", len(tokens))
	}
	for token := range tokens {
		if !strings.HasPrefix(token, "Bearer k8s-aws-v1.") {
			t.Errorf("token %q", token)
		}
	}
}

// A 401 does not say why; where AWS refuses the credentials too, that is the reason,
// and it blocks.
func TestExpiredCredentialsBlockInKubernetesToo(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	r.AWS.Transport = server(func(q *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 401, Header: http.Header{}, Body: http.NoBody, Request: q}, nil
	})
	k, err := kube.Client(t.Context(), r.AWS, cluster())
	if err != nil {
		t.Fatal(err)
	}
	ctx, _ := pace.Begin(t.Context(), "")
	if _, err = k.CoreV1().Nodes().List(ctx, metav1.ListOptions{}); pace.Classify(err).Class != pace.Retry {
		t.Errorf("a caller who is not known yet: %v", err)
	}
	r.Region.Fault(func(service, op string) error {
		return wire.Errorf("ExpiredToken", "The security token included in the request is expired").With(403)
	})
	if _, err = k.CoreV1().Nodes().List(ctx, metav1.ListOptions{}); pace.Classify(err).Class != pace.Blocked {
		t.Errorf("expired credentials: %v", err)
	}
}
