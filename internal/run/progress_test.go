package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/lease"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// lookout is somebody on another machine, with the same store.
func lookout(r *testregion.Region, s store.Store) *run.Lookout {
	return &run.Lookout{AWS: r.AWS, Name: "test", Date: r.Sim.World.Date, Locker: &lease.Locker{Store: s, Now: r.Sim.World.Date,
		Clock: &clock.Wall{Start: time.Now(), Speed: 1}, Machine: "there"}}
}

// Who looks from another machine sees an upgrade in each of its gaps too, by round and step,
// with what it waits for, and how it ended.
func TestAnUpgradeIsSeenFromElsewhereToItsEnd(t *testing.T) {
	r, s := up(t, old), store.NewMemory()
	p, l := newProcess(t, r, s, alive), lookout(r, s)
	p.b.Command = "upgrade"
	session := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, Books: p.b})
	look := func() *outcome.Status {
		t.Helper()
		st, err := l.Look(t.Context())
		must(t, err)
		return st
	}
	if st := look(); st.Settled || !strings.HasPrefix(st.Holder, "slipway upgrade of ann@laptop") || st.Progress != nil {
		t.Errorf("before it begins: %+v", st)
	}
	rounds, waits, gaps := map[string]bool{}, "", 0
	p.onEvent = func(e engine.Event) {
		if e.Type == "step_skipped" {
			return
		}
		st := look()
		if st.Settled || st.Progress == nil {
			t.Fatalf("at %s of %s it is taken for settled: %+v", e.Type, e.Step, st)
		}
		if len(st.Changes) == 0 { // EKS says of nothing that it is under way
			gaps++
		}
		rounds[st.Progress.Round] = true
		waits += strings.Join(st.Progress.Words(), "\n") + "\n"
	}
	rep, err := p.run(session)
	must(t, err)
	if !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if !rounds["1.34, 1 of 2"] || !rounds["1.35, 2 of 2"] || gaps < 4 {
		t.Errorf("rounds %v, %d gaps", rounds, gaps)
	}
	for _, x := range []string{"at EKS finds nothing in the way of 1.35: ", "at control plane 1.33 → 1.34: ", "left: all of it seen at 1.34",
		"at node group w 1.33 → 1.35, in place: ", " steps are done, the last: add-on kube-proxy"} {
		if !strings.Contains(waits, x) {
			t.Errorf("nothing says %q in\n%s", x, waits)
		}
	}
	if o := session.Conclude(t.Context(), rep); o.Code != outcome.ExitDone {
		t.Errorf("it ended %+v", o)
	}
	must(t, session.Close(t.Context()))
	if st := look(); !st.Settled || st.Holder != "" || st.Progress != nil || !strings.Contains(st.Ended, "slipway upgrade of ann@laptop: done; ") {
		t.Errorf("after it: %+v", st)
	}
	if st := look(); st.Ended != "" {
		t.Errorf("and once more: %q", st.Ended)
	}
}

// A process that died is not waited for: it is said how far it was.
func TestAProcessThatDiedIsNotWaitedFor(t *testing.T) {
	r, s := up(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1}]\n"), store.NewMemory()
	p, l := newProcess(t, r, s, 4711), lookout(r, s)
	p.b.Command = "upgrade"
	session := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, Books: p.b})
	p.onEvent = func(e engine.Event) {
		if e.Type == "step_done" && strings.HasPrefix(e.Step, "cluster-version/") {
			p.die()
		}
	}
	_, err := p.run(session)
	must(t, err)
	st, err := l.Look(t.Context())
	must(t, err)
	if st.Settled || st.Progress == nil {
		t.Errorf("on another machine, nobody knows yet: %+v", st)
	}
	l.Locker.Machine, l.Locker.Alive = "here", func(pid int) bool { return pid == alive }
	st, err = l.Look(t.Context())
	must(t, err)
	if !st.Settled || st.Holder != "" || !strings.Contains(st.Ended, "ended without a word") || st.Progress == nil || st.Progress.In(outcome.Ran) == 0 {
		t.Errorf("on its own, it is: %+v", st)
	}
}
