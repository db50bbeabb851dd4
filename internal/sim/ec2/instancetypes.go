package ec2

import (
	"slices"
	"strconv"
	"strings"
)

// Type is one row of the instance type catalogue.
type Type struct {
	Name   string
	VCPUs  int
	MemMiB int
	Arch   string // x86_64 or arm64
	GPUs   int
	ENIs   int
	IPs    int // IPv4 addresses per interface
	EFA    bool
	Xen    bool // the hypervisor is Xen, not Nitro
}

// Pods is how many pods the VPC CNI can address on this type without prefixes:
// interfaces × (addresses − 1) + 2.
func (t Type) Pods() int { return t.ENIs*(t.IPs-1) + 2 }

// family is a line of instance types.
type family struct {
	arch    string
	mem     int    // MiB for each vCPU
	sizes   string // those that AWS has, without bare metal
	efa     string // the sizes that support an Elastic Fabric Adapter
	xen     bool
	special map[string]Type // sizes that do not follow from the name: what is not 0 is as it is here
}

const (
	upTo24 = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge"
	upTo32 = upTo24 + " 32xlarge"
	upTo48 = upTo32 + " 48xlarge"
	no32   = upTo24 + " 48xlarge"
	arms   = "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
	nines  = "large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge"
	flex   = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
	old    = "large xlarge 2xlarge 4xlarge 8xlarge"
	burst  = "nano micro small medium large xlarge 2xlarge"

	x86, arm = "x86_64", "arm64"
)

// families are the instance types that the region has: a part of AWS's, and none that
// AWS has not. Sizes and interface limits from the EC2 user guide, instance types
// (compared with the tables of the VPC CNI, 29 Nov 2026).
var families = map[string]family{
	"m5": {arch: x86, mem: 4096, sizes: upTo24}, "m5a": {arch: x86, mem: 4096, sizes: upTo24}, "m5d": {arch: x86, mem: 4096, sizes: upTo24},
	"m5n": {arch: x86, mem: 4096, sizes: upTo24, efa: "24xlarge"},
	"m6i": {arch: x86, mem: 4096, sizes: upTo32, efa: "32xlarge"}, "m6a": {arch: x86, mem: 4096, sizes: upTo48, efa: "48xlarge"},
	"m7i": {arch: x86, mem: 4096, sizes: no32, efa: "48xlarge"}, "m7a": {arch: x86, mem: 4096, sizes: "medium " + upTo48, efa: "48xlarge"},
	"m7i-flex": {arch: x86, mem: 4096, sizes: flex}, "c7i-flex": {arch: x86, mem: 2048, sizes: flex},
	"m6g": {arch: arm, mem: 4096, sizes: arms}, "m7g": {arch: arm, mem: 4096, sizes: arms, efa: "16xlarge"},
	"m8g": {arch: arm, mem: 4096, sizes: arms + " 24xlarge 48xlarge", efa: "24xlarge 48xlarge"},
	"c6g": {arch: arm, mem: 2048, sizes: arms}, "c7g": {arch: arm, mem: 2048, sizes: arms, efa: "16xlarge"},
	"r6g": {arch: arm, mem: 8192, sizes: arms}, "r7g": {arch: arm, mem: 8192, sizes: arms, efa: "16xlarge"},
	"c3":  {arch: x86, mem: 1920, sizes: old, xen: true},
	"c4":  {arch: x86, mem: 1920, sizes: old, xen: true, special: map[string]Type{"8xlarge": {VCPUs: 36, MemMiB: 61440}}},
	"c5":  {arch: x86, mem: 2048, sizes: nines},
	"c5a": {arch: x86, mem: 2048, sizes: upTo24},
	"c5d": {arch: x86, mem: 2048, sizes: nines},
	"c5n": {arch: x86, mem: 2688, sizes: "large xlarge 2xlarge 4xlarge 9xlarge 18xlarge", efa: "9xlarge 18xlarge",
		special: map[string]Type{"9xlarge": {MemMiB: 98304}, "18xlarge": {MemMiB: 196608}}},
	"c6i": {arch: x86, mem: 2048, sizes: upTo32, efa: "32xlarge"}, "c6a": {arch: x86, mem: 2048, sizes: upTo48, efa: "48xlarge"},
	"c7i": {arch: x86, mem: 2048, sizes: no32, efa: "48xlarge"},
	"r5":  {arch: x86, mem: 8192, sizes: upTo24}, "r5a": {arch: x86, mem: 8192, sizes: upTo24},
	"r6i": {arch: x86, mem: 8192, sizes: upTo32, efa: "32xlarge"}, "r7i": {arch: x86, mem: 8192, sizes: no32, efa: "48xlarge"},

	"g4dn": {arch: x86, mem: 4096, sizes: "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge", efa: "8xlarge 12xlarge 16xlarge",
		special: map[string]Type{"xlarge": {GPUs: 1, ENIs: 3, IPs: 10}, "2xlarge": {GPUs: 1, ENIs: 3, IPs: 10}, "4xlarge": {GPUs: 1, ENIs: 3, IPs: 10},
			"8xlarge": {GPUs: 1, ENIs: 4, IPs: 15}, "12xlarge": {GPUs: 4}, "16xlarge": {GPUs: 1, ENIs: 4, IPs: 15}}},
	"g5": {arch: x86, mem: 4096, sizes: "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge",
		efa: "8xlarge 12xlarge 16xlarge 24xlarge 48xlarge",
		special: map[string]Type{"xlarge": {GPUs: 1}, "2xlarge": {GPUs: 1}, "4xlarge": {GPUs: 1}, "8xlarge": {GPUs: 1},
			"12xlarge": {GPUs: 4, ENIs: 15, IPs: 50}, "16xlarge": {GPUs: 1, ENIs: 8, IPs: 30}, "24xlarge": {GPUs: 4}, "48xlarge": {GPUs: 8, ENIs: 7}}},
	"p3": {arch: x86, mem: 7808, sizes: "2xlarge 8xlarge 16xlarge", xen: true,
		special: map[string]Type{"2xlarge": {GPUs: 1}, "8xlarge": {GPUs: 4}, "16xlarge": {GPUs: 8, ENIs: 8, IPs: 30}}},
	"p3dn": {arch: x86, mem: 8192, sizes: "24xlarge", efa: "24xlarge", special: map[string]Type{"24xlarge": {GPUs: 8}}},

	"t2": {arch: x86, sizes: burst, xen: true, special: map[string]Type{
		"nano": {VCPUs: 1}, "micro": {VCPUs: 1}, "small": {VCPUs: 1}, "xlarge": {ENIs: 3}, "2xlarge": {ENIs: 3}}},
	"t3": {arch: x86, sizes: burst}, "t3a": {arch: x86, sizes: burst, special: map[string]Type{"small": {ENIs: 2}}}, "t4g": {arch: arm, sizes: burst},
}

