package rules

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
)

// draft is a plan with these steps, for a config with these lines.
func draft(t *testing.T, text string, steps ...Step) *Draft {
	t.Helper()
	f, err := config.Load("test.yaml", []byte("apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: us-west-2}\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDraft(f.Cluster)
	for _, s := range steps {
		d.Add(s)
	}
	return d
}

// expect applies one rule alone: it adds these edges ("after < before"), each with a
// reason, and not those.
func expect(t *testing.T, r Rule, text string, steps []Step, want, deny []string) {
	t.Helper()
	d := draft(t, text, steps...)
	d.rule = r.Name
	r.Apply(d)
	if len(d.Errors) > 0 {
		t.Fatal(d.Errors)
	}
	var got []string
	for _, e := range d.Graph.Edges() {
		got = append(got, e.After+" < "+e.Before)
		if e.Reason == "" || e.Rule != r.Name {
			t.Errorf("%s < %s carries reason %q of rule %q", e.After, e.Before, e.Reason, e.Rule)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("the rule does not add %s, only %v", w, got)
		}
	}
	for _, w := range deny {
		if slices.Contains(got, w) {
			t.Errorf("the rule adds %s", w)
		}
	}
}

// A rule is listed with everything that `slipway rules` shows.
func TestRulesSaySourceAndDate(t *testing.T) {
	names := map[string]bool{}
	for _, r := range All {
		if r.Reason == "" || r.Source == "" || len(r.Checked) != len("2026-11-22") || names[r.Name] {
			t.Errorf("%+v", r)
		}
		names[r.Name] = true
	}
}

// One rule, one file, one test beside it.
func TestEachRuleHasItsTestBesideIt(t *testing.T) {
	for _, r := range All {
		file := strings.ReplaceAll(r.Name, "-", "_")
		for _, f := range []string{file + ".go", file + "_test.go"} {
			if _, err := os.Stat(f); err != nil {
				t.Errorf("the rule %s: %v", r.Name, err)
			}
		}
	}
}
