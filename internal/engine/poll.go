package engine

import "time"

// Polling bounds: rare early, dense around the expected end, rarer again when a
// step is overdue.
const (
	densest = 3 * time.Second
	rarest  = 45 * time.Second
	overdue = 20 * time.Second
)

// pollAfter says when to look again at a step that has run for elapsed and
// typically takes typical.
func pollAfter(elapsed, typical time.Duration) time.Duration {
	if typical <= 0 {
		return min(max(elapsed/4, densest), overdue)
	}
	early := typical * 7 / 10
	switch {
	case elapsed < early:
		return min(max((early-elapsed)/2, densest), rarest)
	case elapsed < typical*3/2:
		return densest
	}
	return min(max((elapsed-typical)/8, densest), overdue)
}

// backoff is the pause before the n-th retry (from 1), doubling to two minutes.
func backoff(n int) time.Duration {
	return min(2*time.Second<<min(n-1, 6), 2*time.Minute)
}

// lookAgain is the pause before looking whether a person has acted.
const lookAgain = 30 * time.Second
