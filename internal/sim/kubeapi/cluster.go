package kubeapi

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiversion "k8s.io/apimachinery/pkg/version"

	"github.com/slipway-eks/slipway/internal/sim/ca"
)

// Cluster is one cluster's Kubernetes API and its objects.
type Cluster struct {
	// Token tells who a bearer token belongs to; nil: nobody.
	Token func(string) *User
	// Signer signs the tokens of service accounts; nil: nobody does.
	Signer *Signer
	// CA is the cluster's certificate authority, PEM.
	CA        []byte
	down      atomic.Pointer[string]
	version   atomic.Pointer[string]
	services  atomic.Pointer[netip.Prefix]
	objects   *objects
	asked     asked
	authority *ca.Authority
	// aggregated are the cluster roles as AggregateRoles saw them last.
	aggregated []*rbacv1.ClusterRole
	lazy
}

// Down is why the API server answers nothing but 503; "" when it works.
func (c *Cluster) Down() string {
	if p := c.down.Load(); p != nil {
		return *p
	}
	return ""
}

// SetDown makes the API server fail for a reason, or "" work again.
func (c *Cluster) SetDown(why string) { c.down.Store(&why) }

// Version is the control plane's, such as v1.34.1-eks-113cf36.
func (c *Cluster) Version() string {
	if p := c.version.Load(); p != nil {
		return *p
	}
	return ""
}

// SetVersion is the end of an upgrade of the control plane.
func (c *Cluster) SetVersion(v string) { c.version.Store(&v) }

// NewCluster is an empty cluster; uid draws an object's identifier by its key, and
// changed is called, under the storage's lock, whenever an object changes.
// Certificates are on wall time.
func NewCluster(version string, uid func(key string) string, date func() time.Time, changed func()) (*Cluster, error) {
	c := &Cluster{objects: newObjects(uid, date, changed)}
	c.SetVersion(version)
	var err error
	if c.authority, err = ca.New("kubernetes"); err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	c.CA = c.authority.PEM()
	serverOf(version) // the first cluster of a minor pays for its server's start
	return c.ready(), nil
}

// Listen serves the cluster's API over TLS on loopback: at an earlier URL, if its port
// is free, or at another one. It returns the https URL.
func (c *Cluster) Listen(earlier string) (url string, stop func(), err error) {
	cert, err := c.authority.Server(&x509.Certificate{Subject: pkix.Name{CommonName: "kube-apiserver"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}})
	if err != nil {
		return "", nil, err
	}
	secure := &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: []string{"h2", "http/1.1"}}
	var l net.Listener
	if addr, ok := strings.CutPrefix(earlier, "https://127.0.0.1:"); ok {
		l, _ = tls.Listen("tcp", "127.0.0.1:"+addr, secure) //nolint:errcheck // somebody has the port: another one does
	}
	if l == nil {
		if l, err = tls.Listen("tcp", "127.0.0.1:0", secure); err != nil {
			return "", nil, err
		}
	}
	s := &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second}
	go s.Serve(l) //nolint:errcheck // ends with Close
	return "https://" + l.Addr().String(), func() { s.Close() }, nil
}

// ServeHTTP answers one Kubernetes API request.
func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.Down() != "" {
		answer(w, http.StatusServiceUnavailable, "ServiceUnavailable", "the server is currently unable to handle the request")
		return
	}
	serverOf(c.Version()).Handler.ServeHTTP(w, r.WithContext(withCluster(r.Context(), c)))
}

// serveVersion says which Kubernetes this is, as EKS's API servers do.
func (c *Cluster) serveVersion(w http.ResponseWriter) {
	version := c.Version()
	major, minor := minorOf(version)
	i := apiversion.Info{Major: major, Minor: minor + "+", GitVersion: version, GitTreeState: "clean", Compiler: "gc", Platform: "linux/amd64"}
	if n, err := strconv.Atoi(minor); err == nil && n >= 33 { // since compatibility versions
		i.EmulationMajor, i.EmulationMinor, i.MinCompatibilityMajor, i.MinCompatibilityMinor = major, minor, major, strconv.Itoa(n-1)
	}
	w.Header().Set("Content-Type", "application/json")
	b, err := json.MarshalIndent(i, "", "  ")
	if err == nil {
		_, _ = w.Write(b) // the client has gone
	}
}

// answer writes a failure as a Kubernetes Status.
func answer(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":%q,"reason":%q,"code":%d}`, message, reason, code)
}

