package world

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Draw is a duration for one operation, log-normal around typical and clamped
// to [low, high]. It depends on seed, kind and name alone, never on call order.
func (w *World) Draw(kind, name string, typical, low, high time.Duration) time.Duration {
	w.hm.Lock()
	d, ok := w.over[kind+"/"+name]
	if !ok {
		d, ok = w.over[kind]
	}
	w.hm.Unlock()
	if ok {
		return d
	}
	r := w.dice(kind + "\x00" + name)
	f := math.Exp(r.NormFloat64() * 0.12)
	return min(max(time.Duration(float64(typical)*f), low), high).Round(100 * time.Millisecond)
}

// Pick is a number in [0, n) that depends on seed and key alone.
func (w *World) Pick(key string, n int) int { return w.dice("pick\x00" + key).IntN(n) }

// ID is a fresh identifier such as vpc-0a1b2c3d4e5f60718. It depends on seed, scope,
// the identity of the resource (what makes it this one: its VPC and block, its name)
// and how many of that identity there were before: another call elsewhere shifts
// nothing.
func (w *World) ID(prefix string, identity ...string) string {
	return prefix + w.Hex(prefix+"\x00"+strings.Join(identity, "\x00"), 17)
}

// Hex is n hexadecimal digits, fresh for each call with the same identity.
func (w *World) Hex(identity string, n int) string {
	w.hm.Lock()
	key := w.scope + "\x00" + identity
	w.ids[key]++
	c := w.ids[key]
	w.hm.Unlock()
	r := w.dice(fmt.Sprintf("%s\x00%d", key, c))
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[r.IntN(16)]
	}
	if n == 17 {
		b[0] = '0'
	}
	return string(b)
}

// UUID is a fresh random (version 4) UUID, drawn as ID draws.
func (w *World) UUID(identity ...string) string {
	h := w.Hex("uuid\x00"+strings.Join(identity, "\x00"), 32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

func (w *World) dice(key string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(key))
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}
