package eksfacts

import "testing"

func TestVersionsAreCompared(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"v1.9.0-eksbuild.1", "v1.10.0-eksbuild.1", -1},
		{"v1.19.2-eksbuild.10", "v1.19.2-eksbuild.9", 1},
		{"v1.12.4-eksbuild.1", "v1.12.4-eksbuild.1", 0},
		{"v2.0.0-eksbuild.1", "v1.99.9-eksbuild.9", 1},
	} {
		if got := CompareAddons(c.a, c.b); got != c.want {
			t.Errorf("%s beside %s: %d, expected %d", c.a, c.b, got, c.want)
		}
	}
	for v, want := range map[string]int{"1.34": 34, "v1.31.4-eks-1": 31, "": 0, "2.1": 0, "latest": 0} {
		if got := Minor(v); got != want {
			t.Errorf("%q has minor %d, expected %d", v, got, want)
		}
	}
	if m := AddonMinor("v1.19.2-eksbuild.5"); m != "1.19" {
		t.Errorf("the minor is %s", m)
	}
}
