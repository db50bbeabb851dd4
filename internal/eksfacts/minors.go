package eksfacts

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Skew is how many minors a kubelet, or kube-proxy, may be older than the API server
// (Kubernetes' version skew policy since 1.28; facts/eks.md §6).
const Skew = 3

// Minor is the number after the point of a version of Kubernetes, or of whatever follows its
// numbers: 34 of 1.34, and of v1.34.1-eks-1. 0: it is none.
func Minor(version string) int {
	p := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(p) < 2 || p[0] != "1" {
		return 0
	}
	n, _ := strconv.Atoi(p[1])
	return n
}

// OfMinor is the version of a minor: 1.34.
func OfMinor(n int) string { return fmt.Sprintf("1.%d", n) }

// numbers are those of an add-on's version, its build last: 1, 19, 2, 5 of
// v1.19.2-eksbuild.5.
func numbers(version string) (out [4]int) {
	v, build, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	for i, p := range strings.SplitN(v, ".", 3) {
		out[i], _ = strconv.Atoi(p)
	}
	out[3], _ = strconv.Atoi(build[strings.LastIndex(build, ".")+1:])
	return out
}

// CompareAddons orders versions of an add-on: negative where a is the older one.
func CompareAddons(a, b string) int {
	x, y := numbers(a), numbers(b)
	return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]), cmp.Compare(x[2], y[2]), cmp.Compare(x[3], y[3]))
}

// AddonMinor is an add-on's version without what follows its minor: 1.19 of
// v1.19.2-eksbuild.5.
func AddonMinor(version string) string {
	n := numbers(version)
	return fmt.Sprintf("%d.%d", n[0], n[1])
}

// OneMinorAtATime tells whether an add-on's version may be raised by one minor at a time
// only (EKS user guide, "Update the Amazon VPC CNI").
func OneMinorAtATime(addon string) bool { return addon == VPCCNI }
