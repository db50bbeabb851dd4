package issuer_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/sim/issuer"
)

const host = "oidc.eks.us-west-2.amazonaws.com"

// proxied is a client that goes through a proxy of a region with one cluster, and trusts
// its authority and one more.
func proxied(t *testing.T, upstream func(*http.Request) (*url.URL, error), also ...*x509.Certificate) (*http.Client, *httptest.Server) {
	t.Helper()
	key, err := issuer.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	p, err := issuer.New(func(h string) http.Handler {
		if h != host {
			return nil
		}
		return issuer.Documents(h, key, func(id string) bool { return id == "ABC" })
	}, upstream)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(p.CA())
	for _, c := range also {
		trusted.AddCert(c)
	}
	via, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(via), TLSClientConfig: &tls.Config{RootCAs: trusted}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}, srv
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	out, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close() //nolint:errcheck // read
	b, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return out, string(b)
}

// A client that verifies what it is told finds the issuer under EKS's own name, with its
// chain, its document and its keys.
func TestAnIssuerIsFoundUnderItsOwnName(t *testing.T) {
	c, _ := proxied(t, nil)
	out, text := get(t, c, "https://"+host+"/id/ABC/.well-known/openid-configuration")
	var doc struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil || doc.Issuer != "https://"+host+"/id/ABC" || len(out.TLS.PeerCertificates) != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	_, text = get(t, c, doc.JWKSURI)
	var set struct {
		Keys []struct{ Kty, Kid, N, E string }
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil || len(set.Keys) != 1 || set.Keys[0].Kty != "RSA" || set.Keys[0].E != "AQAB" {
		t.Errorf("%v: %s", err, text)
	}
	for _, path := range []string{"/id/XYZ/keys", "/id/ABC", "/"} {
		if out, _ := get(t, c, "https://"+host+path); out.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, out.Status)
		}
	}
}

// What is not the region's goes where it went, through the user's own proxy where there
// is one.
func TestOtherHostsAreReachedAsBefore(t *testing.T) {
	away := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "elsewhere") //nolint:errcheck // a test
	}))
	defer away.Close()
	c, first := proxied(t, nil, away.Certificate())
	if _, text := get(t, c, away.URL); text != "elsewhere" {
		t.Errorf("got %q", text)
	}
	through := 0
	chained, _ := proxied(t, func(*http.Request) (*url.URL, error) {
		through++
		return url.Parse(first.URL)
	}, away.Certificate())
	if _, text := get(t, chained, away.URL); text != "elsewhere" || through != 1 {
		t.Errorf("got %q through %d proxies", text, through)
	}
	if _, err := c.Get("https://127.0.0.1:1/"); err == nil || !strings.Contains(err.Error(), "Bad Gateway") {
		t.Errorf("nobody is there: %v", err)
	}
}
