package check_test

import (
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// An entry that is older than the role lets nobody in; one of the same hour or younger does, and
// one of a person says nothing of nodes. (With a role that was really made again: internal/run.)
func TestAccessEntries(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/nodes"
	f := testregion.Load(t, testregion.Cluster+"managedNodeGroups: [{name: g, iam: {instanceRoleARN: '"+role+"'}}, {name: n, iam: {instanceRoleName: other}}]\n")
	r := testregion.New(t, f, 1)
	made := r.Sim.World.Date()
	for _, c := range []struct {
		entry observe.AccessEntry
		of    string
		says  []string
	}{
		{observe.AccessEntry{Type: "EC2_LINUX", CreatedAt: made.Add(-time.Hour)}, role, []string{"instanceRoleARN", "the ARN is equal", "then make it again: aws eks create-access-entry"}},
		{observe.AccessEntry{Type: "EC2_LINUX", CreatedAt: made.Add(-time.Hour)}, "arn:aws:iam::111122223333:role/other", []string{"instanceRoleName", "that role is gone"}},
		{observe.AccessEntry{Type: "EC2_LINUX", CreatedAt: made.Add(time.Hour)}, role, nil},
		{observe.AccessEntry{Type: "STANDARD", CreatedAt: made.Add(-time.Hour)}, role, nil},
	} {
		live := &observe.Observed{Name: "test", AccessEntries: map[string]*observe.AccessEntry{c.of: &c.entry}}
		var but []string
		for _, x := range check.All() {
			if x.Name != "access-entries" {
				but = append(but, x.Name)
			}
		}
		fs := check.Run(t.Context(), check.Preflight, check.NewInput(r.AWS, f, vpc.Network{}, live), but...)
		if c.says == nil {
			if len(fs) > 0 {
				t.Errorf("%+v: %v", c.entry, fs)
			}
			continue
		}
		finds(t, fs, "access-entry-dead", c.says...)
	}
	r.Region.IAM.Deny("iam:GetRole")
	live := &observe.Observed{Name: "test", AccessEntries: map[string]*observe.AccessEntry{role: {Type: "EC2_LINUX", CreatedAt: made}}}
	fs := check.Run(t.Context(), check.Preflight, check.NewInput(r.AWS, f, vpc.Network{}, live))
	if i := len(fs); i == 0 || fs[0].Code != "not-checked" || fs[0].Severity != finding.Warning {
		t.Errorf("who may not look: %v", fs)
	}
}
