// Package mutate makes hostile variants of inputs for tests, and runs a test's executions
// by the million: seeded, aware of structure and without Go's instrumentation, which costs a
// hundredfold. It must not know what it feeds: AWS's words are words to it.
package mutate

import (
	"math/rand/v2"
	"strings"
)

// Most is how long a mutated text may be, in bytes: a longer one tells no more, and slowly.
const Most = 64 << 10

// Source draws mutations. The same seed and index draw the same ones.
type Source struct {
	*rand.Rand
	words []string
}

// New is the source of one execution.
func New(seed, index uint64) *Source { return &Source{rand.New(rand.NewPCG(seed, index)), Words} }

// Chance is true once in n.
func (s *Source) Chance(n int) bool { return s.IntN(n) == 0 }

// Pick is one of several.
func Pick[T any](s *Source, of []T) T { return of[s.IntN(len(of))] }

// Word is one of Words.
func (s *Source) Word() string { return Pick(s, s.words) }

// Few is a small number, seldom a large one.
func (s *Source) Few() int {
	switch s.IntN(64) {
	case 0:
		return s.IntN(1024)
	case 1, 2, 3:
		return s.IntN(64)
	}
	return s.IntN(4)
}

// Text changes a text in one to four places; others are texts to splice with.
func (s *Source) Text(text string, others ...string) string {
	for range 1 + s.IntN(4) {
		if text = s.change(text, others); len(text) > Most {
			text = text[:Most]
		}
	}
	return text
}

// span is a place in a text: mostly short, sometimes a token, sometimes up to its end.
func (s *Source) span(text string) (from, to int) {
	if text == "" {
		return 0, 0
	}
	from = s.IntN(len(text))
	switch s.IntN(4) {
	case 0:
		return from, from + s.IntN(len(text)-from) + 1
	case 1:
		return from, min(len(text), from+1+s.IntN(8))
	}
	in := func(i int) bool {
		c := text[i]
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c >= 0x80
	}
	to = from + 1
	for from > 0 && in(from-1) {
		from--
	}
	for to < len(text) && in(to) {
		to++
	}
	return from, to
}

func (s *Source) change(text string, others []string) string {
	from, to := s.span(text)
	head, middle, tail := text[:from], text[from:to], text[to:]
	switch s.IntN(16) {
	case 0: // a bit
		if middle == "" {
			return string(rune(s.IntN(128)))
		}
		b := []byte(middle)
		b[s.IntN(len(b))] ^= 1 << s.IntN(8)
		return head + string(b) + tail
	case 1: // a byte
		return head + string([]byte{byte(s.IntN(256))}) + tail
	case 2, 3:
		return head + tail
	case 4:
		return head + middle + middle + tail
	case 5:
		if s.Chance(4) {
			return head
		}
		return tail
	case 6: // elsewhere
		at := 0
		if len(tail) > 0 {
			at = s.IntN(len(tail))
		}
		return head + tail[:at] + middle + tail[at:]
	case 7, 8: // with another
		if len(others) == 0 {
			return head + s.Word() + tail
		}
		other := Pick(s, others)
		a, b := s.span(other)
		if s.Chance(2) {
			return head + other[a:]
		}
		return head + other[a:b] + tail
	case 9: // over and over
		n := 2 + s.Few()
		if s.Chance(32) {
			n = 1 + s.IntN(Most)
		}
		return head + strings.Repeat(middle, min(n, 1+Most/max(len(middle), 1))) + tail
	case 10:
		if s.Chance(16) {
			return head + s.nest(middle) + tail
		}
	case 11, 12:
		return head + s.Word() + middle + tail
	}
	return head + s.Word() + tail
}

// nest puts a text into brackets, many deep, of which some are not closed.
func (s *Source) nest(text string) string {
	pair := Pick(s, [][2]string{{"[", "]"}, {`{"a":`, "}"}, {`{"Fn::Sub":[`, "]}"}, {"{a: ", "}"}, {"(", ")"}, {"${", "}"}, {"!Not [", "]"}, {"- ", "\n"}})
	n := 1 + s.IntN(40)
	if s.Chance(16) {
		n = 1 + s.IntN(12_000)
	}
	return strings.Repeat(pair[0], n) + text + strings.Repeat(pair[1], s.IntN(n+1))
}
