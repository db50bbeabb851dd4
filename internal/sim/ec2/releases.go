package ec2

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// A release is what EKS calls one issue of an AMI of a family for a Kubernetes minor.
// The dates are this region's; the forms are AWS's (Systems Manager's release_version
// and image_version, and the names of the public images).
const (
	amiDate      = "20261101"
	bottlerocket = "1.50.0-8f2a9c71"
	windowsDate  = "2026.11.12"
)

// Kubernetes are the minors that AMIs are published for, with the patch they hold.
var Kubernetes = map[string]string{"1.35": "1.35.2", "1.34": "1.34.4", "1.33": "1.33.8", "1.32": "1.32.11", "1.31": "1.31.14"}

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

// Release is the newest release of a family's AMI for a minor, such as 1.34.4-20261101.
func Release(family, minor string) string {
	switch base, _, _ := strings.Cut(family, ":"); base {
	case "bottlerocket":
		return bottlerocket
	case "windows":
		return minor + "-" + windowsDate
	}
	return cmp.Or(Kubernetes[minor], minor+".0") + "-" + amiDate
}

// ImageName is what the publisher calls the AMI of that release.
func ImageName(family, arch, minor string) string {
	base, variant, _ := strings.Cut(family, ":")
	switch base {
	case "bottlerocket":
		if variant != "" {
			minor += "-" + variant
		}
		return "bottlerocket-aws-k8s-" + minor + "-" + arch + "-v" + bottlerocket
	case "windows":
		return "Windows_Server-" + cmp.Or(variant, "2022-English-Core") + "-EKS_Optimized-" + minor + "-" + windowsDate
	case "ubuntu":
		return "ubuntu-eks/k8s_" + minor + "/images/hvm-ssd/ubuntu-jammy-22.04-" + strings.Replace(arch, "x86_64", "amd64", 1) + "-server-" + amiDate
	case "amazon-eks-node-al2":
		if arch == "arm64" {
			variant = "arm64"
		}
		if variant != "" {
			return "amazon-eks-" + variant + "-node-" + minor + "-v" + amiDate
		}
		return "amazon-eks-node-" + minor + "-v" + amiDate
	}
	return base + "-" + arch + "-" + cmp.Or(variant, "standard") + "-" + minor + "-v" + amiDate
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