// RoundTrip reaches the cluster without a socket. Watches stream; every other
// request is answered before it returns.
func (c *Cluster) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:1"
	if r.URL.Query().Get("watch") != "" {
		return c.stream(r, in)
	}
	x := &recorder{header: http.Header{}, status: http.StatusOK}
	c.ServeHTTP(x, in)
	return &http.Response{Status: http.StatusText(x.status), StatusCode: x.status, Header: x.header, Body: io.NopCloser(bytes.NewReader(x.body.Bytes())),
		Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

func (c *Cluster) stream(r, in *http.Request) (*http.Response, error) {
	pr, pw := io.Pipe()
	x := &streamer{header: http.Header{}, w: pw, ready: make(chan int, 1)}
	go func() {
		c.ServeHTTP(x, in)
		x.WriteHeader(http.StatusOK)
		pw.Close()
	}()
	return &http.Response{StatusCode: <-x.ready, Header: x.header, Body: pr, Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (x *recorder) Header() http.Header         { return x.header }
func (x *recorder) Write(b []byte) (int, error) { return x.body.Write(b) }
func (x *recorder) WriteHeader(s int)           { x.status = s }

type streamer struct {
	header http.Header
	w      *io.PipeWriter
	ready  chan int
	sent   bool
}

func (x *streamer) Header() http.Header { return x.header }
func (x *streamer) Flush()              {}

// CloseNotify is what Kubernetes looks for in a writer that can stream; the
// request's context says more, and is what the server listens to.
func (x *streamer) CloseNotify() <-chan bool { return nil }
func (x *streamer) WriteHeader(s int) {
	if !x.sent {
		x.sent = true
		x.ready <- s
	}
}
func (x *streamer) Write(b []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	return x.w.Write(b)
}

// Pointer is a typed object, such as *corev1.Pod for T corev1.Pod.
type Pointer[T any] interface {
	*T
	runtime.Object
	metav1.Object
}

// List is every object of a type, in order of namespace and name. The objects are
// shared: copy before changing.
func List[T any, P Pointer[T]](c *Cluster) []P {
	k := kindOf(P(new(T)))
	c.objects.mu.Lock()
	defer c.objects.mu.Unlock()
	var out []P
	for _, key := range c.objects.keys(k.prefix()) {
		out = append(out, c.objects.rows[key].(P))
	}
	return out
}

// Get is one object, shared, or nil.
func Get[T any, P Pointer[T]](c *Cluster, ns, name string) P {
	if o := c.objects.get(kindOf(P(new(T))).key(ns, name)); o != nil {
		return o.(P)
	}
	return nil
}

// Save creates or updates an object as the control plane's own components do. It
// reports false when the object changed since it was read: read it again.
func (c *Cluster) Save(o runtime.Object) bool {
	m, err := meta.Accessor(o)
	if err != nil {
		return false
	}
	k := kindOf(o)
	key := k.key(m.GetNamespace(), m.GetName())
	defer c.settleDefinitions()
	c.objects.mu.Lock()
	defer c.objects.mu.Unlock()
	cur := c.objects.rows[key]
	if cur == nil {
		if m.GetResourceVersion() != "" {
			return false // deleted meanwhile
		}
		schemeOf(k.gv.Group).Default(o)
		if k.generations() && m.GetGeneration() == 0 {
			m.SetGeneration(1)
		}
	} else if rv, _ := versioner.ObjectResourceVersion(cur); m.GetResourceVersion() != strconv.FormatUint(rv, 10) {
		return false
	}
	return c.objects.store(key, o) == nil
}

// Remove deletes an object at once.
func (c *Cluster) Remove(o runtime.Object) {
	m, err := meta.Accessor(o)
	if err != nil {
		return
	}
	c.objects.mu.Lock()
	defer c.objects.mu.Unlock()
	c.objects.drop(kindOf(o).key(m.GetNamespace(), m.GetName()))
}

// SetServiceRange is the range that Services' addresses come from; 10.100.0.0/16 until
// it is set, which is EKS's where the VPC does not use it.
func (c *Cluster) SetServiceRange(p netip.Prefix) { c.services.Store(&p) }

// ServiceIP is an address of the range of Services, by its number.
func (c *Cluster) ServiceIP(n int) string {
	ip := c.serviceRange().Addr()
	for range n {
		ip = ip.Next()
	}
	return ip.String()
}

func (c *Cluster) serviceRange() netip.Prefix {
	if p := c.services.Load(); p != nil {
		return *p
	}
	return netip.MustParsePrefix("10.100.0.0/16")
}
