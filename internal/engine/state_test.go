package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/pace"
)

// heard collects what a run tells.
type heard struct{ events []Event }

func (h *heard) on(e Event) { h.events = append(h.events, e) }

func (h *heard) types() string {
	var s []string
	for _, e := range h.events {
		s = append(s, e.Step+":"+e.Type)
	}
	return strings.Join(s, " ")
}

func (h *heard) last(typ string) Event {
	for i := len(h.events) - 1; i >= 0; i-- {
		if h.events[i].Type == typ {
			return h.events[i]
		}
	}
	return Event{}
}

func execution(t *testing.T, edges [][2]string, tasks map[string]*Task, s Settings) *Execution {
	t.Helper()
	for _, k := range tasks {
		if k.Step == nil {
			k.Step = stepFunc(func(context.Context) (Result, error) { return Finished("") })
		}
	}
	x, err := New(plan(t, edges, tasks), tasks, s, 0)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// due starts the next step and expects which; "" when none is due.
func due1(t *testing.T, x *Execution, now time.Duration, want string) {
	t.Helper()
	got := ""
	if k := x.Next(now); k != nil {
		got = k.ID
		x.Start(got)
	}
	if got != want {
		t.Fatalf("at %s %q is due, expected %q", now, got, want)
	}
}

// A controller turns an execution by itself: no goroutine, no clock, only times.
func TestAnExecutionIsTurnedByHand(t *testing.T) {
	var h heard
	x := execution(t, [][2]string{{"a", "b"}}, map[string]*Task{"a": {Typical: time.Minute}, "b": {}}, Settings{OnEvent: h.on})
	due1(t, x, 0, "a")
	due1(t, x, 0, "")
	x.Take(Outcome{ID: "a", Result: Result{State: Wait, Reason: "it begins"}}, time.Second)
	wake, ok := x.Wake()
	if !ok || wake <= time.Second {
		t.Fatalf("wakes at %s", wake)
	}
	due1(t, x, wake-1, "")
	due1(t, x, wake, "a")
	x.Take(Outcome{ID: "a", Result: Result{State: Done}, Changed: true}, wake)
	due1(t, x, wake, "b")
	if x.Ended() {
		t.Error("it ends while b is in the air")
	}
	x.Take(Outcome{ID: "b", Result: Result{State: Done}}, wake)
	if rep := x.Report(wake); !x.Ended() || !rep.OK() || rep.Done != 2 || !rep.Changed || rep.Elapsed != wake {
		t.Errorf("%+v", rep)
	}
	if got := h.types(); got != "a:step_started a:step_waiting a:step_done b:step_started b:step_done" {
		t.Errorf("told %s", got)
	}
}

// Turn is what stands between Start and Take.
func TestAControllerTurnsTheSameSteps(t *testing.T) {
	tasks := map[string]*Task{"a": {Step: stepFunc(func(ctx context.Context) (Result, error) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("a turn has no deadline")
		}
		return Started("begun")
	})}}
	x := execution(t, nil, tasks, Settings{})
	k := x.Next(0)
	x.Start(k.ID)
	x.Take(Turn(t.Context(), k), 0)
	if rep := x.Report(0); !rep.Changed || rep.Spans[0].State != "running" {
		t.Errorf("%+v", rep)
	}
}

func TestAdmissionHoldsATurnBack(t *testing.T) {
	var asked []string
	x := execution(t, nil, map[string]*Task{"a": {Service: "eks"}}, Settings{Admit: func(b []string, now time.Duration) time.Duration {
		asked = append(asked, strings.Join(b, "+"))
		return max(0, 3*time.Second-now)
	}})
	due1(t, x, 0, "")
	if wake, _ := x.Wake(); wake != 3*time.Second {
		t.Fatalf("wakes at %s", wake)
	}
	due1(t, x, 3*time.Second, "a")
	x.Take(Outcome{ID: "a", Result: Result{State: Wait, Next: time.Second}, Buckets: []string{"eks", "kubernetes/c"}}, 3*time.Second)
	due1(t, x, 4*time.Second, "a")
	if got := strings.Join(asked, " "); got != "eks eks eks+kubernetes/c" {
		t.Errorf("asked for %s", got)
	}
}

