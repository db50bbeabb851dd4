package config

import (
	"fmt"

	"github.com/slipway-eks/slipway/internal/finding"
)

// volumeLimits of EC2's volume types (EC2 CreateVolume and "Amazon EBS volume types",
// 2026-11): sizes in GiB, throughput in MiB/s.
type volumeLimits struct {
	minSize, maxSize   int
	minIOPS, maxIOPS   int // 0: none can be named
	iopsPerGiB         int
	minThrough, maxThr int // 0: none can be named
	boots              bool
}

var volumeTypes = map[string]volumeLimits{
	"gp2": {minSize: 1, maxSize: 16384, boots: true},
	"gp3": {minSize: 1, maxSize: 65536, minIOPS: 3000, maxIOPS: 80000, iopsPerGiB: 500, minThrough: 125, maxThr: 2000, boots: true},
	"io1": {minSize: 4, maxSize: 16384, minIOPS: 100, maxIOPS: 64000, iopsPerGiB: 50, boots: true},
	"io2": {minSize: 4, maxSize: 65536, minIOPS: 100, maxIOPS: 256000, iopsPerGiB: 1000, boots: true},
	"st1": {minSize: 125, maxSize: 16384},
	"sc1": {minSize: 125, maxSize: 16384},
}

// volumes: what EC2 makes.
func volumes(f *File) finding.Findings {
	var ps finding.Findings
	f.Cluster.EachGroup(func(g Group) {
		root := VolumeMapping{VolumeSize: g.VolumeSize, VolumeType: g.VolumeType, VolumeIOPS: g.VolumeIOPS, VolumeThroughput: g.VolumeThroughput}
		if g.Managed == nil || g.Managed.LaunchTemplate == nil {
			ps = append(ps, f.volume(g.Path, root, true)...)
		}
		for i, v := range g.AdditionalVolumes {
			ps = append(ps, f.volume(fmt.Sprintf("%s.additionalVolumes[%d]", g.Path, i), v, false)...)
		}
		if g.VolumeKmsKeyID != "" && !On(g.VolumeEncrypted, false) {
			ps = append(ps, f.At("volume-invalid", g.Path+".volumeKmsKeyID", "needs volumeEncrypted: true"))
		}
	})
	return ps
}

func (f *File) volume(path string, v VolumeMapping, root bool) finding.Findings {
	var ps finding.Findings
	no := func(field, format string, a ...any) {
		ps = append(ps, f.At("volume-invalid", path+"."+field, format, a...))
	}
	t := v.VolumeType
	if t == "" {
		t = "gp3" // eksctl's default
	}
	l := volumeTypes[t]
	size := Int(v.VolumeSize, 80)
	if root && !l.boots {
		no("volumeType", "an instance cannot boot from a volume of type %s", t)
	}
	if v.VolumeSize != nil && (size < l.minSize || size > l.maxSize) {
		no("volumeSize", "a volume of type %s has %d to %d GiB, not %d", t, l.minSize, l.maxSize, size)
	}
	if n := v.VolumeIOPS; n != nil {
		switch {
		case l.maxIOPS == 0:
			no("volumeIOPS", "cannot be named for a volume of type %s; for gp3, io1 and io2", t)
		case *n < l.minIOPS || *n > l.maxIOPS:
			no("volumeIOPS", "a volume of type %s has %d to %d IOPS, not %d", t, l.minIOPS, l.maxIOPS, *n)
		case *n > l.minIOPS && *n > size*l.iopsPerGiB:
			no("volumeIOPS", "a volume of type %s has at most %d IOPS for each GiB: %d for %d GiB, not %d", t, l.iopsPerGiB, size*l.iopsPerGiB, size, *n)
		}
	}
	if n := v.VolumeThroughput; n != nil {
		iops := Int(v.VolumeIOPS, l.minIOPS)
		switch {
		case l.maxThr == 0:
			no("volumeThroughput", "cannot be named for a volume of type %s; for gp3", t)
		case *n < l.minThrough || *n > l.maxThr:
			no("volumeThroughput", "a volume of type %s has %d to %d MiB/s, not %d", t, l.minThrough, l.maxThr, *n)
		case iops >= l.minIOPS && *n*4 > iops:
			no("volumeThroughput", "a volume has at most 1 MiB/s for every 4 IOPS: %d for %d IOPS, not %d", iops/4, iops, *n)
		}
	}
	return ps
}
