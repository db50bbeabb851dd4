package plan

import (
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
	Continue              bool     // the stack is stuck in a rollback, which goes on first
	Skip                  []string // what that rollback cannot put back
}

// Sync makes the plan of a repair of the record: a rollback that is stuck goes on first,
// as CloudFormation takes no update before.
func Sync(in Correction) (*Plan, error) {
	p := &Plan{Cluster: in.Name, Region: in.Region, Account: in.Account}
	g := graph.New(2)
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
	if in.Continue && len(p.Entries) == 2 {
		err := g.Connect(graph.Edge{Before: p.Entries[0].ID, After: p.Entries[1].ID, Rule: "rollback-first",
			Reason: "CloudFormation takes no update of a stack whose rollback failed"})
		if err != nil {
			return nil, err
		}
	}
	return p, p.finish(g)
}
