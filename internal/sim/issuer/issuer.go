// Package issuer answers HTTPS at hosts that clients know by name and not by endpoint:
// the OIDC issuers of a region's clusters, and AWS's own endpoints. Clients reach them through the region as
// their HTTPS proxy, under the name that EKS gives, and trust the authority that signs
// for it. It must not know what a cluster is.
package issuer

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/ca"
)

// Proxy tunnels HTTPS: hosts of the region end here, all others go where they went.
type Proxy struct {
	// Site is who answers at a host; nil: nobody here.
	Site func(host string) http.Handler
	// Upstream is the proxy that a request would have taken without this one; nil: none.
	Upstream func(*http.Request) (*url.URL, error)

	ca   *ca.Authority
	mu   sync.Mutex
	made map[string]*tls.Certificate
}

const (
	dialTime = 10 * time.Second
	idleTime = 2 * time.Minute
)

// New makes a proxy with an authority of its own, whose key is nowhere else.
func New(site func(host string) http.Handler, upstream func(*http.Request) (*url.URL, error)) (*Proxy, error) {
	p := &Proxy{Site: site, Upstream: upstream, made: map[string]*tls.Certificate{}}
	var err error
	p.ca, err = ca.New("Simulated region")
	return p, err
}

// CA is the authority's certificate, as PEM.
func (p *Proxy) CA() []byte { return p.ca.PEM() }

// certificate is a host's, with the authority's behind it, as AWS's issuers send theirs.
func (p *Proxy) certificate(hello *tls.ClientHelloInfo, host string) (*tls.Certificate, error) {
	if hello.ServerName != "" {
		host = hello.ServerName
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.made[host]; c != nil {
		return c, nil
	}
	c, err := p.ca.Server(&x509.Certificate{Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}})
	if err == nil {
		p.made[host] = c
	}
	return c, err
}

// ServeHTTP takes a CONNECT.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		http.Error(w, "CONNECT names no host and port", http.StatusBadRequest)
		return
	}
	var site http.Handler
	if port == "443" {
		site = p.Site(host)
	}
	var away net.Conn
	if site == nil {
		if away, err = p.dial(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer away.Close() //nolint:errcheck // ending
	}
	c, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer c.Close() //nolint:errcheck // ending
	if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	near := &ahead{c, buffered.Reader}
	if site == nil {
		tunnel(near, away)
		return
	}
	p.serve(near, host, site)
}

// serve answers one connection's requests.
func (p *Proxy) serve(c net.Conn, host string, site http.Handler) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return p.certificate(h, host) }}
	l := &one{conn: tls.Server(c, cfg), done: make(chan struct{})}
	srv := &http.Server{Handler: site, ReadHeaderTimeout: dialTime, IdleTimeout: idleTime, ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed || s == http.StateHijacked {
			l.Close() //nolint:errcheck // it has no other connection
		}
	}}
	srv.Serve(l) //nolint:errcheck // it ends with its connection
}

// dial reaches a host that is not the region's, through the user's own proxy if any.
func (p *Proxy) dial(r *http.Request) (net.Conn, error) {
	ctx, stop := context.WithTimeout(r.Context(), dialTime)
	defer stop()
	var via *url.URL
	if p.Upstream != nil {
		var err error
		if via, err = p.Upstream(&http.Request{URL: &url.URL{Scheme: "https", Host: r.Host}}); err != nil {
			return nil, err
		}
	}
	d := net.Dialer{}
	if via == nil {
		return d.DialContext(ctx, "tcp", r.Host)
	}
	if via.Scheme != "http" {
		return nil, fmt.Errorf("the region cannot go on through the proxy %s: it speaks http to proxies alone", via.Redacted())
	}
	c, err := d.DialContext(ctx, "tcp", via.Host)
	if err != nil {
		return nil, err
	}
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: r.Host}, Host: r.Host, Header: http.Header{}}
	if u := via.User; u != nil {
		pass, _ := u.Password()
		ask.SetBasicAuth(u.Username(), pass)
		ask.Header["Proxy-Authorization"] = ask.Header["Authorization"]
		ask.Header.Del("Authorization")
	}
	if err := ask.Write(c); err != nil {
		c.Close() //nolint:errcheck // it failed
		return nil, err
	}
	in := bufio.NewReader(c)
	answer, err := http.ReadResponse(in, ask)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the proxy %s answers %s", via.Host, answer.Status)
	}
	if err != nil {
		c.Close() //nolint:errcheck // it failed
		return nil, err
	}
	return &ahead{c, in}, nil
}

func tunnel(a, b net.Conn) {
	ended := make(chan struct{}, 2)
	go func() { io.Copy(b, a); ended <- struct{}{} }() //nolint:errcheck // either end went away
	go func() { io.Copy(a, b); ended <- struct{}{} }() //nolint:errcheck // either end went away
	<-ended
}

// ahead is a connection of which some was read already.
type ahead struct {
	net.Conn
	r *bufio.Reader
}

func (a *ahead) Read(b []byte) (int, error) { return a.r.Read(b) }

// one is a listener with one connection.
type one struct {
	conn net.Conn
	once sync.Once
	ends sync.Once
	done chan struct{}
}

// Accept gives the connection, then waits for its end.
func (l *one) Accept() (c net.Conn, err error) {
	l.once.Do(func() { c = l.conn })
	if c == nil {
		<-l.done
		err = io.EOF
	}
	return c, err
}

// Close ends Accept.
func (l *one) Close() error { l.ends.Do(func() { close(l.done) }); return nil }

// Addr is the connection's.
func (l *one) Addr() net.Addr { return l.conn.LocalAddr() }
