// Package sim is the simulated AWS account: regions with EKS, EC2, IAM, STS,
// CloudFormation, CloudTrail, SSM, Auto Scaling, Elastic Load Balancing, KMS, CloudWatch
// Logs, SQS, EventBridge and Service Quotas over the wire protocols, and a Kubernetes API per cluster. It behaves as AWS does for
// every client and must not know which one is calling.
package sim

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/autoscaling"
	"github.com/slipway-eks/slipway/internal/sim/cfn"
	"github.com/slipway-eks/slipway/internal/sim/cloudtrail"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/eks"
	"github.com/slipway-eks/slipway/internal/sim/eksauth"
	"github.com/slipway-eks/slipway/internal/sim/elb"
	"github.com/slipway-eks/slipway/internal/sim/events"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/kms"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/logs"
	"github.com/slipway-eks/slipway/internal/sim/quotas"
	"github.com/slipway-eks/slipway/internal/sim/sqs"
	"github.com/slipway-eks/slipway/internal/sim/ssm"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// Account is the simulated account's number.
const Account = "111122223333"

// Options say how a simulated account runs.
type Options struct {
	Seed  uint64    // the same seed draws the same durations and identifiers
	Speed float64   // simulated seconds per wall second; 0: virtual
	Start time.Time // when the world begins; zero: now
	// Secret is the administrator's secret key; "": iam.Secret, which everybody knows. A
	// region that is served to others needs one of its own.
	Secret string
	// Log takes bugs, with their stacks; nil: they go to standard error.
	Log func(format string, a ...any)
	// PageSize is the most that a page of any listing holds; 0: as AWS has it.
	PageSize int
}

// Sim is one simulated account.
type Sim struct {
	World *world.World

	options Options
	mu      sync.Mutex
	serving bool
	regions map[string]*Region
	iams    map[string]*iam.IAM // by partition
	trails  map[string]*cloudtrail.Trail
	issuers *issuers // once it is served
	keys    keyring
	pauses  pauses
}

// Region is the account's state in one region.
type Region struct {
	World *world.World
	IAM   *iam.IAM
	EC2   *ec2.EC2
	ASG   *autoscaling.AutoScaling
	ELB   *elb.ELB
	EKS   *eks.EKS
	CFN   *cfn.CFN
	KMS   *kms.KMS
	Logs  *logs.Logs
	SSM   *ssm.SSM
	SQS   *sqs.SQS
	// Events is EventBridge.
	Events *events.Events

	server   *wire.Server
	pageSize int
	troubles []*trouble
	faults   []func(service, op string) error
}

// Fault asks f before every operation; its error is the answer. It is a test's own:
// no part of a saved region.
func (r *Region) Fault(f func(service, op string) error) { r.faults = append(r.faults, f) }

// New makes an account without resources.
func New(o Options) *Sim {
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	if o.Log == nil {
		o.Log = func(format string, a ...any) { fmt.Fprintf(os.Stderr, "the simulated region: "+format+"\n", a...) }
	}
	return &Sim{World: world.New(o.Start, o.Seed, o.Speed), options: o, pauses: pauses{speed: o.Speed}, regions: map[string]*Region{}, iams: map[string]*iam.IAM{},
		trails: map[string]*cloudtrail.Trail{}}
}

// Partition is the AWS partition of a region.
func Partition(region string) string { return ec2.Partition(region) }

// Region is the account in one region, made at its first use.
func (s *Sim) Region(name string) *Region {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.regions[name]; r != nil {
		return r
	}
	r := s.newRegion(name)
	s.regions[name] = r
	return r
}

