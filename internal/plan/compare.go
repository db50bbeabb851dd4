package plan

import (
	"slices"

	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/record"
)

// compare finds by the catalogue of fields where the file, the record and the live
// cluster differ; the steps below follow the differences.
func (b *builder) compare() {
	if !b.exists() {
		return
	}
	r := record.FromStacks(b.live)
	t := diff.Truths{Desired: b.cfg, Declared: b.written, Filled: r.Filled, Live: b.live, Resolved: map[string]map[string]string{"addons.version": b.in.Versions}}
	if r.Config != nil {
		t.Recorded = r.Config
	}
	b.diffs = diff.Compare(t)
}

// wants tells whether the file itself says something else of one of these fields
// than what is live. Silence of the file is no wish.
func (b *builder) wants(key string, paths ...string) bool {
	return slices.ContainsFunc(b.diffs, func(d diff.Difference) bool { return d.Wanted && d.Key == key && slices.Contains(paths, d.Path) })
}
