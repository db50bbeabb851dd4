package render_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/plan/document"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// golden compares with testdata/NAME; -update writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at it, and run go test ./internal/render -update if it is right:\n%s", path, got)
	}
}

const cluster = testregion.Cluster + `
iam: {withOIDC: true, serviceAccounts: [{metadata: {name: sa}, wellKnownPolicies: {autoScaler: true}}]}
addons: [{name: aws-ebs-csi-driver}]
managedNodeGroups: [{name: workers, desiredCapacity: 2, privateNetworking: true}]
nodeGroups: [{name: idle, desiredCapacity: 0}]
`

func prepare(t *testing.T) (*testregion.Region, *run.Session) {
	t.Helper()
	f := testregion.Load(t, cluster)
	r := testregion.New(t, f, 1)
	s, err := run.Prepare(t.Context(), r.AWS, f)
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

func TestPlans(t *testing.T) {
	_, s := prepare(t)
	var text, json, dot, mermaid bytes.Buffer
	render.PlanText(&text, written(t, s), render.Style{})
	if err := render.PlanJSON(&json, written(t, s)); err != nil {
		t.Fatal(err)
	}
	render.PlanDOT(&dot, written(t, s))
	render.PlanMermaid(&mermaid, written(t, s))
	golden(t, "plan.txt", text.Bytes())
	golden(t, "plan.json", json.Bytes())
	golden(t, "plan.dot", dot.Bytes())
	golden(t, "plan.mmd", mermaid.Bytes())
}

func TestPlanOfALiveCluster(t *testing.T) {
	r, s := prepare(t)
	if rep, err := s.RunWith(t.Context(), engine.Options{Clock: r.Clock, Workers: 1}); err != nil || !rep.OK() {
		t.Fatal(rep, err)
	}
	for name, text := range map[string]string{"nothing.txt": cluster, "change.txt": cluster + "cloudWatch: {clusterLogging: {enableTypes: [audit]}}\n"} {
		again, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		render.PlanText(&b, written(t, again), render.Style{})
		golden(t, name, b.Bytes())
	}
}

// A run as lines, as the live tree in the middle and at the end, and as a timeline.
func TestRuns(t *testing.T) {
	r, s := prepare(t)
	var lines, frame, middle, svg bytes.Buffer
	l := &render.Lines{W: &lines}
	tree := &render.Tree{W: &frame, Plan: written(t, s), Rows: 60, Cols: 110}
	rep, err := s.RunWith(t.Context(), engine.Options{Clock: r.Clock, Workers: 1, Tick: 30 * time.Second, OnTick: l.Tick, OnEvent: func(e engine.Event) {
		l.On(e)
		frame.Reset() // keep the last frame only
		tree.On(e)
		if e.Step == "nodegroup/workers" && middle.Len() == 0 {
			middle.Write(frame.Bytes())
		}
	}})
	if err != nil || !rep.OK() {
		t.Fatal(rep, err)
	}
	render.Timeline(&svg, "Launch of cluster test", rep)
	golden(t, "run.txt", lines.Bytes())
	golden(t, "tree-middle.txt", middle.Bytes())
	golden(t, "tree-end.txt", frame.Bytes())
	golden(t, "timeline.svg", svg.Bytes())
}

// What waits for a person is told from what waits for AWS: as a line, in the tree, and
// in its count.
func TestBlockedShows(t *testing.T) {
	_, s := prepare(t)
	var lines, frame bytes.Buffer
	l, tree := &render.Lines{W: &lines}, &render.Tree{W: &frame, Plan: written(t, s), Rows: 60, Cols: 110}
	e := engine.Event{Type: "step_blocked", At: 90, Step: "nodegroup/workers", Title: "managed node group workers", Reason: "install the network plugin", Elapsed: 30}
	l.On(e)
	tree.On(e)
	if got, want := lines.String(), "  1m30s  BLOCKED  managed node group workers waits for you: install the network plugin\n"; got != want {
		t.Errorf("%q", got)
	}
	for _, want := range []string{"◆ ", "waits for you: install the network plugin", "(1 waiting for you)"} {
		if !bytes.Contains(frame.Bytes(), []byte(want)) {
			t.Errorf("no %q in\n%s", want, frame.String())
		}
	}
}

func written(t *testing.T, s *run.Session) *document.Plan {
	t.Helper()
	d, err := s.Plan.Document()
	if err != nil {
		t.Fatal(err)
	}
	return d
}
