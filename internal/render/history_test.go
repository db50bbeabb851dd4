package render_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/snapshot"
)

// operations are one that ended well, one that failed, and one that was killed.
func operations() []*journal.Account {
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	end := at.Add(14 * time.Minute)
	ann := journal.Actor{Who: "ann@laptop", ARN: "arn:aws:iam::111122223333:user/ann"}
	call := func(seq int, name string, answered bool, failed string) journal.Call {
		return journal.Call{Seq: seq, At: at.Add(time.Duration(seq) * time.Second), Step: "addon/vpc-cni", Call: name, Answered: answered, Error: failed, RequestID: "r-1"}
	}
	update := call(3, "eks:UpdateAddon", true, "")
	update.UpdateID = "u-1"
	return []*journal.Account{
		{
			Record: journal.Record{ID: 3, At: at, Command: "up", Actor: ann, Result: journal.Unfinished, Changes: 1, Snapshot: "20261129T120000Z",
				TookOver: "slipway up of bob@desk", Damaged: []string{"clusters/1/us-west-2/prod/journal/0000003/00002.json"}},
			Calls: []journal.Call{{Seq: 1, At: at, Step: "stack", Call: "cloudformation:CreateStack"}},
		},
		{
			Record: journal.Record{ID: 2, At: at, Ended: &end, Command: "up", Actor: ann, Result: "partial", ExitCode: 3, Changes: 1, Verified: "control plane ACTIVE, 0 of 2 nodes Ready",
				Failures: []string{"add-on vpc-cni: AccessDenied"}, Reason: "CVE-2026-1234: new AMI"},
			Calls: []journal.Call{call(1, "eks:CreateAddon", true, "AccessDenied")},
		},
		{
			Record: journal.Record{ID: 1, At: at, Ended: &end, Command: "up", Actor: journal.Actor{Who: "ci@runner", CI: "https://ci.example/7"}, Result: "done",
				Changes: 2, Verified: "control plane ACTIVE, 2 of 2 nodes Ready", Tool: "slipway 1", Plan: "sha256:00"},
			Calls: []journal.Call{call(1, "eks:CreateAddon", true, ""), update},
		},
	}
}

func TestHistories(t *testing.T) {
	var list, shown bytes.Buffer
	var records []journal.Record
	for _, a := range operations() {
		records = append(records, a.Record)
		render.Operation(&shown, render.Style{}, a)
	}
	render.History(&list, render.Style{}, records)
	golden(t, "history.txt", list.Bytes())
	golden(t, "operations.txt", shown.Bytes())
}

func TestDifferences(t *testing.T) {
	was := &observe.Observed{Version: 1, Cluster: &observe.Cluster{Name: "c", Version: "1.34"}, Parts: []observe.Part{observe.ControlPlane, observe.Nodegroups},
		Groups: map[string]*observe.Nodegroup{"old": {Name: "old"}, "w": {Name: "w", Labels: map[string]string{"a": "b"}}}}
	is := &observe.Observed{Version: 1, Cluster: &observe.Cluster{Name: "c", Version: "1.35"}, Parts: []observe.Part{observe.ControlPlane, observe.Nodegroups},
		Groups:  map[string]*observe.Nodegroup{"new": {Name: "new"}, "w": {Name: "w", Labels: map[string]string{"c.d/e": "f"}}},
		NotRead: []observe.NotRead{{Part: observe.Nodegroups, What: "node group x", Why: "AccessDenied"}}}
	d, err := snapshot.Compare(was, is)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	render.Difference(&b, render.Style{}, d)
	golden(t, "difference.txt", b.Bytes())
}
