package marks_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/slipway-eks/slipway/internal/marks"
)

// A successor's name says which generation it is, keeps within EKS's limit, and is free.
func TestSuccessor(t *testing.T) {
	for _, c := range []struct {
		name  string
		made  bool
		taken string
		want  string
	}{
		{"web", false, "", "web-b2"},
		{"web-b2", true, "", "web-b3"},
		{"web-b2", false, "", "web-b2-b2"}, // somebody named it so
		{"web", false, "web-b2", "web-b3"},
		{"web-b9", true, "web-b10", "web-b11"},
		{strings.Repeat("x", 63), false, "", strings.Repeat("x", 60) + "-b2"},
	} {
		if got := marks.Successor(c.name, c.made, func(n string) bool { return n == c.taken }); got != c.want {
			t.Errorf("after %s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A replacement is read back to the group that a file describes.
func TestRoot(t *testing.T) {
	for name, want := range map[string]string{"web": "web", "web-b2": "web", "web-b12": "web", "web-blue": "web-blue"} {
		if got := marks.Root(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// Whatever a group is called, its ConfigMap has a name that Kubernetes takes, and its own.
func TestStateName(t *testing.T) {
	seen := map[string]string{}
	for _, g := range []string{"web", "Web", "web_1", "web-1", "_", "A_b.c", strings.Repeat("W", 63)} {
		n := marks.StateName(g)
		if errs := validation.IsDNS1123Subdomain(n); len(errs) > 0 {
			t.Errorf("%s: %s: %v", g, n, errs)
		}
		if seen[n] != "" {
			t.Errorf("%s and %s: %s", g, seen[n], n)
		}
		seen[n] = g
	}
}
