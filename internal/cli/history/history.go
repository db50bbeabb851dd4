// Package history is slipway history: what was done to a cluster, by whom, why, and how
// it ended.
package history

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/lease"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
)

const long = `Prints the journal of a cluster, the newest operation first: what was done, when, by whom, why (--reason), how it ended,
and how that was verified. An operation is written down before each of its calls that changes something and after it, so
one that was cut short shows how far it came. What may be a secret is shown by its hash.`

// New is the command, with show below it.
func New(a *cmdutil.App) *cobra.Command {
	var since string
	c := &cobra.Command{
		Use: "history NAME", Short: "Show what was done to a cluster, by whom, why, and how it ended",
		Args: cmdutil.OneArg("cluster's name"), Long: long,
		Example: "  slipway history prod --since 7d\n  slipway history show prod 12 -o json",
		RunE:    func(c *cobra.Command, args []string) error { return list(c.Context(), a, args[0], since) },
	}
	c.Flags().StringVar(&since, "since", "", "leave out what ended before: an age (36h, 7d) or a date (2026-11-29, or with its time as in RFC 3339)")
	a.Formats(c, "text, or json: one document", "text", "json")
	c.AddCommand(show(a))
	return c
}

func show(a *cmdutil.App) *cobra.Command {
	c := &cobra.Command{
		Use: "show NAME ID", Short: "Show one operation in full, with each call that changed something",
		Args: cmdutil.Args("cluster's name", "operation's ID"),
		Long: "Shows every call of an operation that was to change something: what it asked for, what was there before, what AWS or\n" +
			"Kubernetes answered, and under which request ID. A call without an answer may have taken effect.",
		RunE: func(c *cobra.Command, args []string) error { return one(c.Context(), a, args[0], args[1]) },
	}
	a.Formats(c, "text, or json: one document, with requests and answers", "text", "json")
	return c
}

// open is the cluster's journal, and the key of its lock.
func open(ctx context.Context, a *cmdutil.App, name string) (journal.Book, string, error) {
	t, err := a.OpenNamed(ctx, name)
	if err != nil {
		return journal.Book{}, "", err
	}
	s, err := a.Shelves(ctx)
	return run.Journal(s, t.AWS, name), run.LockKey(t.AWS, name), err
}

func list(ctx context.Context, a *cmdutil.App, name, since string) error {
	from, err := when(since, time.Now())
	if err != nil {
		return err
	}
	b, lock, err := open(ctx, a, name)
	if err != nil {
		return err
	}
	all, err := b.List(ctx, from)
	if err != nil {
		return err
	}
	if len(all) > 0 && all[0].Result == journal.Unfinished && held(ctx, b.Store, lock) {
		all[0].Result = journal.UnderWay
	}
	if a.Format == "json" {
		return a.JSON(all)
	}
	if len(all) == 0 {
		a.Say("Nothing was written down of a cluster %s in %s.", name, b.Store)
		return nil
	}
	render.History(a.Out, render.StyleFor(a.Out), all)
	return a.Out.Failed
}

// held tells whether somebody is at work on the cluster now.
func held(ctx context.Context, s store.Store, key string) bool {
	l := cmdutil.Locker(s)
	h, _, err := l.Read(ctx, key)
	return err == nil && !l.Over(h) || errors.Is(err, lease.ErrUnreadable)
}

func one(ctx context.Context, a *cmdutil.App, name, id string) error {
	n, err := strconv.Atoi(id)
	if err != nil {
		return cmdutil.Input("%q is no operation's ID: slipway history %s lists them", id, name)
	}
	b, _, err := open(ctx, a, name)
	if err != nil {
		return err
	}
	x, err := b.Show(ctx, n)
	if errors.Is(err, store.ErrAbsent) {
		return finding.Findings{{Code: "operation-absent", Severity: finding.Error,
			What:   "there is no operation " + id + " of cluster " + name + " in " + b.Store.String(),
			Remedy: "slipway history " + name + " lists them"}}
	}
	if err != nil {
		return err
	}
	if a.Format == "json" {
		return a.JSON(x)
	}
	render.Operation(a.Out, render.StyleFor(a.Out), x)
	return a.Out.Failed
}

// when reads an age or a date; "" is the beginning of time.
func when(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if n, err := strconv.Atoi(s[:len(s)-1]); err == nil && s[len(s)-1] == 'd' {
		return now.AddDate(0, 0, -n), nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, time.DateTime} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, cmdutil.Input("--since %q: an age such as 36h or 7d, or a date such as 2026-11-29", s)
}
