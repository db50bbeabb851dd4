package mutate

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Loop is a test's executions. Two environment variables change what is run:
//
//	SLIPWAY_FUZZ=N          N executions instead of Small, each within a second
//	SLIPWAY_SEED=SEED       others than those of seed 1
//	SLIPWAY_SEED=SEED:INDEX one case alone, with its input and what came of it
type Loop struct {
	// Small is how many a plain test run makes.
	Small uint64
	// Life is how many executions share something that the first of them makes; 0: none do.
	// A case that is run alone is run from its life's beginning.
	Life uint64
	// Begin makes what a life shares, before its first execution and beside its time.
	Begin func(c *Case)
	// Run makes one execution.
	Run func(c *Case)
	// Reset drops what Run holds from one execution to the next: what is measured then is
	// what nobody ought to hold.
	Reset func()
}

// Case is one execution.
type Case struct {
	*Source
	Index uint64
	// Input tells what was fed, once there is somebody to read it.
	Input func() string

	fail func(kind, what string)
}

// Fail notes a fault. The kind is what faults of the same cause share.
func (c *Case) Fail(kind, what string) { c.fail(kind, what) }

const (
	slow    = time.Second      // of one execution, where it is asked for
	stalled = 10 * time.Second // and in a plain test run
	// slack is what the heap may grow by from a tenth of the executions to the end, in bytes,
	// beside a twentieth: caches that fill once. What is resident has four times that: the
	// runtime gives back whole pages only.
	slack = 16 << 20
)

// runner is a loop that runs.
type runner struct {
	Loop
	t       testing.TB
	seed    uint64
	n       uint64
	bound   time.Duration
	slowest time.Duration
	tardy   uint64 // the index of the slowest
	kinds   map[string]int
	faults  int
	begun   time.Time
	now     atomic.Uint64 // the index that is being run
	alone   bool
}

// footprint is what a process holds, in bytes; resident is 0 where no /proc tells.
type footprint struct {
	heap, resident uint64
	goroutines     int
}

// Run runs a test's executions. It fails the test for a panic, a slow execution, memory or
// goroutines that grow, and whatever an execution says itself.
func Run(t testing.TB, l Loop) {
	t.Helper()
	r := &runner{Loop: l, t: t, seed: 1, n: l.Small, bound: stalled, kinds: map[string]int{}, begun: time.Now()}
	if v := os.Getenv("SLIPWAY_FUZZ"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatalf("SLIPWAY_FUZZ is to be a number of executions: %v", err)
		}
		r.n, r.bound = n, slow
	}
	seed, index, one := strings.Cut(os.Getenv("SLIPWAY_SEED"), ":")
	var err error
	if seed != "" {
		r.seed, err = strconv.ParseUint(seed, 10, 64)
	}
	at := uint64(0)
	if one && err == nil {
		at, err = strconv.ParseUint(index, 10, 64)
	}
	if err != nil {
		t.Fatalf("SLIPWAY_SEED is to be SEED or SEED:INDEX: %v", err)
	}
	stop := r.watch()
	defer stop()
	if one {
		r.one(at)
		return
	}
	r.all()
}

// one runs a case alone, after those whose outcome it builds on.
func (r *runner) one(at uint64) {
	first := at
	if r.Life > 0 {
		first = at - at%r.Life
	}
	for i := first; i <= at; i++ {
		r.alone = i == at
		c := r.execute(i)
		if r.alone {
			r.t.Logf("%d:%d is %s", r.seed, i, c.Input())
		}
	}
}

func (r *runner) all() {
	tenth, told := r.n/10, time.Now()
	if r.Life > 0 {
		tenth = min((tenth+r.Life-1)/r.Life*r.Life, (r.n-1)/r.Life*r.Life) // between two lives
	}
	var early footprint
	for i := range r.n {
		if i == tenth {
			early = r.measure()
		}
		r.execute(i)
		if os.Getenv("SLIPWAY_FUZZ") != "" && i%256 == 0 && time.Since(told) > time.Minute {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%s\n", r.tell(i+1))
		}
	}
	late := r.measure()
	r.t.Logf("%s; heap %d and %d MiB, resident %d and %d MiB at a tenth and at the end, goroutines %d and %d", r.tell(r.n), early.heap>>20, late.heap>>20,
		early.resident>>20, late.resident>>20, early.goroutines, late.goroutines)
	grew := func(a, b, times uint64) bool { return b > a+times*(a/20+slack) }
	if grew(early.heap, late.heap, 1) || grew(early.resident, late.resident, 4) || late.goroutines > early.goroutines {
		r.t.Errorf("what is held grew from %+v at a tenth to %+v at the end", early, late)
	}
}

