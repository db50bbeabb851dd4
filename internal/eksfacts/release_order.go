package eksfacts

import (
	"strconv"
	"strings"
)

// OlderRelease tells whether one release of an AMI type is older than another, as their numbers
// and dates say: 1.34.1-20261105, 1.34-2026.11.10, 1.50.0-a1b2c3d4, whose end is no number.
func OlderRelease(one, other string) bool {
	a, b := releaseNumbers(one), releaseNumbers(other)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

func releaseNumbers(release string) (out []int) {
	for _, word := range strings.FieldsFunc(release, func(r rune) bool { return r == '.' || r == '-' }) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return out // a commit
		}
		out = append(out, n)
	}
	return out
}
