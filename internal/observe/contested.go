package observe

import (
	"fmt"
	"slices"
)

// Contested is a field of an add-on's object that somebody else than EKS set: EKS's next
// update overwrites it, keeps it, or fails.
type Contested struct {
	Owner string // the field manager, as managedFields have it
	Field string // of the workload: .spec.template…; of another object with its kind and name before it
	Now   string // its value, as JSON
	// Before is what was there until then, as the history of the workload's template has it;
	// "": nobody knows.
	Before string
	// Shared: EKS set the same. Nothing is lost where EKS takes it, and nothing is in its way
	// until EKS wants another value there.
	Shared bool
}

func (f Contested) String() string {
	if f.Before == "" {
		return fmt.Sprintf("%s to %s", f.Field, short(f.Now))
	}
	return fmt.Sprintf("%s to %s (before: %s)", f.Field, short(f.Now), short(f.Before))
}

// short is a value that fits on a line.
func short(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return fmt.Sprintf("%s… (%d characters)", string(r[:most/2]), len(r))
	}
	return s
}

// Lost are those that EKS takes back when it overwrites.
func Lost(all []Contested) []Contested {
	return slices.DeleteFunc(slices.Clone(all), func(f Contested) bool { return f.Shared })
}
