package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/slipway-eks/slipway/internal/outcome"
)

// NodeGroups shows a cluster's node groups: one line each, and below what is to be known of
// it beside.
func NodeGroups(w io.Writer, style Style, l *outcome.NodeGroups) error {
	fmt.Fprintf(w, "%s in %s, Kubernetes %s\n\n", style.Bold("Node groups of cluster "+l.Cluster), l.Region, l.Version)
	if len(l.Groups) == 0 {
		fmt.Fprintln(w, "There are none.")
	} else {
		rows := [][]string{{"NAME", "KIND", "STATUS", "READY", "MIN-MAX", "VERSION", "AMI RELEASE", "AGE", "TYPES", "OWNER"}}
		for _, g := range l.Groups {
			ready := fmt.Sprintf("%d of %d", g.Ready, g.Desired)
			if l.Uncounted != "" {
				ready = fmt.Sprintf("? of %d", g.Desired)
			}
			rows = append(rows, []string{g.Name, g.Kind, g.Status, ready, fmt.Sprintf("%d-%d", g.Min, g.Max), strings.Join(g.Versions, ", "), g.Release,
				age(g.Age), strings.Join(g.InstanceTypes, ", "), g.Owner})
		}
		columns(w, rows)
	}
	for _, g := range l.Groups {
		details(w, style, g)
	}
	for _, p := range l.Others {
		fmt.Fprintf(w, "\n%s: %d of %d nodes Ready\n", strings.TrimSpace(p.Owner+" "+p.Name), p.Ready, p.Nodes)
	}
	if l.Drift != "" {
		fmt.Fprintf(w, "\n%s\n", style.Yellow(l.Drift))
	}
	if l.Uncounted != "" {
		fmt.Fprintf(w, "\n%s nodes not counted: %s\n", style.Yellow("note:"), l.Uncounted)
	}
	var err error
	for _, n := range l.NotRead {
		_, err = fmt.Fprintf(w, "%s not looked at: %s\n", style.Yellow("note:"), n)
	}
	return err
}

// details are what a line has no room for.
func details(w io.Writer, style Style, g outcome.NodeGroup) {
	fmt.Fprintf(w, "\n%s\n", style.Bold(g.Name))
	if len(g.Subnets) > 0 {
		fmt.Fprintf(w, "  subnets: %s (%s)\n", strings.Join(g.Subnets, ", "), strings.Join(g.Zones, ", "))
	}
	if g.Nodes != g.Desired {
		fmt.Fprintf(w, "  nodes: %d are registered, and %d wanted\n", g.Nodes, g.Desired)
	}
	if g.Cordoned > 0 {
		fmt.Fprintf(w, "  nodes: %d take no more pods\n", g.Cordoned)
	}
	if g.Replaces != "" {
		fmt.Fprintf(w, "  it takes the place of %s\n", g.Replaces)
	}
	if len(g.Versions) > 1 {
		fmt.Fprintf(w, "  nodes: of several versions, as an upgrade that was not ended leaves them\n")
	}
	if g.Newer {
		fmt.Fprintf(w, "  %s %s is published\n", style.Yellow("newer release:"), g.Newest)
	}
	for _, i := range g.Issues {
		fmt.Fprintf(w, "  %s %s\n", style.Red("EKS finds:"), i)
	}
	for _, d := range g.Drift {
		fmt.Fprintf(w, "  %s %s\n", style.Yellow("drift:"), d)
	}
}

func age(days *int) string {
	if days == nil {
		return "?"
	}
	return fmt.Sprintf("%dd", *days)
}
