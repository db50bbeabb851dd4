package wire

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Caller is who signed a request, and for which region and service.
type Caller struct {
	AccessKey string
	Region    string
	Service   string
	Token     string // the session token, where temporary credentials sign
	ARN       string // whose key it is, once that is known
	Via       string // the service that calls on the caller's behalf, or ""
	HTTP      *http.Request

	before, noted string // by the request's token: Before and Note
}

type handler struct {
	in, out reflect.Type
	call    func(*Caller, any) (any, error)
	pages   *pager // nil: it answers everything at once
}

// Service is one AWS service's operations.
type Service struct {
	*model
	name     string // its signing name
	handlers map[string]handler
	routes   []route
	tokens   idempotency
}

type route struct {
	method string
	re     *regexp.Regexp
	labels []string
	op     string
	fixed  int
}

// Server routes requests by SigV4 credential scope, so that one endpoint URL
// serves every service.
type Server struct {
	mu       sync.Mutex
	services map[string]*Service
	loaders  map[string]func() *Service
	// versioned are the signing names under which several APIs are served.
	versioned map[string]bool
	replies   map[string]*reply // by amz-sdk-invocation-id: a retried call is one call
	order     []string
	requests  atomic.Uint64

	// Before runs before every operation, with its name and decoded input (nil where it
	// will be refused anyhow); an error from it is the answer (authentication,
	// authorisation, throttling, faults).
	Before func(c *Caller, op string, in any) error
	// After sees every call with what came of it; nil: nobody does.
	After func(c *Caller, op string, in, out any, err error)
	// PageSize is the most that any page of a listing holds; 0: as AWS has it. Small
	// pages show who forgets the next one.
	PageSize int
	// Secret is the secret key of a caller whose signature is to be verified; "": it is
	// not, or whose key it is is not known, which Before answers.
	Secret func(c *Caller) string
	// Log takes bugs, with their stacks.
	Log func(format string, a ...any)
	// Around runs the operation, taking whatever lock the world needs.
	Around func(func())
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// NewServer makes a server without services.
func NewServer() *Server {
	return &Server{services: map[string]*Service{}, loaders: map[string]func() *Service{}, versioned: map[string]bool{}, replies: map[string]*reply{},
		Around: func(f func()) { f() }, Before: func(*Caller, string, any) error { return nil },
		Secret: func(*Caller) string { return "" }, Log: func(string, ...any) {}}
}

// Add registers a service under its signing name; its model is read at the first
// request, so that an unused service costs nothing. Where two APIs share a signing name
// (Elastic Load Balancing's), the other is added as "name@version": a query says which
// version it speaks.
func (s *Server) Add(signing, model string, register func(*Service)) {
	if name, _, is := strings.Cut(signing, "@"); is {
		s.versioned[name] = true
	}
	s.loaders[signing] = func() *Service {
		svc, err := newService(model)
		if err != nil {
			panic(err) // the models are embedded: a broken one is a broken build
		}
		register(svc)
		return svc
	}
}

func (s *Server) service(name string) *Service {
	s.mu.Lock()
	defer s.mu.Unlock()
	if svc := s.services[name]; svc != nil {
		return svc
	}
	if load := s.loaders[name]; load != nil {
		s.services[name] = load()
	}
	return s.services[name]
}

// ofVersion is the service that a query asks, by its signing name and its Version.
func (s *Server) ofVersion(svc *Service, c *Caller, body []byte) *Service {
	if !s.versioned[c.Service] {
		return svc
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return svc // refused when it is decoded
	}
	if other := s.service(c.Service + "@" + cmp.Or(form.Get("Version"), c.HTTP.URL.Query().Get("Version"))); other != nil {
		return other
	}
	return svc
}

var labelRE = regexp.MustCompile(`\{(\w+)\+?\}`)

func newService(name string) (*Service, error) {
	once, _ := known.LoadOrStore(name, sync.OnceValues(func() (*routed, error) { return readService(name) }))
	m, err := once.(func() (*routed, error))()
	if err != nil {
		return nil, err
	}
	return &Service{model: m.model, name: name, routes: m.routes, handlers: map[string]handler{}}, nil
}

// routed is a service's model with its routes: the same for every region, and never
// changed, so that it is read once.
type routed struct {
	*model
	routes []route
}

var known sync.Map // service -> func() (*routed, error)

func readService(name string) (*routed, error) {
	m, err := loadModel(name)
	if err != nil {
		return nil, err
	}
	s := &routed{model: m}
	for n, o := range s.Ops {
		if len(o.HTTP) == 0 {
			continue
		}
		uri := strings.SplitN(o.HTTP[1].(string), "?", 2)[0]
		r := route{method: o.HTTP[0].(string), op: n, fixed: len(labelRE.ReplaceAllString(uri, ""))}
		for _, x := range labelRE.FindAllStringSubmatch(uri, -1) {
			r.labels = append(r.labels, x[1])
		}
		r.re = regexp.MustCompile("^" + labelRE.ReplaceAllString(uri, `([^/]+)`) + "$")
		s.routes = append(s.routes, r)
	}
	sort.Slice(s.routes, func(i, j int) bool {
		a, b := s.routes[i], s.routes[j]
		return a.fixed > b.fixed || a.fixed == b.fixed && a.op < b.op
	})
	return s, nil
}

// Handle registers an operation. The name must be in the service's model.
func Handle[I, O any](s *Service, name string, f func(*Caller, *I) (*O, error)) {
	if s.Ops[name] == nil {
		panic("no operation " + name + " in the model of " + s.model.Service)
	}
	call := func(c *Caller, in any) (any, error) {
		out, err := f(c, in.(*I))
		if err != nil {
			return nil, err
		}
		return out, nil
	}
	in, out := reflect.TypeFor[I](), reflect.TypeFor[O]()
	s.handlers[name] = handler{in, out, s.once(name, in, call), newPager(s.name, name, in, out)}
}

// answer calls the operation, and cuts its answer to the page that is asked for; most
// limits every page, 0 if nothing does.
func (h handler) answer(c *Caller, in any, most int) (any, error) {
	if h.pages == nil {
		return h.call(c, in)
	}
	v := reflect.ValueOf(in).Elem()
	from, size, err := h.pages.bounds(v, most)
	if err != nil {
		return nil, err
	}
	out, err := h.call(c, in)
	if err == nil {
		h.pages.cut(v, reflect.ValueOf(out).Elem(), from, size)
	}
	return out, err
}

// maxPath is how long a path over REST may be, in bytes: the longest that an operation has
// holds two ARNs.
const maxPath = 8 << 10

var credentialRE = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request`)

type callerKey struct{}

// As is a request whose caller is known otherwise than by a signature.
func As(r *http.Request, c *Caller) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
}

// CallerOf reads who signed a request, from the header or a presigned URL.
func CallerOf(r *http.Request) *Caller {
	if known, ok := r.Context().Value(callerKey{}).(*Caller); ok {
		c := *known
		c.HTTP = r
		return &c
	}
	c := &Caller{Token: r.Header.Get("X-Amz-Security-Token"), HTTP: r}
	if m := credentialRE.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		c.AccessKey, c.Region, c.Service = m[1], m[2], m[3]
	} else if p := strings.Split(r.URL.Query().Get("X-Amz-Credential"), "/"); len(p) == 5 {
		c.AccessKey, c.Region, c.Service = p[0], p[2], p[3]
		c.Token = r.URL.Query().Get("X-Amz-Security-Token")
	}
	return c
}

// ServeHTTP answers one AWS request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := CallerOf(r)
	svc := s.service(c.Service)
	if svc == nil {
		Refuse(w, r, Errorf("InvalidAction", "The simulated region does not serve the service %s. It serves %s.", c.Service,
			strings.Join(slices.Sorted(maps.Keys(s.loaders)), ", ")).With(http.StatusNotFound))
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case err != nil:
		Refuse(w, r, Errorf("RequestTimeout", "The request body could not be read: %v", err).With(http.StatusBadRequest))
		return
	case len(body) > MaxBody:
		svc.encode("", nil, tooLarge(), s.requestID()).write(w)
		return
	}
	svc = s.ofVersion(svc, c, body)
	if secret := s.Secret(c); secret != "" {
		if what := verify(r, body, secret, time.Now()); what != "" {
			svc.encode("", nil, badSignature(c.Service, svc.Protocol, what), s.requestID()).write(w)
			return
		}
	}
	id := r.Header.Get("Amz-Sdk-Invocation-Id")
	if id != "" {
		id = c.AccessKey + " " + id
	}
	if p := s.earlier(id); p != nil {
		p.write(w)
		return
	}
	name, p, err := s.answer(svc, c, body)
	s.remember(id, name, p, err)
	p.write(w)
}

func (s *Server) requestID() string {
	n := s.requests.Add(1)
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n)
}

// answer does what is asked. A bug in a handler is answered as AWS answers its own,
// and logged with its stack.
func (s *Server) answer(svc *Service, c *Caller, body []byte) (name string, p *reply, err error) {
	id := s.requestID()
	defer func() {
		if bug := recover(); bug != nil {
			s.Log("%s:%s: %v\n%s", c.Service, name, bug, debug.Stack())
			err = Errorf("InternalFailure", "The request processing has failed because of an unknown error, exception or failure.").With(500)
			p = svc.encode(name, nil, err, id)
		}
	}()
	var in, out any
	if name, in, err = svc.decode(c.HTTP, body); err == nil {
		err = svc.constrain(name, in)
	}
	s.Around(func() {
		if e := s.Before(c, name, valid(in, err)); e != nil {
			err = e
		}
		if err == nil {
			err = svc.dryRun(in)
		}
		if err == nil {
			out, err = svc.handlers[name].answer(c, in, s.PageSize)
		}
		if s.After != nil {
			s.After(c, name, in, out, err)
		}
		// Encoded under the lock: an output may share memory with the world.
		p = svc.encode(name, out, err, id)
	})
	return name, p, err
}

// valid is an input that can be acted on, or nil.
func valid(in any, err error) any {
	if err != nil {
		return nil
	}
	return in
}

func (s *Server) earlier(id string) *reply {
	if id == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replies[id]
}

// remember keeps the reply of a mutation that took effect, so that the SDK's own
// retry of it (same invocation ID) is answered, not done again.
func (s *Server) remember(id, name string, p *reply, err error) {
	for _, verb := range []string{"Describe", "List", "Get"} {
		if strings.HasPrefix(name, verb) {
			return
		}
	}
	if id == "" || err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies[id] = p
	if s.order = append(s.order, id); len(s.order) > 256 {
		delete(s.replies, s.order[0])
		s.order = s.order[1:]
	}
}

func (p *reply) write(w http.ResponseWriter) {
	for k, v := range p.header {
		w.Header()[k] = v
	}
	w.WriteHeader(p.status)
	w.Write(p.body)
}

func (s *Service) lookup(name, httpCode string, status int) (handler, error) {
	h, ok := s.handlers[name]
	if ok {
		return h, nil
	}
	msg := "The action " + name + " is not valid for this endpoint."
	if s.Ops[name] != nil {
		msg = "The simulated region does not serve " + s.model.Service + ":" + name + ". It serves " + strings.Join(s.served(), ", ") + "."
	}
	return h, Errorf(httpCode, "%s", msg).With(status)
}

func (s *Service) decode(r *http.Request, body []byte) (string, any, error) {
	if strings.HasSuffix(s.Protocol, "QueryProtocol") {
		return s.decodeForm(r, body)
	}
	var j any = map[string]any{}
	if len(body) > 0 {
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&j); err != nil {
			return "", nil, Errorf("SerializationException", "%v", err)
		}
	}
	if strings.HasPrefix(s.Protocol, "AwsJson1_") {
		t := r.Header.Get("X-Amz-Target")
		return s.decodeBody(t[strings.LastIndex(t, ".")+1:], j)
	}
	if len(r.URL.Path) > maxPath {
		return "", nil, Errorf("UnknownOperationException", "the path is longer than %d bytes", maxPath).With(http.StatusRequestURITooLong)
	}
	for _, c := range s.routes {
		if m := c.re.FindStringSubmatch(r.URL.EscapedPath()); m != nil && c.method == r.Method {
			return s.decodeREST(c, m[1:], r.URL.Query(), j)
		}
	}
	return "", nil, Errorf("UnknownOperationException", "no operation at %s %s", r.Method, r.URL.Path).With(404)
}

func (s *Service) decodeForm(r *http.Request, body []byte) (string, any, error) {
	f, err := url.ParseQuery(string(body))
	if err != nil {
		return "", nil, Errorf("MalformedQueryString", "%v", err)
	}
	for k, v := range r.URL.Query() {
		f[k] = v
	}
	name := f.Get("Action")
	h, err := s.lookup(name, "InvalidAction", 400)
	if err != nil {
		return name, nil, err
	}
	in := reflect.New(h.in)
	if err := s.decodeQuery(newForm(f), "", &ref{T: s.Ops[name].In}, in.Elem()); err != nil {
		return name, nil, Errorf("InvalidParameterValue", "%v", err)
	}
	return name, in.Interface(), nil
}

func (s *Service) decodeBody(name string, j any) (string, any, error) {
	h, err := s.lookup(name, "UnknownOperationException", 400)
	if err != nil {
		return name, nil, err
	}
	in := reflect.New(h.in)
	if err := s.decodeJSON(j, &ref{T: s.Ops[name].In}, in.Elem()); err != nil {
		return name, nil, Errorf("SerializationException", "%v", err)
	}
	return name, in.Interface(), nil
}

func (s *Service) decodeREST(c route, vals []string, q url.Values, j any) (string, any, error) {
	h, err := s.lookup(c.op, "UnknownOperationException", 404)
	if err != nil {
		return c.op, nil, err
	}
	in := reflect.New(h.in)
	r := &ref{T: s.Ops[c.op].In}
	if err := s.decodeJSON(j, r, in.Elem()); err != nil {
		return c.op, nil, Errorf("SerializationException", "%v", err)
	}
	for i, l := range c.labels {
		v, err := url.PathUnescape(vals[i])
		if err != nil {
			return c.op, nil, Errorf("SerializationException", "%v", err)
		}
		if err := setScalar(field(in.Elem(), l), v, false); err != nil {
			return c.op, nil, Errorf("SerializationException", "%v", err)
		}
	}
	_, sh := s.norm(r)
	for n, f := range sh.fields {
		vs, ok := q[f.HTTPQuery]
		if f.HTTPQuery == "" || !ok {
			continue
		}
		fv := field(in.Elem(), n)
		if k, _ := s.norm(f); k == "list" {
			for _, x := range vs {
				e := reflect.New(fv.Type().Elem()).Elem()
				if err := setScalar(e, x, false); err != nil {
					return c.op, nil, Errorf("SerializationException", "%v", err)
				}
				fv.Set(reflect.Append(fv, e))
			}
		} else if err := setScalar(fv, vs[0], false); err != nil {
			return c.op, nil, Errorf("InvalidParameterException", "%v", err)
		}
	}
	return c.op, in.Interface(), nil
}

func (s *Service) encode(name string, out any, err error, id string) *reply {
	p := &reply{status: 200, header: http.Header{"X-Amzn-Requestid": {id}}}
	var ae *Error
	if err != nil && !errors.As(err, &ae) {
		ae = Errorf("InternalFailure", "%v", err).With(500)
	}
	if ae != nil {
		p.status = ae.Status
	}
	if strings.HasSuffix(s.Protocol, "QueryProtocol") {
		p.header.Set("Content-Type", "text/xml;charset=UTF-8")
		p.body = []byte(s.encodeQuery(name, out, ae, id))
		return p
	}
	obj := any(map[string]any{})
	p.header.Set("Content-Type", map[string]string{"AwsJson1_0Protocol": "application/x-amz-json-1.0", jsonProtocol: "application/x-amz-json-1.1",
		"AwsRestJsonProtocol": "application/json"}[s.Protocol])
	switch {
	case ae != nil:
		m := map[string]any{"message": ae.Message}
		for k, v := range ae.Members {
			m[k] = v
		}
		if ae.older != "" {
			p.header.Set("X-Amzn-Query-Error", ae.older+";Sender")
		}
		if strings.HasPrefix(s.Protocol, "AwsJson1_") {
			m["__type"] = ae.Code
		} else {
			p.header.Set("X-Amzn-Errortype", ae.Code)
		}
		obj = m
	case strings.HasPrefix(s.Ops[name].Out, "#"):
		obj = s.encodeJSON(reflect.ValueOf(out), &ref{T: s.Ops[name].Out})
	}
	p.body, _ = json.Marshal(obj)
	return p
}

func (s *Service) encodeQuery(name string, out any, ae *Error, id string) string {
	ec2 := s.Protocol == ec2Protocol
	if ae != nil && ec2 {
		return fmt.Sprintf(`<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>`, ae.Code,
			xmlText(ae.Message), id)
	}
	if ae != nil {
		return fmt.Sprintf(
			`<ErrorResponse xmlns="%s"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>`,
			s.Xmlns, ae.Code, xmlText(ae.Message), id)
	}
	x := &xmlWriter{m: s.model}
	fmt.Fprintf(&x.b, `<%sResponse xmlns="%s">`, name, s.Xmlns)
	if ec2 {
		x.b.WriteString("<requestId>" + id + "</requestId>")
	} else {
		x.open(name + "Result")
	}
	if r := (&ref{T: s.Ops[name].Out}); strings.HasPrefix(r.T, "#") {
		x.write(reflect.ValueOf(out), r, "")
	}
	if !ec2 {
		x.close(name + "Result")
		x.b.WriteString("<ResponseMetadata><RequestId>" + id + "</RequestId></ResponseMetadata>")
	}
	x.close(name + "Response")
	return x.b.String()
}
