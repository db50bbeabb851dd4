package config

import (
	"fmt"

	"github.com/slipway-eks/slipway/internal/finding"
)

// serviceAccounts: roles by IRSA.
func serviceAccounts(f *File) finding.Findings {
	var ps finding.Findings
	i := f.Cluster.IAM
	if len(i.ServiceAccounts) > 0 && !On(i.WithOIDC, false) {
		ps = append(ps, f.At("needs-oidc", "iam.serviceAccounts", "needs iam.withOIDC: true"))
	}
	seen := map[string]bool{}
	for k, s := range i.ServiceAccounts {
		p := fmt.Sprintf("iam.serviceAccounts[%d]", k)
		if s.Metadata == nil || s.Metadata.Name == "" {
			ps = append(ps, f.At("key-missing", p, "the key metadata.name is missing"))
			continue
		}
		id := s.Metadata.Namespace + "/" + s.Metadata.Name
		if seen[id] {
			ps = append(ps, f.At("name-twice", p, "the service account %s is listed twice", id))
		}
		seen[id] = true
		if len(s.AttachPolicyARNs) == 0 && s.AttachPolicy == nil && s.WellKnownPolicies == nil && s.AttachRoleARN == "" {
			ps = append(ps, f.At("account-without-permissions", p,
				"the service account %s gets no permissions: attachPolicyARNs, attachPolicy, wellKnownPolicies or attachRoleARN", id))
		}
	}
	return ps
}

// podIdentities: roles by pod identity.
func podIdentities(f *File) finding.Findings {
	var ps finding.Findings
	i := f.Cluster.IAM
	for k, a := range i.PodIdentityAssociations {
		p := fmt.Sprintf("iam.podIdentityAssociations[%d]", k)
		if a.Namespace == "" || a.ServiceAccountName == "" {
			ps = append(ps, f.At("key-missing", p, "needs namespace and serviceAccountName"))
		}
		if a.RoleARN != "" && (len(a.PermissionPolicyARNs) > 0 || a.PermissionPolicy != nil || a.WellKnownPolicies != nil || a.RoleName != "") {
			ps = append(ps, f.At("fields-conflict", p+".roleARN", "cannot stand beside what describes a new role"))
		}
		if a.RoleARN == "" && len(a.PermissionPolicyARNs) == 0 && a.PermissionPolicy == nil && a.WellKnownPolicies == nil {
			ps = append(ps, f.At("account-without-permissions", p, "needs roleARN, or permissionPolicyARNs, permissionPolicy or wellKnownPolicies for a new role"))
		}
	}
	return ps
}
