package cmdutil

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
)

// Replaces are the flags of commands whose plan may have node groups replaced.
type Replaces struct {
	groups      []string
	maxParallel int
	gates       []string
	gateTime    time.Duration
	soak        time.Duration
	pause       string
	batch       string
	deadline    time.Duration
	force       bool
}

// Add adds them. The gates' flag is not --gate, as of nodegroup upgrade: here, that says
// what node groups wait for of the network add-ons.
func (f *Replaces) Add(c *cobra.Command) {
	fs := c.Flags()
	fs.StringArrayVar(&f.groups, "replace", nil,
		"node group, or all: where the file wants what cannot be changed in place, a new one is made beside it, as by slipway nodegroup upgrade; may be repeated")
	fs.IntVar(&f.maxParallel, "max-parallel", 0,
		"how many node groups at a time are replaced (unless said, 1), or on the way to another version updated (3)")
	fs.StringArrayVar(&f.gates, "replace-gate", nil, "command that must exit 0 for a replacement to go on, at each of its gates; may be repeated")
	fs.DurationVar(&f.gateTime, "gate-timeout", 10*time.Minute, "how long such a gate may stay shut")
	fs.DurationVar(&f.soak, "soak", 0, "how long all must stay as available as before, once a replaced group is empty")
	fs.StringVar(&f.pause, "pause", "", "of what is replaced: stop after-green or after-drain for a person to look; the same command goes on")
	fs.StringVar(&f.batch, "batch", "", "of what is replaced: how many nodes at a time, as a number or a part such as 25%; default: all")
	fs.DurationVar(&f.deadline, "deadline", time.Hour, "how long the pods of a zone may take to move")
	fs.BoolVar(&f.force, "force", false,
		"replace though pods are lost, or do not find a node again as they are; on the way to another version, as of slipway upgrade")
}

// Wish adds to a wish what the flags say.
func (f *Replaces) Wish(w run.Wish) (run.Wish, error) {
	if f.maxParallel < 0 {
		return w, Input("--max-parallel takes 1 or more")
	}
	w.Replace, w.MaxParallel, w.Batch = f.groups, f.maxParallel, f.batch
	w.Watch = plan.Watch{Gates: f.gates, GateTime: f.gateTime, Pause: f.pause, Soak: f.soak, Deadline: f.deadline, Force: f.force}
	return w, Watched(w.Watch, w.Batch)
}

// Watched refuses what no replacement can be watched by, or no group be cut into.
func Watched(w plan.Watch, batch string) error {
	_, err := run.Part(batch, 1)
	switch {
	case w.GateTime <= 0 || w.Deadline <= 0 || w.Soak < 0:
		return Input("--gate-timeout, --deadline and --soak take times such as 10m")
	case !slices.Contains([]string{"", rules.AfterGreen, rules.AfterDrain}, w.Pause):
		return Input("--pause %s: after-green or after-drain", w.Pause)
	case batch != "" && err != nil:
		return Input("--batch %s: a number of nodes, or a part of them such as 25%%", batch)
	}
	return nil
}

// Any tells whether a group is named.
func (f *Replaces) Any() bool { return len(f.groups) > 0 }
