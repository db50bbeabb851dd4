package sim_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/testregion"
)

// The issuer that EKS names for a cluster is found under that name, through the region,
// by whoever trusts its authority; another's is not.
func TestAClustersIssuerIsFound(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/control"
	text := testregion.Cluster + "vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}}}\n"
	r := testregion.New(t, testregion.Load(t, text), 1)
	r.Region.IAM.AdoptRole(role, []string{"eks.amazonaws.com"}, "AmazonEKSClusterPolicy")
	if r.Sim.Authority() != nil {
		t.Error("a region that is not served has an authority")
	}
	in := &eks.CreateClusterInput{Name: new("x"), RoleArn: new(role), ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"subnet-a", "subnet-b"}}}
	if _, err := r.AWS.EKS.CreateCluster(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(time.Hour)
	out, err := r.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("x")})
	if err != nil {
		t.Fatal(err)
	}
	up := make(chan string, 1)
	go r.Sim.Serve(t.Context(), "127.0.0.1:0", func(u string) { up <- u }) //nolint:errcheck // ends with the test
	via, err := url.Parse(<-up)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(r.Sim.Authority())
	tr := &http.Transport{Proxy: http.ProxyURL(via), TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr}
	issuer := *out.Cluster.Identity.Oidc.Issuer
	for at, want := range map[string]int{issuer: http.StatusOK, issuer + "0": http.StatusNotFound} {
		resp, err := c.Get(at + "/.well-known/openid-configuration")
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Issuer string }
		err = json.NewDecoder(resp.Body).Decode(&doc)
		resp.Body.Close() //nolint:errcheck // read
		if resp.StatusCode != want || want == http.StatusOK && (err != nil || doc.Issuer != issuer) {
			t.Errorf("%s: %s, %+v, %v", at, resp.Status, doc, err)
		}
	}
}
