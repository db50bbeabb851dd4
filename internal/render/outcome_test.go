package render_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/render"
)

func said(o outcome.Outcome) string {
	var b strings.Builder
	o.Cluster, o.Region = "c", "us-west-2"
	render.Outcome(&b, render.Style{}, &o)
	return strings.TrimSpace(b.String())
}

func TestAnOutcomeSaysOnlyWhatWasSeen(t *testing.T) {
	done := outcome.Outcome{Result: outcome.Done, Elapsed: time.Minute, Steps: outcome.Steps{Done: 2}, Calls: 9}
	cases := map[string]func(o *outcome.Outcome){
		"done: cluster c is ACTIVE, 2 of 2 nodes Ready, in 1m (2 steps, 9 AWS calls)": func(o *outcome.Outcome) {
			o.Verdict = &outcome.Verdict{Status: "ACTIVE", NodesReady: 2, NodesWant: 2}
		},
		"done: cluster c is ACTIVE, 2 nodes wanted (not counted: its endpoint is private), in 1m (2 steps, 9 AWS calls)": func(o *outcome.Outcome) {
			o.Verdict = &outcome.Verdict{Status: "ACTIVE", NodesWant: 2, Uncounted: "its endpoint is private"}
		},
		"done: cluster c, in 1m (2 steps, 9 AWS calls)\nnote: the cluster could not be looked at again: throttled": func(o *outcome.Outcome) {
			o.Unseen = "throttled"
		},
		"done: cluster c is gone, and nothing of it is left, in 1m (2 steps, 9 AWS calls)": func(o *outcome.Outcome) {
			o.Removal, o.Verdict = true, &outcome.Verdict{Status: "absent"}
		},
		"done: every step to remove cluster c is done, in 1m (2 steps, 9 AWS calls)\nnote: the cluster could not be looked at again: cut": func(o *outcome.Outcome) {
			o.Removal, o.Unseen = true, "cut"
		},
		"There is nothing of a cluster c in us-west-2.": func(o *outcome.Outcome) { o.Removal, o.Result = true, outcome.Nothing },
		"There is nothing of a cluster c in us-west-2.\nnote: there is a cluster of that name in eu-west-1: --region eu-west-1": func(o *outcome.Outcome) {
			o.Removal, o.Result, o.Elsewhere = true, outcome.Nothing, []string{"eu-west-1"}
		},
		"add-on x: no\npartial: cluster c is ACTIVE, 0 of 1 nodes Ready; 2 steps done, 1 failed, 0 not begun. " +
			"Everything is left standing; run the same command again to continue": func(o *outcome.Outcome) {
			o.Result, o.Code, o.Steps.Failed = outcome.Partial, outcome.ExitPartial, 1
			o.Failures = []outcome.Failure{{Step: "addon/x", Title: "add-on x", Reason: "no"}}
			o.Verdict = &outcome.Verdict{Status: "ACTIVE", NodesWant: 1}
		},
	}
	for want, change := range cases {
		o := done
		change(&o)
		if got := said(o); got != want {
			t.Errorf("%s\nexpected\n%s", got, want)
		}
	}
}

// Columns stay aligned with names that are wider than their characters are many, or
// narrower.
func TestColumnsAlign(t *testing.T) {
	var b strings.Builder
	st := &outcome.Status{Cluster: "c", Region: "r", Parts: []outcome.Part{
		{Kind: "node group", Name: "节点组", Status: "ACTIVE"}, {Kind: "node group", Name: "abcdef", Status: "ACTIVE"},
		{Kind: "node group", Name: "e\u0301tage", Status: "ACTIVE"},
	}, Uncounted: "nobody looked"}
	if err := render.Status(&b, render.Style{}, st); err != nil {
		t.Fatal(err)
	}
	want := "Cluster c in r\n" +
		"  node group  节点组  ACTIVE\n" +
		"  node group  abcdef  ACTIVE\n" +
		"  node group  e\u0301tage   ACTIVE\n" +
		"nodes not counted: nobody looked\n"
	if b.String() != want {
		t.Errorf("%q\nexpected\n%q", b.String(), want)
	}
}

// What is under way is shown with its stage, the pods that are left, and what holds them.
func TestStatusShowsWhatIsUnderWay(t *testing.T) {
	at := time.Date(2026, 12, 1, 2, 10, 0, 0, time.UTC)
	st := &outcome.Status{Cluster: "c", Region: "r", Holder: "slipway nodegroup upgrade of ann@desk, since 2026-12-01 02:08 UTC", Changes: []outcome.Change{
		{Kind: "replacement", Of: "node group w", What: "by w-b2", Stage: "pods move, as budgets allow", Since: at, Pods: new(3), Waits: []string{"n1 has 3 pods left"}},
		{Kind: "update", Of: "control plane", What: "to Kubernetes 1.35", Stage: "InProgress"},
	}}
	var b strings.Builder
	if err := render.Status(&b, render.Style{}, st); err != nil {
		t.Fatal(err)
	}
	const want = `being changed by slipway nodegroup upgrade of ann@desk, since 2026-12-01 02:08 UTC
replacement of node group w by w-b2: pods move, as budgets allow, pods left: 3, since 2026-12-01 02:10 UTC
  n1 has 3 pods left
update of control plane to Kubernetes 1.35: InProgress
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("%s", b.String())
	}
}
