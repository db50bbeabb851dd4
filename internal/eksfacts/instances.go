package eksfacts

import "strings"

// ARM tells whether an instance type has a Graviton processor: its family's
// generation is followed by a g, as in m7g or c6gd; a1 was the first.
func ARM(instanceType string) bool {
	family, _, _ := strings.Cut(instanceType, ".")
	i := strings.IndexAny(family, "0123456789")
	if family == "a1" {
		return true
	}
	return i > 0 && strings.HasPrefix(strings.TrimLeft(family[i:], "0123456789"), "g")
}

// Arch is the processor architecture of an instance type, as EC2 names it.
func Arch(instanceType string) string {
	if ARM(instanceType) {
		return "arm64"
	}
	return "x86_64"
}

// GPU tells whether an instance type has NVIDIA GPUs: families p, g and gr, but not
// g4ad, whose GPUs are AMD's.
func GPU(instanceType string) bool {
	family, _, _ := strings.Cut(instanceType, ".")
	letters := family[:max(strings.IndexAny(family, "0123456789"), 0)]
	return (letters == "p" || letters == "g" || letters == "gr") && family != "g4ad"
}
