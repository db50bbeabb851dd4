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
	words := map[string]string{"status": st.Drift}
	sessions := map[string]*run.Session{"down": down, "plan": prepare(t, r, withoutNAT)}
	one := map[string]any{"name": "m", "desiredCapacity": 1}
	sessions["nodegroup create with flags"] = fromFlags(t, r, true, one, run.Wish{})
	file := testregion.Load(t, withoutNAT+"managedNodeGroups: [{name: m, desiredCapacity: 1}]\n")
	sessions["nodegroup create -f"] = groupsOnly(t, r, file, run.Wish{})
	if rep := drive(t, r, sessions["nodegroup create -f"]); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	sessions["nodegroup scale"], err = scaled(t, r, "m", run.GroupSizes{Max: new(2)})
	must(t, err)
	sessions["nodegroup delete"], err = run.PrepareDelete(t.Context(), r.AWS, "test", []string{"m"}, run.GroupChange{})
	must(t, err)
	sessions["nodegroup upgrade --strategy in-place"], err = run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: "m"})
	must(t, err)
	sessions["nodegroup upgrade"], err = run.PrepareReplacement(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{"m"}, Changes: map[string]any{"instanceTypes": []string{"m5.xlarge"}}})
	must(t, err)
	sessions["nodegroup repair"], err = run.PrepareRepair(t.Context(), r.AWS, "test", run.Repair{Group: "m"})
	must(t, err)
	list, err := run.NodeGroups(t.Context(), r.AWS, "test", r.Sim.World.Date(), nil)
	must(t, err)
	words["nodegroup list"] = list.Drift
	for name, s := range sessions {
		words[name] = strings.Join(s.Plan.Notes, "\n")
		// What the look took beyond what the command had seen.
		before := r.AWS.Calls()
		if _, err := look.Complete(t.Context(), r.AWS, s.Live, look.Brief(s.Live)); err != nil {
			t.Fatal(err)
		}
		if n := r.AWS.Calls() - before; n > 10 {
			t.Errorf("%s: the look takes %d requests", name, n)
		}
	}
	for name, said := range words {
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
