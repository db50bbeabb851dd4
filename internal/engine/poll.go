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

// bucket is a token bucket on the run's clock, one for each service.
type bucket struct {
	rate   float64 // tokens a second
	burst  float64
	tokens float64
	at     time.Duration
	until  time.Duration // nothing before then: the service throttles
}

// take uses a token; otherwise it says how long to wait for one.
func (b *bucket) take(now time.Duration) time.Duration {
	if now < b.until {
		return b.until - now
	}
	b.tokens = min(b.burst, b.tokens+(now-b.at).Seconds()*b.rate)
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return time.Duration((1 - b.tokens) / b.rate * float64(time.Second))
}

// budgets: steps' turns a second. EKS publishes no rates (facts/eks.md §4); these
// stay well under what was seen to throttle, and CloudFormation's DescribeStacks
// is the tightest.
var budgets = map[string]bucket{
	"cloudformation": {rate: 3, burst: 12, tokens: 12},
	"eks":            {rate: 5, burst: 20, tokens: 20},
	"iam":            {rate: 5, burst: 20, tokens: 20},
	"ec2":            {rate: 5, burst: 20, tokens: 20},
	"kubernetes":     {rate: 10, burst: 40, tokens: 40},
}
