package world_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/world"
)

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

type left struct{ Left int }

// relay makes a world whose event "beat" schedules itself until none are left, and
// logs each.
func relay(seed uint64, speed float64) *world.World {
	w := world.New(start, seed, speed)
	world.On(w, "beat", func(key string, p left) {
		w.Record(world.Entry{Kind: "beat", Name: fmt.Sprint(key, p.Left), Start: w.Elapsed(), End: w.Elapsed()})
		if p.Left > 0 {
			w.Schedule(w.Draw("beat", fmt.Sprint(key, p.Left), 3*time.Second, time.Second, 9*time.Second), "beat", key, left{p.Left - 1})
		}
	})
	return w
}

func TestEventsOfOneTimeHappenInOrderOfScheduling(t *testing.T) {
	w := world.New(start, 1, 0)
	var got []string
	world.On(w, "tick", func(key string, _ struct{}) { got = append(got, key) })
	for _, k := range []string{"a", "b", "c"} {
		w.Schedule(time.Second, "tick", k, nil)
	}
	w.Schedule(0, "tick", "first", nil)
	w.Schedule(-time.Hour, "tick", "second", nil)
	w.Advance(time.Second)
	if s := strings.Join(got, " "); s != "first second a b c" || w.Elapsed() != time.Second {
		t.Errorf("%s at %v", s, w.Elapsed())
	}
}

// A world that is late keeps the times of its events: a chain is as long as its
// durations, however fast the clock and slow the machine.
func TestAChainOfEventsIsAsLongAtEverySpeed(t *testing.T) {
	want := relay(1, 0)
	want.Schedule(0, "beat", "x", left{40})
	want.Advance(time.Hour)
	got := relay(1, 1e6)
	got.Schedule(0, "beat", "x", left{40})
	begun := got.Elapsed()
	for len(got.Log()) < 41 {
		got.Lock()
		//lint:ignore SA2001 a request that asks for nothing: what is due happens before it
		got.Unlock()
	}
	a, b := want.Log(), got.Log()
	for i := range a {
		if d := (b[i].Start - b[0].Start) - (a[i].Start - a[0].Start); d != 0 || a[i].Name != b[i].Name {
			t.Fatalf("event %d: %s %v and %s %v after the first, which was at %v", i, a[i].Name, a[i].Start, b[i].Name, b[i].Start-b[0].Start, begun)
		}
	}
}

func TestTimeStandsStillForARequest(t *testing.T) {
	w := world.New(start, 1, 1e6)
	w.Lock()
	at := w.Elapsed()
	for range 1000 {
		if w.Elapsed() != at {
			t.Fatal("it moved")
		}
	}
	w.Unlock()
	for w.Elapsed() == at {
	}
}

func TestIdentifiersDependOnWhatTheyName(t *testing.T) {
	a, b := world.New(start, 7, 0), world.New(start, 7, 0)
	a.ID("subnet-", "vpc-1", "10.0.0.0/20") // a call that b does not make
	if x, y := a.ID("subnet-", "vpc-1", "10.0.16.0/20"), b.ID("subnet-", "vpc-1", "10.0.16.0/20"); x != y {
		t.Errorf("another subnet shifted this one's: %s, %s", x, y)
	}
	if x, y := b.ID("subnet-", "vpc-1", "10.0.16.0/20"), b.ID("subnet-", "vpc-1", "10.0.16.0/20"); x == y {
		t.Errorf("made twice, it has one identifier: %s", x)
	}
	if x, y := a.In("us-east-1").ID("vpc-", "10.0.0.0/16"), a.In("us-west-2").ID("vpc-", "10.0.0.0/16"); x == y {
		t.Errorf("two regions share %s", x)
	}
	if x, y := world.New(start, 8, 0).ID("vpc-"), b.ID("vpc-"); x == y {
		t.Errorf("two seeds share %s", x)
	}
	if d := a.Draw("k", "n", time.Minute, time.Second, time.Hour); d != b.Draw("k", "n", time.Minute, time.Second, time.Hour) {
		t.Errorf("a duration depends on what was called before: %v", d)
	}
}

func TestAWorldGoesOnFromWhereItWasSaved(t *testing.T) {
	whole := relay(3, 0)
	whole.Schedule(0, "beat", "x", left{20})
	whole.Override("beat/x5", 42*time.Second)
	parts := relay(3, 0)
	parts.Schedule(0, "beat", "x", left{20})
	parts.Override("beat/x5", 42*time.Second)
	whole.Hex("one", 8)
	parts.Hex("one", 8)
	for parts.Step(time.Hour) {
		b, err := parts.Save()
		if err != nil {
			t.Fatal(err)
		}
		next := relay(0, 0)
		if err := next.Load(b); err != nil {
			t.Fatal(err)
		}
		parts = next
	}
	whole.Advance(time.Hour)
	if !reflect.DeepEqual(whole.Log(), parts.Log()) || len(whole.Log()) != 21 {
		t.Errorf("%v\n%v", whole.Log(), parts.Log())
	}
	if x, y := whole.Hex("one", 8), parts.Hex("one", 8); x != y || whole.Date() != parts.Date() {
		t.Errorf("%s and %s, %v and %v", x, y, whole.Date(), parts.Date())
	}
}

func TestAWorldWithAnUnknownEventIsNotLoaded(t *testing.T) {
	w := relay(1, 0)
	w.Schedule(time.Minute, "beat", "x", left{1})
	b, err := w.Save()
	if err != nil {
		t.Fatal(err)
	}
	if err := world.New(start, 1, 0).Load(b); err == nil || !strings.Contains(err.Error(), "beat") {
		t.Errorf("%v", err)
	}
}
