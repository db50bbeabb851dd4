package ec2

import (
	"cmp"
	"regexp"
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

// published are the AMIs that SSM's public parameters point at, for each minor.
var published = []struct{ family, arch string }{
	{"amazon-eks-node-al2023", "x86_64"}, {"amazon-eks-node-al2023", "arm64"}, {"amazon-eks-node-al2", "x86_64"}, {"amazon-eks-node-al2", "arm64"},
	{"bottlerocket", "x86_64"}, {"bottlerocket", "arm64"}, {"windows", "x86_64"}, {"ubuntu", "x86_64"}, {"ubuntu", "arm64"},
}

// Published tells whether there are AMIs of a family for a minor: Amazon Linux 2 ended
// with 1.32.
func Published(family, minor string) bool {
	return Kubernetes[minor] != "" && (family != "amazon-eks-node-al2" || minor <= "1.32")
}

// Release is the newest release of a family's AMI for a minor, such as 1.34.4-20261101.
func Release(family, minor string) string {
	switch family {
	case "bottlerocket":
		return bottlerocket
	case "windows":
		return minor + "-" + windowsDate
	}
	return cmp.Or(Kubernetes[minor], minor+".0") + "-" + amiDate
}

// ImageName is what the publisher calls the AMI of that release.
func ImageName(family, arch, minor string) string {
	switch family {
	case "bottlerocket":
		return "bottlerocket-aws-k8s-" + minor + "-" + arch + "-v" + bottlerocket
	case "windows":
		return "Windows_Server-2022-English-Core-EKS_Optimized-" + minor + "-" + windowsDate
	case "ubuntu":
		return "ubuntu-eks/k8s_" + minor + "/images/hvm-ssd/ubuntu-jammy-22.04-" + strings.Replace(arch, "x86_64", "amd64", 1) + "-server-" + amiDate
	case "amazon-eks-node-al2":
		if arch == "arm64" {
			return "amazon-eks-arm64-node-" + minor + "-v" + amiDate
		}
		return "amazon-eks-node-" + minor + "-v" + amiDate
	}
	return family + "-" + arch + "-standard-" + minor + "-v" + amiDate
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
