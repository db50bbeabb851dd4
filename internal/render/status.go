package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/slipway-eks/slipway/internal/outcome"
)

// Owners shows who keeps what of a cluster, a line each.
func Owners(w io.Writer, style Style, lines []string) {
	fmt.Fprintln(w, style.Dim("kept by"))
	for _, l := range lines {
		by, what, _ := strings.Cut(l, ": ")
		fmt.Fprintf(w, "  %s: %s\n", by, style.Dim(what))
	}
}

// Status shows a cluster's parts and nodes in columns. Nodes that nobody saw are not
// counted.
func Status(w io.Writer, style Style, st *outcome.Status) error {
	fmt.Fprintf(w, "%s in %s\n", style.Bold("Cluster "+st.Cluster), st.Region)
	var rows [][]string
	for _, p := range st.Parts {
		rows = append(rows, []string{"  " + p.Kind, p.Name, p.Status, strings.TrimSpace(p.Detail + "  " + p.Reason)})
	}
	columns(w, rows)
	if st.Holder != "" {
		fmt.Fprintf(w, "%s %s\n", style.Bold("being changed by"), st.Holder)
	}
	if st.Ended != "" {
		fmt.Fprintf(w, "%s: %s\n", style.Bold("ended"), st.Ended)
	}
	if st.Progress != nil {
		for _, l := range st.Progress.Words() {
			fmt.Fprintf(w, "  %s\n", l)
		}
	}
	for _, c := range st.Changes {
		fmt.Fprintf(w, "%s %s %s: %s", style.Bold(c.Kind), "of "+c.Of, c.What, c.Stage)
		if c.Pods != nil {
			fmt.Fprintf(w, ", pods left: %d", *c.Pods)
		}
		if !c.Since.IsZero() {
			fmt.Fprintf(w, ", since %s", c.Since.UTC().Format("2006-01-02 15:04 MST"))
		}
		fmt.Fprintln(w)
		for _, x := range c.Waits {
			fmt.Fprintf(w, "  %s\n", x)
		}
	}
	if b := st.Back; b != nil {
		fmt.Fprintf(w, "%s to Kubernetes %s for %s more, until %s: slipway upgrade %s --rollback\n", style.Bold("way back"), b.Version, b.Left,
			b.Until.UTC().Format("2006-01-02 15:04 MST"), st.Cluster)
	}
	if len(st.Owners) > 0 {
		defer Owners(w, style, st.Owners)
	}
	if st.Drift != "" {
		defer fmt.Fprintf(w, "\n%s\n", style.Yellow(st.Drift))
	}
	if st.Uncounted != "" {
		_, err := fmt.Fprintf(w, "nodes not counted: %s\n", st.Uncounted)
		return err
	}
	ready := 0
	rows = nil
	for _, n := range st.Nodes {
		state := "NotReady"
		if n.Ready {
			ready++
			state = "Ready"
		}
		rows = append(rows, []string{"  node", n.Name, state, n.Group, n.Reason})
	}
	_, err := fmt.Fprintf(w, "%d of %d nodes Ready\n", ready, len(st.Nodes))
	columns(w, rows)
	return err
}
