package ec2

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Kubernetes are the minors that AMIs are published for, with the patch that the newest holds.
var Kubernetes = map[string]string{"1.35": "1.35.2", "1.34": "1.34.4", "1.33": "1.33.8", "1.32": "1.32.11", "1.31": "1.31.14"}

// issue is one release of the AMIs of a family for a Kubernetes minor.
type issue struct {
	release string // what EKS and Systems Manager call it, such as 1.34.4-20261101
	stamp   string // what the names of its AMIs end with
	patch   string // of Kubernetes; "" where nothing says
	day     string // when its AMIs were made, as 20261101
}

// amazonLinux are the patches of Kubernetes and the days of each minor's releases, the newest
// first. The dates are this region's; the forms are AWS's (Systems Manager's release_version and
// image_version, and the names of the public images), who issue some each month and have them
// stay for two years. Of one day the first is the newest: AMIs are named by the day alone, so
// the others share its AMI.
var amazonLinux = map[string][][2]string{
	"1.35": {{"1.35.2", "20261101"}, {"1.35.0", "20261101"}, {"1.35.1", "20260901"}, {"1.35.0", "20260601"}, {"1.35.0", "20260201"}},
	"1.34": {{"1.34.4", "20261101"}, {"1.34.2", "20260901"}, {"1.34.1", "20260901"}, {"1.34.1", "20260601"}, {"1.34.0", "20260101"}},
	"1.33": {{"1.33.8", "20261101"}, {"1.33.7", "20260901"}, {"1.33.5", "20260601"}, {"1.33.5", "20260101"}},
	"1.32": {{"1.32.11", "20261101"}, {"1.32.10", "20260901"}, {"1.32.9", "20260601"}, {"1.32.9", "20260101"}},
	"1.31": {{"1.31.14", "20261101"}, {"1.31.13", "20260901"}, {"1.31.13", "20260601"}, {"1.31.12", "20260101"}},
}

// bottlerocket are its releases, the newest first, with their days: the same for every minor
// that there was by then.
var bottlerocket = [][2]string{{"1.50.0-8f2a9c71", "20261028"}, {"1.47.0-5d41c0be", "20260825"}, {"1.44.1-0a96e3f2", "20260527"},
	{"1.39.0-c7d81b54", "20260107"}}

// windows are the days of its releases, the newest first, likewise.
var windows = []string{"2026.11.12", "2026.09.10", "2026.06.11", "2026.01.15"}

// published are the AMIs that SSM's public parameters point at, for each minor. A family's
// variants, after a colon, are images of their own.
var published = []struct{ family, arch string }{
	{"amazon-eks-node-al2023", "x86_64"}, {"amazon-eks-node-al2023", "arm64"}, {"amazon-eks-node-al2023:nvidia", "x86_64"},
	{"amazon-eks-node-al2023:nvidia", "arm64"}, {"amazon-eks-node-al2023:neuron", "x86_64"},
	{"amazon-eks-node-al2", "x86_64"}, {"amazon-eks-node-al2", "arm64"}, {"amazon-eks-node-al2:gpu", "x86_64"},
	{"bottlerocket", "x86_64"}, {"bottlerocket", "arm64"}, {"bottlerocket:fips", "x86_64"}, {"bottlerocket:fips", "arm64"},
	{"bottlerocket:nvidia", "x86_64"}, {"bottlerocket:nvidia", "arm64"}, {"bottlerocket:nvidia-fips", "x86_64"}, {"bottlerocket:nvidia-fips", "arm64"},
	{"windows", "x86_64"}, {"windows:2022-English-Full", "x86_64"}, {"windows:2019-English-Core", "x86_64"}, {"windows:2019-English-Full", "x86_64"},
	{"windows:2025-English-Core", "x86_64"}, {"windows:2025-English-Full", "x86_64"},
	{"ubuntu", "x86_64"}, {"ubuntu", "arm64"},
}

// Published tells whether there are AMIs of a family for a minor: Amazon Linux 2 ended
// with 1.32.
func Published(family, arch, minor string) bool {
	base, _, _ := strings.Cut(family, ":")
	return Kubernetes[minor] != "" && (base != "amazon-eks-node-al2" || minor <= "1.32") &&
		slices.ContainsFunc(published, func(p struct{ family, arch string }) bool { return p.family == family && p.arch == arch })
}

