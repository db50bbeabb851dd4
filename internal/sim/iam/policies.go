package iam

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// policy is a customer managed policy.
type policy struct {
	types.Policy
	Versions []version // oldest first
	Made     int       // versions there ever were
}

// version is one version of a policy's document.
type version struct {
	ID, Document string
	Born         time.Time
}

// document is the default version's text.
func (p *policy) document() string {
	if v := p.version(aws.ToString(p.DefaultVersionId)); v != nil {
		return v.Document
	}
	return ""
}

func (p *policy) version(id string) *version {
	for n := range p.Versions {
		if p.Versions[n].ID == id {
			return &p.Versions[n]
		}
	}
	return nil
}

func (i *IAM) registerPolicies(s *wire.Service) {
	wire.Handle(s, "CreatePolicy", i.CreatePolicy)
	wire.Handle(s, "GetPolicy", i.GetPolicy)
	wire.Handle(s, "ListPolicies", i.ListPolicies)
	wire.Handle(s, "DeletePolicy", i.DeletePolicy)
	wire.Handle(s, "ListEntitiesForPolicy", i.ListEntitiesForPolicy)
	wire.Handle(s, "CreatePolicyVersion", i.CreatePolicyVersion)
	wire.Handle(s, "GetPolicyVersion", i.GetPolicyVersion)
	wire.Handle(s, "ListPolicyVersions", i.ListPolicyVersions)
	wire.Handle(s, "SetDefaultPolicyVersion", i.SetDefaultPolicyVersion)
	wire.Handle(s, "DeletePolicyVersion", i.DeletePolicyVersion)
}

// ofAWS tells whether a policy is one that AWS manages.
func (i *IAM) ofAWS(arn string) bool {
	return strings.HasPrefix(arn, "arn:"+i.Partition+":iam::aws:policy/")
}

// attachable tells whether a managed policy exists.
func (i *IAM) attachable(arn string) bool {
	return i.managedBy(arn) != nil || i.policies.Get(arn) != nil
}

// customer is a policy of the account's own, to be changed.
func (i *IAM) customer(arn *string) (*policy, error) {
	if i.ofAWS(aws.ToString(arn)) {
		return nil, wire.Errorf("AccessDenied", "Policy is outside your own account.").With(403)
	}
	if p := i.policies.Get(aws.ToString(arn)); p != nil {
		return p, nil
	}
	return nil, noPolicy(arn)
}

func noPolicy(arn *string) error {
	return noEntity("Policy %s was not found.", aws.ToString(arn))
}

// CreatePolicy makes a customer managed policy.
func (i *IAM) CreatePolicy(_ *wire.Caller, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	name, doc := aws.ToString(in.PolicyName), aws.ToString(in.PolicyDocument)
	path, err := pathOf(in.Path)
	for _, e := range []error{checkName(in.PolicyName, "policyName", maxPolicyName), err, checkDescription(in.Description), checkTags(in.Tags), checkPolicy(doc)} {
		if e != nil {
			return nil, e
		}
	}
	if err := checkManagedSize(doc); err != nil {
		return nil, err
	}
	arn := i.arn("policy" + path + name)
	if i.policies.Find(func(p *policy) bool { return strings.EqualFold(*p.PolicyName, name) }) != nil {
		return nil, exists("A policy called %s already exists. Duplicate names are not allowed.", name)
	}
	p := i.newPolicy(arn, path, doc)
	p.Description, p.Tags = in.Description, in.Tags
	return &iam.CreatePolicyOutput{Policy: i.viewPolicy(p)}, nil
}

