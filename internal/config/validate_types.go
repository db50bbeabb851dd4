package config

import (
	"regexp"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

// instanceType is the form of EC2's names: family.size.
var instanceType = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`)

// groupTypes: instance types that could be some, and one architecture in a group: an
// AMI is built for one.
func groupTypes(f *File) finding.Findings {
	var ps finding.Findings
	f.Cluster.EachGroup(func(g Group) {
		arch := map[string]string{}
		path := g.Path + ".instanceType"
		switch {
		case g.Managed != nil && len(g.Managed.InstanceTypes) > 0:
			path = g.Path + ".instanceTypes"
		case g.Own != nil && g.Own.InstancesDistribution != nil:
			path = g.Path + ".instancesDistribution.instanceTypes"
		}
		for _, t := range g.Types() {
			if !instanceType.MatchString(t) {
				ps = append(ps, f.At("type-invalid", path, "%q is no instance type, such as m5.large", t))
				continue
			}
			arch[eksfacts.Arch(t)] = t
		}
		if len(arch) > 1 {
			ps = append(ps, f.At("architectures-mixed", path,
				"%s is of architecture x86_64 and %s of arm64; the nodes of a group have one AMI, which is built for one", arch["x86_64"], arch["arm64"]).
				With("make a node group for each architecture"))
		}
		if arm := arch["arm64"]; arm != "" && g.Windows() {
			ps = append(ps, f.At("architecture-of-family", path, "%s is of architecture arm64, for which there is no %s", arm, g.AmiFamily))
		}
	})
	return ps
}
