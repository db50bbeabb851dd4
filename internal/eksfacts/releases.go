package eksfacts

import (
	"regexp"
	"strings"
)

// releaseMinor is what a release of EKS's AMIs begins with: 1.34.1-20261105; of Windows,
// 1.34-2026.11.10.
var releaseMinor = regexp.MustCompile(`^(1\.\d+)[.-]`)

// ReleaseMinor is the minor of Kubernetes that a release of EKS's AMIs is of, by EKS's name of
// the AMI type (AL2023_x86_64_STANDARD) or eksctl's of its family (AmazonLinux2023); "": the
// release does not say, as Bottlerocket's, which have a number of their own.
func ReleaseMinor(ami, release string) string {
	if m := releaseMinor.FindStringSubmatch(release); m != nil && !strings.HasPrefix(strings.ToLower(ami), "bottlerocket") {
		return m[1]
	}
	return ""
}
