package sim

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/slipway-eks/slipway/internal/sim/issuer"
)

// issuers are the OIDC issuers of the account's clusters, under the names that EKS gives
// them. Clients reach them through the region, as their HTTPS proxy.
type issuers struct {
	*issuer.Proxy
}

func (s *Sim) newIssuers() (*issuers, error) {
	p, err := issuer.New(s.siteAt, http.ProxyFromEnvironment)
	if err != nil {
		return nil, fmt.Errorf("the simulated region cannot make its certificates: %w", err)
	}
	return &issuers{p}, nil
}

// issuerAt answers for the issuers of a region of AWS; nil: no host of theirs.
func (s *Sim) issuerAt(host string) http.Handler {
	region := issuerRegion(host)
	if region == "" {
		return nil
	}
	key, err := s.signingKey()
	if err != nil {
		s.options.Log("the issuers' key: %v", err)
		return nil
	}
	return issuer.Documents(host, key, func(id string) bool {
		r := s.Region(region)
		s.World.Lock()
		defer s.World.Unlock()
		return r.EKS.Issues(id)
	})
}

// issuerRegion is the region of AWS whose clusters' issuers have this host; "": none.
func issuerRegion(host string) string {
	region, ours := strings.CutPrefix(host, "oidc.eks.")
	region, suffix, _ := strings.Cut(region, ".")
	if !ours || !known(region) || suffix != "amazonaws.com" && suffix != "amazonaws.com.cn" {
		return ""
	}
	return region
}

// keyring holds the key of the account's issuers, made when it is first needed.
type keyring struct {
	mu  sync.Mutex
	key *issuer.Key
}

// signingKey is the key that signs the tokens of all the account's clusters.
func (s *Sim) signingKey() (*issuer.Key, error) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	var err error
	if s.keys.key == nil {
		s.keys.key, err = issuer.NewKey()
	}
	return s.keys.key, err
}

// issuerKey is the key that an issuer's tokens are verified with, as STS finds it: nil
// where there is no such cluster, and its issuer answers nothing. The caller holds the
// world's lock.
func (s *Sim) issuerKey(from string) *issuer.Key {
	u, err := url.Parse(from)
	if err != nil {
		return nil
	}
	region := issuerRegion(u.Hostname())
	id, ours := strings.CutPrefix(u.Path, "/id/")
	s.mu.Lock()
	r := s.regions[region]
	s.mu.Unlock()
	if !ours || r == nil || !r.EKS.Issues(id) {
		return nil
	}
	key, err := s.signingKey()
	if err != nil {
		s.options.Log("the issuers' key: %v", err)
		return nil
	}
	return key
}

// Authority is the certificate, as PEM, of who signs for the hosts that clients reach
// through a served region; nil before Serve is ready.
func (s *Sim) Authority() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.issuers == nil {
		return nil
	}
	return s.issuers.CA()
}
