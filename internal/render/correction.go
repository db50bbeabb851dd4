package render

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/drift"
)

// Correction shows what a repair of the record writes: CloudFormation's change sets show
// nothing of outputs, so the difference is ours to draw.
func Correction(w io.Writer, style Style, c *drift.Correction) {
	changed := false
	for _, o := range c.Outputs {
		if o.Was == o.Now {
			continue
		}
		if !changed {
			fmt.Fprintf(w, "%s\n", style.Bold("Outputs of "+c.Stack))
			changed = true
		}
		fmt.Fprintf(w, "  %s\n", o.Name)
		if o.Was != "" {
			fmt.Fprintf(w, "    %s\n", style.Red("- "+o.Was))
		}
		switch {
		case len(o.Used) > 0:
			fmt.Fprintf(w, "      %s\n", style.Yellow("stays: "+strings.Join(o.Used, ", ")+" import it"))
		case o.Now == "":
			fmt.Fprintf(w, "    %s\n", style.Green("+ (taken out: no live one of its kind is left)"))
		default:
			fmt.Fprintf(w, "    %s\n", style.Green("+ "+o.Now))
		}
	}
	if len(c.Edit.Gone) > 0 {
		fmt.Fprintf(w, "%s\n  %s\n", style.Bold("Taken out of the template, as they do not exist"), strings.Join(c.Edit.Gone, ", "))
	}
	if len(c.Edit.Subnets) > 0 {
		fmt.Fprintf(w, "%s\n  %s\n", style.Bold("The control plane's subnets in the template"), strings.Join(c.Edit.Subnets, ", "))
	}
	if len(c.Import) > 0 {
		fmt.Fprintf(w, "%s\n", style.Bold("Taken into the stack, as they are"))
		for _, id := range slices.Sorted(maps.Keys(c.Import)) {
			x := c.Import[id]
			fmt.Fprintf(w, "  %s %s (%s)\n", id, strings.Join(slices.Sorted(maps.Values(x.Identifier)), ", "), x.Type)
		}
	}
	if c.Again {
		fmt.Fprintf(w, "%s\n  %s is IMPORT_COMPLETE, and eksctl lists no such stack: the metadata of a resource is touched\n",
			style.Bold("Updated once more"), c.Stack)
	}
	for _, l := range c.Left {
		fmt.Fprintf(w, "%s %s\n", style.Yellow("left:"), l)
	}
}
