package ec2

import (
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// info is a type as DescribeInstanceTypes answers it: what follows from its family. What
// AWS gives as measured (bandwidths, prices of storage) is left out, not made up.
func (t Type) info() types.InstanceTypeInfo {
	line, _, _ := strings.Cut(t.Name, ".")
	burst := strings.HasPrefix(line, "t")
	i := types.InstanceTypeInfo{
		InstanceType: types.InstanceType(t.Name), CurrentGeneration: new(line != "c3"), BareMetal: new(false), AutoRecoverySupported: new(true),
		BurstablePerformanceSupported: new(burst), FreeTierEligible: new(slices.Contains(freeTier, t.Name)),
		InstanceStorageSupported: new(slices.Contains(disks, line)),
		MemoryInfo:               &types.MemoryInfo{SizeInMiB: new(int64(t.MemMiB))}, VCpuInfo: t.cpus(line),
		ProcessorInfo: &types.ProcessorInfo{SupportedArchitectures: []types.ArchitectureType{types.ArchitectureType(t.Arch)},
			Manufacturer: new(t.manufacturer(line))},
		SupportedUsageClasses:        []types.UsageClassType{types.UsageClassTypeOnDemand, types.UsageClassTypeSpot},
		SupportedRootDeviceTypes:     []types.RootDeviceType{types.RootDeviceTypeEbs},
		SupportedVirtualizationTypes: []types.VirtualizationType{types.VirtualizationTypeHvm},
		SupportedBootModes:           []types.BootModeType{types.BootModeTypeLegacyBios, types.BootModeTypeUefi},
		Hypervisor:                   types.InstanceTypeHypervisorNitro,
		EbsInfo: &types.EbsInfo{EbsOptimizedSupport: types.EbsOptimizedSupportDefault, EncryptionSupport: types.EbsEncryptionSupportSupported,
			NvmeSupport: types.EbsNvmeSupportRequired},
		NetworkInfo: &types.NetworkInfo{MaximumNetworkInterfaces: new(int32(t.ENIs)), Ipv4AddressesPerInterface: new(int32(t.IPs)),
			Ipv6AddressesPerInterface: new(int32(t.IPs)), Ipv6Supported: new(true), EfaSupported: new(t.EFA), EnaSupport: types.EnaSupportRequired,
			MaximumNetworkCards: new(int32(1)), DefaultNetworkCardIndex: new(int32(0)),
			NetworkCards: []types.NetworkCardInfo{{NetworkCardIndex: new(int32(0)), MaximumNetworkInterfaces: new(int32(t.ENIs))}}},
		PlacementGroupInfo: &types.PlacementGroupInfo{SupportedStrategies: []types.PlacementGroupStrategy{types.PlacementGroupStrategyPartition,
			types.PlacementGroupStrategySpread}},
	}
	if !burst {
		i.PlacementGroupInfo.SupportedStrategies = slices.Insert(i.PlacementGroupInfo.SupportedStrategies, 0, types.PlacementGroupStrategyCluster)
	}
	if t.Arch == arm {
		i.SupportedBootModes = []types.BootModeType{types.BootModeTypeUefi}
	}
	if t.Xen {
		i.Hypervisor, i.EbsInfo.NvmeSupport = types.InstanceTypeHypervisorXen, types.EbsNvmeSupportUnsupported
		i.SupportedBootModes, i.NetworkInfo.EnaSupport = []types.BootModeType{types.BootModeTypeLegacyBios}, types.EnaSupportUnsupported
		switch line {
		case "t2", "c3":
			i.EbsInfo.EbsOptimizedSupport = types.EbsOptimizedSupportUnsupported
		case "p3":
			i.NetworkInfo.EnaSupport = types.EnaSupportSupported
		}
	}
	if t.GPUs > 0 {
		g := gpus[line]
		i.GpuInfo = &types.GpuInfo{TotalGpuMemoryInMiB: new(int32(t.GPUs) * g.memory), Gpus: []types.GpuDeviceInfo{{Count: new(int32(t.GPUs)),
			Manufacturer: new("NVIDIA"), Name: new(g.name), MemoryInfo: &types.GpuDeviceMemoryInfo{SizeInMiB: new(g.memory)}}}}
	}
	return i
}

// disks are the families with disks of their own.
var disks = []string{"m5d", "c5d", "g4dn", "g5", "p3dn", "c3"}

// gpus are the families' GPUs, with the MiB of each (DescribeInstanceTypes, November 2026).
var gpus = map[string]struct {
	name   string
	memory int32
}{"g4dn": {"T4", 15360}, "g5": {"A10G", 22888}, "p3": {"V100", 16384}, "p3dn": {"V100", 32768}}

// manufacturer is whose processor a family has: an a behind the generation is AMD's.
func (t Type) manufacturer(line string) string {
	switch {
	case t.Arch == arm:
		return "AWS"
	case strings.HasSuffix(line, "a"), line == "g5":
		return "AMD"
	}
	return "Intel"
}

// cpus are a type's cores: Graviton's and m7a's have a thread each.
func (t Type) cpus(line string) *types.VCpuInfo {
	threads := 2
	if t.Arch == arm || line == "m7a" || t.VCPUs == 1 {
		threads = 1
	}
	return &types.VCpuInfo{DefaultVCpus: new(int32(t.VCPUs)), DefaultCores: new(int32(t.VCPUs / threads)), DefaultThreadsPerCore: new(int32(threads))}
}
