package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/lease"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const booksOfTest = "clusters/111122223333/us-west-2/test/"

// process is one run of slipway against a region that others use too. It can die: what
// it would send or write from then on is never sent nor written.
type process struct {
	t    *testing.T
	aws  *awsc.Clients
	clk  clock.Clock
	b    *run.Books
	s    store.Store // as others see it
	pid  int
	dead bool // under mu
	mu   sync.Mutex

	changing []string // the calls that change something, as they went over the wire
	onChange func()   // before one is sent
	onAnswer func()   // before its answer is read
	onEvent  func(engine.Event)
	atOnce   chan struct{}
}

const alive = 1 // the process ID of all who have not died

func newProcess(t *testing.T, r *testregion.Region, s store.Store, pid int) *process {
	p := &process{t: t, clk: r.Clock, s: s, pid: pid, atOnce: make(chan struct{})}
	c, err := awsc.New(t.Context(), awsc.Options{Region: "us-west-2", Transport: cable{p, r.Sim}, Key: iam.Key, Secret: iam.Secret, Clock: r.Clock})
	if err != nil {
		t.Fatal(err)
	}
	p.aws = c
	l := &lease.Locker{Store: disk{p}, Now: r.Sim.World.Date, Clock: &clock.Wall{Start: time.Now(), Speed: 1}, Machine: "here",
		Alive: func(pid int) bool { return pid == alive }}
	p.b = &run.Books{Store: disk{p}, Locker: l, Now: r.Sim.World.Date, Actor: journal.Actor{Who: "ann@laptop"}, Command: "up", Reason: "a test", Tool: "slipway test"}
	return p
}

func (p *process) die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.dead {
		p.dead = true
		close(p.atOnce)
	}
}

func (p *process) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

var errDead = errors.New("the process is dead")

// cable is what a process sends.
type cable struct {
	p    *process
	next http.RoundTripper
}

// changes tells from the wire alone whether a request may change something.
func changes(r *http.Request, body []byte) (string, bool) {
	op := r.Method + " " + r.URL.Path
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		op = target[strings.LastIndex(target, ".")+1:]
	} else if i := bytes.Index(body, []byte("Action=")); i >= 0 {
		op, _, _ = strings.Cut(string(body[i+len("Action="):]), "&")
	} else {
		reads := strings.Contains(r.URL.Path, "authorization.k8s.io") || strings.HasSuffix(r.URL.Path, "/insights") // ListInsights is a POST
		return op, r.Method != http.MethodGet && r.Method != http.MethodHead && !reads
	}
	for _, reads := range []string{"Describe", "List", "Get", "Simulate", "Validate"} {
		if strings.HasPrefix(op, reads) {
			return op, false
		}
	}
	return op, true
}

func (w cable) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	op, may := changes(r, body)
	if may && !w.p.over() {
		w.p.changing = append(w.p.changing, op)
		if w.p.onChange != nil {
			w.p.onChange()
		}
	}
	if w.p.over() {
		return nil, errDead
	}
	out, err := w.next.RoundTrip(r)
	if may && w.p.onAnswer != nil {
		w.p.onAnswer()
	}
	if w.p.over() {
		return nil, errDead
	}
	return out, err
}

// disk is what a process writes.
type disk struct{ p *process }

func (d disk) Get(ctx context.Context, key string) ([]byte, string, error) {
	return d.p.s.Get(ctx, key)
}
func (d disk) List(ctx context.Context, prefix string) ([]string, error) {
	return d.p.s.List(ctx, prefix)
}
func (d disk) String() string { return d.p.s.String() }

func (d disk) Put(ctx context.Context, key string, data []byte) (string, error) {
	if d.p.over() {
		return "", errDead
	}
	return d.p.s.Put(ctx, key, d.own(key, data))
}

// own gives the test's own processes IDs of their own.
func (d disk) own(key string, data []byte) []byte {
	if !strings.HasSuffix(key, "lock.json") {
		return data
	}
	return bytes.Replace(data, fmt.Appendf(nil, `"pid": %d`, os.Getpid()), fmt.Appendf(nil, `"pid": %d`, d.p.pid), 1)
}

func (d disk) Replace(ctx context.Context, key string, data []byte, tag string) (string, error) {
	if d.p.over() {
		return "", errDead
	}
	return d.p.s.Replace(ctx, key, d.own(key, data), tag)
}

func (d disk) Delete(ctx context.Context, key, tag string) error {
	if d.p.over() {
		return errDead
	}
	return d.p.s.Delete(ctx, key, tag)
}

