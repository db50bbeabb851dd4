package engine

import "time"

// Event is one thing that happened in a run. The JSON names are a contract.
type Event struct {
	// Type is step_started, step_waiting, step_blocked, step_done, step_failed,
	// step_skipped, step_timeout or retry; or interrupted, which is of no step.
	Type    string  `json:"type"`
	At      float64 `json:"at"` // seconds since the run began, on the run's clock
	Step    string  `json:"step,omitempty"`
	Title   string  `json:"title,omitempty"`
	Kind    string  `json:"kind,omitempty"`
	Reason  string  `json:"reason,omitempty"` // of step_blocked: what a person must do
	Rule    string  `json:"rule,omitempty"`
	Error   string  `json:"error,omitempty"`
	Elapsed float64 `json:"elapsed,omitempty"`
	Typical float64 `json:"typical,omitempty"`
	Ready   int     `json:"ready,omitempty"`
	Want    int     `json:"want,omitempty"`
}

// Span is when a step ran, for the timeline.
type Span struct {
	ID, Title, Kind string
	Start, End      time.Duration
	State           string // done, failed, timeout, skipped, waiting, running, blocked, unknown
	Reason          string
	WaitedFor       string // the last step it waited for
	Why             string
}

// Report is how a run ended.
type Report struct {
	Spans        []Span
	Done         int
	Failed       int
	Skipped      int
	TimedOut     int
	Blocked      int // steps that waited for a person when the run ended
	Changed      bool
	Interrupted  bool
	Elapsed      time.Duration
	FirstFailure string
}

// OK tells whether every step is done.
func (r *Report) OK() bool { return r.Failed+r.Skipped+r.TimedOut == 0 && !r.Interrupted }

// Unknown are the spans of steps whose call was in the air when the run was made to
// end at once.
func (r *Report) Unknown() []Span {
	var out []Span
	for _, s := range r.Spans {
		if s.State == "unknown" {
			out = append(out, s)
		}
	}
	return out
}
