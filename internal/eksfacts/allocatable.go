package eksfacts

// Allocatable is the most that a node of an instance type has for pods, in thousandths of a
// core and in MiB: what EKS's AMIs keep back of cores (nodeadm and bootstrap.sh: 6 % of the
// first, 1 % of the second, half a percent of the next two, a quarter of the rest), and of
// memory 255 MiB for the system, and 100 before the kubelet evicts. What they keep back for each
// pod, and the kernel, is less than that still.
func Allocatable(vcpus, memoryMiB int) (milli, mib int) {
	milli = vcpus * 1000
	for core, kept := range []int{60, 10, 5, 5} {
		if core < vcpus {
			milli -= kept
		}
	}
	milli -= max(0, vcpus-4) * 5 / 2
	return milli, max(0, memoryMiB-255-100)
}