func (s *Sim) newRegion(name string) *Region {
	w, p := s.World.In(name), Partition(name)
	if s.iams[p] == nil {
		s.iams[p] = iam.New(s.World.In(p), Account, p)
		if s.options.Secret != "" {
			s.iams[p].AdminSecret = s.options.Secret
		}
		s.iams[p].IssuerKey = s.issuerKey
		s.trails[p] = cloudtrail.New(s.World.In(p), Account, p)
		s.trails[p].RoleID = s.iams[p].RoleID
	}
	r := &Region{World: w, IAM: s.iams[p], EC2: ec2.New(w, name, Account, p), KMS: kms.New(w, name, Account, p), Logs: logs.New(w, name, Account, p)}
	r.EC2.AddDefaultVPC()
	r.EC2.HasProfile = func(p string) bool { return r.IAM.HasProfile(p[strings.LastIndex(p, "/")+1:]) }
	r.ASG, r.ELB = autoscaling.New(w, r.EC2), elb.New(w, r.EC2)
	r.SSM, r.SQS, r.Events = ssm.New(w, r.KMS), sqs.New(w, name, Account, p), events.New(w, name, Account, p)
	r.Events.Deliver = r.SQS.Deliver
	r.tellOfInstances()
	r.IAM.Tagged(name, r.tagsOf)
	r.ASG.Link = r.IAM.Link
	r.KMS.Knows = r.IAM.Knows
	r.Logs.Encrypts = func(key string) bool { m := r.KMS.Key(key); return m != nil && m.Enabled }
	r.IAM.Using("autoscaling.amazonaws.com", r.ASG.ARNs)
	r.EKS = eks.New(w, r.EC2, r.IAM, r.ASG, r.KMS, r.Logs)
	r.EC2.OnRunning = append(r.EC2.OnRunning, func(i *types.Instance) {
		groups, names := r.ASG.Behind(*i.InstanceId)
		r.ELB.Enlist(*i.InstanceId, groups, names)
	})
	r.EKS.ELB, r.ELB.Answers = r.ELB, append(r.ELB.Answers, r.EKS.PodAnswers)
	r.EKS.SigningKey = s.signingKey
	r.CFN = cfn.New(w, &cfn.Env{EC2: r.EC2, IAM: r.IAM, EKS: r.EKS, ASG: r.ASG, KMS: r.KMS, Logs: r.Logs, SQS: r.SQS, Events: r.Events,
		Trail: s.trails[p].Record, Log: s.options.Log})
	if s.serving {
		r.EKS.Serve = (*kubeapi.Cluster).Listen
	}
	r.faultEvents()
	v := wire.NewServer()
	r.pageSize, v.PageSize = s.options.PageSize, s.options.PageSize
	v.Log = s.options.Log
	v.Secret = func(c *wire.Caller) string {
		if !s.serving {
			return "" // in process there is nobody but us
		}
		return r.IAM.Secret(c.AccessKey)
	}
	v.Around = func(f func()) { w.Lock(); defer w.Unlock(); f() }
	v.Before = func(c *wire.Caller, op string, in any) error {
		s.notice(c, op)
		for _, f := range r.faults {
			if err := f(c.Service, op); err != nil {
				return err
			}
		}
		if err := r.refuse(c.Service, op); err != nil {
			return err
		}
		if c.Service == "sts" {
			if err := r.IAM.STS(name); err != nil {
				return err
			}
		}
		if c.Service == "sts" && op == unsignedAction {
			return nil
		}
		if err := r.IAM.Authenticate(c); err != nil {
			return err
		}
		if in == nil {
			return nil // refused anyhow
		}
		return r.IAM.Authorize(c, op, in)
	}
	v.After = s.trails[p].Record
	v.Add("ec2", "ec2", r.EC2.Register)
	v.Add("iam", "iam", r.IAM.Register)
	v.Add("sts", "sts", r.IAM.RegisterSTS)
	v.Add("autoscaling", "autoscaling", r.ASG.Register)
	v.Add("elasticloadbalancing", "elasticloadbalancingv2", r.ELB.Register)
	v.Add("elasticloadbalancing@2012-06-01", "elasticloadbalancing", r.ELB.RegisterClassic)
	v.Add("eks", "eks", r.EKS.Register)
	v.Add("eks-auth", "eks-auth", (&eksauth.Auth{EKS: r.EKS, IAM: r.IAM, Salt: func(c string) string { return w.UUID("eks-auth", c) }}).Register)
	v.Add("cloudformation", "cloudformation", r.CFN.Register)
	v.Add("cloudtrail", "cloudtrail", s.trails[p].Register)
	v.Add("kms", "kms", r.KMS.Register)
	v.Add("logs", "logs", r.Logs.Register)
	v.Add("sqs", "sqs", r.SQS.Register)
	v.Add("events", "events", r.Events.Register)
	v.Add("ssm", "ssm", r.SSM.Register)
	v.Add("servicequotas", "servicequotas", (&quotas.Quotas{EC2: &r.EC2.Quotas, Prefix: "arn:" + p + ":servicequotas:" + name + ":" + Account + ":"}).Register)
	r.server = v
	return r
}

// Operations lists what the region's services answer.
func (r *Region) Operations() []wire.Operations { return r.server.Operations() }

// notice tells in the log of a client that is slow at the region's speed.
func (s *Sim) notice(c *wire.Caller, op string) {
	client, pause := s.pauses.seen(c.HTTP.UserAgent(), c.Service+":"+op, s.World.Elapsed())
	if client != "" {
		s.options.Log("%s waits %s between two looks at %s:%s, which are %s here: it misses what happens in between, and its timeouts are long; "+
			"a lower --speed is closer to AWS", client, time.Duration(float64(pause)/s.options.Speed).Round(time.Second), c.Service, op, pause.Round(time.Minute))
	}
}

// ServeHTTP answers a request in the region that it is signed for. Global services
// sign for us-east-1, and share the account's state anyway.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := wire.CallerOf(r)
	switch {
	case c.Region == "" && r.Method == http.MethodGet && r.URL.RawQuery == "":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintln(w, "This is a simulated AWS region: it answers signed AWS API requests.")
	case c.Region == "" && s.unsigned(w, r):
	case c.Region == "":
		wire.Refuse(w, r, wire.Errorf("MissingAuthenticationToken", "Request is missing Authentication Token").With(http.StatusForbidden))
	case !known(c.Region):
		wire.Refuse(w, r, wire.Errorf("SignatureDoesNotMatch", "Credential should be scoped to a valid region. ").With(http.StatusForbidden))
	default:
		s.Region(c.Region).server.ServeHTTP(w, r)
	}
}

// RoundTrip reaches the account, or a cluster's Kubernetes API, without a socket.
func (s *Sim) RoundTrip(r *http.Request) (*http.Response, error) {
	if k := s.kube(r.URL.Host); k != nil {
		return k.RoundTrip(r)
	}
	if strings.Contains(r.URL.Host, ".eks.") && strings.Contains(r.URL.Host, ".gr7.") {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("lookup %s: no such host", r.URL.Host)}
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = r.URL.RequestURI()
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, in)
	out := rec.Result()
	out.Request = r
	return out, nil
}

func (s *Sim) kube(host string) *kubeapi.Cluster {
	if !strings.Contains(host, ".gr7.") {
		return nil
	}
	s.World.Lock()
	defer s.World.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.regions {
		if k := r.EKS.Kube(host); k != nil {
			return k
		}
	}
	return nil
}
