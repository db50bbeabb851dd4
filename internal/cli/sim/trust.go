package sim

import (
	"fmt"
	"os"
	"path/filepath"
)

// trust are files that tell clients of the region's certificates.
type trust struct {
	dir    string
	bundle string // the system's authorities and the region's
	own    string // the region's alone
}

// bundles are where systems keep the authorities that they trust (crypto/x509,
// root_linux.go and root_bsd.go).
var bundles = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"}

// trustFiles writes them; whoever calls removes the folder.
func trustFiles(authority []byte) (*trust, error) {
	dir, err := os.MkdirTemp("", "slipway-trust-")
	if err != nil {
		return nil, fmt.Errorf("the region's certificates cannot be written: %w", err)
	}
	t := &trust{dir: dir, bundle: filepath.Join(dir, "bundle.pem"), own: filepath.Join(dir, "region.pem")}
	all := append(systemAuthorities(), authority...)
	for path, text := range map[string][]byte{t.bundle: all, t.own: authority} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			os.RemoveAll(dir) //nolint:errcheck // it is in the temporary folder
			return nil, fmt.Errorf("the region's certificates cannot be written: %w", err)
		}
	}
	return t, nil
}

// systemAuthorities are those that the user's programs trust already.
func systemAuthorities() []byte {
	for _, path := range append([]string{os.Getenv("SSL_CERT_FILE")}, bundles...) {
		if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
			return append(b, '\n')
		}
	}
	return nil
}

// environment leads HTTPS through the region, which passes on all that is not its own,
// and has its certificates trusted: by Go and OpenSSL, Python's requests, curl and Node.
func (t *trust) environment(url string) []string {
	return []string{
		"HTTPS_PROXY=" + url,
		"https_proxy=" + url,
		"NO_PROXY=" + withLoopback(os.Getenv("NO_PROXY")),
		"no_proxy=" + withLoopback(os.Getenv("no_proxy")),
		"SSL_CERT_FILE=" + t.bundle,
		"REQUESTS_CA_BUNDLE=" + t.bundle,
		"CURL_CA_BUNDLE=" + t.bundle,
		"NODE_EXTRA_CA_CERTS=" + t.own,
	}
}

func withLoopback(hosts string) string {
	if hosts == "" {
		return loopback
	}
	return hosts + "," + loopback
}
