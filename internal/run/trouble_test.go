package run_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// trouble is what happens to a request on its way; nil: nothing.
type trouble func(r *http.Request, next http.RoundTripper) (*http.Response, error)

// troubled is a transport with trouble on it, for as long as it is due.
type troubled struct {
	next http.RoundTripper
	due  func(*http.Request) trouble
}

func (w troubled) RoundTrip(r *http.Request) (*http.Response, error) {
	if f := w.due(r); f != nil {
		return f(r, w.next)
	}
	return w.next.RoundTrip(r)
}

func says(status int, kind, body string) trouble {
	return func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func reset(*http.Request, http.RoundTripper) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

// lost carries the request out and loses the reply.
func lost(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	if _, err := next.RoundTrip(r); err != nil {
		return nil, err
	}
	return nil, io.EOF
}

// cut carries the request out and breaks the reply off in its middle.
func cut(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	out, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, err
	}
	out.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b[:len(b)/2]), broken{}))
	return out, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func down(*http.Request, http.RoundTripper) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func inKubernetes(r *http.Request) bool { return strings.Contains(r.URL.Host, ".gr7.") }

// quickstart launches the example in a fresh region whose wire has trouble on it, and
// says how long that took and what stands at the end.
func quickstart(t *testing.T, seed uint64, due func(r *testregion.Region, q *http.Request) trouble) (took time.Duration, state string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testregion.Root(t), "examples/quickstart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	f := testregion.Load(t, string(text))
	r := testregion.New(t, f, seed)
	c, err := awsc.New(t.Context(), awsc.Options{Region: "us-west-2", Key: iam.Key, Secret: iam.Secret, Clock: r.Clock,
		Transport: troubled{r.Sim, func(q *http.Request) trouble { return due(r, q) }}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := run.Prepare(t.Context(), c, f)
	if err != nil {
		t.Fatalf("preparing: %v", err)
	}
	rep, err := s.Run(t.Context(), r.Clock, 1, nil)
	if err != nil || !rep.OK() || rep.Done != len(s.Plan.Entries) {
		t.Fatalf("%s (%v)", rep.FirstFailure, err)
	}
	took = r.Sim.World.Elapsed()
	return took, standing(t, r, s)
}

// standing is what the run left in the region, asked without trouble.
func standing(t *testing.T, r *testregion.Region, s *run.Session) string {
	t.Helper()
	again, err := run.Prepare(t.Context(), r.AWS, s.File)
	if err != nil {
		t.Fatal(err)
	}
	v, err := again.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v.CA = nil // a certificate is made anew in every region
	out, err := r.AWS.CFN.ListStacks(t.Context(), &cloudformation.ListStacksInput{})
	if err != nil {
		t.Fatal(err)
	}
	var stacks []string
	for _, x := range out.StackSummaries {
		stacks = append(stacks, fmt.Sprint(*x.StackName, " ", x.StackStatus))
	}
	slices.Sort(stacks)
	return fmt.Sprintf("%+v, nothing left: %t, stacks %v", *v, again.Plan.Empty(), stacks)
}

// A fault of one minute, at any moment of a run, changes nothing but its length.
func TestAMinuteOfTroubleChangesNothingButTheLength(t *testing.T) {
	calm, want := quickstart(t, 1, func(*testregion.Region, *http.Request) trouble { return nil })
	every := 30 * time.Second
	if testing.Short() {
		every = 4 * time.Minute
	}
	for name, f := range map[string]trouble{"503": says(503, "text/plain", "Service Unavailable"), "429": says(429, "text/plain", "Too Many Requests"), "reset": reset, "lost reply": lost, "cut reply": cut,
		"a web page": says(200, "text/html", "<html><body>Sign in</body></html>"), "API server down": down, "no network": down} {
		t.Run(name, func(t *testing.T) {
			at := time.Duration(0)
			if name == "no network" {
				at = every / 2 // that AWS cannot be reached from the first call on is told at once
			}
			for ; at < calm+every; at += every {
				took, got := quickstart(t, 1, func(r *testregion.Region, q *http.Request) trouble {
					now := r.Sim.World.Elapsed()
					if now < at || now >= at+time.Minute || name == "API server down" && !inKubernetes(q) {
						return nil
					}
					return f
				})
				if got != want {
					t.Errorf("at %s:\n got %s\nwant %s", at, got, want)
				}
				if took > calm+4*time.Minute {
					t.Errorf("at %s: a minute of trouble made %s of %s", at, took, calm)
				}
			}
		})
	}
}

// A fifth of all calls refused, all the time, and every step gets there.
func TestAFifthOfAllCallsRefusedFailsNothing(t *testing.T) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		_, want := quickstart(t, seed, func(*testregion.Region, *http.Request) trouble { return nil })
		dice := rand.New(rand.NewPCG(seed, 20))
		refused := says(503, "text/plain", "Service Unavailable")
		_, got := quickstart(t, seed, func(*testregion.Region, *http.Request) trouble {
			if dice.IntN(5) == 0 {
				return refused
			}
			return nil
		})
		if got != want {
			t.Errorf("seed %d:\n got %s\nwant %s", seed, got, want)
		}
	}
}
