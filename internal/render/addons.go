package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/slipway-eks/slipway/internal/outcome"
)

// Addons shows a cluster's add-ons: one line each, and below what is wrong with it.
func Addons(w io.Writer, style Style, l *outcome.Addons) error {
	fmt.Fprintf(w, "%s in %s, Kubernetes %s\n\n", style.Bold("Add-ons of cluster "+l.Cluster), l.Region, l.Version)
	if len(l.Addons) == 0 {
		fmt.Fprintln(w, "There are none.")
	} else {
		rows := [][]string{{"NAME", "STATUS", "VERSION", "DEFAULT", "NEWEST", "OWNER"}}
		for _, a := range l.Addons {
			rows = append(rows, []string{a.Name, a.Status, a.Version, a.Default, a.Newest, a.Owner})
		}
		columns(w, rows)
	}
	for _, a := range l.Addons {
		for _, i := range a.Issues {
			fmt.Fprintf(w, "%s %s: %s\n", style.Red("EKS finds of"), a.Name, i)
		}
		if !a.Fits {
			fmt.Fprintf(w, "%s %s %s is not offered for Kubernetes %s\n", style.Yellow("note:"), a.Name, a.Version, l.Version)
		}
		if len(a.Next) > 0 {
			fmt.Fprintf(w, "%s %s %s is not offered for Kubernetes %s: slipway upgrade raises it on the way\n", style.Dim("later:"), a.Name, a.Version,
				strings.Join(a.Next, ", "))
		}
	}
	var err error
	if len(l.Others) > 0 {
		_, err = fmt.Fprintf(w, "\nNot managed by EKS, which could: %s (slipway addon add)\n", strings.Join(l.Others, ", "))
	}
	return err
}
