package pace

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter holds the request budgets of one account in one region: a token bucket for
// each AWS service and for each cluster's API server. Everybody who acts there shares
// it. Times are a clock's, since it began.
type Limiter struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

// NewLimiter has full budgets.
func NewLimiter() *Limiter { return &Limiter{buckets: map[string]*bucket{}} }

// rated is how fast a service is asked: requests a second, and how many at once.
type rated struct {
	rate  float64
	burst int
}

// services: EKS publishes no rates (facts/eks.md §4); these stay well under what was
// seen to throttle, and CloudFormation's DescribeStacks is the tightest. What is not
// here is asked so rarely that it needs no budget.
var services = map[string]rated{
	"cloudformation": {3, 12},
	"eks":            {8, 40},
	"iam":            {5, 20},
	"ec2":            {8, 30},
	"autoscaling":    {3, 12},
	"cloudtrail":     {2, 2}, // LookupEvents' quota, of the account in a region (CloudTrail user guide, Quotas)
	"kubernetes":     {10, 40},
}

const (
	slowest  = 0.2              // requests a second that are left after any throttling
	recovery = 2 * time.Minute  // from nothing back to the rated speed
	holdOff  = 30 * time.Second // the longest that everybody stays away
)

// bucket is a token bucket whose rate halves when the service throttles and grows
// back by and by (additive increase, multiplicative decrease). Tokens may be owed: a
// turn makes its calls at once, and those who come after wait that off.
type bucket struct {
	rated
	*rate.Limiter
	at     time.Duration // brought up to
	until  time.Duration // nothing before then
	inRow  int           // throttles since the last answer
	spoken bool          // somebody has answered there
}

func instant(d time.Duration) time.Time { return time.Unix(0, 0).Add(d) }

// of is a bucket brought up to now; nil for what has no budget.
func (l *Limiter) of(name string, now time.Duration) *bucket {
	b := l.buckets[name]
	if b == nil {
		service, _, _ := strings.Cut(name, "/")
		r, ok := services[service]
		if !ok {
			return nil
		}
		b = &bucket{rated: r, Limiter: rate.NewLimiter(rate.Limit(r.rate), r.burst), at: now}
		l.buckets[name] = b
	}
	if now > b.at {
		if have := float64(b.Limit()); have < b.rated.rate && now > b.until {
			since := (now - max(b.at, b.until)).Seconds()
			b.SetLimitAt(instant(now), rate.Limit(min(b.rated.rate, have+b.rated.rate*since/recovery.Seconds())))
		}
		b.at = now
	}
	return b
}

// delay is how long a call must wait.
func (b *bucket) delay(now time.Duration) time.Duration {
	if now < b.until {
		return b.until - now
	}
	if owed := 1 - b.TokensAt(instant(now)); owed > 1e-9 {
		return max(time.Duration(owed/float64(b.Limit())*float64(time.Second)), time.Millisecond)
	}
	return 0
}

// Delay is how long a turn must wait that is about to use these buckets.
func (l *Limiter) Delay(buckets []string, now time.Duration) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range buckets {
		if b := l.of(name, now); b != nil {
			wait = max(wait, b.delay(now))
		}
	}
	return wait
}

// take takes a token, or says how long to wait for one.
func (l *Limiter) take(name string, now time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.of(name, now)
	if b == nil {
		return 0
	}
	wait := b.delay(now)
	if wait == 0 {
		b.ReserveN(instant(now), 1)
	}
	return wait
}

// spend takes a token that may be owed.
func (l *Limiter) spend(name string, now time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.of(name, now); b != nil {
		b.ReserveN(instant(now), 1)
	}
}

// Throttle halves a bucket's rate and keeps everybody away for a while: as long as
// the service wants, or longer each time in a row. Answers to calls that were sent
// before the rate was halved do not halve it again.
func (l *Limiter) Throttle(name string, now, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.of(name, now)
	if b == nil || now < b.until {
		return
	}
	b.spoken = true
	b.inRow++
	b.until = now + max(after, min(2*time.Second<<min(b.inRow-1, 5), holdOff))
	b.SetLimitAt(instant(now), max(b.Limit()/2, slowest))
	if saved := int(b.TokensAt(instant(now))); saved > 0 {
		b.ReserveN(instant(now), saved) // no burst into a service that throttles
	}
}

// answered notes that a service has answered, and did not throttle.
func (l *Limiter) answered(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.of(name, 0); b != nil {
		b.inRow, b.spoken = 0, true
	}
}

// known tells whether a service has answered before: one that has is there, and one
// that has not may be a wrong address.
func (l *Limiter) known(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.of(name, 0)
	return b != nil && b.spoken
}
