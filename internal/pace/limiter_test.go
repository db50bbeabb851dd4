package pace

import (
	"testing"
	"time"
)

func delay(l *Limiter, bucket string, now time.Duration) time.Duration {
	return l.Delay([]string{bucket}, now).Round(time.Millisecond)
}

func TestWhatATurnAskedIsWaitedOffByTheNext(t *testing.T) {
	l := NewLimiter()
	if w := delay(l, "eks", 0); w != 0 {
		t.Fatalf("a full budget keeps a turn waiting %s", w)
	}
	for range 45 { // a burst of 40
		l.spend("eks", 0)
	}
	if w := delay(l, "eks", 0); w != 750*time.Millisecond {
		t.Errorf("the next turn waits %s, expected the 6 requests at 8 a second", w)
	}
	if w := l.take("eks", 0); w == 0 {
		t.Error("a call outside of a turn is let in")
	}
	if w := delay(l, "eks", time.Second); w != 0 {
		t.Errorf("a second later it still waits %s", w)
	}
	if w := delay(l, "unheard-of", 0); w != 0 {
		t.Errorf("a service without a budget waits %s", w)
	}
}

func TestThrottlingIsEverybodysAndOneServices(t *testing.T) {
	l := NewLimiter()
	l.Throttle("eks", 0, 10*time.Second)
	if w := delay(l, "eks", 4*time.Second); w != 6*time.Second {
		t.Errorf("waits %s", w)
	}
	if w := delay(l, "ec2", 4*time.Second); w != 0 {
		t.Errorf("another service waits %s", w)
	}
	l.Throttle("kubernetes/one", 0, 10*time.Second)
	if w := delay(l, "kubernetes/two", 4*time.Second); w != 0 {
		t.Errorf("another cluster waits %s", w)
	}
}

// second is how many calls a service takes in one second from at on, when everybody
// asks as fast as they may.
func second(l *Limiter, bucket string, at time.Duration) (n int) {
	for now := at; now < at+time.Second; now += 10 * time.Millisecond {
		for l.take(bucket, now) == 0 {
			n++
		}
	}
	return n
}

// A throttled service is asked more slowly, and back at its rated speed once it has
// been left in peace: one bad minute is not for ever.
func TestTheRateRecoversAfterThrottling(t *testing.T) {
	l := NewLimiter()
	now := time.Duration(0)
	for range 8 {
		second(l, "eks", now)
		now += time.Second
	}
	if n := second(l, "eks", now); n < 7 || n > 9 {
		t.Fatalf("rated at 8 a second, %d were let in", n)
	}
	for range 6 {
		now += time.Second
		now += l.Delay([]string{"eks"}, now)
		l.Throttle("eks", now, 0)
		l.Throttle("eks", now, 0) // the answer to a call that was sent before
	}
	b := l.of("eks", now)
	if r := float64(b.Limit()); r > 0.2 || r < 0.1 {
		t.Errorf("after six throttles the rate is %.2f", r)
	}
	now = b.until
	slow := 0
	for range 10 {
		slow += second(l, "eks", now)
		now += time.Second
	}
	if slow > 15 { // 80 at the rated speed
		t.Errorf("%d calls in the ten seconds after", slow)
	}
	for range 150 {
		second(l, "eks", now)
		now += time.Second
	}
	if n := second(l, "eks", now); n < 7 || n > 9 {
		t.Errorf("minutes later %d a second are let in, rated at 8", n)
	}
}
