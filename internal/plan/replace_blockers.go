package plan

import (
	"github.com/slipway-eks/slipway/internal/finding"
)

// blockers are what would keep blue's pods from moving, named before anything is made.
func (r *replacing) blockers() finding.Findings {
	if fs := unreached(r.live, ""); fs != nil {
		return fs
	}
	nodes := names(r.live.NodesOf(r.Blue))
	fs := never(r.live, nodes, "")
	if len(fs) == 0 {
		r.drainNotes(nodes)
	}
	return fs
}
