// Package render shows plans, runs and clusters: text for people, JSON for
// programs, DOT, Mermaid and SVG for pictures. It must not decide anything.
package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/plan/document"
)

// Duration shows a duration as people say it: 45s, 11m, 1h05m.
func Duration(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour && d%time.Minute == 0:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

var symbols = map[string]string{document.Create: "+", document.Update: "~", document.Delete: "-", document.Await: "◦"}

// PlanText shows a plan as a tree: each step under the one it waits for longest,
// with the reason, and what else it waits for. What it waits for further up the same
// branch goes without saying; the other forms hold every edge.
func PlanText(w io.Writer, p *document.Plan, style Style) {
	if p.Empty() {
		fmt.Fprintf(w, "Cluster %s in %s is as wanted. Nothing to do.\n", p.Cluster, p.Region)
		for _, note := range p.Notes {
			fmt.Fprintf(w, "%s %s\n", style.Yellow("note:"), note)
		}
		return
	}
	n := map[string]int{}
	for _, e := range p.Steps {
		n[e.Action]++
	}
	fmt.Fprintf(w, "%s\n\n", style.Bold(fmt.Sprintf("Plan for cluster %s in %s: %d to create, %d to update, %d to delete, %d to wait for",
		p.Cluster, p.Region, n[document.Create], n[document.Update], n[document.Delete], n[document.Await])))
	waits := p.Waits()
	parent := parents(p, waits)
	children, roots := map[string][]string{}, []string{}
	for _, x := range p.Steps {
		if of := parent[x.ID]; of != "" {
			children[of] = append(children[of], x.ID)
		} else {
			roots = append(roots, x.ID)
		}
	}
	critical := map[string]bool{}
	for _, id := range p.Critical.Steps {
		critical[id] = true
	}
	var show func(id, indent, branch, next string)
	show = func(id, indent, branch, next string) {
		e := p.Step(id)
		line := fmt.Sprintf("%s%s %s", branch, symbols[e.Action], e.Title)
		if critical[id] {
			line = style.Bold(line)
		}
		gap := max(1, 74-width(indent+branch+"x "+e.Title))
		fmt.Fprintf(w, "%s%s%s%s\n", indent, line, strings.Repeat(" ", gap), style.Dim("~"+Duration(e.Typical.Duration())))
		for _, reason := range reasons(p, waits[id], parent, id) {
			fmt.Fprintf(w, "%s%s  %s\n", indent, next, style.Dim("↳ "+reason))
		}
		for i, c := range children[id] {
			if i == len(children[id])-1 {
				show(c, indent+next, "└─", "  ")
			} else {
				show(c, indent+next, "├─", "│ ")
			}
		}
	}
	for _, r := range roots {
		show(r, "", "", "")
	}
	fmt.Fprintf(w, "\nCritical path, about %s:\n", style.Bold(Duration(p.Critical.Seconds.Duration())))
	for _, id := range p.Critical.Steps {
		e := p.Step(id)
		fmt.Fprintf(w, "  %s %s\n", e.Title, style.Dim("~"+Duration(e.Typical.Duration())))
	}
	for _, note := range p.Notes {
		fmt.Fprintf(w, "\n%s %s\n", style.Yellow("note:"), note)
	}
	for _, d := range p.Deletions {
		fmt.Fprintf(w, "\n%s %s.\n", style.Red("delete and re-create:"), d)
	}
}

// parents puts each step under the step it waits for that comes last on the way.
func parents(p *document.Plan, waits map[string][]document.Edge) map[string]string {
	parent, end := map[string]string{}, map[string]time.Duration{}
	g, err := p.Graph()
	if err != nil {
		return parent // it has edges to nowhere, and is no plan that could be read
	}
	order, err := g.Order()
	if err != nil {
		return parent
	}
	for _, id := range order {
		for _, e := range waits[id] {
			if of := parent[id]; of == "" || end[e.Before] > end[of] {
				parent[id] = e.Before
			}
		}
		end[id] = end[parent[id]] + p.Step(id).Typical.Duration()
	}
	return parent
}

// reasons says why a step waits: first for the one it stands under, then for others
// that are not further up its branch.
func reasons(p *document.Plan, waits []document.Edge, parent map[string]string, id string) []string {
	above := map[string]bool{}
	for x := parent[parent[id]]; x != ""; x = parent[x] {
		above[x] = true
	}
	var first, others []string
	for _, e := range waits {
		switch {
		case e.Before == parent[id]:
			first = append(first, e.Reason)
		case !above[e.Before]:
			others = append(others, "also after "+p.Step(e.Before).Title+": "+e.Reason)
		}
	}
	return append(first, others...)
}

// PlanJSON writes a plan as one JSON document, complete: slipway up --plan runs it.
func PlanJSON(w io.Writer, p *document.Plan) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(p)
}

// PlanDOT writes a plan for Graphviz; the critical path is bold.
func PlanDOT(w io.Writer, p *document.Plan) {
	critical := map[string]bool{}
	for _, id := range p.Critical.Steps {
		critical[id] = true
	}
	fmt.Fprintf(w, "digraph %q {\n  rankdir=LR;\n  node [shape=box, fontname=\"Helvetica\"];\n", p.Cluster)
	for _, e := range p.Steps {
		style := ""
		if critical[e.ID] {
			style = ", penwidth=2"
		}
		fmt.Fprintf(w, "  %q [label=%q%s];\n", e.ID, e.Title+"\n~"+Duration(e.Typical.Duration()), style)
	}
	for _, e := range p.Edges {
		fmt.Fprintf(w, "  %q -> %q [tooltip=%q];\n", e.Before, e.After, e.Reason)
	}
	fmt.Fprintln(w, "}")
}

// PlanMermaid writes a plan as a Mermaid flowchart.
func PlanMermaid(w io.Writer, p *document.Plan) {
	n := map[string]string{}
	fmt.Fprintln(w, "flowchart LR")
	for i, e := range p.Steps {
		n[e.ID] = fmt.Sprintf("s%d", i)
		fmt.Fprintf(w, "  s%d[\"%s<br/>~%s\"]\n", i, strings.ReplaceAll(e.Title, `"`, "#quot;"), Duration(e.Typical.Duration()))
	}
	for _, e := range p.Edges {
		fmt.Fprintf(w, "  %s --> %s\n", n[e.Before], n[e.After])
	}
}
