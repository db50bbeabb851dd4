// Package unlock is slipway unlock: take the lock away from a process that is gone.
package unlock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/lease"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "unlock NAME", Short: "Take a cluster's lock away from a process that is gone", Args: cmdutil.OneArg("cluster's name"),
		Long: "Shows who holds the lock, and asks. Whoever changes a cluster refreshes its lock every five minutes; after half an\n" +
			"hour without a word, or when its process on this machine has ended, the next command takes it over by itself. A\n" +
			"process that lost its lock stops before its next change, and finishes no call twice.",
		RunE: func(c *cobra.Command, args []string) error { return unlock(c.Context(), a, args[0], yes) },
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

func unlock(ctx context.Context, a *cmdutil.App, name string, yes bool) error {
	t, err := a.OpenNamed(ctx, name)
	if err != nil {
		return err
	}
	s, err := a.Shelves(ctx)
	if err != nil {
		return err
	}
	l, key := cmdutil.Locker(s), run.LockKey(t.AWS, name)
	h, tag, err := l.Read(ctx, key)
	switch {
	case errors.Is(err, store.ErrAbsent):
		a.Say("Nobody holds a lock on cluster %s in %s.", name, s)
		return nil
	case errors.Is(err, lease.ErrUnreadable):
		a.Say("The lock on cluster %s cannot be read.", name)
	case err != nil:
		return err
	default:
		a.Say("%s holds the lock on cluster %s since %s, and last said so at %s.", h, name,
			h.Since.UTC().Format(time.RFC3339), h.Refreshed.UTC().Format(time.RFC3339))
	}
	if err := a.Confirm(yes, "Take it away? What that process does, if it still runs, and what you do then happen at the same time."); err != nil {
		return err
	}
	switch err := l.Break(ctx, key, tag); {
	case errors.Is(err, store.ErrMoved):
		return fmt.Errorf("nothing was changed: the lock has been refreshed, or taken by another, in this moment: its holder lives")
	case err != nil && !errors.Is(err, store.ErrAbsent):
		return err
	}
	a.Say("The lock on cluster %s is gone.", name)
	return nil
}
