package config

import (
	"regexp"

	"github.com/slipway-eks/slipway/internal/finding"
)

// clusterName is what EKS and a CloudFormation stack's name both take (EKS alone takes
// underscores too).
var (
	clusterName  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9-]{0,99}$`)
	minorVersion = regexp.MustCompile(`^1\.\d+$`)
	regionName   = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
)

// meta: what the file is, and the cluster's name, region and version.
func meta(f *File) finding.Findings {
	var ps finding.Findings
	c := f.Cluster
	if c.APIVersion != APIVersion {
		ps = append(ps, f.At("api-version", "apiVersion", "%q is not read here; expected %s", c.APIVersion, APIVersion))
	}
	if c.Kind != Kind {
		ps = append(ps, f.At("kind-unknown", "kind", "%q is not read here; expected %s", c.Kind, Kind))
	}
	m := c.Metadata
	if !clusterName.MatchString(m.Name) {
		ps = append(ps, f.At("name-invalid", "metadata.name",
			"%q cannot be a cluster's name: letters, digits and hyphens, at most 100, a letter or digit first", m.Name))
	}
	if !regionName.MatchString(m.Region) {
		ps = append(ps, f.At("region-invalid", "metadata.region", "%q is not an AWS region, such as us-west-2", m.Region))
	}
	if !minorVersion.MatchString(m.Version) {
		ps = append(ps, f.At("version-invalid", "metadata.version", "%q is not a Kubernetes version, such as %q", m.Version, DefaultVersion))
	}
	return ps
}
