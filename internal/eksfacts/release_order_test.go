package eksfacts

import "testing"

func TestOlderRelease(t *testing.T) {
	for _, c := range []struct {
		older, newer string
	}{{"1.34.1-20260901", "1.34.4-20261101"}, {"1.34.1-20260601", "1.34.1-20260901"}, {"1.33.8-20261101", "1.34.0-20260101"},
		{"1.34-2026.09.10", "1.34-2026.11.12"}, {"1.47.0-5d41c0be", "1.50.0-8f2a9c71"}, {"1.9.0-5d41c0be", "1.47.0-5d41c0be"}} {
		if !OlderRelease(c.older, c.newer) || OlderRelease(c.newer, c.older) || OlderRelease(c.older, c.older) {
			t.Errorf("%s and %s", c.older, c.newer)
		}
	}
	if OlderRelease("1.50.0-aaaa", "1.50.0-bbbb") || OlderRelease("", "1.50.0-bbbb") {
		t.Error("what no number tells")
	}
}
