package run_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Another machine, with books of its own that are empty, takes an upgrade over that was killed:
// all that it must know is in the cluster.
func TestAnotherMachineTakesAnUpgradeOver(t *testing.T) {
	before := withBudget(t, pair)
	w := run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen, Watch: plan.Watch{Gates: []string{"true"}}}
	for at := 3; ; at += 41 {
		r := testregion.Again(t, before)
		p, point := newProcess(t, r, store.NewMemory(), 4711), 0
		p.onChange = func() {
			if point == at {
				p.die()
			}
			point++
		}
		if o, err := p.upgrade(w); point <= at {
			if err != nil || o.Result != outcome.Done || at < 80 {
				t.Fatalf("%d points: %+v %v", point, o, err)
			}
			return
		}
		other := newProcess(t, r, store.NewFiles(t.TempDir(), false), alive)
		if o, err := other.upgrade(w); err != nil || o.Code != outcome.ExitDone {
			t.Fatalf("killed at %d, and taken over: %+v %v", at, o, err)
		}
		isAt(t, r, "1.35")
		if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
			t.Errorf("killed at %d: the groups take pods on %v", at, now)
		}
		nothingLeft(t, r)
	}
}

// A second upgrade at once is refused, with who is at it and what to do, and changes nothing.
func TestASecondUpgradeAtOnceIsRefused(t *testing.T) {
	r := testregion.Again(t, stood(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1}]\n"))
	s := store.NewMemory()
	first, second := newProcess(t, r, s, alive), newProcess(t, r, s, alive)
	w, tried := run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace}, 0
	first.onChange = func() {
		if tried++; tried > 1 {
			return
		}
		for _, x := range []run.Upgrade{w, {Back: true, Strategy: run.StrategyInPlace}} {
			_, err := second.upgrade(x)
			if outcome.Code(err) != outcome.ExitLocked || !strings.Contains(err.Error(), "slipway upgrade of ann@laptop") || !strings.Contains(err.Error(), "slipway unlock test") {
				t.Errorf("a second one: %v", err)
			}
		}
	}
	if o, err := first.upgrade(w); err != nil || o.Result != outcome.Done || tried == 0 {
		t.Fatalf("%+v %v", o, err)
	}
	if len(second.changing) > 0 {
		t.Errorf("the second changed %v", second.changing)
	}
}

// What EKS finds when it looks again in the middle of an upgrade ends it with the cluster whole,
// at the minor that it has; with --force it goes on. So on the way back.
func TestWhatEKSFindsOnTheWay(t *testing.T) {
	ails := func(r *testregion.Region) { // the control plane's role loses its policy: the cluster's health is an error then
		roles, err := r.AWS.IAM.ListRoles(t.Context(), &iam.ListRolesInput{})
		must(t, err)
		for _, x := range roles.Roles {
			if strings.HasPrefix(*x.RoleName, "AWSServiceRole") || !strings.Contains(*x.RoleName, "ServiceRole") {
				continue
			}
			all, err := r.AWS.IAM.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: x.RoleName})
			must(t, err)
			for _, a := range all.AttachedPolicies {
				_, err := r.AWS.IAM.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: x.RoleName, PolicyArn: a.PolicyArn})
				must(t, err)
			}
			_, err = r.AWS.IAM.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: x.RoleName})
			must(t, err)
		}
	}
	start := testregion.Again(t, stood(t, old))
	r := start
	s := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})
	ails(r)
	ended(t, r, s, "EKS finds in the way of 1.3")
	r = testregion.Again(t, stood(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1}]\n"))
	if rep := drive(t, r, upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	up, err := r.Sim.Save()
	must(t, err)
	for _, force := range []bool{false, true} {
		r = testregion.Again(t, json.RawMessage(up))
		s = upgrade(t, r, run.Upgrade{Back: true, Strategy: run.StrategyInPlace, Force: force})
		ails(r)
		if force {
			if rep := drive(t, r, s); !rep.OK() && strings.Contains(rep.FirstFailure, "EKS finds in the way") {
				t.Errorf("forced: %s", rep.FirstFailure)
			}
			continue
		}
		ended(t, r, s, "EKS finds in the way of 1.34: Cluster health issues")
	}
}

// ended runs a plan that must fail, with the cluster whole and a word of how to go on.
func ended(t *testing.T, r *testregion.Region, s *run.Session, why string) {
	t.Helper()
	rep := drive(t, r, s)
	for _, want := range []string{why, "The cluster is whole, at the version before", "run the same command again"} {
		if rep.OK() || !strings.Contains(rep.FirstFailure, want) {
			t.Errorf("%s, expected %q", rep.FirstFailure, want)
		}
	}
}

// A version that is older, with groups that would be replaced for it, is refused by its own name.
func TestAnOlderVersionIsRefusedByName(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	_, err := run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{To: "1.33", Strategy: run.StrategyBlueGreen})
	if err == nil || !strings.Contains(err.Error(), "version-below: cluster test: runs Kubernetes 1.34, and 1.33 is older") {
		t.Error(err)
	}
}
