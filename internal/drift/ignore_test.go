package drift_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/drift"
)

// What a list ignores is still shown, with why; a rule ends with its day, and one that is
// for additions holds for nothing else.
func TestIgnoresHaveAReasonAndAnEnd(t *testing.T) {
	rules, err := drift.ParseIgnores([]byte(`ignore:
- {path: nodes.securityGroups, extra: "sg-fm*", reason: Firewall Manager}
- {path: network.*.tags, key: "subnet-a*", reason: theirs, until: "2026-12-31"}
- {path: controlPlane, reason: known}
`))
	if err != nil {
		t.Fatal(err)
	}
	ignored := func(now string) string {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		r := &drift.Report{Differences: []drift.Difference{
			{Path: "nodes.securityGroups", Key: "i-1", Extra: []string{"sg-fm1", "sg-fm2"}},
			{Path: "nodes.securityGroups", Key: "i-2", Extra: []string{"sg-fm1", "sg-other"}},
			{Path: "nodes.securityGroups", Key: "i-3", Extra: []string{"sg-fm1"}, Lacks: []string{"sg-own"}},
			{Path: "network.subnets.tags", Key: "subnet-a1"},
			{Path: "network.subnets.tags", Key: "subnet-b1"},
			{Path: "controlPlane.version"},
			{Path: "controlPlaneOther.version"},
		}}
		r.Apply(rules, at)
		var out []string
		for _, d := range r.Differences {
			if d.Ignored != nil {
				out = append(out, d.Path+" "+d.Key)
			}
		}
		for _, x := range r.Expired {
			out = append(out, "ended: "+x.Path)
		}
		if len(r.Drifted())+len(out)-len(r.Expired) != len(r.Differences) {
			t.Errorf("%d drifted, %v ignored", len(r.Drifted()), out)
		}
		return strings.Join(out, ", ")
	}
	if got := ignored("2026-12-31T23:59:59Z"); got != "nodes.securityGroups i-1, network.subnets.tags subnet-a1, controlPlane.version " {
		t.Error(got)
	}
	if got := ignored("2027-01-01T00:00:00Z"); got != "nodes.securityGroups i-1, controlPlane.version , ended: network.*.tags" {
		t.Error(got)
	}
	for _, bad := range []string{"ignore: [{path: x}]", "ignore: [{reason: x}]", "ignore: [{path: x, reason: y, until: soon}]", "ignore: [{path: '[', reason: y}]", "ignored: []"} {
		if _, err := drift.ParseIgnores([]byte(bad)); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}
