package interrupt_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/interrupt"
)

// childVar makes this test binary wait for signals, as a program would.
const childVar = "SLIPWAY_TEST_INTERRUPTED"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := interrupt.Context(context.Background())
	defer stop()
	os.Stdout.WriteString("ready\n")
	<-ctx.Done()
	os.Stdout.WriteString("drains\n")
	<-interrupt.Hard(ctx).Done()
	os.Stdout.WriteString("ends\n")
	select {}
}

func within(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s does not come", what)
	}
}

func signals(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

func TestTheFirstDrainsAndTheSecondEnds(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		ctx, stop := interrupt.Context(t.Context())
		hard := interrupt.Hard(ctx)
		signals(t, s)
		within(t, "the drain", ctx.Done())
		if hard.Err() != nil {
			t.Errorf("%s ends at once", s)
		}
		signals(t, s)
		within(t, "the end", hard.Done())
		stop()
	}
}

func TestSIGPIPEEndsNothing(t *testing.T) {
	ctx, stop := interrupt.Context(t.Context())
	defer stop()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := w.WriteString("to nobody"); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("got %v", err)
	}
	signals(t, syscall.SIGPIPE)
	if ctx.Err() != nil {
		t.Error("it drains")
	}
}

// The third signal is the program's end, whatever hangs.
func TestTheThirdKills(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), childVar+"=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	for _, want := range []string{"ready\n", "drains\n", "ends\n"} {
		n, err := out.Read(b)
		if err != nil || string(b[:n]) != want {
			t.Fatalf("%q, expected %q (%v)", b[:n], want, err)
		}
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	var e *exec.ExitError
	if err := c.Wait(); !errors.As(err, &e) || e.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("ended with %v", err)
	}
}

func TestHardWithoutSignalsIsNotInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if interrupt.Hard(ctx).Err() != nil {
		t.Error("it has ended")
	}
}
