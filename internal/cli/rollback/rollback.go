// Package rollback is slipway rollback: one operation of the journal, undone.
package rollback

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/restore"
	"github.com/slipway-eks/slipway/internal/run"
)

const long = `Plans how one operation of slipway history is undone, as far as it can be: what its calls touched is brought back to the
snapshot that was taken before it, and nothing else is. What it added goes with --remove alone. What cannot be undone (an
upgrade, an encryption key, what was deleted with its data) is said by name before anything is done, and so are later
operations that changed the same things.`

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var (
		to     int
		remove bool
		ok     cmdutil.Consent
	)
	c := &cobra.Command{
		Use: "rollback NAME --to ID", Short: "Undo one operation of slipway history", Long: long, Args: cmdutil.OneArg("cluster's name"),
		Example: "  slipway history prod\n  slipway rollback prod --to 7 --reason 'the new add-on configuration loses packets'",
		RunE: func(c *cobra.Command, args []string) error {
			if to <= 0 {
				return cmdutil.Input("name the operation: --to ID, as slipway history %s lists it", args[0])
			}
			return rollback(c.Context(), a, args[0], to, ok, run.RestoreOptions{Remove: remove})
		},
	}
	c.Flags().IntVar(&to, "to", 0, "the operation that is undone: its ID in slipway history")
	restore.Removals(c, &remove)
	a.Consent(c, &ok)
	return c
}

func rollback(ctx context.Context, a *cmdutil.App, name string, to int, ok cmdutil.Consent, o run.RestoreOptions) error {
	t, err := a.OpenNamed(ctx, name)
	if err != nil {
		return err
	}
	return restore.Act(ctx, a, t, "rollback", ok, func(b *run.Books) (*run.Restore, error) {
		o.Books = b
		return run.PrepareRollback(ctx, t.AWS, name, to, b.Store, o)
	})
}
