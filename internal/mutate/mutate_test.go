package mutate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

const sample = `{"a":[1,"x",{"b":null,"c":true}],"d":{"e":"vpc-1"}}`

func TestTheSameSeedDrawsTheSame(t *testing.T) {
	draw := func(seed, index uint64) string {
		s := New(seed, index)
		return s.Text(sample, "other") + JSON(s.Tree(Parse(sample))) + fmt.Sprint(s.Form([]Pair{{"Filter.1.Name", "x"}}))
	}
	differ := 0
	for i := range uint64(200) {
		first := draw(7, i)
		if again := draw(7, i); again != first {
			t.Fatalf("%d draws two things", i)
		}
		if first != draw(8, i) {
			differ++
		}
	}
	if differ < 190 {
		t.Errorf("two seeds draw the same in %d of 200", 200-differ)
	}
}

func TestJSONIsReadAndWritten(t *testing.T) {
	if got := JSON(Parse(sample)); got != sample {
		t.Errorf("got %s", got)
	}
	if got := JSON(Object{{"k", Number("NaN")}, {"k", "\x00\"\\\xff"}}); got != `{"k":NaN,"k":"\u0000\"\\`+"\xff"+`"}` {
		t.Errorf("got %s", got)
	}
	if Parse("{") != nil || Parse("[1,") != nil {
		t.Error("half a document is read")
	}
}

func TestTreesStayTreesAndTextsStayShort(t *testing.T) {
	whole := 0
	v := Parse(sample)
	for i := range uint64(20_000) {
		s := New(1, i)
		text := JSON(s.Tree(Clone(v)))
		if json.Valid([]byte(text)) {
			whole++
		}
		if n := len(s.Text(text, sample)); n > Most {
			t.Fatalf("%d is %d bytes long", i, n)
		}
	}
	if whole < 10_000 {
		t.Errorf("only %d of 20,000 changed trees are JSON", whole)
	}
	if got := JSON(v); got != sample {
		t.Errorf("a clone's change changed the seed: %s", got)
	}
}

// recorded is a test that takes failures for itself.
type recorded struct {
	testing.TB
	said   []string
	failed bool
}

func (r *recorded) Helper()                   {}
func (r *recorded) Name() string              { return "Recorded" }
func (r *recorded) Fail()                     { r.failed = true }
func (r *recorded) Error(a ...any)            { r.said, r.failed = append(r.said, a[0].(string)), true }
func (r *recorded) Logf(string, ...any)       {}
func (r *recorded) Errorf(f string, a ...any) { r.said, r.failed = append(r.said, f), true }

func TestFaultsAreToldWithTheirSeed(t *testing.T) {
	t.Setenv("SLIPWAY_FUZZ", "")
	t.Setenv("SLIPWAY_SEED", "3")
	r := &recorded{TB: t}
	Run(r, Loop{Small: 100, Run: func(c *Case) {
		c.Input = func() string { return "the input" }
		if c.Index%20 == 7 {
			panic("broken")
		}
	}})
	if !r.failed || len(r.said) != 2 || !strings.HasPrefix(r.said[0], "SLIPWAY_SEED=3:7: panic: broken") || !strings.HasSuffix(r.said[0], "of the input") {
		t.Errorf("told %q", r.said)
	}
}

func TestGrowthIsAFault(t *testing.T) {
	t.Setenv("SLIPWAY_FUZZ", "")
	t.Setenv("SLIPWAY_SEED", "")
	var held [][]byte
	r := &recorded{TB: t}
	Run(r, Loop{Small: 100, Run: func(*Case) { held = append(held, make([]byte, 1<<20)) }})
	if len(r.said) != 1 || !strings.HasPrefix(r.said[0], "what is held grew") {
		t.Errorf("told %q of %d MiB", r.said, len(held))
	}
	r = &recorded{TB: t}
	Run(r, Loop{Small: 100, Run: func(*Case) { held = append(held, make([]byte, 1<<20)) }, Reset: func() { held = nil }})
	if r.failed {
		t.Errorf("what is dropped counts: %q", r.said)
	}
}

func TestACaseIsRunFromItsLifesBeginning(t *testing.T) {
	t.Setenv("SLIPWAY_SEED", "1:25")
	var begun, ran []uint64
	Run(t, Loop{Small: 100, Life: 10, Begin: func(c *Case) { begun = append(begun, c.Index) }, Run: func(c *Case) { ran = append(ran, c.Index) }})
	if len(begun) != 1 || begun[0] != 20 || len(ran) != 6 || ran[0] != 20 || ran[5] != 25 {
		t.Errorf("began %v, ran %v", begun, ran)
	}
}

func TestASlowExecutionIsAFault(t *testing.T) {
	for busy, want := range map[time.Duration]bool{0: false, 50 * time.Millisecond: true} {
		r := &recorded{TB: t}
		x := &runner{t: r, bound: 10 * time.Millisecond, kinds: map[string]int{}}
		x.Run = func(*Case) {
			for begun := time.Now(); time.Since(begun) < busy; {
			}
		}
		if x.execute(0); want && !r.failed && x.slowest > x.bound || !want && r.failed {
			t.Errorf("busy for %s: %q", busy, r.said)
		}
	}
}