// A step that waits for a person says so, and its count shows in the report.
func TestBlockedIsAStateOfItsOwn(t *testing.T) {
	var h heard
	x := execution(t, nil, map[string]*Task{"a": {Timeout: time.Hour}}, Settings{OnEvent: h.on})
	due1(t, x, 0, "a")
	x.Take(Outcome{ID: "a", Result: Result{State: Blocked, Reason: "install the plugin", Next: time.Minute}}, 0)
	if e := h.last("step_blocked"); e.Reason != "install the plugin" {
		t.Errorf("told %s", h.types())
	}
	if rep := x.Report(0); rep.Blocked != 1 || rep.Spans[0].State != "blocked" {
		t.Errorf("%+v", rep)
	}
	due1(t, x, time.Minute, "a")
	x.Take(Outcome{ID: "a", Result: Result{State: Blocked, Reason: "install the plugin", Next: 2 * time.Hour}}, time.Minute)
	if wake, _ := x.Wake(); wake != time.Hour {
		t.Errorf("its time is over at %s", wake)
	}
	due1(t, x, time.Hour, "a")
	x.Take(Outcome{ID: "a", Result: Result{State: Blocked, Reason: "install the plugin"}}, time.Hour)
	if rep := x.Report(time.Hour); rep.TimedOut != 1 || rep.Blocked != 1 || !strings.Contains(rep.FirstFailure, "install the plugin") {
		t.Errorf("%+v", rep)
	}
}

// Credentials that run out pause a step: it says what to do, its timeout stands still,
// and it goes on when they work again.
func TestCredentialsThatRunOutPauseAStep(t *testing.T) {
	var h heard
	gone := &pace.Error{Class: pace.Blocked, Reason: "sign in again"}
	x := execution(t, nil, map[string]*Task{"a": {Timeout: 10 * time.Minute}}, Settings{OnEvent: h.on})
	now := time.Duration(0)
	for range 60 {
		due1(t, x, now, "a")
		x.Take(Outcome{ID: "a", Err: gone}, now)
		now, _ = x.Wake()
	}
	if e := h.last("step_blocked"); e.Reason != "sign in again" || len(h.events) != 2 {
		t.Fatalf("told %s", h.types())
	}
	due1(t, x, now, "a")
	x.Take(Outcome{ID: "a", Result: Result{State: Wait, Reason: "goes on"}}, now)
	if rep := x.Report(now); rep.TimedOut > 0 || rep.Spans[0].State != "running" {
		t.Errorf("after %s: %+v", now, rep)
	}
	for !x.Ended() {
		now, _ = x.Wake()
		due1(t, x, now, "a")
		x.Take(Outcome{ID: "a", Err: gone}, now)
		if now > 3*time.Hour {
			t.Fatal("nobody comes, and it waits for ever")
		}
	}
}

// Each class of error has its bounds.
func TestErrorsByClass(t *testing.T) {
	for _, c := range []struct {
		err      error
		from, to time.Duration // when the step has failed
	}{
		{errors.New("no"), 0, 0},
		{&pace.Error{Class: pace.Terminal, Reason: "no"}, 0, 0},
		{&pace.Error{Class: pace.Already, Reason: "it is there"}, 0, 0},
		{&pace.Error{Class: pace.Retry, Reason: "stumbled"}, 6 * time.Minute, 10 * time.Minute},
		{&pace.Error{Class: pace.Throttled, Reason: "slowly"}, 20 * time.Minute, 20 * time.Minute},
		{&pace.Error{Class: pace.Wait, Reason: "another update"}, 20 * time.Minute, 20 * time.Minute},
		{&pace.Error{Class: pace.Blocked, Reason: "sign in"}, time.Hour, 61 * time.Minute},
	} {
		x := execution(t, nil, map[string]*Task{"a": {Timeout: 20 * time.Minute}}, Settings{})
		now := time.Duration(0)
		for !x.Ended() {
			due1(t, x, now, "a")
			x.Take(Outcome{ID: "a", Err: c.err}, now)
			if !x.Ended() {
				now, _ = x.Wake()
			}
		}
		if rep := x.Report(now); rep.Failed+rep.TimedOut != 1 || now < c.from || now > c.to {
			t.Errorf("%v: ended after %s, expected %s to %s", c.err, now, c.from, c.to)
		}
	}
}

