package sim

import (
	"strings"
	"time"
)

// A client that looks again and again with long pauses between sees little of what
// happens: its sleeps are in the wall's time, the region's are in simulated time.
const (
	longPause  = 5 * time.Minute // simulated, between two looks at one thing
	away       = 2 * time.Minute // on the wall: longer, and nobody is waiting
	longPauses = 3               // in a row, before it is told
)

// pauses notices clients that are slow at this speed. The world's lock guards it.
type pauses struct {
	speed float64
	last  map[string]looks // by client and operation
	told  map[string]bool  // by client
}

type looks struct {
	at   time.Duration
	long int
}

// seen takes note of a call at a simulated time. It answers what there is to tell, once
// for each client: "" for nothing.
func (p *pauses) seen(agent, op string, at time.Duration) (client string, pause time.Duration) {
	client, _, _ = strings.Cut(agent, " ")
	client, _, _ = strings.Cut(client, "/")
	if p.speed <= 1 || client == "" || p.told[client] {
		return "", 0
	}
	if p.last == nil || len(p.last) > 1000 {
		p.last = map[string]looks{}
	}
	key := client + " " + op
	l, again := p.last[key]
	pause = at - l.at
	if again && pause >= longPause && pause <= time.Duration(float64(away)*p.speed) {
		l.long++
	} else {
		l.long = 0
	}
	l.at = at
	p.last[key] = l
	if l.long < longPauses {
		return "", 0
	}
	if p.told == nil {
		p.told = map[string]bool{}
	}
	p.told[client] = true
	return client, pause
}
