package run

import (
	"context"
	"io"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/export"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/owner"
)

// Export is a config file from a live cluster, whoever made it, with who keeps what.
type Export struct {
	*export.File
	Kept []string
}

// Write writes the file.
func (x *Export) Write(w io.Writer) error { return x.File.Write(w, x.Kept) }

// ExportFile reads everything of a cluster and says what a config file would say of it. It
// changes nothing. portable: the file names nothing of this account, and launches an equal
// cluster elsewhere. s says what Terraform keeps; nil: no state was given.
func ExportFile(ctx context.Context, c *awsc.Clients, name string, portable bool, s *State) (*Export, error) {
	if err := c.Identify(ctx); err != nil {
		return nil, check.Identity(err)
	}
	live, err := read.Cluster(ctx, c, name, read.Whole())
	if err != nil {
		return nil, check.Reach(err)
	}
	switch {
	case live.Cluster == nil && len(live.Stacks) == 0:
		return nil, absent(ctx, c, name)
	case live.Cluster == nil:
		return nil, finding.Findings{{Code: "no-cluster", Severity: finding.Error, Where: finding.Where{Resource: "cluster " + name}, Input: true,
			What:   "has stacks, and no control plane: there is nothing live to write down",
			Remedy: "slipway status " + name + " shows what is left of it"}}
	}
	own := owner.Of(live, s.owned(name))
	f, err := export.Of(live, export.Options{Own: own, Portable: portable})
	if err != nil {
		return nil, err
	}
	return &Export{f, own.Summary()}, nil
}
