package config

import (
	"fmt"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
)

// access: who is let into the cluster.
func access(f *File) finding.Findings {
	var ps finding.Findings
	a := f.Cluster.AccessConfig
	if len(a.AccessEntries) > 0 && a.AuthenticationMode == "CONFIG_MAP" {
		ps = append(ps, f.At("access-needs-api", "accessConfig.accessEntries", "need authenticationMode API or API_AND_CONFIG_MAP"))
	}
	if a.AuthenticationMode == "CONFIG_MAP" && !On(a.BootstrapClusterCreatorAdminPermissions, true) {
		ps = append(ps, f.At("access-nobody", "accessConfig.bootstrapClusterCreatorAdminPermissions",
			"with authenticationMode CONFIG_MAP the creator must be let in: nobody could enter the cluster, and EKS refuses it").
			With("set it to true, or authenticationMode to API_AND_CONFIG_MAP with access entries"))
	}
	if len(f.Cluster.IamIdentityMappings) > 0 && a.AuthenticationMode == "API" {
		ps = append(ps, f.At("mapping-unread", "iamIdentityMappings", "are not read by a cluster with authenticationMode API; use accessConfig.accessEntries"))
	}
	seen := map[string]bool{}
	for i, e := range a.AccessEntries {
		p := fmt.Sprintf("accessConfig.accessEntries[%d]", i)
		if !strings.HasPrefix(e.PrincipalARN, "arn:") {
			ps = append(ps, f.At("arn-invalid", p+".principalARN", "%q is not an ARN", e.PrincipalARN))
		}
		if seen[e.PrincipalARN] {
			ps = append(ps, f.At("name-twice", p+".principalARN", "%s has an entry already", e.PrincipalARN))
		}
		seen[e.PrincipalARN] = true
		if e.Type != "" && e.Type != "STANDARD" && (len(e.KubernetesGroups) > 0 || len(e.AccessPolicies) > 0) {
			ps = append(ps, f.At("access-entry-invalid", p, "an entry of type %s takes neither groups nor policies", e.Type))
		}
	}
	return ps
}

// mappings: identities in aws-auth.
func mappings(f *File) finding.Findings {
	var ps finding.Findings
	for i, m := range f.Cluster.IamIdentityMappings {
		p := fmt.Sprintf("iamIdentityMappings[%d]", i)
		switch {
		case m.ServiceName != "" && m.ServiceName != EMRContainers:
			ps = append(ps, f.At("mapping-invalid", p+".serviceName", "%q is not known; %s is", m.ServiceName, EMRContainers))
		case m.ServiceName != "" && m.Namespace == "":
			ps = append(ps, f.At("mapping-invalid", p+".serviceName", "needs the namespace that %s works in", m.ServiceName))
		case m.ServiceName == "" && m.ARN == "" && m.Account == "":
			ps = append(ps, f.At("mapping-invalid", p, "maps nothing: arn, account or serviceName"))
		}
	}
	return ps
}
