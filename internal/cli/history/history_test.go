package history

import (
	"testing"
	"time"
)

func TestSince(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"":                     {},
		"36h":                  now.Add(-36 * time.Hour),
		"7d":                   now.AddDate(0, 0, -7),
		"2026-11-01":           time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		"2026-11-01T10:00:00Z": time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC),
	} {
		if got, err := when(s, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %s (%v), want %s", s, got, err, want)
		}
	}
	for _, s := range []string{"d", "yesterday", "7"} {
		if _, err := when(s, now); err == nil {
			t.Errorf("%q was understood", s)
		}
	}
}
