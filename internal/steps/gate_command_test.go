package steps_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/steps"
)

// A gate that still runs as a run ends is ended, with what it has started.
func TestAGateEndsWithItsRun(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	fifo := filepath.Join(t.TempDir(), "begun")
	if err := exec.Command("mkfifo", fifo).Run(); err != nil {
		t.Skip("there is no mkfifo")
	}
	e := &steps.Env{Name: "c"}
	step := &steps.GateCommand{Command: `(exec 3>` + fifo + `; sleep 600) & echo up > ` + fifo + `; wait`, Group: "w", With: "w-b2", Stage: "after-green", Timeout: 600}
	ctx, cancel := context.WithCancel(t.Context())
	turn := make(chan struct{})
	go func() {
		defer close(turn)
		step.Run(ctx, e, &steps.Memo{}) //nolint:errcheck // it is not over
	}()
	begun, err := os.Open(fifo) // until it runs
	if err != nil {
		t.Fatal(err)
	}
	defer begun.Close() //nolint:errcheck // it is read to its end
	cancel()
	<-turn
	e.EndGates()
	over := make(chan struct{})
	go func() {
		defer close(over)
		for b := make([]byte, 64); ; { // until nobody has the other end any more
			if _, err := begun.Read(b); err != nil {
				return
			}
		}
	}()
	select {
	case <-over:
	case <-time.After(20 * time.Second):
		t.Error("what the gate has started still runs")
	}
}
