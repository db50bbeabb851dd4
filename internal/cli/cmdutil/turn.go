package cmdutil

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/interrupt"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

// started opens the stream of a run.
type started struct {
	Type         string  `json:"type"`
	Cluster      string  `json:"cluster"`
	Region       string  `json:"region"`
	Steps        int     `json:"steps"`
	CriticalPath float64 `json:"criticalPath"` // seconds
}

// Turn runs a plan and shows it: a live tree on a terminal, lines elsewhere, JSON
// lines on standard output when asked. Standard output that cannot be written is told
// before anything is changed.
func (a *App) Turn(ctx context.Context, t *Target, s *run.Session) (*engine.Report, error) {
	o := engine.Options{Clock: t.Clock, Workers: t.Workers, AtOnce: interrupt.Hard(ctx).Done()}
	if a.Format == "jsonl" {
		a.Line(started{"run_started", s.Plan.Cluster, s.Plan.Region, len(s.Plan.Entries), s.Plan.Critical.Total.Seconds()})
		if a.Out.Failed != nil {
			return nil, outcome.Exit(outcome.ExitFailed, fmt.Errorf("nothing was changed: standard output cannot be written: %w", a.Out.Failed))
		}
		o.OnEvent = func(e engine.Event) { a.Line(e) }
		return s.RunWith(ctx, o)
	}
	a.Say("")
	if f, ok := a.Err.(*os.File); ok && render.Terminal(a.Err) && os.Getenv("TERM") != "dumb" {
		if cols, rows, err := term.GetSize(int(f.Fd())); err == nil {
			d, err := s.Plan.Document()
			if err != nil {
				return nil, err
			}
			v := &render.Tree{W: a.Err, Style: a.Style, Plan: d, Rows: rows, Cols: cols}
			o.OnEvent = v.On
			if t.Sim == nil { // a virtual minute is over before anybody has seen it
				o.OnTick, o.Tick = v.Tick, time.Second
			}
			return s.RunWith(ctx, o)
		}
	}
	l := &render.Lines{W: a.Err, Style: a.Style}
	o.OnEvent, o.OnTick, o.Tick = l.On, l.Tick, 30*time.Second
	return s.RunWith(ctx, o)
}

// Show tells the person what is planned.
func (a *App) Show(s *run.Session) error {
	d, err := s.Plan.Document()
	if err == nil {
		render.PlanText(a.Err, d, a.Style)
	}
	return err
}

// ShowRemoval is Show of what takes something away: where nothing is there, the outcome says
// it, beside the plan's notes.
func (a *App) ShowRemoval(s *run.Session) error {
	if !s.Plan.Empty() {
		return a.Show(s)
	}
	for _, note := range s.Plan.Notes {
		a.Say("%s %s", a.Style.Yellow("note:"), note)
	}
	return nil
}

// Conclude looks again, says what the run came to, and keeps it for the summary. The
// error carries the exit code, nil for a run that succeeded.
func (a *App) Conclude(ctx context.Context, s *run.Session, rep *engine.Report) error {
	a.Ended = s.Conclude(ctx, rep)
	if rep != nil {
		a.Say("")
	}
	render.Outcome(a.Err, a.Style, a.Ended)
	if a.Ended.Code != outcome.ExitDone {
		return outcome.Exit(a.Ended.Code, nil)
	}
	return nil
}
