package render

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
)

// sections of a drift report, the heaviest first.
var driftSections = []struct {
	severity finding.Severity
	title    string
}{
	{finding.Error, "Blocks something"},
	{finding.Warning, "Is not as it was wanted"},
	{finding.Info, "Untidy, or somebody else's"},
}

// Drift shows a report as a person reads it: what fails first, by the name of what fails.
func Drift(w io.Writer, style Style, r *drift.Report) error {
	found := r.Drifted()
	blocking := len(slices.DeleteFunc(slices.Clone(found), func(d drift.Difference) bool { return d.Severity != finding.Error }))
	fmt.Fprintf(w, "%s in %s: %s\n", style.Bold("Cluster "+r.Cluster), r.Region, summary(len(found), blocking))
	switch {
	case r.Unrecorded != "":
		fmt.Fprintln(w, style.Yellow("record: could not be read, so nothing was compared with it: "+r.Unrecorded))
	case r.Record == "" && r.File == "":
		fmt.Fprintln(w, style.Dim("no record: no stack of eksctl's or slipway's, and no file was given; only what AWS itself says is looked at"))
	case r.Record == "":
		fmt.Fprintln(w, style.Dim("no record: no stack of eksctl's or slipway's"))
	default:
		fmt.Fprintln(w, style.Dim("record: "+r.Record))
	}
	if len(r.Owners) > 0 {
		Owners(w, style, r.Owners)
	}
	for _, s := range driftSections {
		driftSection(w, style, s.title, slices.DeleteFunc(slices.Clone(found), func(d drift.Difference) bool { return d.Severity != s.severity }))
	}
	driftRest(w, style, r)
	_, err := fmt.Fprintf(w, "\n%d fields compared, %d requests to AWS; %d fields of the file are not compared (-o json lists them)\n",
		r.Fields, r.Calls, len(r.NotCompared))
	return err
}

func summary(n, blocking int) string {
	switch {
	case n == 0:
		return "no drift"
	case n == 1 && blocking == 1:
		return "1 difference, which blocks something"
	case n == 1:
		return "1 difference"
	case blocking == 0:
		return fmt.Sprintf("%d differences, none of which blocks anything", n)
	case blocking == 1:
		return fmt.Sprintf("%d differences, 1 of which blocks something", n)
	}
	return fmt.Sprintf("%d differences, %d of which block something", n, blocking)
}

func driftSection(w io.Writer, style Style, title string, ds []drift.Difference) {
	if len(ds) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", style.Bold(title))
	for i, d := range ds {
		fmt.Fprintln(w)
		breaks := d.Breaks
		if i > 0 && slices.Equal(breaks, ds[i-1].Breaks) {
			breaks = nil // said above
		}
		for _, b := range breaks {
			if d.Severity == finding.Error {
				b = style.Red(b)
			} else {
				b = style.Yellow(b)
			}
			fmt.Fprintf(w, "  %s\n", b)
		}
		again := i > 0 && len(d.Repairs) > 0 && slices.EqualFunc(d.Repairs, ds[i-1].Repairs, func(a, b drift.Repair) bool { return a.Command == b.Command })
		driftOne(w, style, d, again)
	}
}