// burstable are the sizes of the burstable families, whose memory does not follow
// their vCPUs.
var burstable = map[string]Type{
	"nano": {VCPUs: 2, MemMiB: 512, ENIs: 2, IPs: 2}, "micro": {VCPUs: 2, MemMiB: 1024, ENIs: 2, IPs: 2},
	"small": {VCPUs: 2, MemMiB: 2048, ENIs: 3, IPs: 4}, "medium": {VCPUs: 2, MemMiB: 4096, ENIs: 3, IPs: 6},
	"large": {VCPUs: 2, MemMiB: 8192, ENIs: 3, IPs: 12}, "xlarge": {VCPUs: 4, MemMiB: 16384, ENIs: 4, IPs: 15},
	"2xlarge": {VCPUs: 8, MemMiB: 32768, ENIs: 4, IPs: 15},
}

// usual is a size as most families have it, but for its memory.
func usual(size string) Type {
	switch size {
	case "medium":
		return Type{VCPUs: 1, ENIs: 2, IPs: 4}
	case "large":
		return Type{VCPUs: 2, ENIs: 3, IPs: 10}
	case "xlarge":
		return Type{VCPUs: 4, ENIs: 4, IPs: 15}
	}
	n, _ := strconv.Atoi(strings.TrimSuffix(size, "xlarge")) //nolint:errcheck // the sizes of families
	switch {
	case n < 4:
		return Type{VCPUs: 4 * n, ENIs: 4, IPs: 15}
	case n < 16:
		return Type{VCPUs: 4 * n, ENIs: 8, IPs: 30}
	}
	return Type{VCPUs: 4 * n, ENIs: 15, IPs: 50}
}

// TypeOf is the catalogue's row for an instance type.
func TypeOf(name string) (Type, bool) {
	line, size, _ := strings.Cut(name, ".")
	f := families[line]
	if size == "" || !slices.Contains(strings.Fields(f.sizes), size) {
		return Type{}, false
	}
	t := usual(size)
	if f.mem == 0 {
		t = burstable[size]
	}
	s := f.special[size]
	for to, from := range map[*int]int{&t.VCPUs: s.VCPUs, &t.GPUs: s.GPUs, &t.ENIs: s.ENIs, &t.IPs: s.IPs} {
		if from != 0 {
			*to = from
		}
	}
	switch {
	case s.MemMiB != 0:
		t.MemMiB = s.MemMiB
	case f.mem != 0:
		t.MemMiB = f.mem * t.VCPUs
	}
	t.Name, t.Arch, t.Xen, t.EFA = name, f.arch, f.xen, slices.Contains(strings.Fields(f.efa), size)
	return t, true
}

// allTypes lists the catalogue in order of name.
func allTypes() []Type {
	var out []Type
	for line, f := range families {
		for _, size := range strings.Fields(f.sizes) {
			t, _ := TypeOf(line + "." + size)
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
	return out
}
