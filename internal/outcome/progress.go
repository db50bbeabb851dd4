package outcome

import (
	"fmt"
	"time"
)

// Progress is how far a run is, as its process says it in the cluster's lock, for those who
// look from elsewhere. The JSON names are a contract.
type Progress struct {
	Operation int    `json:"operation"`       // of the journal
	Round     string `json:"round,omitempty"` // of an upgrade: 1.34, 1 of 2
	// Steps are the plan's, in its order.
	Steps []StepNow `json:"steps"`
}

// StepNow is how a step of a run is doing.
type StepNow struct {
	ID    string    `json:"id"`
	Title string    `json:"title"`
	State string    `json:"state"`            // Left, Running, Blocked, Ran, Broken or Skipped
	Why   string    `json:"reason,omitempty"` // what it waits for, or why it failed
	Since time.Time `json:"since,omitzero"`   // of its state
}

// States of a step.
const (
	Left    = "left"
	Running = "running"
	Blocked = "waits for you" // for what a person must do
	Ran     = "done"
	Broken  = "failed"
	Skipped = "skipped"
)

// In counts the steps in a state.
func (p *Progress) In(state string) (n int) {
	for _, s := range p.Steps {
		if s.State == state {
			n++
		}
	}
	return n
}

// Words are how far it is, a line each: what is done, what it is at and waits for, what is left.
func (p *Progress) Words() (out []string) {
	const few = 5
	first, last, left := "", "", []string{}
	for _, s := range p.Steps {
		switch s.State {
		case Ran:
			last = s.Title
		case Left:
			left = append(left, s.Title)
		case Running, Blocked, Broken:
			line := "at " + s.Title
			if s.State != Running {
				line = s.State + ": " + s.Title
			}
			if s.Why != "" {
				line += ": " + s.Why
			}
			out = append(out, line)
		}
	}
	if p.Round != "" {
		first = "round " + p.Round + ": "
	}
	first += fmt.Sprintf("%d of %d steps are done", p.In(Ran), len(p.Steps))
	if last != "" {
		first += ", the last: " + last
	}
	out = append([]string{first}, out...)
	for i, l := range left {
		if i == few && len(left) > few+1 {
			return append(out, fmt.Sprintf("left: %d steps more", len(left)-few))
		}
		out = append(out, "left: "+l)
	}
	return out
}
