package wire_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/mutate"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/cloudtrail"
	"github.com/slipway-eks/slipway/internal/sim/eksauth"
	"github.com/slipway-eks/slipway/internal/sim/quotas"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// stubbed is a server of every operation that a region answers, without what they do.
func stubbed(t testing.TB) *wire.Server {
	t.Helper()
	r := sim.New(sim.Options{Seed: 1, Start: noon}).Region("us-west-2")
	s := wire.NewServer()
	for _, x := range []struct {
		signing, model string
		register       func(*wire.Service)
	}{
		{"ec2", "ec2", r.EC2.Register}, {"iam", "iam", r.IAM.Register}, {"sts", "sts", r.IAM.RegisterSTS}, {"autoscaling", "autoscaling", r.ASG.Register},
		{"elasticloadbalancing", "elasticloadbalancingv2", r.ELB.Register}, {"elasticloadbalancing@2012-06-01", "elasticloadbalancing", r.ELB.RegisterClassic},
		{"eks", "eks", r.EKS.Register}, {"eks-auth", "eks-auth", (&eksauth.Auth{}).Register}, {"cloudformation", "cloudformation", r.CFN.Register},
		{"kms", "kms", r.KMS.Register}, {"logs", "logs", r.Logs.Register}, {"sqs", "sqs", r.SQS.Register}, {"events", "events", r.Events.Register},
		{"ssm", "ssm", r.SSM.Register}, {"cloudtrail", "cloudtrail", cloudtrail.New(r.World, sim.Account, "aws").Register}, {"servicequotas", "servicequotas", (&quotas.Quotas{}).Register},
	} {
		s.Add(x.signing, x.model, x.register)
	}
	for _, o := range r.Operations() {
		if !s.Serves(o.Service) {
			t.Errorf("%s is not decoded", o.Service)
		}
	}
	return s
}

// answer is what a server wrote.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// ask sends a request. A bug, an answer that says so and one that no client can read are
// faults of the case.
func ask(c *mutate.Case, h http.Handler, r *http.Request, bugs *[]string) *answer {
	a := &answer{header: http.Header{}}
	h.ServeHTTP(a, r)
	for _, bug := range *bugs {
		c.Fail(mutate.Where(bug), bug)
	}
	switch {
	case len(*bugs) > 0:
	case a.status < 200 || a.status >= 500:
		c.Fail(fmt.Sprintf("status %d %.60s", a.status, a.body.Bytes()), fmt.Sprintf("answered %d %.500s", a.status, a.body.Bytes()))
	default:
		if err := readable(a); err != nil {
			c.Fail("answer "+err.Error(), fmt.Sprintf("answered %q, which is not well-formed: %v", a.body.Bytes()[:min(a.body.Len(), 500)], err))
		}
	}
	*bugs = (*bugs)[:0]
	return a
}

func readable(a *answer) error {
	b := a.body.Bytes()
	kind := a.header.Get("Content-Type")
	switch {
	case strings.Contains(kind, "json"):
		if !json.Valid(b) {
			return errors.New("no JSON")
		}
	case strings.Contains(kind, "xml"):
		d := xml.NewDecoder(bytes.NewReader(b))
		for {
			if _, err := d.RawToken(); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// What decodes a request and encodes its answer takes whatever is sent, for every operation
// of every service.
func TestDecoderExecutions(t *testing.T) {
	var c *mutate.Case
	var bugs []string
	s := stubbed(t)
	s.Log = func(format string, a ...any) { bugs = append(bugs, fmt.Sprintf(format, a...)) }
	s.Secret = func(*wire.Caller) string {
		if c.Chance(16) {
			return "secret"
		}
		return ""
	}
	s.Stub(func(o wire.Op, out reflect.Type) (any, error) {
		switch c.IntN(8) {
		case 0:
			return o.Output(c.Source)
		case 1:
			return nil, wire.Errorf("ValidationError", "%s is not", c.Word())
		}
		return reflect.New(out).Interface(), nil
	})
	ops := s.Ops()
	mutate.Run(t, mutate.Loop{Small: 15_000, Run: func(x *mutate.Case) {
		c = x
		o := mutate.Pick(c.Source, ops)
		a := o.Request(c.Source, o.Input(c.Source, nil), 4)
		r := a.HTTP("AKIA")
		c.Input = a.String
		if c.Chance(16) { // who it is from
			for _, h := range []string{"Authorization", "X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token", "Amz-Sdk-Invocation-Id"} {
				if c.Chance(3) {
					r.Header[h] = []string{c.Text(r.Header.Get(h)+"20261122T120000Z", r.Header.Get("Authorization"))}
				}
			}
			c.Input = func() string { return fmt.Sprintf("%s %q", a, r.Header) }
		}
		ask(c, s, r, &bugs)
	}})
}
