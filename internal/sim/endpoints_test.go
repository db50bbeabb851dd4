package sim

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/slipway-eks/slipway/internal/sim/iam"
)

// A client that asks AWS's own endpoints finds the region there, the older ones of SQS
// among them; what is no endpoint of a served service goes where it went.
func TestAWSsOwnEndpointsAreTheRegion(t *testing.T) {
	s := New(Options{Seed: 1, Speed: 60})
	up := make(chan string, 1)
	go s.Serve(t.Context(), "127.0.0.1:0", func(u string) { up <- u }) //nolint:errcheck // ends with the test
	via, err := url.Parse(<-up)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Authority())
	tr := &http.Transport{Proxy: http.ProxyURL(via), TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer tr.CloseIdleConnections()
	cfg := aws.Config{Region: "us-west-2", HTTPClient: &http.Client{Transport: tr}, Credentials: credentials.NewStaticCredentialsProvider(iam.Key, iam.Secret, "")}
	for _, at := range []string{"sts.us-west-2.amazonaws.com", "sts.amazonaws.com", "us-west-2.queue.amazonaws.com", "queue.amazonaws.com", "eks-auth.us-west-2.api.aws"} {
		c := sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = new("https://" + at) })
		if _, err := c.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
	for _, o := range s.Region("us-west-2").Operations() {
		if service, _, _ := strings.Cut(o.Service, "@"); s.Region("us-west-2").server.Serves(service) && s.siteAt(service+".us-west-2.amazonaws.com") == nil {
			t.Errorf("the region serves %s, and not at its endpoint", service)
		}
	}
	for _, host := range []string{"s3.us-west-2.amazonaws.com", "bucket.s3.us-west-2.amazonaws.com", "ec2.nowhere-1.amazonaws.com", "ec2.us-west-2.amazonaws.com.example.com",
		"nowhere-1.queue.amazonaws.com", "example.com"} {
		if s.siteAt(host) != nil {
			t.Errorf("the region answers at %s", host)
		}
	}
}