// issues are the releases of a family's AMIs for a minor, the newest first; nil where there
// are none.
func issues(family, minor string) (out []issue) {
	all := amazonLinux[minor]
	if all == nil {
		return nil
	}
	since := all[len(all)-1][1]
	switch base, _, _ := strings.Cut(family, ":"); base {
	case "bottlerocket":
		for _, x := range bottlerocket {
			if x[1] >= since {
				out = append(out, issue{x[0], x[0], "", x[1]})
			}
		}
	case "windows":
		for _, x := range windows {
			if day := strings.ReplaceAll(x, ".", ""); day >= since {
				out = append(out, issue{minor + "-" + x, x, "", day})
			}
		}
	default:
		for _, x := range all {
			out = append(out, issue{x[0] + "-" + x[1], x[1], x[0], x[1]})
		}
	}
	return out
}

// Releases are the names of the releases of a family's AMIs for a minor, the newest first.
func Releases(family, minor string) (out []string) {
	for _, i := range issues(family, minor) {
		out = append(out, i.release)
	}
	return out
}

// Release is the newest release of a family's AMI for a minor, such as 1.34.4-20261101.
func Release(family, minor string) string {
	if l := issues(family, minor); len(l) > 0 {
		return l[0].release
	}
	return minor + ".0-" + amazonLinux["1.34"][0][1] // of a minor that this region does not know
}

// ImageOf is the AMI of a release, of a family and architecture for a minor; of one that is not
// published here, the newest.
func ImageOf(family, arch, minor, release string) string {
	l := issues(family, minor)
	for _, i := range l {
		if i.release == release && i.stamp != l[0].stamp {
			return imageID(family + arch + minor + i.stamp)
		}
	}
	return ImageID(family, arch, minor)
}

// ImageName is what the publisher calls the AMI of a release; "" for one that is not published.
func ImageName(family, arch, minor, release string) string {
	for _, i := range issues(family, minor) {
		if i.release == release {
			return imageName(family, arch, minor, i.stamp)
		}
	}
	return ""
}

func imageName(family, arch, minor, stamp string) string {
	base, variant, _ := strings.Cut(family, ":")
	switch base {
	case "bottlerocket":
		if variant != "" {
			minor += "-" + variant
		}
		return "bottlerocket-aws-k8s-" + minor + "-" + arch + "-v" + stamp
	case "windows":
		return "Windows_Server-" + cmp.Or(variant, "2022-English-Core") + "-EKS_Optimized-" + minor + "-" + stamp
	case "ubuntu":
		return "ubuntu-eks/k8s_" + minor + "/images/hvm-ssd/ubuntu-jammy-22.04-" + strings.Replace(arch, "x86_64", "amd64", 1) + "-server-" + stamp
	case "amazon-eks-node-al2":
		if arch == "arm64" {
			variant = "arm64"
		}
		if variant != "" {
			return "amazon-eks-" + variant + "-node-" + minor + "-v" + stamp
		}
		return "amazon-eks-node-" + minor + "-v" + stamp
	}
	return base + "-" + arch + "-" + cmp.Or(variant, "standard") + "-" + minor + "-v" + stamp
}

// imageText is what the publisher says of an AMI, "" where this region does not know (public
// listings of the AMIs of amazon-eks-ami's releases).
func imageText(family, patch string) string {
	switch base, _, _ := strings.Cut(family, ":"); base {
	case "amazon-eks-node-al2023":
		return "EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: " + patch + ", containerd: 2.*)"
	case "amazon-eks-node-al2":
		return "EKS Kubernetes Worker AMI with AmazonLinux2 image, (k8s: " + patch + ", containerd: 1.7.*)"
	}
	return ""
}

var imagePatch = regexp.MustCompile(`\(k8s: (1\.\d+\.\d+),`)

// PatchOf is the patch of Kubernetes that an AMI holds, or "" where its description does not say.
func PatchOf(description string) string {
	if m := imagePatch.FindStringSubmatch(description); m != nil {
		return m[1]
	}
	return ""
}

var imageMinor = regexp.MustCompile(`(?:^|[-_])(1\.\d+)(?:[-/]|$)`)

// MinorOf is the Kubernetes minor that an AMI of a name holds, or "" where the name
// does not say.
func MinorOf(image string) string {
	if m := imageMinor.FindStringSubmatch(image); m != nil {
		return m[1]
	}
	return ""
}
