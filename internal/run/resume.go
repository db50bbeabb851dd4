package run

import (
	"context"
	"fmt"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/steps"
)

// PrepareSaved takes a plan that was saved: it is run as it was made, or, where what
// it was made from has moved since, refused by what has.
func PrepareSaved(ctx context.Context, c *awsc.Clients, p *plan.Plan, b *Books) (s *Session, err error) {
	if err := c.Identify(ctx); err != nil {
		return nil, check.Identity(err)
	}
	again := "make the plan again (slipway plan -f FILE -o json), and look at it"
	if p.Account != c.Account {
		return nil, finding.Findings{{Severity: finding.Error, Code: "plan-account",
			What:   fmt.Sprintf("the plan was made in account %s, and the credentials are of account %s", p.Account, c.Account),
			Remedy: "use the credentials of that account, or " + again, Input: true}}
	}
	hold, err := b.Open(ctx, c, p.Cluster)
	if err != nil {
		return nil, err
	}
	defer func() { err = hold.unless(ctx, err) }()
	live, err := read.Cluster(ctx, c, p.Cluster, read.Planning())
	if err != nil {
		return nil, check.Reach(err)
	}
	if moved := plan.Moved(p.Observed, plan.Facts(live)); len(moved) > 0 {
		return nil, finding.Findings{{Severity: finding.Error, Code: "plan-moved",
			What:   "the cluster is not as it was when the plan was made: " + few(moved, 4),
			Remedy: again, Input: true}}
	}
	env := &steps.Env{AWS: c, Name: p.Cluster, Net: p.Net, Reachable: p.Unreachable == ""}
	return &Session{AWS: c, File: named(c, p.Cluster), Live: live, Env: env, Plan: p, hold: hold}, nil
}

// few joins the last n of a list, and counts the others: what a plan moves itself, such
// as the control plane, sorts last.
func few(all []string, n int) string {
	if rest := len(all) - n; rest > 0 {
		return fmt.Sprintf("%s, and %d more", strings.Join(all[rest:], ", "), rest)
	}
	return strings.Join(all, ", ")
}
