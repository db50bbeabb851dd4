// Package ca is a certificate authority: each simulated cluster has one, and each served
// region. Certificates are on wall time. It must not know what they are for.
package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// Authority signs certificates.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New makes an authority that signs itself, for ten years.
func New(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	if err := valid(t, 10); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{cert, key}, err
}

// Load makes an authority of one that was saved: its certificate as PEM, its key as
// Key writes it.
func Load(cert, key []byte) (*Authority, error) {
	block, _ := pem.Decode(cert)
	if block == nil {
		return nil, fmt.Errorf("the saved certificate authority is no PEM")
	}
	a := &Authority{}
	var err error
	if a.cert, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, err
	}
	a.key, err = x509.ParseECPrivateKey(key)
	return a, err
}

// PEM is the authority's certificate.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Key is the authority's key, as SEC 1 writes it.
func (a *Authority) Key() ([]byte, error) { return x509.MarshalECPrivateKey(a.key) }

// Server makes a server's certificate, for a year and the names of the template, with the
// authority's behind it.
func (a *Authority) Server(t *x509.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if err := valid(t, 1); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}, nil
}

// valid gives a certificate its number and its time.
func valid(t *x509.Certificate, years int) (err error) {
	now := time.Now()
	t.NotBefore, t.NotAfter = now.Add(-time.Hour), now.AddDate(years, 0, 0)
	t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	return err
}
