package status

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// turns is the clock of a watcher beside a run in the same virtual world, which the run alone
// moves: between two looks the watcher waits until the run lets it.
type turns struct {
	clock.Clock
	asleep, wake chan struct{}
}

func (t *turns) Sleep(ctx context.Context, _ time.Duration) error {
	t.asleep <- struct{}{}
	select {
	case <-t.wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look lets the watcher look once; false: it has ended.
func (t *turns) look(ended <-chan error) bool {
	t.wake <- struct{}{}
	select {
	case <-t.asleep:
		return true
	case <-ended:
		return false
	}
}

// --watch on another machine goes through every gap of an upgrade, and ends with it.
func TestWatchGoesOnToTheEndOfAnUpgrade(t *testing.T) {
	f := testregion.Load(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1}]\n")
	r, s := testregion.New(t, f, 1), store.NewMemory()
	ctx := t.Context()
	b := &run.Books{Store: s, Locker: cmdutil.Locker(s), Now: r.Sim.World.Date, Actor: journal.Actor{Who: "ann@laptop"}, Command: "up"}
	up, err := run.PrepareWith(ctx, r.AWS, f, run.Wish{Books: b})
	ran(t, up, err, r, nil)
	b.Command = "upgrade"
	session, err := run.PrepareUpgrade(ctx, r.AWS, "test", run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, Books: b})
	if err != nil {
		t.Fatal(err)
	}

	var out bytes.Buffer
	a := cmdutil.New(strings.NewReader(""), &out, io.Discard)
	a.Format = "jsonl"
	l := &run.Lookout{AWS: r.AWS, Name: "test", Date: r.Sim.World.Date, Locker: cmdutil.Locker(s)}
	watcher, ended := &turns{Clock: r.Clock, asleep: make(chan struct{}), wake: make(chan struct{})}, make(chan error, 1)
	go func() { ended <- looks(ctx, a, l, watcher, true) }()
	<-watcher.asleep // a plan is shown, and nothing begun

	looked := 1
	ran(t, session, nil, r, func(e engine.Event) {
		if looked++; !watcher.look(ended) {
			t.Fatalf("it ended at %s of %s", e.Type, e.Step)
		}
	})
	watcher.wake <- struct{}{} // the lock is given back
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != looked+1 {
		t.Errorf("%d lines of %d looks", len(lines), looked+1)
	}
	var last outcome.Status
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if !last.Settled || !strings.Contains(last.Ended, "slipway upgrade of ann@laptop: done; the cluster is at Kubernetes 1.35") {
		t.Errorf("the last: %+v", last)
	}
	if text := strings.Join(lines, ""); !strings.Contains(text, `"round":"1.35, 1 of 1"`) || !strings.Contains(text, `"of":"control plane"`) {
		t.Error("nothing tells of the round, or of EKS's update")
	}
}

// ran turns a session, and gives the lock back.
func ran(t *testing.T, s *run.Session, err error, r *testregion.Region, on func(engine.Event)) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	rep, err := s.Run(t.Context(), r.Clock, 1, on)
	if err != nil || !rep.OK() {
		t.Fatal(err, rep)
	}
	s.Conclude(t.Context(), rep)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// With nobody at work, what EKS is at is watched to its end, as the region's clock goes on.
func TestWatchEndsWithWhatEKSIsAt(t *testing.T) {
	f := testregion.Load(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1}]\n")
	r := testregion.New(t, f, 1)
	up, err := run.Prepare(t.Context(), r.AWS, f)
	ran(t, up, err, r, nil)
	if _, err := r.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("test"), Version: new("1.35")}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a := cmdutil.New(strings.NewReader(""), &out, io.Discard)
	if err := looks(t.Context(), a, &run.Lookout{AWS: r.AWS, Name: "test", Date: r.Sim.World.Date}, r.Clock, true); err != nil {
		t.Fatal(err)
	}
	each := strings.Split(out.String(), "Cluster test in us-west-2\n")[1:]
	if n := len(each); n < 10 || !strings.Contains(each[n-2], "update of control plane to Kubernetes 1.35: InProgress, since") ||
		strings.Contains(each[n-1], "update of") || !strings.Contains(each[n-1], "way back to Kubernetes 1.34") {
		t.Errorf("%d looks: %s", n, strings.Join(each[max(0, n-2):], ""))
	}
}
