package owner

import (
	"slices"

	"github.com/slipway-eks/slipway/internal/finding"
)

// Code is that of a refusal to write what Terraform keeps.
const Code = "terraform-owned"

// Refused are the parts of those that are to be written, changed or deleted that
// Terraform keeps, each by name with what to do; none where there are no such. What is
// not there yet may be made. Who gives --adopt does not ask.
func (o *Owners) Refused(writes []Ref) finding.Findings {
	var out finding.Findings
	writes = o.held(writes)
	for i, r := range writes {
		own, known := o.At(r)
		if address, claimed := o.claimed[r]; !known && claimed && r.Kind == Workload { // of these, only some are looked at
			own, known = Owner{Kind: Terraform, Name: address}, true
		}
		if !known || own.Kind != Terraform || slices.Contains(writes[:i], r) {
			continue
		}
		f := finding.Finding{Code: Code, Severity: finding.Error, Where: finding.Where{Resource: r.String()},
			What:   "is kept by Terraform (" + own.Name + ")",
			Breaks: "the next terraform apply would take back what is written here; nothing was changed",
			Remedy: "change it in Terraform's code, or give --adopt to write it all the same"}
		if own.Unsure {
			f.What = "seems to be kept by Terraform: " + own.Why
			f.Remedy = "give its state to be sure (--terraform-state FILE), or --adopt to write it all the same"
		}
		out = append(out, f)
	}
	return out
}

// held puts what stacks hold in place of the word for it: of that, what a Terraform state
// claims, too.
func (o *Owners) held(writes []Ref) []Ref {
	var out []Ref
	for _, r := range writes {
		if r.Kind != Held {
			out = append(out, r)
			continue
		}
		for _, p := range o.Parts {
			if p.Owner.Kind == Terraform && p.Owner.Beside == r.Name && p.Kind != CloudFormation {
				out = append(out, p.Ref)
			}
		}
	}
	return out
}
