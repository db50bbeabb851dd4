package cli_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// hanging is a region that never answers one operation.
func hanging(t *testing.T, operation string) (url string, asked <-chan struct{}) {
	return hangingFor(t, operation, 1<<30)
}

// hangingFor is a region that does not answer the first few calls of one operation.
func hangingFor(t *testing.T, operation string, times int32) (url string, asked <-chan struct{}) {
	t.Helper()
	var left atomic.Int32
	left.Store(times)
	s := sim.New(sim.Options{Seed: 1, Speed: 600, Start: time.Now()})
	ready := make(chan string, 1)
	go s.Serve(t.Context(), "127.0.0.1:0", func(u string) { ready <- u }) //nolint:errcheck // it ends with the test
	behind, err := neturl.Parse(<-ready)
	if err != nil {
		t.Fatal(err)
	}
	next := httputil.NewSingleHostReverseProxy(behind)
	c := make(chan struct{}, 16)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if bytes.Contains(b, []byte("Action="+operation+"&")) && left.Add(-1) >= 0 {
			c <- struct{}{}
			<-r.Context().Done()
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, c
}

// said is what a program says, read while it runs.
type said struct {
	mu  sync.Mutex
	b   bytes.Buffer
	new chan struct{}
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Write(p)
	select {
	case s.new <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// await waits until it has said something.
func (s *said) await(t *testing.T, what string) {
	t.Helper()
	for over := time.After(30 * time.Second); !strings.Contains(s.String(), what); {
		select {
		case <-s.new:
		case <-over:
			t.Fatalf("it never said %q:\n%s", what, s)
		}
	}
}

// slipway starts the program, as a user has it, against a region.
func slipway(t *testing.T, url string, args ...string) (*exec.Cmd, *said) {
	t.Helper()
	c, out := slipwayCommand(t, url, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() }) //nolint:errcheck // it has mostly ended
	return c, out
}

// slipwayCommand is the program with its environment, and what it says.
func slipwayCommand(t *testing.T, url string, args ...string) (*exec.Cmd, *said) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Args = append([]string{"slipway"}, args...)
	none := filepath.Join(t.TempDir(), "none")
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "AWS_") {
			c.Env = append(c.Env, e)
		}
	}
	c.Env = append(c.Env, "NO_COLOR=1", "AWS_ENDPOINT_URL="+url, "AWS_ACCESS_KEY_ID="+iam.Key, "AWS_SECRET_ACCESS_KEY="+iam.Secret,
		"AWS_REGION=us-west-2", "AWS_CONFIG_FILE="+none, "AWS_SHARED_CREDENTIALS_FILE="+none, "KUBECONFIG="+none, "SLIPWAY_CLOCK_SPEED=600",
		"XDG_STATE_HOME="+filepath.Dir(none))
	out := &said{new: make(chan struct{}, 1)}
	c.Stderr = out
	return c, out
}

func exitCode(c *exec.Cmd) int {
	c.Wait() //nolint:errcheck // the code says it
	return c.ProcessState.ExitCode()
}

func within(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s never came", what)
	}
}

// A call that hangs never makes a run unstoppable: the first signal drains, and the
// second ends at once and says what is unknown.
func TestASecondSignalEndsARunWhoseCallHangs(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		url, asked := hanging(t, "CreateStack")
		c, out := slipway(t, url, "up", "--yes", "-f", filepath.Join(testregion.Root(t), "examples/quickstart.yaml"))
		within(t, "CreateStack", asked)
		for _, answer := range []string{"awaiting 1 calls in flight", "unknown:"} {
			if err := c.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			out.await(t, answer)
		}
		if code := exitCode(c); code != 130 || !strings.Contains(out.String(), "CreateStack was not answered: it may have taken effect") {
			t.Errorf("%s: exit code %d\n%s", sig, code, out)
		}
		if kept := keeps(t, c); !kept["00000.json"] || kept["lock.json"] {
			t.Errorf("%s: it keeps %v", sig, kept)
		}
	}
}

// Before a run there is nothing to drain: one signal is enough, and it is an
// interrupt, not a wrong address.
func TestASignalWhileIdentifyingEndsWith130(t *testing.T) {
	url, asked := hanging(t, "GetCallerIdentity")
	c, out := slipway(t, url, "up", "--yes", "-f", filepath.Join(testregion.Root(t), "examples/quickstart.yaml"))
	within(t, "GetCallerIdentity", asked)
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(c); code != 130 || strings.Contains(out.String(), "cannot be reached") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
