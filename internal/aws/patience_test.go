package aws

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answers is a transport that plays one reply after the other.
type answers struct {
	replies []func() (*http.Response, error)
	asked   int
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	f := a.replies[min(a.asked, len(a.replies)-1)]
	a.asked++
	return f()
}

type torn struct{}

func (torn) Read([]byte) (int, error) {
	return 0, &net.OpError{Op: "read", Net: "tcp", Err: net.ErrClosed}
}

func reply(status int, body io.Reader) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(body)}, nil
	}
}

type clockwork struct{ slept time.Duration }

func (c *clockwork) Now() time.Duration { return c.slept }
func (c *clockwork) Sleep(_ context.Context, d time.Duration) error {
	c.slept += d
	return nil
}

const (
	whoami   = `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/me</Arn><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	throttle = `<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`
)

func TestPatienceOutlastsThrottlesAndBrokenAnswers(t *testing.T) {
	a := &answers{replies: []func() (*http.Response, error){reply(200, torn{}), func() (*http.Response, error) { return reply(400, strings.NewReader(throttle))() }, func() (*http.Response, error) { return reply(200, strings.NewReader(whoami))() }}}
	c, err := New(t.Context(), Options{Region: "us-west-2", Transport: a, Key: "k", Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	clk := &clockwork{}
	if err := c.Identify(Patient(t.Context(), clk)); err != nil || a.asked != 3 || clk.slept != 3*time.Second {
		t.Errorf("%v after %d calls and %s", err, a.asked, clk.slept)
	}
	a.asked = 0
	if err := c.Identify(t.Context()); err == nil || a.asked != 1 {
		t.Errorf("without patience: %v after %d calls", err, a.asked)
	}
}

func TestPatienceDoesNotWaitForWhatCannotBeReached(t *testing.T) {
	a := &answers{replies: []func() (*http.Response, error){func() (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}}}
	c, err := New(t.Context(), Options{Region: "us-west-2", Transport: a, Key: "k", Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Identify(Patient(t.Context(), &clockwork{})); err == nil || a.asked != 1 {
		t.Errorf("%v after %d calls", err, a.asked)
	}
}