// up runs a launch as the command does.
func (p *process) up(text string) (*outcome.Outcome, error) {
	ctx := p.t.Context()
	s, err := run.PrepareWith(ctx, p.aws, testregion.Load(p.t, text), run.Wish{Books: p.b})
	if err != nil {
		return nil, err
	}
	return p.turn(s)
}

// down removes the cluster as the command does.
func (p *process) down() (*outcome.Outcome, error) {
	p.b.Command = "down"
	s, err := run.PrepareDownWith(p.t.Context(), p.aws, "test", p.b)
	if err != nil {
		return nil, err
	}
	return p.turn(s)
}

// sync repairs the record as the command does.
func (p *process) sync() (*outcome.Outcome, error) {
	p.b.Command = "sync"
	s, err := run.PrepareSync(p.t.Context(), p.aws, "test", run.SyncOptions{Template: true, Books: p.b})
	if err != nil {
		return nil, err
	}
	return p.turn(s.Session)
}

// restore brings back what the record tells, as the command does.
func (p *process) restore() (*outcome.Outcome, error) {
	p.b.Command = "restore"
	s, err := run.PrepareRestore(p.t.Context(), p.aws, "test", run.RestoreOptions{Books: p.b, Remove: true})
	if err != nil {
		return nil, err
	}
	return p.turn(s.Session)
}

func (p *process) turn(s *run.Session) (*outcome.Outcome, error) {
	ctx := p.t.Context()
	defer s.Close(ctx) //nolint:errcheck // a dead process cannot
	if s.Plan.Empty() {
		return s.Conclude(ctx, nil), nil
	}
	rep, err := p.run(s)
	if err != nil {
		return nil, err
	}
	return s.Conclude(ctx, rep), nil
}

func (p *process) run(s *run.Session) (*engine.Report, error) {
	return s.RunWith(p.t.Context(), engine.Options{Clock: p.clk, Workers: 1, AtOnce: p.atOnce, OnEvent: p.onEvent})
}

func (p *process) journal() journal.Book { return run.Journal(p.s, p.aws, "test") }

// accounts are all operations, in full, the first first.
func accounts(t *testing.T, b journal.Book) []*journal.Account {
	t.Helper()
	list, err := b.List(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]*journal.Account, len(list))
	for _, r := range list {
		a, err := b.Show(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Damaged) > 0 {
			t.Errorf("operation %d is damaged: %v", r.ID, a.Damaged)
		}
		out[r.ID-1] = a
	}
	return out
}

const something = testregion.Cluster + `
iam:
  withOIDC: true
  podIdentityAssociations: [{namespace: ns, serviceAccountName: pod, permissionPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]
iamIdentityMappings: [{arn: "arn:aws:iam::111122223333:role/x", username: x, groups: [crew]}]
accessConfig: {authenticationMode: API_AND_CONFIG_MAP}
addons: [{name: eks-pod-identity-agent}]
cloudWatch: {clusterLogging: {enableTypes: [api], logRetentionInDays: 7}}
managedNodeGroups: [{name: m, desiredCapacity: 1, preBootstrapCommands: ["echo 1f1e33a9 > /token"]}]
nodeGroups: [{name: s, desiredCapacity: 1}]
`

// Every call that changes something is in the journal before it is on the wire, whoever
// makes it, and its answer after it; the copy and the lock are there before the first.
func TestEveryChangeIsWrittenDownBeforeItIsSent(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, something), 1)
	dir := t.TempDir()
	p := newProcess(t, r, store.NewFiles(dir, false), alive)
	p.onChange = func() {
		a := accounts(t, p.journal())
		if len(a) == 0 || len(a[len(a)-1].Calls) != len(p.changing) {
			t.Fatalf("%s is on the wire, and not in the journal", p.changing[len(p.changing)-1])
		}
		for _, must := range []string{"lock.json", "snapshots/" + a[len(a)-1].Snapshot + ".json"} {
			if _, err := os.Stat(filepath.Join(dir, booksOfTest, must)); err != nil {
				t.Fatalf("before %s: %v", p.changing[len(p.changing)-1], err)
			}
		}
	}
	o, err := p.up(something)
	if err != nil || o.Result != outcome.Done {
		t.Fatalf("%+v %v", o, err)
	}
	a := accounts(t, p.journal())[0]
	if len(a.Calls) < 10 || a.Changes != len(a.Calls) || a.Result != outcome.Done || !strings.Contains(a.Verified, "2 of 2 nodes Ready") ||
		a.Reason != "a test" || a.Actor.Who != "ann@laptop" || a.Actor.ARN != p.aws.Caller || !strings.HasPrefix(a.Plan, "sha256:") || len(a.Steps) < 10 {
		t.Errorf("%+v", a.Record)
	}
	for i, c := range a.Calls {
		if !c.Answered || c.Error != "" || c.RequestID == "" || c.Step == "" || len(c.Request) == 0 && !strings.HasPrefix(c.Call, "DELETE") {
			t.Errorf("%+v", c)
		}
		if name := c.Call[strings.Index(c.Call, ":")+1:]; !strings.HasPrefix(p.changing[i], strings.SplitN(name, " ", 2)[0]) && !strings.HasPrefix(p.changing[i], "POST") {
			t.Errorf("the journal has %s, and the wire %s", c.Call, p.changing[i])
		}
	}
	if _, err := os.Stat(filepath.Join(dir, booksOfTest, "lock.json")); err == nil {
		t.Error("the lock was not given back")
	}
	noSecret(t, dir, "1f1e33a9", "ZWNobyAxZjFlMzNhOQ")
	update(t, r, p)
}

