package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// pinned is a group whose AMI release the file pins.
func pinned(version, release string) string {
	return strings.Replace(testregion.Cluster, "1.34", version, 1) + "managedNodeGroups: [{name: w, desiredCapacity: 1" + release + "}]\n"
}

const oldPin, newPin = ", releaseVersion: 1.34.1-20260901", ", releaseVersion: 1.35.0-20261101"

// A pin of the minor before is refused by its line, with what to pin, before the control plane
// moves, by all that would move it (ops case 22).
func TestAPinOfAnotherMinorIsRefused(t *testing.T) {
	r := up(t, pinned("1.34", oldPin))
	f := testregion.Load(t, pinned("1.35", oldPin))
	for name, prepare := range map[string]func() (*run.Session, error){
		"up": func() (*run.Session, error) { return run.Prepare(t.Context(), r.AWS, f) },
		"in place": func() (*run.Session, error) {
			return run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{To: "1.35", File: f, Strategy: run.StrategyInPlace})
		},
		"blue-green": func() (*run.Session, error) {
			return run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{To: "1.35", File: f, Strategy: run.StrategyBlueGreen})
		},
	} {
		_, err := prepare()
		fs, _ := finding.Of(err)
		i := slices.IndexFunc(fs, func(x finding.Finding) bool { return x.Code == "release-other-minor" })
		if i < 0 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		x := fs[i]
		if x.Where.Path != "managedNodeGroups[0].releaseVersion" || x.Where.Line == 0 || !x.Input || !strings.Contains(x.What, "w is pinned to the AMI release 1.34.1-20260901") ||
			!strings.Contains(x.Remedy, "of which 1.35.") || !strings.Contains(x.Remedy, "leave releaseVersion out") {
			t.Errorf("%s: %+v", name, x)
		}
	}
	if is, _ := releaseOf(t, r, "w"); is != "1.34.1-20260901" {
		t.Errorf("the release is %s", is)
	}
}

// A pin of the target is what the group is taken to, in one call with the version, and its
// stack says so; the same file changes nothing afterwards.
func TestAPinOfTheTargetIsFollowed(t *testing.T) {
	for _, was := range []string{oldPin, ""} {
		before := stood(t, pinned("1.34", was))
		next := pinned("1.35", newPin)
		for name, prepare := range map[string]func(r *testregion.Region) *run.Session{
			"up": func(r *testregion.Region) *run.Session { return prepare(t, r, next) },
			"upgrade": func(r *testregion.Region) *run.Session {
				return upgrade(t, r, run.Upgrade{To: "1.35", File: testregion.Load(t, next), Strategy: run.StrategyInPlace})
			},
			"blue-green": func(r *testregion.Region) *run.Session {
				return upgrade(t, r, run.Upgrade{To: "1.35", File: testregion.Load(t, next), Strategy: run.StrategyBlueGreen})
			},
		} {
			r := testregion.Again(t, before)
			s := prepare(r)
			if rep := drive(t, r, s); !rep.OK() {
				t.Fatalf("%s of %q: %s", name, was, rep.FirstFailure)
			}
			group := "w"
			if name == "blue-green" {
				group = "w-b2"
			} else if e := s.Plan.Entry("nodegroup-version/w/1.35"); e == nil || !strings.Contains(e.Title, "AMI release 1.35.0-20261101") {
				t.Errorf("%s of %q: %+v", name, was, e)
			}
			is, _ := releaseOf(t, r, group)
			if body := templateOf(t, r, group); is != "1.35.0-20261101" || !strings.Contains(body, is) || strings.Contains(body, "1.34.1-20260901") {
				t.Errorf("%s of %q: the release is %s, and the template %s", name, was, is, body)
			}
			if err := clean(t, r, next); err != nil {
				t.Errorf("%s of %q, again: %v", name, was, err)
			}
		}
	}
}

// A pin that is taken out of the file with the new version lets the group have the newest; one
// that is taken out alone leaves it as it is.
func TestAPinThatIsTakenOut(t *testing.T) {
	r := up(t, pinned("1.34", oldPin))
	must(t, clean(t, r, pinned("1.34", "")))
	s := prepare(t, r, strings.Replace(pinned("1.35", ""), "desiredCapacity: 1", "desiredCapacity: 2, maxSize: 3", 1))
	if k := kinds(s); k[rules.GroupVersion] != 1 || k[rules.GroupUpdate] != 2 || !follows(s, "nodegroup-update/w/1.35", "nodegroup-update/w") {
		t.Errorf("the plan has %v", k)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	is, _ := releaseOf(t, r, "w")
	if body := templateOf(t, r, "w"); !strings.HasPrefix(is, "1.35.") || !strings.Contains(body, is) || strings.Contains(body, "20260901") {
		t.Errorf("the release is %s, and the template %s", is, body)
	}
	must(t, clean(t, r, strings.Replace(pinned("1.35", ""), "desiredCapacity: 1", "desiredCapacity: 2, maxSize: 3", 1)))
}

// A group that the file keeps older than the control plane by its pin stays there, though
// something else is behind, too.
func TestAPinKeepsAGroupWhereItIs(t *testing.T) {
	r := up(t, pinned("1.34", oldPin))
	_, err := r.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("test"), Version: new("1.35")})
	must(t, err)
	r.Sim.World.Advance(time.Hour)
	s := prepare(t, r, pinned("1.35", ""))
	if k := kinds(s); k[rules.ClusterVersion] != 0 || k[rules.GroupVersion] != 1 || !strings.Contains(strings.Join(s.Plan.Notes, " "), "older than the control plane: node group w, add-on kube-proxy") {
		t.Errorf("without a pin: %v %v", k, s.Plan.Notes)
	}
	s = prepare(t, r, pinned("1.35", oldPin))
	if k := kinds(s); k[rules.GroupVersion] != 0 || k[rules.AddonVersion] == 0 {
		t.Errorf("with it: %v", k)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	must(t, clean(t, r, pinned("1.35", oldPin)))
}
