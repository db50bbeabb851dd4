package sim

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/slipway-eks/slipway/internal/sim/issuer"
)

// issuers are the OIDC issuers of the account's clusters, under the names that EKS gives
// them. Clients reach them through the region, as their HTTPS proxy.
type issuers struct {
	*issuer.Proxy
	key func() (*rsa.PrivateKey, error)
}

func (s *Sim) newIssuers() (*issuers, error) {
	i := &issuers{key: sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })}
	var err error
	i.Proxy, err = issuer.New(func(host string) http.Handler { return s.issuerAt(host, i) }, http.ProxyFromEnvironment)
	if err != nil {
		return nil, fmt.Errorf("the simulated region cannot make its certificates: %w", err)
	}
	return i, nil
}

// issuerAt answers for the issuers of a region of AWS; nil: no host of theirs.
func (s *Sim) issuerAt(host string, i *issuers) http.Handler {
	region, ours := strings.CutPrefix(host, "oidc.eks.")
	region, suffix, _ := strings.Cut(region, ".")
	if !ours || !known(region) || suffix != "amazonaws.com" && suffix != "amazonaws.com.cn" {
		return nil
	}
	key, err := i.key()
	if err != nil {
		s.options.Log("the issuers' key: %v", err)
		return nil
	}
	return issuer.Documents(host, &key.PublicKey, func(id string) bool {
		r := s.Region(region)
		s.World.Lock()
		defer s.World.Unlock()
		return r.EKS.Issues(id)
	})
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