// update changes what stands: what was there before is in the journal, and EKS's ID of the update.
func update(t *testing.T, r *testregion.Region, p *process) {
	text := strings.Replace(something, "agent}]", "agent}, {name: coredns, configurationValues: '{\"replicaCount\": 3}'}]", 1)
	p.changing = nil
	if o, err := p.up(text); err != nil || o.Result != outcome.Done {
		t.Fatalf("%+v %v", o, err)
	}
	for _, c := range accounts(t, p.journal())[1].Calls {
		if c.Call == "eks:UpdateAddon" {
			if c.UpdateID == "" || !strings.Contains(string(c.Before), `"addonName":"coredns"`) || !strings.Contains(string(c.Request), "replicaCount") {
				t.Errorf("%+v\n%s\n%s", c, c.Before, c.Request)
			}
			return
		}
	}
	t.Errorf("no update of the add-on is in the journal: %v", p.changing)
}

// noSecret looks for texts in everything that was kept.
func noSecret(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, s := range secrets {
			if bytes.Contains(b, []byte(s)) {
				t.Errorf("%s shows %s", path, s)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Two who launch one cluster, and one who removes it meanwhile: the second is refused
// before it looks.
func TestTheSecondIsRefused(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, workers), 1)
	s := store.NewMemory()
	first, second := newProcess(t, r, s, alive), newProcess(t, r, s, alive)
	tried := 0
	first.onChange = func() {
		if tried++; tried > 2 {
			return
		}
		_, err := second.up(workers)
		if outcome.Code(err) != outcome.ExitLocked || !strings.Contains(err.Error(), "slipway up of ann@laptop (arn:aws:iam::111122223333:user/admin) has held it since") ||
			!strings.Contains(err.Error(), "slipway unlock test") {
			t.Errorf("another up: %v", err)
		}
		_, err = run.PrepareDownWith(t.Context(), second.aws, "test", second.b)
		if outcome.Code(err) != outcome.ExitLocked {
			t.Errorf("a down: %v", err)
		}
	}
	if o, err := first.up(workers); err != nil || o.Result != outcome.Done || tried == 0 {
		t.Fatalf("%+v %v", o, err)
	}
	if len(second.changing) > 0 {
		t.Errorf("the second changed %v", second.changing)
	}
	if o, err := second.up(workers); err != nil || o.Result != outcome.Nothing && o.Code != 0 {
		t.Errorf("after the first: %+v %v", o, err)
	}
	if left, _ := s.List(t.Context(), booksOfTest+"lock"); len(left) > 0 {
		t.Error("the lock was not given back")
	}
}

const small = testregion.Cluster + "managedNodeGroups: [{name: w, desiredCapacity: 1}]\n"

// killedAnywhere kills a process between any two of its writes and changing calls, whatever
// it was about to do (a call that only reads leaves nothing behind, so that being killed
// around one is being killed after the write before it), in a region and a store that are
// fresh each time. The next one takes the lock over, goes on, gives it back, and the journal
// can be read. fewest points are expected; after says what must be then. CI, which sets
// SLIPWAY_CASES, kills at every point; elsewhere every seventh does, as each is a run.
func killedAnywhere(t *testing.T, fewest int, fresh func() (*testregion.Region, store.Store), do func(*process) (*outcome.Outcome, error),
	after func(at int, r *testregion.Region, again *process, o *outcome.Outcome),
) {
	t.Helper()
	killedEvery(t, 1, 7, fewest, fresh, do, after)
}

// killedNowAndThen is killedAnywhere for what takes long: CI kills at every fifth point.
func killedNowAndThen(t *testing.T, fewest int, fresh func() (*testregion.Region, store.Store), do func(*process) (*outcome.Outcome, error),
	after func(at int, r *testregion.Region, again *process, o *outcome.Outcome),
) {
	t.Helper()
	killedEvery(t, 5, 23, fewest, fresh, do, after)
}

// killedEvery kills at every so manyth point, in CI and elsewhere.
func killedEvery(t *testing.T, inCI, stride, fewest int, fresh func() (*testregion.Region, store.Store), do func(*process) (*outcome.Outcome, error),
	after func(at int, r *testregion.Region, again *process, o *outcome.Outcome),
) {
	t.Helper()
	if os.Getenv("SLIPWAY_CASES") != "" {
		stride = inCI
	}
	for at := 0; ; at += stride {
		r, s := fresh()
		p := newProcess(t, r, s, 4711)
		point := 0
		here := func() {
			if point == at {
				p.die()
			}
			point++
		}
		p.onChange, p.onAnswer = here, here
		p.s = points{s, here, p}
		o, err := do(p)
		if point <= at {
			if err != nil || o.Result != outcome.Done || point < fewest {
				t.Fatalf("%d points: %+v %v", point, o, err)
			}
			t.Logf("killed at %d of %d points", (point+stride-1)/stride, point)
			return
		}
		again := newProcess(t, r, s, alive)
		if o, err = do(again); err != nil || o.Code != outcome.ExitDone {
			t.Fatalf("killed at %d, and run again: %+v %v", at, o, err)
		}
		all := accounts(t, again.journal())
		if len(again.changing) > 0 && all[len(all)-1].Result != outcome.Done {
			t.Errorf("killed at %d: the last operation is %s", at, all[len(all)-1].Result)
		}
		if left, _ := s.List(t.Context(), booksOfTest+"lock"); len(left) > 0 {
			t.Errorf("killed at %d: the lock stays", at)
		}
		after(at, r, again, o)
	}
}

// A launch makes nothing twice.
func TestKilledAnywhereAndRunAgain(t *testing.T) {
	fresh := func() (*testregion.Region, store.Store) {
		return testregion.New(t, testregion.Load(t, small), 1), store.NewFiles(t.TempDir(), false)
	}
	killedAnywhere(t, 20, fresh, func(p *process) (*outcome.Outcome, error) { return p.up(small) },
		func(at int, r *testregion.Region, _ *process, o *outcome.Outcome) {
			if o.Verdict.NodesReady != 1 {
				t.Fatalf("killed at %d, and run again: %+v", at, o.Verdict)
			}
			once(t, at, r)
		})
}

// And a removal leaves nothing.
func TestARemovalKilledAnywhereAndRunAgain(t *testing.T) {
	fresh := func() (*testregion.Region, store.Store) {
		r, s := testregion.New(t, testregion.Load(t, small), 1), store.NewMemory()
		if o, err := newProcess(t, r, s, alive).up(small); err != nil || o.Result != outcome.Done {
			t.Fatalf("%+v %v", o, err)
		}
		return r, s
	}
	killedAnywhere(t, 10, fresh, (*process).down, func(at int, _ *testregion.Region, _ *process, o *outcome.Outcome) {
		if len(o.Verdict.Left) > 0 || o.Verdict.Status != "absent" {
			t.Fatalf("killed at %d, and run again: %+v", at, o.Verdict)
		}
	})
}

// points calls a test at each write, before it is made.
type points struct {
	store.Store
	here func()
	p    *process
}

func (s points) Put(ctx context.Context, key string, data []byte) (string, error) {
	if s.here(); s.p.over() {
		return "", errDead
	}
	return s.Store.Put(ctx, key, data)
}

func (s points) Delete(ctx context.Context, key, tag string) error {
	if s.here(); s.p.over() {
		return errDead
	}
	return s.Store.Delete(ctx, key, tag)
}

// once finds what was made twice, by the region's own log.
func once(t *testing.T, at int, r *testregion.Region) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range r.Sim.World.Log() {
		if !slices.Contains([]string{"eks:cluster", "eks:nodegroup", "eks:addon", "ec2:natgateway", "ec2:instance"}, e.Kind) {
			continue
		}
		if seen[e.Kind+e.Name] {
			t.Errorf("killed at %d: %s %s was made twice", at, e.Kind, e.Name)
		}
		seen[e.Kind+e.Name] = true
	}
	if len(seen) < 8 {
		t.Errorf("the log has %v only", seen)
	}
}

