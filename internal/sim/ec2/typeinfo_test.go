package ec2

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// What selectors of instance types read without asking whether it is there is there.
func TestEveryTypeIsDescribedWhole(t *testing.T) {
	for _, x := range allTypes() {
		i := x.info()
		if i.PlacementGroupInfo == nil || i.EbsInfo == nil || i.NetworkInfo.EnaSupport == "" || i.ProcessorInfo.Manufacturer == nil ||
			*i.VCpuInfo.DefaultCores**i.VCpuInfo.DefaultThreadsPerCore != *i.VCpuInfo.DefaultVCpus || len(i.SupportedBootModes) == 0 ||
			x.GPUs > 0 && *i.GpuInfo.TotalGpuMemoryInMiB == 0 {
			t.Errorf("%s: %+v", x.Name, i)
		}
	}
	for name, want := range map[string]string{"m5.large": "Intel", "c6a.large": "AMD", "t3a.small": "AMD", "m7g.large": "AWS", "m7i-flex.large": "Intel"} {
		x, ok := TypeOf(name)
		if i := x.info(); !ok || *i.ProcessorInfo.Manufacturer != want {
			t.Errorf("%s is of %s", name, *i.ProcessorInfo.Manufacturer)
		}
	}
	if x, _ := TypeOf("t2.large"); x.info().Hypervisor != types.InstanceTypeHypervisorXen || x.info().EbsInfo.NvmeSupport != types.EbsNvmeSupportUnsupported {
		t.Errorf("%+v", x.info())
	}
}
