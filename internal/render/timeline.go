package render

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/slipway-eks/slipway/internal/engine"
)

var spanColors = map[string]string{
	"done":    "#2e7d5b",
	"failed":  "#c0392b",
	"timeout": "#d35400",
	"running": "#2c6fbb",
	"blocked": "#8e44ad",
	"unknown": "#d35400",
	"skipped": "#b0b0b0",
}

// begin orders rows: what never ran comes last.
func begin(s engine.Span) time.Duration {
	if s.State == "skipped" || s.State == "waiting" {
		return math.MaxInt64
	}
	return s.Start
}

// Timeline draws what ran when, and what each step waited for, as an SVG.
func Timeline(w io.Writer, title string, r *engine.Report) {
	const left, right, row, top = 330, 960, 22, 64
	total := max(r.Elapsed, time.Second)
	height := top + row*len(r.Spans) + 40
	x := func(d time.Duration) float64 { return left + float64(d)/float64(total)*(right-left) }
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="Helvetica, Arial, sans-serif" font-size="12">`+"\n",
		right+40, height)
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" fill="#ffffff"/>`+"\n")
	fmt.Fprintf(w, `<text x="12" y="24" font-size="16" font-weight="bold">%s</text><text x="12" y="42" fill="#666">%s in all</text>`+"\n",
		html.EscapeString(title), Duration(r.Elapsed))
	step := tick(total)
	for d := time.Duration(0); d <= total; d += step {
		fmt.Fprintf(w, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#e4e4e4"/>`+
			`<text x="%.1f" y="%d" fill="#888" text-anchor="middle" font-size="10">%s</text>`+"\n", x(d), top-6, x(d), height-28, x(d), top-10, Duration(d))
	}
	spans := slices.Clone(r.Spans)
	slices.SortStableFunc(spans, func(a, b engine.Span) int { return cmp.Compare(begin(a), begin(b)) })
	at := map[string]int{}
	for i, s := range spans {
		at[s.ID] = i
	}
	for i, s := range spans {
		y := top + i*row
		if j, ok := at[s.WaitedFor]; ok && s.State != "skipped" && s.WaitedFor != "" {
			from := spans[j]
			fmt.Fprintf(w, `<path d="M%.1f %d V%d" stroke="#999" stroke-dasharray="2 2" fill="none"><title>%s</title></path>`+"\n",
				x(from.End), top+j*row+8, y+8, html.EscapeString(s.Why))
		}
		fmt.Fprintf(w, `<text x="12" y="%d" fill="#222">%s</text>`+"\n", y+12, html.EscapeString(cutText(s.Title, 50)))
		if s.State == "skipped" || s.State == "waiting" {
			fmt.Fprintf(w, `<text x="%d" y="%d" fill="#999">%s</text>`+"\n",
				left+4, y+12, html.EscapeString(s.State+": "+cutText(s.Reason, 80)))
			continue
		}
		fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%.1f" height="14" rx="2" fill="%s"><title>%s: %s</title></rect>`,
			x(s.Start), y+1, max(2, x(s.End)-x(s.Start)), spanColors[s.State], html.EscapeString(s.Title), html.EscapeString(s.Reason))
		label, anchor, tx := Duration(s.End-s.Start), "start", x(s.End)+4
		if tx > right-20 {
			anchor, tx = "end", x(s.Start)-4
		}
		fmt.Fprintf(w, `<text x="%.1f" y="%d" fill="#555" font-size="10" text-anchor="%s">%s</text>`+"\n", tx, y+12, anchor, label)
	}
	fmt.Fprintln(w, "</svg>")
}

func tick(total time.Duration) time.Duration {
	for _, d := range []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute} {
		if total/d <= 10 {
			return d
		}
	}
	return 30 * time.Minute
}

func cutText(s string, n int) string {
	if width(s) <= n {
		return s
	}
	return strings.TrimSpace(runewidth.Truncate(s, n-1, "")) + "…"
}
