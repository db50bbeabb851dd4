package plan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Correction is a repair of a cluster's record.
type Correction struct {
	Name, Region, Account string
	Stack                 string
	Edit                  stack.Edit
	Import                map[string]stack.Imported // what the stack takes in, once the edit is made
	Settle                bool                      // it is updated once more at the end
	Continue              bool                      // the stack is stuck in a rollback, which goes on first
	Skip                  []string                  // what that rollback cannot put back
}

// reasons are why what follows a step of a repair waits for it.
var reasons = map[string]string{
	"rollback-continue": "CloudFormation takes no update of a stack whose rollback failed",
	"record-sync":       "an import may not change outputs, so they are literal before it",
	"record-import":     "eksctl lists no stack that is IMPORT_COMPLETE: an update makes it UPDATE_COMPLETE",
}

// Sync makes the plan of a repair of the record: a rollback that is stuck goes on first,
// as CloudFormation takes no update before.
func Sync(in Correction) (*Plan, error) {
	p := &Plan{Cluster: in.Name, Region: in.Region, Account: in.Account}
	g := graph.New(4)
	add := func(e Entry) {
		g.Add(e.ID)
		p.Entries = append(p.Entries, e)
	}
	if in.Continue {
		add(Entry{ID: "rollback-continue/" + in.Stack, Kind: "rollback-continue", Action: Update, Title: "the rollback of stack " + in.Stack,
			Typical: time.Minute, Timeout: timeoutUpdate, Step: &steps.RollbackContinue{Stack: in.Stack, Skip: in.Skip}})
	}
	if len(in.Edit.Outputs)+len(in.Edit.Drop)+len(in.Edit.Gone)+len(in.Edit.Subnets) > 0 {
		add(Entry{ID: "record-sync/" + in.Stack, Kind: "record-sync", Action: Update, Title: "the record in stack " + in.Stack,
			Typical: 30 * time.Second, Timeout: timeoutUpdate, Step: &steps.RecordSync{Stack: in.Stack, Edit: in.Edit}})
	}
	if len(in.Import) > 0 {
		add(Entry{ID: "record-import/" + in.Stack, Kind: "record-sync", Action: Update, Title: "live subnets into stack " + in.Stack,
			Typical: 30 * time.Second, Timeout: timeoutUpdate, Step: &steps.RecordSync{Stack: in.Stack, Edit: stack.Edit{Import: in.Import, Texts: in.Edit.Texts}}})
	}
	if in.Settle || len(in.Import) > 0 {
		var ids []string
		for _, x := range in.Import {
			ids = append(ids, slices.Collect(maps.Values(x.Identifier))...)
		}
		slices.Sort(ids)
		word := "after the import of " + strings.Join(ids, ", ")
		add(Entry{ID: "record-settle/" + in.Stack, Kind: "record-sync", Action: Update, Title: "the stack " + in.Stack + " UPDATE_COMPLETE, as eksctl wants it",
			Typical: 30 * time.Second, Timeout: timeoutUpdate, Step: &steps.RecordSync{Stack: in.Stack, Edit: stack.Edit{Touch: word, Texts: in.Edit.Texts}}})
	}
	for i := range len(p.Entries) - 1 {
		before, after := p.Entries[i], p.Entries[i+1]
		reason := reasons[before.ID[:strings.Index(before.ID, "/")]]
		if err := g.Connect(graph.Edge{Before: before.ID, After: after.ID, Rule: "one-update", Reason: reason}); err != nil {
			return nil, err
		}
	}
	return p, p.finish(g)
}
