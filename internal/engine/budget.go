package engine

import (
	"sync"
	"time"
)

// Budgets are the request budgets of one account in one region, a token bucket for
// each service. Runs that act in the same account and region share them, and with
// them a clock.
type Budgets struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	charged map[string]int // requests accounted for so far
}

// NewBudgets are full budgets.
func NewBudgets() *Budgets {
	return &Budgets{buckets: map[string]*bucket{}, charged: map[string]int{}}
}

// bucket is a token bucket on the run's clock. Tokens are requests; a turn may make
// more of them than it was let in for, and the next ones wait until that is made up.
type bucket struct {
	rate   float64 // tokens a second
	burst  float64
	tokens float64
	at     time.Duration
	until  time.Duration // nothing before then: the service throttles
}

// rates: requests a second. EKS publishes none (facts/eks.md §4); these stay well
// under what was seen to throttle, and CloudFormation's DescribeStacks is the
// tightest.
var rates = map[string]bucket{
	"cloudformation": {rate: 3, burst: 12},
	"eks":            {rate: 8, burst: 40},
	"iam":            {rate: 5, burst: 20},
	"ec2":            {rate: 8, burst: 30},
	"autoscaling":    {rate: 3, burst: 12},
	"kubernetes":     {rate: 10, burst: 40},
}

// of is a service's bucket, brought up to now; nil for a service without a budget.
func (b *Budgets) of(service string, now time.Duration) *bucket {
	if b.buckets[service] == nil {
		r, ok := rates[service]
		if !ok {
			return nil
		}
		r.tokens, r.at = r.burst, now
		b.buckets[service] = &r
	}
	x := b.buckets[service]
	x.tokens = min(x.burst, x.tokens+(now-x.at).Seconds()*x.rate)
	x.at = now
	return x
}

// admit lets a turn in, or says how long it must wait.
func (b *Budgets) admit(service string, now time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.of(service, now)
	switch {
	case x == nil:
		return 0
	case now < x.until:
		return x.until - now
	case x.tokens < 1:
		return time.Duration((1 - x.tokens) / x.rate * float64(time.Second))
	}
	return 0
}

// spend takes one request.
func (b *Budgets) spend(service string, now time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if x := b.of(service, now); x != nil {
		x.tokens--
	}
}

// charge takes the requests that were made since it was last called.
func (b *Budgets) charge(made map[string]int, now time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for service, n := range made {
		if x := b.of(service, now); x != nil {
			x.tokens -= float64(n - b.charged[service])
		}
		b.charged[service] = n
	}
}

// forgive leaves out the requests made so far: they were made before the run.
func (b *Budgets) forgive(made map[string]int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for service, n := range made {
		b.charged[service] = max(b.charged[service], n)
	}
}

// throttled keeps everybody away from a service for a while, and slows it down.
func (b *Budgets) throttled(service string, now, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if x := b.of(service, now); x != nil {
		x.until = max(x.until, now+wait)
		x.rate = max(x.rate/2, 0.2)
	}
}
