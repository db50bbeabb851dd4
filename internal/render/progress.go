package render

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/plan/document"
)

// Lines shows a run as one line an event: for logs and pipes.
type Lines struct {
	W     io.Writer
	Style Style

	open map[string]engine.Event // steps under way
	said float64                 // when the last line was written
}

// heartbeat is how long a log stays silent at most, in seconds on the run's clock.
const heartbeat = 120

// Tick says what is under way when nothing has been said for a while.
func (l *Lines) Tick(at float64) {
	if at-l.said < heartbeat || len(l.open) == 0 {
		return
	}
	var what []string
	for _, id := range slices.Sorted(maps.Keys(l.open)) {
		e := l.open[id]
		what = append(what, fmt.Sprintf("%s (%s of ~%s)", e.Title, secs(at-e.At+e.Elapsed), secs(e.Typical)))
	}
	l.said = at
	fmt.Fprintf(l.W, "%7s  %s  %s\n", secs(at), l.Style.Dim("...    "), strings.Join(what, ", "))
}

// On shows one event.
func (l *Lines) On(e engine.Event) {
	if l.open == nil {
		l.open = map[string]engine.Event{}
	}
	l.said = e.At
	switch e.Type {
	case "step_started", "step_waiting", "step_blocked":
		l.open[e.Step] = e
	case "step_done", "step_failed", "step_timeout":
		delete(l.open, e.Step)
	}
	at := Duration(time.Duration(e.At * float64(time.Second)))
	mark, text := "", ""
	switch e.Type {
	case "step_started":
		mark, text = l.Style.Cyan("start  "), e.Title
		if e.Reason != "" {
			text += l.Style.Dim(" — no longer waits: " + e.Reason)
		}
	case "step_waiting":
		mark, text = l.Style.Dim("waiting"), e.Title+": "+e.Reason
		if e.Want > 0 {
			text = fmt.Sprintf("%s: %s", e.Title, e.Reason)
		}
		text += l.Style.Dim(fmt.Sprintf(" (%s of ~%s)", secs(e.Elapsed), secs(e.Typical)))
	case "step_blocked":
		mark, text = l.Style.Magenta("BLOCKED"), e.Title+" waits for you: "+e.Reason
	case "step_done":
		mark, text = l.Style.Green("done   "), e.Title+" in "+secs(e.Elapsed)
		if e.Reason != "" {
			text += ": " + e.Reason
		}
	case "step_failed":
		mark, text = l.Style.Red("FAILED "), e.Title+": "+e.Error
	case "step_timeout":
		mark, text = l.Style.Red("TIMEOUT"), e.Title+": "+e.Error
	case "step_skipped":
		mark, text = l.Style.Yellow("skipped"), e.Title+": "+e.Reason
	case "interrupted":
		mark, text = l.Style.Yellow("stop   "), e.Reason+"; interrupt once more to end at once"
	case "retry":
		mark, text = l.Style.Yellow("retry  "), e.Title+": "+e.Error
	}
	fmt.Fprintf(l.W, "%7s  %s  %s\n", at, mark, text)
}

func secs(s float64) string { return Duration(time.Duration(s * float64(time.Second))) }

// Tree is the live view on a terminal: a line per step, redrawn in place.
type Tree struct {
	W     io.Writer
	Style Style
	Plan  *document.Plan
	Rows  int // height of the terminal; 0: no limit
	Cols  int

	state map[string]engine.Event
	waits map[string][]document.Edge
	drawn int
	now   float64

	stopping string // "": it is not
}

// On takes one event and draws again.
func (t *Tree) On(e engine.Event) {
	if t.state == nil {
		t.state, t.waits = map[string]engine.Event{}, t.Plan.Waits()
	}
	switch e.Type {
	case "retry":
	case "interrupted":
		t.stopping = e.Reason + "; interrupt once more to end at once"
	default:
		t.state[e.Step] = e
	}
	t.now = max(t.now, e.At)
	t.draw()
}

