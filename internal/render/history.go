package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/snapshot"
)

// date is a time as histories show it.
func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// History shows operations, one a line, with what was noted of each below it.
func History(w io.Writer, style Style, all []journal.Record) {
	rows := [][]string{{"ID", "WHEN", "WHO", "WHAT", "RESULT", "CHANGES", "VERIFIED", "WHY"}}
	for _, r := range all {
		rows = append(rows, []string{fmt.Sprint(r.ID), date(r.At), r.Actor.Who, r.Command, r.Result, fmt.Sprint(r.Changes), r.Verified, r.Reason})
	}
	columns(w, rows)
	for _, r := range all {
		for _, k := range r.Damaged {
			fmt.Fprintf(w, "%s an entry of operation %d cannot be read, and was read over: %s\n", style.Yellow("note:"), r.ID, k)
		}
	}
}

// Operation shows one operation in full, but for requests and answers.
func Operation(w io.Writer, style Style, a *journal.Account) {
	fmt.Fprintf(w, "%s\n", style.Bold(fmt.Sprintf("Operation %d: slipway %s", a.ID, a.Command)))
	ended, result := "", a.Result
	if a.Ended != nil {
		ended, result = " to "+date(*a.Ended), fmt.Sprintf("%s, exit code %d", a.Result, a.ExitCode)
	}
	rows := [][]string{{"  when", date(a.At) + ended}, {"  who", strings.TrimSpace(a.Actor.Who + "  " + a.Actor.ARN)}}
	for _, r := range [][2]string{
		{"CI run", a.Actor.CI}, {"why", a.Reason}, {"tool", a.Tool}, {"plan", a.Plan}, {"snapshot", a.Snapshot}, {"took over", a.TookOver},
		{"result", result}, {"verified", a.Verified}, {"error", a.Error},
	} {
		if r[1] != "" {
			rows = append(rows, []string{"  " + r[0], r[1]})
		}
	}
	columns(w, rows)
	for _, f := range a.Failures {
		fmt.Fprintf(w, "  %s %s\n", style.Red("failed:"), f)
	}
	for _, k := range a.Damaged {
		fmt.Fprintf(w, "  %s an entry cannot be read, and was read over: %s\n", style.Yellow("note:"), k)
	}
	if len(a.Calls) == 1 {
		fmt.Fprintln(w, "1 call that was to change something:")
	} else {
		fmt.Fprintf(w, "%d calls that were to change something:\n", len(a.Calls))
	}
	rows = nil
	for _, c := range a.Calls {
		rows = append(rows, []string{fmt.Sprintf("  %4d", c.Seq), date(c.At), c.Call, c.Step, came(style, c)})
	}
	columns(w, rows)
}

// came is what came of a call.
func came(style Style, c journal.Call) string {
	var s []string
	switch {
	case c.Error != "" && c.Answered:
		s = append(s, style.Red("refused: "+c.Error))
	case !c.Answered:
		s = append(s, style.Yellow("not answered: it may have taken effect"))
	}
	if c.UpdateID != "" {
		s = append(s, "update "+c.UpdateID)
	}
	if c.RequestID != "" {
		s = append(s, "request "+c.RequestID)
	}
	return strings.Join(s, ", ")
}

// Difference shows what changed between two snapshots, a line each.
func Difference(w io.Writer, style Style, d *snapshot.Difference) {
	for _, p := range d.Removed {
		fmt.Fprintf(w, "%s %s\n", style.Red("-"), p)
	}
	for _, p := range d.Added {
		fmt.Fprintf(w, "%s %s\n", style.Green("+"), p)
	}
	for _, c := range d.Changed {
		switch {
		case c.Was == nil:
			fmt.Fprintf(w, "%s %s: %s\n", style.Green("+"), c.Path, short(*c.Is))
		case c.Is == nil:
			fmt.Fprintf(w, "%s %s: %s\n", style.Red("-"), c.Path, short(*c.Was))
		default:
			fmt.Fprintf(w, "%s %s: %s → %s\n", style.Yellow("~"), c.Path, short(*c.Was), short(*c.Is))
		}
	}
	for _, n := range d.Unknown {
		fmt.Fprintf(w, "%s not compared: %s (%s)\n", style.Yellow("note:"), n.What, n.Why)
	}
	fmt.Fprintf(w, "%d differences\n", d.Count())
}

// short is a value on one line.
func short(s string) string {
	const most = 120
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