func (r *runner) tell(n uint64) string {
	return fmt.Sprintf("%s: %d executions of seed %d, %d faults, %.0f a second, the slowest %s (%d:%d)", r.t.Name(), n, r.seed, r.faults,
		float64(n)/time.Since(r.begun).Seconds(), r.slowest.Round(time.Microsecond), r.seed, r.tardy)
}

// measure tells what is held once garbage is collected and what is free is given back.
func (r *runner) measure() footprint {
	if r.Reset != nil {
		r.Reset()
	}
	runtime.GC() // finalizers of the first round free what the second collects
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{m.HeapAlloc, resident(), runtime.NumGoroutine()}
}

var residentRE = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

func resident() uint64 {
	b, err := os.ReadFile("/proc/self/status")
	m := residentRE.FindSubmatch(b)
	if err != nil || m == nil {
		return 0
	}
	n, err := strconv.ParseUint(string(m[1]), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// execute makes one execution, and times it.
func (r *runner) execute(i uint64) *Case {
	c := &Case{Source: New(r.seed, i), Index: i, Input: func() string { return "its input is what its source draws" }}
	c.fail = func(kind, what string) { r.fault(c, kind, what) }
	r.now.Store(i)
	if r.Begin != nil && (i == 0 || r.Life > 0 && i%r.Life == 0) {
		r.guarded(c, func() { r.Begin(c) })
		c.Source = New(r.seed, i)
	}
	took := r.guarded(c, func() { r.Run(c) })
	if took > r.bound {
		c.Fail("slow", "took "+took.String())
	}
	if took > r.slowest {
		r.slowest, r.tardy = took, i
	}
	return c
}

// guarded runs f, and makes a fault of a panic. How long it takes is told by the process's
// CPU time where the system has it: a machine that has much to do is no fault of an input.
func (r *runner) guarded(c *Case, f func()) (took time.Duration) {
	begun, used := time.Now(), cpu()
	defer func() {
		if bug := recover(); bug != nil {
			stack := string(debug.Stack())
			c.Fail(Where(stack), fmt.Sprintf("panic: %v\n%s", bug, stack))
		}
		if took = time.Since(begun); used > 0 {
			took = min(took, cpu()-used)
		}
	}()
	f()
	return
}

// Where is the place in a stack that panicked: the first line of ours below the panic.
func Where(stack string) string {
	_, below, _ := strings.Cut(stack, "panic(")
	for line := range strings.Lines(below) {
		if strings.Contains(line, "/internal/") && strings.Contains(line, ".go:") && !strings.Contains(line, "/runtime/") {
			place, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			return place
		}
	}
	return stack
}

// fault reports the first faults of a kind, at once: a long run is read before its end.
func (r *runner) fault(c *Case, kind, what string) {
	r.faults++
	if r.kinds[kind]++; r.kinds[kind] > 2 && !r.alone || len(r.kinds) > 200 {
		r.t.Fail()
		return
	}
	in := c.Input()
	if len(in) > 4000 && !r.alone {
		in = in[:4000] + "…"
	}
	text := fmt.Sprintf("SLIPWAY_SEED=%d:%d: %s\nof %s", r.seed, c.Index, what, in)
	if os.Getenv("SLIPWAY_FUZZ") != "" {
		fmt.Fprintf(os.Stderr, "%s: %s\n", r.t.Name(), text)
	}
	r.t.Error(text)
}

// watch ends the process when one execution does not: nothing else would say which.
func (r *runner) watch() (stop func()) {
	done, tick := make(chan struct{}), time.NewTicker(12*stalled)
	go func() {
		last := ^uint64(0)
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if i := r.now.Load(); i == last {
					debug.SetTraceback("all")
					panic(fmt.Sprintf("%s: SLIPWAY_SEED=%d:%d does not come to its end", r.t.Name(), r.seed, i))
				}
				last = r.now.Load()
			}
		}
	}()
	return func() { tick.Stop(); close(done) }
}