// full is a store on a disk that is full after so many writes.
type full struct {
	store.Store
	left *int
}

func (f full) Put(ctx context.Context, key string, data []byte) (string, error) {
	if *f.left--; *f.left < 0 {
		return "", &store.Unusable{Store: "/state", Doing: "writing", Err: syscall.ENOSPC, Remedy: "make room"}
	}
	return f.Store.Put(ctx, key, data)
}

// A store that cannot be written any more, from whichever write on: nothing is changed
// that is not written down, the run ends and says so once, and goes on when there is room.
func TestAFullDiskStopsTheRun(t *testing.T) {
	for writes := 0; ; writes++ {
		r := testregion.New(t, testregion.Load(t, small), 1)
		inner := store.NewMemory()
		left := writes
		p := newProcess(t, r, full{inner, &left}, alive)
		o, err := p.up(small)
		if left >= 0 {
			if err != nil || o.Result != outcome.Done || writes < 8 {
				t.Fatalf("%d writes: %+v %v", writes, o, err)
			}
			break
		}
		switch sent := len(p.changing); {
		case sent == 0 && err != nil:
			if outcome.Code(err) != outcome.ExitFailed || !strings.Contains(err.Error(), "nothing was changed") || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("full after %d writes: %v", writes, err)
			}
		case err != nil:
			t.Errorf("full after %d writes, %d calls sent: %v", writes, sent, err)
		case o.Result == outcome.Done:
			if !strings.Contains(o.Unwritten, "no space left") {
				t.Errorf("full after %d writes: %+v", writes, o)
			}
		default:
			want := outcome.ExitPartial
			if sent == 0 {
				want = outcome.ExitFailed
			}
			if o.Code != want || len(o.Failures) != 1 || !strings.Contains(o.Failures[0].Reason, "no space left") {
				t.Errorf("full after %d writes, %d calls sent: %+v", writes, sent, o)
			}
		}
		intents := 0
		for _, a := range accounts(t, p.journal()) {
			intents += len(a.Calls)
		}
		if intents < len(p.changing) {
			t.Errorf("full after %d writes: %d calls are written down, and %d were sent", writes, intents, len(p.changing))
		}
		again := newProcess(t, r, inner, alive)
		if o, err := again.up(small); err != nil || o.Code != outcome.ExitDone || o.Verdict.NodesReady != 1 {
			t.Fatalf("full after %d writes, and run again: %+v %v", writes, o, err)
		}
	}
}

