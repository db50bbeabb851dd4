package check

import (
	"context"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

// Of groups that stand, the plan of another version says it (plan/release_pins.go).
var releases = Check{
	Name:   "releases",
	Title:  "The AMI release that a new node group is pinned to is of the cluster's Kubernetes version",
	Source: "the file",
	Codes:  []string{"release-other-minor"},
	When:   Preflight,
	Run: func(_ context.Context, in *Input) (out finding.Findings) {
		in.groups(func(g config.Group) {
			if g.Managed == nil {
				return
			}
			want := in.Config.Metadata.Version
			if minor := eksfacts.ReleaseMinor(g.AmiFamily, g.Managed.ReleaseVersion); minor != "" && minor != want {
				out = append(out, in.at("release-other-minor", g.Path+".releaseVersion",
					"pin a release of "+want+", or leave releaseVersion out: the group gets the newest then",
					"the AMI release %s is of Kubernetes %s; the file is of %s", g.Managed.ReleaseVersion, minor, want))
			}
		})
		return out
	},
}
