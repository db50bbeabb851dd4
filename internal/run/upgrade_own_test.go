package run_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	simec2 "github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Groups with an AMI of somebody's own stay, with how far they are behind then, and another AMI
// is asked for by name; a file of the target version that has one replaces them by it, managed
// or not (ops case 23).
func TestGroupsWithAnAMIOfOnesOwn(t *testing.T) {
	const old = "ami: ami-0123456789abcdef0, amiFamily: AmazonLinux2023"
	text := testregion.Cluster + "nodeGroups: [{name: s, desiredCapacity: 1, " + old + "}]\nmanagedNodeGroups: [{name: w, desiredCapacity: 1, " + old + "}]\n"
	r := up(t, text)
	s := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})
	if k := kinds(s); k[rules.Begun] != 0 || k[rules.GroupVersion] != 0 || k[rules.ClusterVersion] != 1 {
		t.Errorf("the plan has %v", k)
	}
	for _, group := range []string{"s", "w"} {
		want := "Node group " + group + " stays at 1.34: its AMI is your own. Its kubelets are 1 minor behind then, of 3 that may be. Give it an AMI with kubelet 1.35 in a file"
		if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, want) {
			t.Errorf("the notes are %s, expected %q", notes, want)
		}
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if now := groupsOf(t, r); len(now) != 2 || now["s"] != 1 || now["w"] != 1 {
		t.Errorf("the groups are %v", now)
	}
	next := testregion.Load(t, at135(strings.ReplaceAll(text, "ami-0123456789abcdef0", simec2.ImageID("amazon-eks-node-al2023", "x86_64", "1.35"))))
	w := run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, File: next}
	if rep := drive(t, r, upgrade(t, r, w)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if now := groupsOf(t, r); len(now) != 2 || now["s-b2"] != 1 || now["w-b2"] != 1 {
		t.Errorf("the groups are %v", now)
	}
	nothingLeft(t, r)
	if s = upgrade(t, r, w); !s.Plan.Empty() {
		t.Errorf("again: %v", kinds(s))
	}
}