// Tick moves the elapsed times.
func (t *Tree) Tick(at float64) {
	t.now = max(t.now, at)
	t.draw()
}

func (t *Tree) draw() {
	var b strings.Builder
	if t.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", t.drawn)
	}
	lines := t.lines()
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	t.drawn = len(lines)
	io.WriteString(t.W, b.String()) //nolint:errcheck // a terminal that is gone shows nothing
}

// lines renders the state of every step, the least interesting left out where the
// terminal is too small.
func (t *Tree) lines() []string {
	var out []string
	hidden := 0
	limit := len(t.Plan.Steps)
	if t.Rows > 4 {
		limit = min(limit, t.Rows-3)
	}
	doneShown := 0
	doneTotal, blocked := 0, 0
	for _, e := range t.Plan.Steps {
		switch t.state[e.ID].Type {
		case "step_done":
			doneTotal++
		case "step_blocked":
			blocked++
		}
	}
	spare := max(0, limit-(len(t.Plan.Steps)-doneTotal))
	for _, e := range t.Plan.Steps {
		s := t.state[e.ID]
		if s.Type == "step_done" && doneShown >= spare {
			hidden++
			continue
		}
		if s.Type == "step_done" {
			doneShown++
		}
		out = append(out, t.clip(t.row(e, s)))
	}
	if len(out) > limit {
		hidden += len(out) - limit
		out = out[:limit]
	}
	tail := fmt.Sprintf("%s  %d of %d steps", secs(t.now), doneTotal, len(t.Plan.Steps))
	if blocked > 0 {
		tail += t.Style.Magenta(fmt.Sprintf("  (%d waiting for you)", blocked))
	}
	if hidden > 0 {
		tail += fmt.Sprintf("  (%d lines not shown)", hidden)
	}
	if t.stopping != "" {
		tail += "  " + t.Style.Yellow(t.stopping)
	}
	return append(out, t.Style.Bold(tail))
}

func (t *Tree) row(e document.Step, s engine.Event) string {
	switch s.Type {
	case "step_done":
		return line(t.Style.Green("✓"), e.Title, secs(s.Elapsed), t.Style.Dim(s.Reason))
	case "step_failed", "step_timeout":
		return line(t.Style.Red("✗"), e.Title, secs(s.Elapsed), t.Style.Red(s.Error))
	case "step_skipped":
		return line(t.Style.Yellow("–"), e.Title, "", t.Style.Dim(s.Reason))
	case "":
		why := "about to start"
		for _, x := range t.waits[e.ID] {
			if t.state[x.Before].Type != "step_done" {
				why = "waits: " + x.Reason
			}
		}
		return t.Style.Dim(line("·", e.Title, "", why))
	}
	started := s.At - s.Elapsed
	if s.Type == "step_blocked" {
		return line(t.Style.Magenta("◆"), e.Title, secs(t.now-started), t.Style.Magenta("waits for you: "+s.Reason))
	}
	nodes := ""
	if s.Want > 0 {
		nodes = fmt.Sprintf("%d/%d ", s.Ready, s.Want)
	}
	return line(t.Style.Cyan("▶"), e.Title, secs(t.now-started), nodes+t.Style.Dim("of ~"+Duration(e.Typical.Duration())+"  "+s.Reason))
}

// line is one row of the tree: a mark, a title, a time and words.
func line(mark, title, took, words string) string {
	return fmt.Sprintf("%s %s %8s  %s", mark, pad(title, 52), took, words)
}

// clip keeps a row on one line; escape codes take no width.
func (t *Tree) clip(s string) string {
	if t.Cols <= 0 {
		return s
	}
	n, out, esc := 0, strings.Builder{}, false
	for _, r := range s {
		if r == 0x1b {
			esc = true
		}
		if !esc {
			if n += runewidth.RuneWidth(r); n > t.Cols-1 {
				if t.Style.Color {
					out.WriteString("\x1b[0m")
				}
				return out.String()
			}
		}
		out.WriteRune(r)
		if esc && r == 'm' {
			esc = false
		}
	}
	return out.String()
}
