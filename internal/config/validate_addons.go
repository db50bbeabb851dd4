package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

// addons: each add-on by itself.
func addons(f *File) finding.Findings {
	var ps finding.Findings
	seen := map[string]bool{}
	for i := range f.Cluster.Addons {
		a := &f.Cluster.Addons[i]
		p := fmt.Sprintf("addons[%d]", i)
		if seen[a.Name] {
			ps = append(ps, f.At("name-twice", p+".name", "the add-on %q is listed twice", a.Name))
		}
		seen[a.Name] = true
		if a.Timeout != "" {
			if d, err := time.ParseDuration(a.Timeout); err != nil || d <= 0 {
				ps = append(ps, f.At("duration-invalid", p+".timeout", "%q is not a duration, such as 10m", a.Timeout))
			}
		}
		if err := valuesReadable(a.ConfigurationValues); err != nil {
			ps = append(ps, f.At("configuration-values-invalid", p+".configurationValues", "is neither YAML nor JSON: %s", err))
		}
		ways := 0
		for _, on := range []bool{a.ServiceAccountRoleARN != "", len(a.AttachPolicyARNs) > 0, a.AttachPolicy != nil, a.WellKnownPolicies != nil,
			len(a.PodIdentityAssociations) > 0} {
			if on {
				ways++
			}
		}
		if ways > 1 {
			ps = append(ps, f.At(
				"addon-permissions-twice",
				p,
				"the add-on %s takes its permissions in one way: serviceAccountRoleARN, attachPolicyARNs, attachPolicy, wellKnownPolicies or podIdentityAssociations",
				a.Name,
			))
		}
		if a.Custom() && eksfacts.AddonNamed(a.Name).Account == "" {
			ps = append(ps, f.At("addon-account-unknown", p, "which service account of the add-on %s is to have these policies is not known", a.Name).
				With("name it: podIdentityAssociations: [{serviceAccountName: …, permissionPolicyARNs: […]}]"))
		}
	}
	return ps
}

// valuesReadable: EKS takes an add-on's configuration values as YAML or as JSON, which
// is YAML too.
func valuesReadable(s string) error {
	var v any
	if err := yaml.Unmarshal([]byte(s), &v); err != nil {
		what, _, _ := strings.Cut(err.Error(), "\n")
		return fmt.Errorf("%s", what)
	}
	return nil
}

// addonAssociations: what EKS's own associations of add-ons do not take.
func addonAssociations(f *File) finding.Findings {
	var ps finding.Findings
	for i, a := range f.Cluster.Addons {
		for k, p := range a.PodIdentityAssociations {
			for _, x := range []struct {
				field string
				used  bool
			}{{"namespace", p.Namespace != ""}, {"createServiceAccount", p.CreateServiceAccount != nil}, {"tags", p.Tags != nil}, {"policy",
				p.Policy != ""}, {"targetRoleARN", p.TargetRoleARN != ""}, {"disableSessionTags", p.DisableSessionTags != nil}} {
				if x.used {
					ps = append(ps, f.At("not-for-addons", fmt.Sprintf("addons[%d].podIdentityAssociations[%d].%s", i, k, x.field),
						"is not for add-ons: EKS makes their associations from service account and role alone"))
				}
			}
		}
	}
	return ps
}

// cni: a network plugin that the user brings.
func cni(f *File) finding.Findings {
	var ps finding.Findings
	if c := f.Cluster.CNI; c != nil {
		if ns, n, ok := strings.Cut(c.DaemonSet, "/"); !ok || ns == "" || n == "" {
			ps = append(ps, f.At("cni-invalid", "cni.daemonSet", "%q does not name a DaemonSet as namespace/name", c.DaemonSet))
		}
		if a := f.Cluster.Addon("vpc-cni"); a != nil && !a.Implied {
			ps = append(ps, f.At("cni-twice", "cni", "the file lists vpc-cni too; a cluster has one network plugin"))
		}
	}
	return ps
}
