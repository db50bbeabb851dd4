package pace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go/middleware"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// answers is a transport that plays one reply after the other, the last one for ever.
type answers struct {
	replies []func() (*http.Response, error)
	asked   int
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	f := a.replies[min(a.asked, len(a.replies)-1)]
	a.asked++
	return f()
}

type torn struct{ error }

func (b torn) Read([]byte) (int, error) { return 0, b.error }

func replyOf(status int, kind string, body io.Reader) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, ContentLength: -1, Body: io.NopCloser(body)}, nil
	}
}

func xml(status int, text string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return replyOf(status, "text/xml", strings.NewReader(text))() }
}

func lost(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

const (
	stacks   = `<DescribeStacksResponse><DescribeStacksResult><Stacks/></DescribeStacksResult></DescribeStacksResponse>`
	deleted  = `<DeleteStackResponse/>`
	throttle = `<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`
	stumble  = `<ErrorResponse><Error><Code>ServiceUnavailable</Code></Error></ErrorResponse>`
	page     = `<html><body>Sign in to the hotel's network</body></html>`
)

// hour is a clock that only waits move.
type hour struct{ now time.Duration }

func (h *hour) Now() time.Duration { return h.now }
func (h *hour) Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	h.now += d
	return nil
}

func client(c *hour, p *Pacer, t http.RoundTripper) *cloudformation.Client {
	return cloudformation.NewFromConfig(aws.Config{Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), HTTPClient: &http.Client{Transport: t},
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }, APIOptions: []func(*middleware.Stack) error{p.SDK}})
}

// Everything that a minute of trouble can make of an answer is outlasted by a read
// outside of a turn, and waited for on the clock.
func TestReadsOutlastTrouble(t *testing.T) {
	for name, trouble := range map[string]func() (*http.Response, error){
		"throttled":  xml(400, throttle),
		"503":        xml(503, stumble),
		"bare 502":   replyOf(502, "text/html", strings.NewReader(page)),
		"reset":      lost(&net.OpError{Op: "read", Err: syscall.ECONNRESET}),
		"EOF":        lost(io.EOF),
		"torn":       replyOf(200, "text/xml", torn{&net.OpError{Op: "read", Err: net.ErrClosed}}),
		"cut":        replyOf(200, "text/xml", torn{io.ErrUnexpectedEOF}),
		"half":       xml(200, stacks[:60]),
		"a web page": replyOf(200, "text/html; charset=utf-8", strings.NewReader(page)),
	} {
		t.Run(name, func(t *testing.T) {
			clk := &hour{}
			a := &answers{replies: []func() (*http.Response, error){trouble, trouble, trouble, xml(200, stacks)}}
			out, err := client(clk, New(clk), a).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
			if err != nil || out == nil || a.asked != 4 || clk.now < 7*time.Second || clk.now > 20*time.Second {
				t.Errorf("%v after %d calls and %s", err, a.asked, clk.now)
			}
		})
	}
}

// What may have taken effect is never asked again by itself.
func TestChangesAreNeverRepeated(t *testing.T) {
	for _, trouble := range []func() (*http.Response, error){xml(503, stumble), lost(io.EOF), xml(400, throttle)} {
		clk := &hour{}
		a := &answers{replies: []func() (*http.Response, error){trouble, xml(200, deleted)}}
		if _, err := client(clk, New(clk), a).DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")}); err == nil || a.asked != 1 {
			t.Errorf("%v after %d calls", err, a.asked)
		}
		ctx, turn := Begin(t.Context(), "")
		a.asked = 0
		if _, err := client(clk, New(clk), a).DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: new("s")}); err == nil || a.asked != 1 {
			t.Errorf("in a turn: %v after %d calls, changed: %t", err, a.asked, turn.Changed())
		}
	}
}

