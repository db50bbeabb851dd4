package eksfacts

import "testing"

func TestReleaseMinor(t *testing.T) {
	for _, c := range [][3]string{{"AL2023_x86_64_STANDARD", "1.34.1-20261105", "1.34"}, {"AmazonLinux2023", "1.35.0-20261105", "1.35"},
		{"WINDOWS_CORE_2022_x86_64", "1.34-2026.11.10", "1.34"}, {"BOTTLEROCKET_x86_64", "1.50.0-a1b2c3d4", ""}, {"Bottlerocket", "1.50.0-a1b2c3d4", ""},
		{"", "", ""}, {"AL2023_x86_64_STANDARD", "latest", ""}} {
		if got := ReleaseMinor(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %q, expected %q", c[0], c[1], got, c[2])
		}
	}
}
