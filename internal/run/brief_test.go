package run_test

import (
	"strings"
	"testing"

	look "github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Every command says where the record is not as the cluster is: what, what it breaks, and
// the command that repairs it.
func TestEveryCommandSpeaksOfDrift(t *testing.T) {
	r, _ := replaced(t)
	st, err := run.Look(t.Context(), r.AWS, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	down, err := run.PrepareDown(t.Context(), r.AWS, "test")
	if err != nil {
		t.Fatal(err)
	}
	for name, said := range map[string]string{"status": st.Drift, "down": strings.Join(down.Plan.Notes, "\n"), "plan": strings.Join(prepare(t, r, withoutNAT).Plan.Notes, "\n")} {
		for _, want := range []string{"Drift: ", "do not exist any more", "What it breaks: eksctl", "slipway sync test", "slipway drift test --region us-west-2"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s does not say %q: %s", name, want, said)
			}
		}
	}
}

// The look costs no more than ten requests, whatever the cluster holds; nobody who did
// nothing hears of drift.
func TestTheBriefLookIsCheap(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, withoutNAT), 1)
	if rep := drive(t, r, prepare(t, r, withoutNAT)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	s := prepare(t, r, withoutNAT)
	if said := strings.Join(s.Plan.Notes, "\n"); strings.Contains(said, "drift") {
		t.Error(said)
	}
	calls := func(do func() error) int {
		t.Helper()
		before := r.AWS.Calls()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		return r.AWS.Calls() - before
	}
	for name, c := range map[string]struct {
		own look.Scope
		do  func() error
	}{
		"status": {look.Quick(), func() error { _, err := run.Look(t.Context(), r.AWS, "test", nil); return err }},
		"down":   {look.Removal(), func() error { _, err := run.PrepareDown(t.Context(), r.AWS, "test"); return err }},
		"nodegroup delete": {look.Leaving(), func() error {
			_, err := run.PrepareDelete(t.Context(), r.AWS, "test", []string{"m"}, run.GroupChange{})
			return err
		}},
	} {
		without := calls(func() error { _, err := look.Cluster(t.Context(), r.AWS, "test", c.own); return err })
		with := calls(c.do)
		if with-without < 1 || with-without > 10 {
			t.Errorf("%s: %d requests with the look, %d without", name, with, without)
		}
	}
	// up, plan and nodegroup create look for much more that a plan takes: the look itself.
	for name, own := range map[string]look.Scope{"up": look.Planning(), "nodegroup upgrade": look.Replacing()} {
		live, err := look.Cluster(t.Context(), r.AWS, "test", own)
		if err != nil {
			t.Fatal(err)
		}
		if n := calls(func() error { _, err := look.Complete(t.Context(), r.AWS, live, look.Brief(live)); return err }); n > 10 || n == 0 && name == "up" {
			t.Errorf("%s: the look takes %d requests", name, n)
		}
	}
	r.Region.IAM.Deny("ec2:DescribeSubnets")
	st, err := run.Look(t.Context(), r.AWS, "test", nil)
	if err != nil || !strings.Contains(st.Drift, "Not checked for drift: ") {
		t.Errorf("%q %v", st.Drift, err)
	}
}
