package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
)

// fargate: Fargate profiles.
func fargate(f *File) finding.Findings {
	var ps finding.Findings
	c := f.Cluster
	if n := len(c.FargateProfiles); n > 10 {
		ps = append(ps, f.At("too-many-profiles", "fargateProfiles", "EKS takes at most 10 profiles in a cluster, not %d", n))
	}
	seen := map[string]bool{}
	for i, p := range c.FargateProfiles {
		path := fmt.Sprintf("fargateProfiles[%d]", i)
		if seen[p.Name] {
			ps = append(ps, f.At("name-twice", path+".name", "the name %q is taken", p.Name))
		}
		seen[p.Name] = true
		if len(p.Selectors) == 0 || len(p.Selectors) > 5 {
			ps = append(ps, f.At("selectors-count", path+".selectors", "a profile takes one to five selectors, not %d", len(p.Selectors)))
		}
	}
	return ps
}

// services: identity providers, encryption and logs.
func services(f *File) finding.Findings {
	var ps finding.Findings
	c := f.Cluster
	if len(c.IdentityProviders) > 1 {
		ps = append(ps, f.At("too-many-providers", "identityProviders", "EKS takes one OIDC identity provider in a cluster"))
	}
	if s := c.SecretsEncryption; s != nil && !strings.Contains(s.KeyARN, ":kms:") {
		ps = append(ps, f.At("arn-invalid", "secretsEncryption.keyARN", "%q is not a KMS key's ARN", s.KeyARN))
	}
	if w := c.CloudWatch; w != nil && w.ClusterLogging != nil && w.ClusterLogging.LogRetentionInDays != nil {
		days := []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
		if n := *w.ClusterLogging.LogRetentionInDays; n != 0 && !slices.Contains(days, n) {
			ps = append(ps, f.At("log-retention-invalid", "cloudWatch.clusterLogging.logRetentionInDays",
				"CloudWatch keeps logs for a fixed choice of days, not %d: %v", n, days))
		}
	}
	return ps
}
