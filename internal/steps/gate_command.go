package steps

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/slipway-eks/slipway/internal/engine"
)

// GateCommand is a gate of the user's: a command that says by its exit status whether a
// replacement may go on, or whether an add-on's change is well.
type GateCommand struct {
	Command string `json:"command"`         // for sh -c
	Group   string `json:"group,omitempty"` // that is replaced
	With    string `json:"with,omitempty"`  // the group that takes its place
	Addon   string `json:"addon,omitempty"` // that changes, where no group is replaced
	Stage   string `json:"stage"`
	// Timeout is how many seconds it may run, on the wall's clock.
	Timeout int `json:"timeoutSeconds"`
}

// patience is how long a turn stays with a command before it says that it waits: most are
// over by then, and a virtual clock, which goes on only between turns, does not run ahead
// of a process that lives by the wall's. A turn may take two minutes.
const patience = 90 * time.Second

// command is a process of a gate's.
type command struct {
	end  context.CancelFunc
	done chan struct{} // closed when it has ended
	err  error
	out  tail
}

// Run starts the command, or looks whether it has ended.
func (s *GateCommand) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	c, err := e.gate(ctx, s)
	if err != nil {
		return engine.Result{}, fmt.Errorf("the gate %q cannot be run: %w", s.Command, err)
	}
	select {
	case <-c.done:
	case <-time.After(patience):
		return engine.Waiting("the gate runs: " + s.Command)
	case <-ctx.Done():
		return engine.Result{}, ctx.Err()
	}
	said := c.out.String()
	if said != "" {
		said = ": " + said
	}
	if c.err != nil {
		return engine.Result{}, fmt.Errorf("the gate %q does not let %s go on (%s, %w)%s", s.Command, guarded(s.Group, s.Addon), s.Stage, c.err, said)
	}
	return engine.Finished("the gate lets it go on" + said)
}

// gate is a step's process: one a run.
func (e *Env) gate(ctx context.Context, s *GateCommand) (*command, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := strings.Join([]string{s.Stage, s.Group, s.Addon, s.Command}, "\x00")
	if c := e.gates[key]; c != nil {
		return c, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(s.Timeout)*time.Second)
	x := exec.CommandContext(ctx, "sh", "-c", s.Command)
	c := &command{end: cancel, done: make(chan struct{})}
	apart(x)
	x.Stdout, x.Stderr = &c.out, &c.out
	x.Env = append(os.Environ(), "SLIPWAY_CLUSTER="+e.Name, "SLIPWAY_GROUP="+s.Group, "SLIPWAY_REPLACEMENT="+s.With, "SLIPWAY_ADDON="+s.Addon,
		"SLIPWAY_STAGE="+s.Stage)
	x.WaitDelay = time.Second
	if err := x.Start(); err != nil {
		cancel()
		return nil, err
	}
	if e.gates == nil {
		e.gates = map[string]*command{}
	}
	e.gates[key] = c
	go func() {
		defer close(c.done)
		defer cancel()
		c.err = x.Wait()
	}()
	return c, nil
}

// EndGates ends the commands that still run, as a run has ended without them.
func (e *Env) EndGates() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.gates {
		c.end()
		<-c.done
	}
	e.gates = nil
}

// tail is the end of what a command says.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 400
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = bytes.Clone(t.b[max(0, len(t.b)-most):])
	return len(p), nil
}

// String is its last line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.TrimSpace(strings.ToValidUTF8(string(t.b), ""))
	return s[strings.LastIndex(s, "\n")+1:]
}
