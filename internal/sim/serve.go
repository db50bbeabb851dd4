package sim

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// replyFloor is the least time a reply over a socket takes. A reply within
// microseconds can break smithy-go clients, whose request body closes while the
// connection still probes it (facts/sim.md §2).
const replyFloor = 2 * time.Millisecond

// A request over a socket has this long: no operation takes long to send or to answer.
const (
	headerTime  = 10 * time.Second
	requestTime = 30 * time.Second
	idleTime    = 2 * time.Minute
)

// serveClusters makes the Kubernetes APIs reachable, of clusters that are there too.
func (s *Sim) serveClusters() error {
	s.World.Lock()
	defer s.World.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving = true
	for _, r := range s.regions {
		if err := r.EKS.ServeClusters((*kubeapi.Cluster).Listen); err != nil {
			return err
		}
	}
	return nil
}

// CollectAt is how much garbage, in percent of what is held, a process that serves regions
// should let gather (debug.SetGCPercent): a region holds much and allocates little, so
// collecting twice as often as Go does costs next to nothing, and a third of the memory is
// saved.
const CollectAt = 50

// Serve answers on a loopback address until ctx ends, and runs the scaled clock.
func (s *Sim) Serve(ctx context.Context, addr string, ready func(url string)) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("the simulated region cannot listen on %s: %w", addr, err)
	}
	names, err := s.newIssuers()
	if err == nil {
		err = s.serveClusters()
	}
	if err != nil {
		l.Close() //nolint:errcheck // nobody has connected
		return err
	}
	s.mu.Lock()
	s.issuers = names
	s.mu.Unlock()
	s.World.Survive(func(what string, bug any, stack []byte) { s.options.Log("%s: %v\n%s", what, bug, stack) })
	go s.World.Run(ctx)
	srv := bounded(s.sockets(names), requestTime)
	go func() {
		<-ctx.Done()
		srv.Close() //nolint:errcheck // ending
	}()
	ready("http://" + l.Addr().String())
	if err := srv.Serve(l); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// bounded is a server whose requests have this long to arrive.
func bounded(h http.Handler, request time.Duration) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: min(headerTime, request), ReadTimeout: request, WriteTimeout: 2 * request,
		IdleTimeout: idleTime, MaxHeaderBytes: 64 << 10}
}

// sockets answers AWS's requests, and tunnels HTTPS to names of the region.
func (s *Sim) sockets(names http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			names.ServeHTTP(w, r)
			return
		}
		s.overSocket(w, r)
	})
}

func (s *Sim) overSocket(w http.ResponseWriter, r *http.Request) { s.reply(w, r, local(r)) }

// reply answers a request that came over a socket, or refuses it where it may not.
func (s *Sim) reply(w http.ResponseWriter, r *http.Request, may bool) {
	t := time.NewTimer(replyFloor)
	defer t.Stop()
	b := httptest.NewRecorder()
	if may {
		s.longPoll(r)
		s.ServeHTTP(b, r)
	} else {
		wire.Refuse(b, r, wire.Errorf("AccessDenied", "The simulated region answers on loopback only, and no page of a browser.").With(http.StatusForbidden))
	}
	<-t.C
	for k, v := range b.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(b.Code)
	w.Write(b.Body.Bytes()) //nolint:errcheck // the client went away
}

// local tells whether a request comes from a program on this machine and not from a
// page in a browser: the host is a loopback name (no name that was made to point
// here), and there is no foreign origin.
func local(r *http.Request) bool { return loopback(r.Host) && ofProgram(r) }

// ofProgram tells whether no page of another origin sent a request.
func ofProgram(r *http.Request) bool {
	o := r.Header.Get("Origin")
	if o == "" {
		return true
	}
	u, err := url.Parse(o)
	return err == nil && u.Host == r.Host
}

func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
