package cmdutil

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/interrupt"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

// Consent is what a person says beforehand to a change: go ahead, and why.
type Consent struct {
	Yes    bool
	Reason string
}

// Consent adds the flags that every command has which changes a cluster: --yes, --reason,
// -o for the stream of events, and what becomes of what Terraform keeps.
func (a *App) Consent(c *cobra.Command, to *Consent) {
	c.Flags().BoolVarP(&to.Yes, "yes", "y", false, "do not ask")
	c.Flags().StringVar(&to.Reason, "reason", "", "why, in your words: slipway history shows it")
	TerraformState(c)
	c.Flags().Bool(adoptFlag, false, "write what Terraform keeps, too: its next apply takes it back unless its code says the same")
	a.Formats(c, "text, or jsonl: the typed stream of events, whose last is the summary", "text", "jsonl")
}

// Change is what a command that changes a cluster puts into the order that all of them
// have. nil is the usual.
type Change struct {
	Consent
	Command string // as the journal names it
	Prepare func(*run.Books) (*run.Session, error)
	// First says what must be done before the plan is even shown; after it, all is looked
	// at again. It is done with the lock given back, as it is a command of its own.
	First    func(*run.Session) (do func() error, err error)
	Show     func(*run.Session) error                                  // nil: the plan
	Question func(*run.Session) string                                 // nil: "Go ahead?"
	Conclude func(context.Context, *run.Session, *engine.Report) error // nil: App.Conclude
	Drawn    string                                                    // file to draw what ran when into; "": none
}

// Change is the whole of a command that changes a cluster, in its order. An error is nil
// where all is as wanted, or nothing was to be done.
func (a *App) Change(ctx context.Context, t *Target, c Change) error {
	c.usual(a)
	b, err := a.Books(ctx, t, c.Command, c.Reason)
	if err != nil {
		return err
	}
	s, err := a.prepared(ctx, c, b)
	if err != nil {
		return err
	}
	defer a.Close(ctx, s)
	if err := c.Show(s); err != nil {
		return err
	}
	if s.Plan.Empty() {
		return c.Conclude(ctx, s, nil)
	}
	if err := a.Confirm(c.Yes, c.Question(s)); err != nil {
		return err
	}
	rep, err := a.turned(ctx, t, s, c)
	if err != nil {
		return err
	}
	return errors.Join(c.Conclude(interrupt.Hard(ctx), s, rep), a.takenBack(ctx, t, s, rep))
}

// takenBack undoes a run that failed, where its session can. What is told of at the end is
// the run itself, unless its undoing fails, too.
func (a *App) takenBack(ctx context.Context, t *Target, s *run.Session, rep *engine.Report) error {
	back, err := s.Back(interrupt.Hard(ctx), rep)
	if err != nil || back == nil {
		return err
	}
	failed := a.Ended
	if err := a.Show(back); err != nil {
		return err
	}
	if rep, err = a.turned(ctx, t, back, Change{}); err != nil {
		return err
	}
	if err := a.Conclude(interrupt.Hard(ctx), back, rep); err != nil {
		return err
	}
	failed.TakenBack = true
	a.Ended = failed
	return nil
}

// usual fills in what a command has no wishes for.
func (c *Change) usual(a *App) {
	if c.Show == nil {
		c.Show = a.Show
	}
	if c.Question == nil {
		c.Question = func(*run.Session) string { return "Go ahead?" }
	}
	if c.Conclude == nil {
		c.Conclude = a.Conclude
	}
}

// prepared is the session of a change, after what comes first.
func (a *App) prepared(ctx context.Context, c Change, b *run.Books) (*run.Session, error) {
	s, err := c.Prepare(b)
	if err != nil || c.First == nil {
		return s, err
	}
	first, err := c.First(s)
	if err == nil && first == nil {
		return s, nil
	}
	a.Close(ctx, s)
	if err == nil {
		err = first()
	}
	if err != nil {
		return nil, err
	}
	a.Ended = nil // what is told of at the end is the change itself
	return c.Prepare(b)
}

// turned runs a plan, and draws what ran when.
func (a *App) turned(ctx context.Context, t *Target, s *run.Session, c Change) (*engine.Report, error) {
	drawing, err := OpenDrawing(c.Drawn)
	if err != nil {
		return nil, err
	}
	rep, err := a.Turn(ctx, t, s)
	if err != nil {
		drawing.Drop()
		return nil, err
	}
	title := "Launch of cluster " + s.Plan.Cluster
	if c.Command != "up" {
		title = "slipway " + c.Command + ", cluster " + s.Plan.Cluster
	}
	if err := drawing.Write(func(w io.Writer) { render.Timeline(w, title, rep) }); err != nil {
		a.Say("%s the timeline was not drawn: %v", a.Style.Yellow("note:"), err)
	}
	return rep, nil
}