func checkManagedSize(doc string) error {
	if weight(doc) > maxManaged {
		return overLimit("Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	return nil
}

func (i *IAM) newPolicy(arn, path, doc string) *policy {
	name, now := lastOf(arn), i.w.Date()
	return i.policies.Put(arn, &policy{Versions: []version{{"v1", doc, now}}, Made: 1, Policy: types.Policy{Arn: new(arn), PolicyName: new(name),
		Path: new(path), PolicyId: i.id("ANPA", "policy", arn), DefaultVersionId: new("v1"), IsAttachable: true, CreateDate: new(now), UpdateDate: new(now)}})
}

// uses counts what policies are attached to, and what they bound.
func (i *IAM) uses() (attached, bounds map[string]int32) {
	attached, bounds = map[string]int32{}, map[string]int32{}
	for _, r := range i.roles.All() {
		for _, a := range r.Attached {
			attached[a]++
		}
		if r.PermissionsBoundary != nil {
			bounds[aws.ToString(r.PermissionsBoundary.PermissionsBoundaryArn)]++
		}
	}
	return attached, bounds
}

// viewPolicy counts what a policy is attached to.
func (i *IAM) viewPolicy(p *policy) *types.Policy {
	v := p.Policy
	i.count(&v)
	return &v
}

func (i *IAM) count(p *types.Policy) {
	attached, bounds := i.uses()
	p.AttachmentCount, p.PermissionsBoundaryUsageCount = new(attached[*p.Arn]), new(bounds[*p.Arn])
}

// GetPolicy reads a policy.
func (i *IAM) GetPolicy(_ *wire.Caller, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	if m := i.managedBy(arn); m != nil {
		i.count(&m.Policy)
		m.Tags = []types.Tag{}
		return &iam.GetPolicyOutput{Policy: &m.Policy}, nil
	}
	if p := i.policies.Get(arn); p != nil {
		v := i.viewPolicy(p)
		v.Tags = append([]types.Tag{}, v.Tags...)
		return &iam.GetPolicyOutput{Policy: v}, nil
	}
	return nil, noPolicy(in.PolicyArn)
}

// ListPolicies lists the account's own policies and AWS's, by name.
func (i *IAM) ListPolicies(_ *wire.Caller, in *iam.ListPoliciesInput) (*iam.ListPoliciesOutput, error) {
	var all []types.Policy
	if in.Scope != types.PolicyScopeTypeAws {
		for _, p := range i.policies.All() {
			all = append(all, p.Policy)
		}
	}
	if in.Scope != types.PolicyScopeTypeLocal {
		_, order := managed()
		for _, n := range order {
			all = append(all, i.managedBy("arn:"+i.Partition+":iam::aws:policy"+n).Policy)
		}
	}
	attached, bounds := i.uses()
	out := &iam.ListPoliciesOutput{Policies: []types.Policy{}}
	for _, p := range all {
		a, b := attached[*p.Arn], bounds[*p.Arn]
		used := map[types.PolicyUsageType]int32{types.PolicyUsageTypePermissionsPolicy: a, types.PolicyUsageTypePermissionsBoundary: b}[in.PolicyUsageFilter]
		switch {
		case !strings.HasPrefix(*p.Path, aws.ToString(in.PathPrefix)):
		case in.OnlyAttached && a+b == 0, in.PolicyUsageFilter != "" && used == 0:
		default:
			p.AttachmentCount, p.PermissionsBoundaryUsageCount, p.Description, p.Tags = &a, &b, nil, nil
			out.Policies = append(out.Policies, p)
		}
	}
	return out, nil
}

// ListEntitiesForPolicy lists the roles that a policy is attached to, or bounds.
func (i *IAM) ListEntitiesForPolicy(_ *wire.Caller, in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	if !i.attachable(arn) {
		return nil, noPolicy(in.PolicyArn)
	}
	out := &iam.ListEntitiesForPolicyOutput{PolicyRoles: []types.PolicyRole{}, PolicyGroups: []types.PolicyGroup{}, PolicyUsers: []types.PolicyUser{}}
	if in.EntityFilter != "" && in.EntityFilter != types.EntityTypeRole {
		return out, nil
	}
	for _, r := range i.roles.All() {
		bound := r.PermissionsBoundary != nil && aws.ToString(r.PermissionsBoundary.PermissionsBoundaryArn) == arn
		attached := slices.Contains(r.Attached, arn)
		switch in.PolicyUsageFilter {
		case types.PolicyUsageTypePermissionsPolicy:
			bound = false
		case types.PolicyUsageTypePermissionsBoundary:
			attached = false
		}
		if (bound || attached) && strings.HasPrefix(*r.Path, aws.ToString(in.PathPrefix)) {
			out.PolicyRoles = append(out.PolicyRoles, types.PolicyRole{RoleName: r.RoleName, RoleId: r.RoleId})
		}
	}
	return out, nil
}

// DeletePolicy removes a customer managed policy that nothing uses, with its one version.
func (i *IAM) DeletePolicy(_ *wire.Caller, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	p, err := i.customer(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	switch v := i.viewPolicy(p); {
	case *v.AttachmentCount+*v.PermissionsBoundaryUsageCount > 0:
		return nil, conflict("Cannot delete a policy attached to entities.")
	case len(p.Versions) > 1:
		return nil, conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
			"The default version is deleted with the policy.")
	}
	i.policies.Delete(*p.Arn)
	return &iam.DeletePolicyOutput{}, nil
}
