package ca_test

import (
	"crypto/x509"
	"testing"

	"github.com/slipway-eks/slipway/internal/sim/ca"
)

// A server's certificate is good for its name alone, by the authority that made it and
// by the same one saved and loaded.
func TestAServersCertificateIsGoodForItsName(t *testing.T) {
	a, err := ca.New("test")
	if err != nil {
		t.Fatal(err)
	}
	key, err := a.Key()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ca.Load(a.PEM(), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, signer := range []*ca.Authority{a, again} {
		c, err := signer.Server(&x509.Certificate{DNSNames: []string{"here.example"}})
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(a.PEM())
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "here.example"}); err != nil {
			t.Error(err)
		}
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "elsewhere.example"}); err == nil {
			t.Error("it is good for another name")
		}
	}
	if _, err := ca.Load([]byte("nonsense"), key); err == nil {
		t.Error("nonsense is an authority")
	}
}
