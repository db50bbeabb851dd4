package sim_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/world"
	"github.com/slipway-eks/slipway/internal/testregion"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// reborn is an account that is saved and loaded while clients use it: their transport
// and clock.
type reborn struct {
	t     testing.TB
	sim   atomic.Pointer[sim.Sim]
	every int // events between two lives; 0: it lives once
	n     int
}

func (r *reborn) RoundTrip(q *http.Request) (*http.Response, error) { return r.sim.Load().RoundTrip(q) }
func (r *reborn) Now() time.Duration                                { return r.sim.Load().World.Elapsed() }

// Sleep makes what is due happen, and after every so many events begins another life.
func (r *reborn) Sleep(ctx context.Context, d time.Duration) error {
	until := r.Now() + d
	for r.sim.Load().World.Step(until) {
		if r.n++; r.every > 0 && r.n%r.every == 0 {
			r.again()
		}
	}
	return ctx.Err()
}

func (r *reborn) again() {
	b, err := r.sim.Load().Save()
	if err != nil {
		r.t.Fatal(err)
	}
	s := sim.New(sim.Options{Seed: 99})
	if err := s.Load(b); err != nil {
		r.t.Fatal(err)
	}
	r.sim.Store(s)
}

// launch brings a config up in an account that is saved and loaded, and gives the log.
func launch(t testing.TB, text string, every int) (log []world.Entry, lives int) {
	f := testregion.Load(t, text)
	r := &reborn{t: t, every: every}
	r.sim.Store(sim.New(sim.Options{Seed: 5, Start: noon}))
	c, err := awsc.New(t.Context(), awsc.Options{Region: f.Cluster.Metadata.Region, Transport: r, Key: iam.Key, Secret: iam.Secret, Clock: r})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Identify(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := run.Prepare(t.Context(), c, f)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := s.Run(t.Context(), r, 1, nil)
	if err != nil || !rep.OK() {
		t.Fatalf("%v %v", rep, err)
	}
	if every > 0 {
		lives = r.n / every
	}
	return r.sim.Load().World.Log(), lives
}

// An account is its saved state: a launch during which it is saved and loaded at every
// event (with -short: now and then) writes the same log as one in a single life.
func TestALaunchGoesOnInALoadedAccount(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(testregion.Root(t), "examples/quickstart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := launch(t, string(b), 0)
	every := 1
	if testing.Short() {
		every = 23
	}
	got, lives := launch(t, string(b), every)
	t.Logf("%d lives, %d lines of log", lives, len(want))
	if len(want) < 20 || lives < 20 {
		t.Errorf("%d lines, %d lives: too few to mean anything", len(want), lives)
	}
	for i := range min(len(want), len(got)) {
		if !reflect.DeepEqual(want[i], got[i]) {
			t.Fatalf("line %d is %+v, and in one life %+v", i, got[i], want[i])
		}
	}
	if len(want) != len(got) {
		t.Errorf("%d lines, and in one life %d", len(got), len(want))
	}
}

func TestASavedAccountIsReadStrictly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "account.json")
	s := sim.New(sim.Options{Seed: 1, Start: noon})
	if err := s.LoadFile(path); err != nil {
		t.Fatalf("no file is a new account: %v", err)
	}
	s.Region("us-west-2").Inject(sim.Fault{Pages: &sim.PagesFault{Size: 1}})
	if err := s.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	next := sim.New(sim.Options{})
	if err := next.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	a, errA := s.Save()
	b, errB := next.Save()
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("saved again it differs: %v %v\n%s\n%s", errA, errB, a, b)
	}
	var doc map[string]any
	if err := json.Unmarshal(a, &doc); err != nil {
		t.Fatal(err)
	}
	doc["format"] = 2
	later, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"later format": string(later), "half a file": string(a[:len(a)/2])} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := sim.New(sim.Options{}).LoadFile(path); err == nil {
			t.Errorf("%s was loaded", name)
		}
	}
}
