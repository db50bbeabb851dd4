package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/slipway-eks/slipway/internal/outcome"
)

// Outcome says how a run ended, and only what was seen.
func Outcome(w io.Writer, style Style, o *outcome.Outcome) {
	for _, f := range o.Failures {
		fmt.Fprintf(w, "%s %s\n", style.Red(f.Title+":"), f.Reason)
	}
	for _, f := range o.Unknown {
		fmt.Fprintf(w, "%s %s: %s\n", style.Yellow("unknown:"), f.Title, f.Reason)
	}
	switch {
	case o.Code == outcome.ExitInterrupted:
		fmt.Fprintf(w, "%s %s; %d steps done. What was begun goes on in AWS; run the same command again to continue\n",
			style.Yellow("interrupted:"), seen(o), o.Steps.Done)
	case o.Result == outcome.Nothing && o.Removal:
		fmt.Fprintf(w, "There is nothing of %s in %s.\n", cmp.Or(o.Part, "a cluster "+o.Cluster), o.Region)
		if len(o.Elsewhere) > 0 {
			fmt.Fprintf(w, "%s there is a cluster of that name in %s: --region %s\n", style.Yellow("note:"), strings.Join(o.Elsewhere, " and in "), o.Elsewhere[0])
		}
	case o.Result == outcome.Nothing:
	case o.Result == outcome.Done:
		fmt.Fprintf(w, "%s %s, in %s (%d steps, %d AWS calls)\n", style.Green("done:"), seen(o), Duration(o.Elapsed), o.Steps.Done, o.Calls)
	case o.Returns && len(o.Returning) > 0:
		fmt.Fprintf(w, "%s %d steps done, %d failed, %d not begun. The replacement of node group %s is taken back now; what else was done stays\n",
			style.Red(o.Result+":"), o.Steps.Done, o.Steps.Failed, o.Steps.Skipped, strings.Join(o.Returning, " and "))
	case o.Returns:
		fmt.Fprintf(w, "%s %d steps done, %d failed, %d not begun. It is taken back now\n", style.Red(o.Result+":"), o.Steps.Done, o.Steps.Failed, o.Steps.Skipped)
	default:
		fmt.Fprintf(w, "%s %s; %d steps done, %d failed, %d not begun. Everything is left standing; run the same command again to continue\n",
			style.Red(o.Result+":"), seen(o), o.Steps.Done, o.Steps.Failed, o.Steps.Skipped)
	}
	if o.Shut != "" {
		fmt.Fprintf(w, "%s %s\n", style.Yellow("note:"), o.Shut)
	}
	if o.Unwritten != "" {
		fmt.Fprintf(w, "%s %s\n", style.Yellow("note:"), o.Unwritten)
	}
	if o.Unseen != "" {
		fmt.Fprintf(w, "%s the cluster could not be looked at again: %s\n", style.Yellow("note:"), o.Unseen)
	}
	if o.Verdict != nil && len(o.Verdict.Degraded) > 0 {
		fmt.Fprintf(w, "%s add-ons not ACTIVE: %s\n", style.Yellow("note:"), strings.Join(o.Verdict.Degraded, ", "))
	}
}

// seen is the cluster as the last look saw it.
func seen(o *outcome.Outcome) string {
	v, what := o.Verdict, cmp.Or(o.Part, "cluster "+o.Cluster)
	switch {
	case o.Seen != "":
		return o.Seen
	case o.Removal && v == nil && o.Result == outcome.Done:
		return "every step to remove " + what + " is done"
	case o.Removal && v != nil && len(v.Left) > 0:
		return "of " + what + " is left: " + strings.Join(v.Left, ", ")
	case o.Removal && v != nil:
		return what + " is gone, and nothing of it is left"
	case v == nil:
		return "cluster " + o.Cluster
	case v.Uncounted != "":
		return fmt.Sprintf("cluster %s is %s, %d nodes wanted (not counted: %s)", o.Cluster, v.Status, v.NodesWant, v.Uncounted)
	}
	nodes := v.Nodes()
	if v.Others > 0 {
		nodes += fmt.Sprintf(" and %d of Fargate or Auto Mode", v.Others)
	}
	return fmt.Sprintf("cluster %s is %s, %s", o.Cluster, v.Status, nodes)
}
