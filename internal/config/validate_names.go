package config

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/slipway-eks/slipway/internal/finding"
)

var (
	iamName     = regexp.MustCompile(`^[\w+=,.@-]+$`) // IAM's roles and policies
	profileName = regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$`)
	stackPart   = regexp.MustCompile(`^[A-Za-z0-9-]+$`) // what a stack's name takes
)

// otherNames: what Kubernetes, IAM, CloudFormation and EKS take as names.
func otherNames(f *File) finding.Findings {
	var ps finding.Findings
	c := f.Cluster
	for i, s := range c.IAM.ServiceAccounts {
		p := fmt.Sprintf("iam.serviceAccounts[%d]", i)
		if m := s.Metadata; m != nil && m.Name != "" {
			ps = append(ps, f.account(p+".metadata.namespace", m.Namespace, p+".metadata.name", m.Name, s.AttachRoleARN == "")...)
		}
		ps = append(ps, f.iamName(p+".roleName", s.RoleName, 64)...)
	}
	for i, a := range c.IAM.PodIdentityAssociations {
		p := fmt.Sprintf("iam.podIdentityAssociations[%d]", i)
		if a.Namespace != "" && a.ServiceAccountName != "" {
			ps = append(ps, f.account(p+".namespace", a.Namespace, p+".serviceAccountName", a.ServiceAccountName, a.RoleARN == "")...)
		}
		ps = append(ps, f.iamName(p+".roleName", a.RoleName, 64)...)
		ps = append(ps, f.iamName(p+".permissionPolicyName", a.PermissionPolicyName, 128)...)
	}
	c.EachGroup(func(g Group) {
		ps = append(ps, f.iamName(g.Path+".iam.instanceRoleName", g.IAM.InstanceRoleName, 64)...)
	})
	for i, p := range c.FargateProfiles {
		path := fmt.Sprintf("fargateProfiles[%d].name", i)
		if !profileName.MatchString(p.Name) || strings.HasPrefix(p.Name, "eks-") {
			ps = append(ps, f.At("name-invalid", path,
				"%q cannot be a Fargate profile's name: letters, digits, hyphens and underscores, at most 100, and not eks- first", p.Name))
		}
	}
	return ps
}

// account: a service account's names; stacked: they become part of a stack's name.
func (f *File) account(nsPath, ns, path, name string, stacked bool) finding.Findings {
	var ps finding.Findings
	if errs := validation.IsDNS1123Label(ns); len(errs) > 0 {
		ps = append(ps, f.At("name-invalid", nsPath, "%q cannot be a namespace: %s", ns, rule(errs)))
	}
	if errs := validation.IsDNS1123Subdomain(name); len(errs) > 0 {
		ps = append(ps, f.At("name-invalid", path, "%q cannot be a service account's name: %s", name, rule(errs)))
	} else if stacked && !stackPart.MatchString(name) {
		ps = append(ps, f.At("name-invalid", path, "%q becomes part of a CloudFormation stack's name, which takes letters, digits and hyphens", name))
	}
	return ps
}

func (f *File) iamName(path, name string, limit int) finding.Findings {
	if name == "" || len(name) <= limit && iamName.MatchString(name) {
		return nil
	}
	return finding.Findings{f.At("name-invalid", path, "%q cannot be a name in IAM: letters, digits and +=,.@_-, at most %d", name, limit)}
}