// What a turn changed before it erred is a change.
func TestAChangeBeforeAnErrorCounts(t *testing.T) {
	for _, o := range []Outcome{{ID: "a", Changed: true}, {ID: "a", Result: Result{Changed: true}}} {
		x := execution(t, nil, map[string]*Task{"a": {}}, Settings{})
		due1(t, x, 0, "a")
		o.Err = errors.New("the second call failed")
		x.Take(o, 0)
		if rep := x.Report(0); rep.Failed != 1 || !rep.Changed {
			t.Errorf("%+v", rep)
		}
	}
}

// A turn that hangs does not hold its step's timeout up; what it came to later is no
// longer the step's, but a change is a change.
func TestATimeoutComesWhileATurnHangs(t *testing.T) {
	var h heard
	x := execution(t, [][2]string{{"a", "b"}}, map[string]*Task{"a": {Timeout: time.Minute}, "b": {}}, Settings{OnEvent: h.on})
	due1(t, x, 0, "a")
	if at, ok := x.Deadline(); !ok || at != time.Minute {
		t.Fatalf("%s %t", at, ok)
	}
	x.Expire(time.Minute)
	if rep := x.Report(time.Minute); rep.TimedOut != 1 || rep.Skipped != 1 || x.Ended() {
		t.Errorf("%+v", rep)
	}
	x.Take(Outcome{ID: "a", Result: Result{State: Done}, Changed: true}, 2*time.Minute)
	if rep := x.Report(2 * time.Minute); rep.Done != 0 || !rep.Changed || !x.Ended() {
		t.Errorf("%+v", rep)
	}
}

// After an interrupt nothing is tried again, and nothing begins.
func TestErrorsAfterAnInterruptAreNotRetried(t *testing.T) {
	var h heard
	x := execution(t, [][2]string{{"a", "b"}}, map[string]*Task{"a": {}, "b": {}, "c": {}}, Settings{OnEvent: h.on})
	due1(t, x, 0, "a")
	due1(t, x, 0, "c")
	x.Interrupt(0)
	x.Take(Outcome{ID: "c", Err: &pace.Error{Class: pace.Retry, Reason: "stumbled"}}, 0)
	x.Take(Outcome{ID: "a", Result: Result{State: Done}}, 0)
	if rep := x.Report(0); !x.Ended() || !rep.Interrupted || rep.Failed > 0 || rep.Done != 1 {
		t.Errorf("%+v", rep)
	}
	if got := h.types(); got != "a:step_started c:step_started :interrupted a:step_done" {
		t.Errorf("told %s", got)
	}
}

type remembers struct{ Step }

func (remembers) Memo() json.RawMessage { return json.RawMessage(`{"update":"u-1"}`) }

func TestWhatAStepRemembersCanBeReadBack(t *testing.T) {
	k := &Task{Step: remembers{stepFunc(func(context.Context) (Result, error) { return Started("") })}}
	x := execution(t, nil, map[string]*Task{"a": k}, Settings{})
	x.Start(x.Next(0).ID)
	x.Take(Turn(t.Context(), k), 0)
	if m := string(x.Memo("a")); m != `{"update":"u-1"}` {
		t.Errorf("it remembers %q", m)
	}
}