// driftOne shows one difference with its three values side by side; again: the one above
// has the same repair.
func driftOne(w io.Writer, style Style, d drift.Difference, again bool) {
	name := d.Path
	if d.Key != "" {
		name += " of " + d.Key
	}
	fmt.Fprintf(w, "    %s\n", style.Dim(name))
	fmt.Fprintf(w, "    %s\n", d.What)
	for _, kind := range []drift.Kind{drift.Dangling, drift.Detached, drift.Listed, drift.Added} {
		if ids := d.Sets[kind]; len(ids) > 0 {
			driftRow(w, string(kind), strings.Join(ids, ", "))
		}
	}
	if d.Desired != nil || d.Recorded != nil || d.Live != nil {
		driftRow(w, "file", driftValue(d.Desired, "does not say"))
		driftRow(w, "recorded", driftValue(d.Recorded, "does not say"))
		driftRow(w, "live", driftValue(d.Live, "not known"))
	}
	if by := d.By; by != nil {
		driftRow(w, "who", who(by))
	}
	if x := d.Again; x != nil {
		driftRow(w, "again", style.Red("another owner sets this")+fmt.Sprintf(": slipway %s brought it back at %s (operation %d); "+
			"find out who, before it is repaired again",
			x.Command, x.At.UTC().Format("2006-01-02 15:04 UTC"), x.Operation))
	}
	if again {
		driftRow(w, "repair", style.Dim("the same"))
		return
	}
	for i, r := range d.Repairs {
		label := ""
		if i == 0 {
			label = "repair"
		}
		driftRow(w, label, style.Cyan(r.Command))
		driftRow(w, "", style.Dim(r.Does))
	}
}

func driftRow(w io.Writer, label, text string) { fmt.Fprintf(w, "      %s%s\n", pad(label, 18), text) }

func who(c *drift.Change) string {
	s := c.Call + ", " + c.At.UTC().Format("2006-01-02 15:04 UTC")
	if c.Who != "" {
		s = c.Who + ", " + s
	}
	if c.Via != "" {
		s += ", through " + c.Via
	}
	if c.Uncertain != "" {
		s += " (" + c.Uncertain + ")"
	}
	return s
}

// driftValue is a value in one line.
func driftValue(v *diff.Value, unsaid string) string {
	if v == nil {
		return unsaid
	}
	const most = 110
	s := ""
	switch x := v.Is.(type) {
	case nil:
		return "is not there"
	case string:
		s = x
	case []any:
		var parts []string
		for _, y := range x {
			parts = append(parts, fmt.Sprint(driftValue(&diff.Value{Is: y}, "")))
		}
		if s = strings.Join(parts, ", "); s == "" {
			s = "none"
		}
	default:
		b, err := json.Marshal(v.Is)
		if err != nil {
			return fmt.Sprint(v.Is)
		}
		s = string(b)
	}
	if rs := []rune(s); len(rs) > most {
		s = string(rs[:most]) + "…"
	}
	return s
}

// driftRest is what was ignored, not checked, and not asked.
func driftRest(w io.Writer, style Style, r *drift.Report) {
	var ignored []drift.Difference
	for _, d := range r.Differences {
		if d.Ignored != nil {
			ignored = append(ignored, d)
		}
	}
	if len(ignored) > 0 {
		fmt.Fprintf(w, "\n%s\n", style.Bold(fmt.Sprintf("Ignored (%d)", len(ignored))))
		for _, d := range ignored {
			until := ""
			if d.Ignored.Until != "" {
				until = ", until " + d.Ignored.Until
			}
			fmt.Fprintf(w, "  %s  %s\n", d.What, style.Dim("("+d.Ignored.Reason+until+")"))
		}
	}
	for _, x := range r.Expired {
		fmt.Fprintf(w, "\n%s the ignore of %s ended on %s: %s\n", style.Yellow("note:"), x.Path, x.Until, x.Reason)
	}
	if len(r.NotChecked) > 0 {
		fmt.Fprintf(w, "\n%s\n", style.Bold("Not checked"))
		why := map[string][]string{}
		for _, n := range r.NotChecked {
			why[n.Why] = append(why[n.Why], n.Path)
		}
		for _, n := range r.NotChecked {
			if paths := why[n.Why]; paths != nil {
				fmt.Fprintf(w, "  %s\n    %s\n", n.Why, style.Dim(strings.Join(paths, ", ")))
				why[n.Why] = nil
			}
		}
	}
	if r.Blame != "" {
		fmt.Fprintf(w, "\n%s not all are named: %s\n", style.Yellow("note:"), r.Blame)
	}
}