// That AWS cannot be reached at all is told at once; once it has been, a connection
// that fails is trouble like other trouble.
func TestAWrongAddressIsToldAtOnce(t *testing.T) {
	clk := &hour{}
	refused := lost(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})
	a := &answers{replies: []func() (*http.Response, error){refused, xml(200, stacks), refused, xml(200, stacks)}}
	c := client(clk, New(clk), a)
	if _, err := c.DescribeStacks(t.Context(), nil); err == nil || a.asked != 1 || clk.now != 0 {
		t.Errorf("%v after %d calls and %s", err, a.asked, clk.now)
	}
	for range 2 {
		if _, err := c.DescribeStacks(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	if a.asked != 4 {
		t.Errorf("%d calls", a.asked)
	}
}

// Trouble that lasts is told in the end, and an interrupt ends the asking.
func TestPatienceEnds(t *testing.T) {
	clk := &hour{}
	a := &answers{replies: []func() (*http.Response, error){xml(503, stumble)}}
	if _, err := client(clk, New(clk), a).DescribeStacks(t.Context(), nil); err == nil || clk.now < patience || clk.now > 2*patience {
		t.Errorf("%v after %s", err, clk.now)
	}
	ctx, cancel := context.WithCancel(t.Context())
	a.replies = []func() (*http.Response, error){func() (*http.Response, error) { cancel(); return xml(503, stumble)() }}
	a.asked = 0
	if _, err := client(clk, New(clk), a).DescribeStacks(ctx, nil); a.asked != 1 || err == nil {
		t.Errorf("%v after %d calls", err, a.asked)
	}
}

// A turn never waits; its reads have a second chance at once, each by itself, and it
// keeps a record of what took effect.
func TestATurnNeverWaits(t *testing.T) {
	clk := &hour{}
	p := New(clk)
	a := &answers{replies: []func() (*http.Response, error){xml(503, stumble), xml(503, stumble), xml(200, stacks)}}
	ctx, turn := Begin(t.Context(), "")
	c := client(clk, p, a)
	for range 20 { // more than CloudFormation's burst
		if _, err := c.DescribeStacks(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	if clk.now != 0 || a.asked != 22 || turn.Changed() {
		t.Errorf("%d calls in %s, changed: %t", a.asked, clk.now, turn.Changed())
	}
	if w := p.Delay(turn.Buckets(), clk.now); w < 3*time.Second {
		t.Errorf("the next turn waits %s for the 10 calls that are owed", w)
	}
	a.replies = []func() (*http.Response, error){xml(200, deleted)}
	if _, err := c.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil || !turn.Changed() {
		t.Errorf("%v, changed: %t", err, turn.Changed())
	}
}

// A reply that was lost may have been a success; a refusal and a connection that never
// was are none.
func TestALostReplyMayBeAChange(t *testing.T) {
	for name, c := range map[string]struct {
		reply func() (*http.Response, error)
		want  bool
	}{"lost": {lost(io.EOF), true}, "cut": {replyOf(200, "text/xml", torn{io.ErrUnexpectedEOF}), true}, "stumbled": {xml(503, stumble), false}, "refused": {lost(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), false}} {
		clk := &hour{}
		ctx, turn := Begin(t.Context(), "")
		_, err := client(clk, New(clk), &answers{replies: []func() (*http.Response, error){c.reply}}).CreateStack(ctx, &cloudformation.CreateStackInput{StackName: new("s")})
		if err == nil || turn.Changed() != c.want {
			t.Errorf("%s: %v, changed: %t", name, err, turn.Changed())
		}
	}
}

// A call that is not answered is over in time, and not asked again in the same turn.
func TestAHungCallIsOverInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := &hour{}
		asked := 0
		hung := roundTripper(func(r *http.Request) (*http.Response, error) {
			asked++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		began := time.Now()
		ctx, turn := Begin(t.Context(), "")
		_, err := client(clk, New(clk), hung).CreateStack(ctx, &cloudformation.CreateStackInput{StackName: new("s")})
		if v := Classify(err); v.Class != Retry || time.Since(began) != callTime || asked != 1 || !turn.Changed() {
			t.Errorf("%v after %s and %d calls, may have changed: %t", err, time.Since(began), asked, turn.Changed())
		}
		if _, err := client(clk, New(clk), hung).DescribeStacks(ctx, nil); err == nil || asked != 2 {
			t.Errorf("%v after %d calls", err, asked)
		}
	})
}

func kube(t *testing.T, p *Pacer, a http.RoundTripper) kubernetes.Interface {
	t.Helper()
	cfg := &rest.Config{Host: "https://c.gr7.us-west-2.eks.amazonaws.com", QPS: -1, Transport: p.Kubernetes(a)}
	k, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const (
	nodes      = `{"kind":"NodeList","apiVersion":"v1","items":[]}`
	configMap  = `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"}}`
	tooMany    = `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"slowly","reason":"TooManyRequests","details":{"retryAfterSeconds":5},"code":429}`
	notStarted = `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"starting","reason":"ServiceUnavailable","code":503}`
)

func kjson(status int, text string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		r, err := replyOf(status, "application/json", strings.NewReader(text))()
		if status >= 400 {
			r.Header.Set("Retry-After", "5")
		}
		return r, err
	}
}

// The same for Kubernetes: reads outlast trouble on the clock, and within a turn
// nothing sleeps, though client-go would.
func TestKubernetesReadsOutlastTrouble(t *testing.T) {
	for name, trouble := range map[string]func() (*http.Response, error){
		"429": kjson(429, tooMany), "503": kjson(503, notStarted), "reset": lost(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), "EOF": lost(io.EOF),
		"GOAWAY": lost(errors.New("http2: server sent GOAWAY and closed the connection")),
		"cut":    replyOf(200, "application/json", torn{io.ErrUnexpectedEOF}), "half": kjson(200, nodes[:20]), "a web page": replyOf(200, "text/html", strings.NewReader(page)),
	} {
		t.Run(name, func(t *testing.T) {
			clk := &hour{}
			began := time.Now()
			a := &answers{replies: []func() (*http.Response, error){trouble, trouble, kjson(200, nodes)}}
			if _, err := kube(t, New(clk), a).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); err != nil || a.asked != 3 || clk.now < 3*time.Second {
				t.Errorf("%v after %d calls and %s", err, a.asked, clk.now)
			}
			ctx, _ := Begin(t.Context(), "")
			a = &answers{replies: []func() (*http.Response, error){trouble}}
			clk.now = 0
			_, err := kube(t, New(clk), a).CoreV1().Nodes().List(ctx, metav1.ListOptions{})
			if v := Classify(err); v.Class != Retry && v.Class != Throttled {
				t.Errorf("%v is %s", err, v.Class)
			}
			if a.asked > 1+atOnce || clk.now != 0 || time.Since(began) > 900*time.Millisecond {
				t.Errorf("in a turn: %d calls, %s on the clock, %s on the wall", a.asked, clk.now, time.Since(began))
			}
		})
	}
}

func TestKubernetesChangesAreNotedAndNeverRepeated(t *testing.T) {
	clk := &hour{}
	ctx, turn := Begin(t.Context(), "")
	a := &answers{replies: []func() (*http.Response, error){kjson(503, notStarted)}}
	k := kube(t, New(clk), a)
	create := func() error {
		_, err := k.CoreV1().ConfigMaps("kube-system").Create(ctx, &corev1.ConfigMap{}, metav1.CreateOptions{})
		return err
	}
	if err := create(); Classify(err).Class != Retry || a.asked != 1 || turn.Changed() {
		t.Errorf("%v after %d calls, changed: %t", err, a.asked, turn.Changed())
	}
	a.replies = []func() (*http.Response, error){kjson(201, configMap)}
	if err := create(); err != nil || !turn.Changed() {
		t.Errorf("%v, changed: %t", err, turn.Changed())
	}
}

// A call that hangs is in the air, and says so.
func TestATurnKnowsWhatIsInTheAir(t *testing.T) {
	clk := &hour{}
	ctx, turn := Begin(t.Context(), "")
	var names []string
	var changes bool
	a := &answers{replies: []func() (*http.Response, error){func() (*http.Response, error) {
		names, changes = turn.Unanswered()
		return xml(200, deleted)()
	}}}
	if _, err := client(clk, New(clk), a).DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil || len(names) != 1 || names[0] != "cloudformation:DeleteStack" || !changes {
		t.Errorf("%v %v %t", err, names, changes)
	}
	if left, _ := turn.Unanswered(); len(left) > 0 {
		t.Errorf("still in the air: %v", left)
	}
}

// A witness is told of a call that may change something before it is sent, and then what
// came of it; of one that only reads it is told nothing, and what it refuses is not sent.
func TestAWitnessIsToldOfChangesBeforeTheyAreSent(t *testing.T) {
	clk := &hour{}
	a := &answers{replies: []func() (*http.Response, error){xml(200, stacks), xml(200, deleted), xml(400, throttle), lost(io.EOF), xml(200, deleted)}}
	c := client(clk, New(clk), a)
	refuse := error(nil)
	var told []string
	ctx := Witnessed(t.Context(), func(_ context.Context, x Change) (func(Answer), error) {
		in, _ := x.Input.(*cloudformation.DeleteStackInput)
		told = append(told, fmt.Sprintf("%s of %s for %q, %d sent", x.Call, *in.StackName, x.Turn, a.asked))
		return func(y Answer) {
			told = append(told, fmt.Sprintf("error %t, unknown %t, output %t", y.Err != nil, y.Unknown, y.Output != nil))
		}, refuse
	})
	turn, _ := Begin(ctx, "step")
	if _, err := c.DescribeStacks(turn, nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.DeleteStack(turn, &cloudformation.DeleteStackInput{StackName: new("s")}) //nolint:errcheck // the witness says it
	}
	refuse = errors.New("no room")
	if _, err := c.DeleteStack(turn, &cloudformation.DeleteStackInput{StackName: new("s")}); !errors.Is(err, refuse) {
		t.Errorf("got %v", err)
	}
	want := []string{
		`cloudformation:DeleteStack of s for "step", 1 sent`, "error false, unknown false, output true",
		`cloudformation:DeleteStack of s for "step", 2 sent`, "error true, unknown false, output false",
		`cloudformation:DeleteStack of s for "step", 3 sent`, "error true, unknown true, output false",
		`cloudformation:DeleteStack of s for "step", 4 sent`,
	}
	if !slices.Equal(told, want) || a.asked != 4 {
		t.Errorf("%d sent, told\n%s", a.asked, strings.Join(told, "\n"))
	}
}