// A lock that somebody else has by now stops the run before its next change.
func TestALostLockStopsTheRun(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, workers), 1)
	s := store.NewMemory()
	p := newProcess(t, r, s, alive)
	late := false
	p.b.Locker.Now = func() time.Time { // the machine sleeps after its first change
		if late {
			return r.Sim.World.Date().Add(time.Hour)
		}
		return r.Sim.World.Date()
	}
	p.onAnswer = func() {
		if late {
			return
		}
		late = true
		other := newProcess(t, r, s, alive)
		_, tag, err := s.Get(t.Context(), booksOfTest+"lock.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := other.b.Locker.Break(t.Context(), booksOfTest+"lock.json", tag); err != nil {
			t.Fatal(err)
		}
		if err := other.aws.Identify(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := other.b.Open(t.Context(), other.aws, "test"); err != nil {
			t.Fatal(err)
		}
	}
	o, err := p.up(workers)
	if err != nil || len(p.changing) != 1 || o.Code != outcome.ExitPartial || len(o.Failures) != 1 ||
		!strings.Contains(o.Failures[0].Reason, "the lock is no longer ours: slipway up of ann@laptop") {
		t.Errorf("%v %+v %v", p.changing, o, err)
	}
	if left, _ := s.List(t.Context(), booksOfTest+"lock"); len(left) != 1 {
		t.Error("it took the other's lock with it")
	}
}

// What is written down depends on the seed alone.
func TestTheSameRunIsTheSameJournal(t *testing.T) {
	var all []string
	for range 2 {
		r := testregion.New(t, testregion.Load(t, workers), 3)
		s := store.NewMemory()
		if o, err := newProcess(t, r, s, alive).up(workers); err != nil || o.Result != outcome.Done {
			t.Fatalf("%+v %v", o, err)
		}
		keys, err := s.List(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, k := range keys {
			data, _, err := s.Get(t.Context(), k)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s\n%s\n", k, data)
		}
		all = append(all, b.String())
	}
	if all[0] != all[1] || len(all[0]) < 1000 {
		t.Errorf("they differ:\n%s\n%s", all[0], all[1])
	}
}
