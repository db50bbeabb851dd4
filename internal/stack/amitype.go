package stack

import (
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
)

// amiTypes is EKS's AMI type of an AMI family, for x86_64 and arm64.
var amiTypes = map[string][2]string{
	"AmazonLinux2023":                {"AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD"},
	"AmazonLinux2":                   {"AL2_x86_64", "AL2_ARM_64"},
	"Bottlerocket":                   {"BOTTLEROCKET_x86_64", "BOTTLEROCKET_ARM_64"},
	"BottlerocketFips":               {"BOTTLEROCKET_x86_64_FIPS", "BOTTLEROCKET_ARM_64_FIPS"},
	"WindowsServer2019CoreContainer": {"WINDOWS_CORE_2019_x86_64", ""},
	"WindowsServer2019FullContainer": {"WINDOWS_FULL_2019_x86_64", ""},
	"WindowsServer2022CoreContainer": {"WINDOWS_CORE_2022_x86_64", ""},
	"WindowsServer2022FullContainer": {"WINDOWS_FULL_2022_x86_64", ""},
	"WindowsServer2025CoreContainer": {"WINDOWS_CORE_2025_x86_64", ""},
	"WindowsServer2025FullContainer": {"WINDOWS_FULL_2025_x86_64", ""},
}

func amiType(n *config.NodeGroupBase, types []string) string {
	if len(types) == 0 {
		types = []string{n.InstanceType}
	}
	t := amiTypes[n.AmiFamily]
	switch {
	case eksfacts.ARM(types[0]):
		return t[1]
	case n.AmiFamily == "AmazonLinux2023" && eksfacts.GPU(types[0]):
		return "AL2023_x86_64_NVIDIA"
	case n.AmiFamily == "AmazonLinux2" && eksfacts.GPU(types[0]):
		return "AL2_x86_64_GPU"
	case n.AmiFamily == "Bottlerocket" && eksfacts.GPU(types[0]):
		return "BOTTLEROCKET_x86_64_NVIDIA"
	}
	return t[0]
}
