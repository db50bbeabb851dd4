package eks

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type accessEntry struct {
	types.AccessEntry
	Policies []types.AssociatedAccessPolicy
	From     time.Duration // effective some seconds after it was made
}

func (s *EKS) registerAccess(svc *wire.Service) {
	wire.Handle(svc, "CreateAccessEntry", s.CreateAccessEntry)
	wire.Handle(svc, "DescribeAccessEntry", s.DescribeAccessEntry)
	wire.Handle(svc, "ListAccessEntries", s.ListAccessEntries)
	wire.Handle(svc, "UpdateAccessEntry", s.UpdateAccessEntry)
	wire.Handle(svc, "DeleteAccessEntry", s.DeleteAccessEntry)
	wire.Handle(svc, "AssociateAccessPolicy", s.AssociateAccessPolicy)
	wire.Handle(svc, "DisassociateAccessPolicy", s.DisassociateAccessPolicy)
	wire.Handle(svc, "ListAccessPolicies", s.ListAccessPolicies)
	wire.Handle(svc, "ListAssociatedAccessPolicies", s.ListAssociatedAccessPolicies)
	wire.Handle(svc, "CreatePodIdentityAssociation", s.CreatePodIdentityAssociation)
	wire.Handle(svc, "DescribePodIdentityAssociation", s.DescribePodIdentityAssociation)
	wire.Handle(svc, "ListPodIdentityAssociations", s.ListPodIdentityAssociations)
	wire.Handle(svc, "UpdatePodIdentityAssociation", s.UpdatePodIdentityAssociation)
	wire.Handle(svc, "DeletePodIdentityAssociation", s.DeletePodIdentityAssociation)
	wire.Handle(svc, "AssociateIdentityProviderConfig", s.AssociateIdentityProviderConfig)
	wire.Handle(svc, "DisassociateIdentityProviderConfig", s.DisassociateIdentityProviderConfig)
	wire.Handle(svc, "DescribeIdentityProviderConfig", s.DescribeIdentityProviderConfig)
	wire.Handle(svc, "ListIdentityProviderConfigs", s.ListIdentityProviderConfigs)
}

// creatorAdmin gives the creator an admin entry unless told not to.
func (s *EKS) creatorAdmin(c *cluster, caller *wire.Caller, in *types.CreateAccessConfigRequest) {
	admin := in == nil || in.BootstrapClusterCreatorAdminPermissions == nil || *in.BootstrapClusterCreatorAdminPermissions
	c.AccessConfig.BootstrapClusterCreatorAdminPermissions = new(admin)
	if !admin || caller == nil {
		return
	}
	who := roleOf(caller.ARN)
	e := s.newEntry(c, who, "STANDARD")
	e.Policies = []types.AssociatedAccessPolicy{{PolicyArn: new("arn:" + s.Partition + ":eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"),
		AccessScope: &types.AccessScope{Type: types.AccessScopeTypeCluster}, AssociatedAt: new(s.w.Date())}}
	e.From = 0
}

// roleOf turns an assumed-role session's ARN into its role's.
func roleOf(arn string) string {
	p := strings.Split(arn, ":")
	if len(p) == 6 && p[2] == "sts" {
		if f := strings.Split(p[5], "/"); len(f) == 3 {
			return p[0] + ":" + p[1] + ":iam::" + p[4] + ":role/" + f[1]
		}
	}
	return arn
}

func (s *EKS) newEntry(c *cluster, principal, typ string) *accessEntry {
	e := &accessEntry{AccessEntry: types.AccessEntry{ClusterName: c.Name, PrincipalArn: new(principal), Type: new(typ),
		AccessEntryArn: s.arn("access-entry/%s/%s", *c.Name, s.w.UUID("entry", c.ID, principal)), CreatedAt: new(s.w.Date()), ModifiedAt: new(s.w.Date()),
		KubernetesGroups: []string{}, Username: new(principal), Tags: map[string]string{}},
		From: s.w.Elapsed() + s.w.Draw("eks:entry-effective", principal, seconds(6), seconds(5), seconds(10))}
	switch typ {
	case "EC2_LINUX":
		e.Username, e.KubernetesGroups = new("system:node:{{EC2PrivateDNSName}}"), []string{"system:nodes"}
	case "EC2_WINDOWS":
		e.Username, e.KubernetesGroups = new("system:node:{{EC2PrivateDNSName}}"), []string{"system:nodes", "eks:kube-proxy-windows"}
	case "CAPABILITY": // its user is the session of its role
		e.Username = new(strings.Replace(strings.Replace(principal, ":iam:", ":sts:", 1), ":role/", ":assumed-role/", 1) + "/{{SessionName}}")
	case "FARGATE_LINUX", "EC2", "HYBRID_LINUX":
		e.Username, e.KubernetesGroups = new("system:node:{{SessionName}}"), []string{"system:nodes"}
	}
	c.entries.Put(principal, e)
	return e
}

// CreateAccessEntry makes an entry; effective some seconds later.
func (s *EKS) CreateAccessEntry(by *wire.Caller, in *eks.CreateAccessEntryInput) (*eks.CreateAccessEntryOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	if c.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap {
		return nil, wire.Errorf("InvalidRequestException",
			"The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")
	}
	p := aws.ToString(in.PrincipalArn)
	if e := c.entries.Get(p); e != nil {
		if by.Before() != *e.AccessEntryArn {
			return nil, inUse("The specified access entry resource is already in use on this cluster.").Member("clusterName", *c.Name)
		}
		return &eks.CreateAccessEntryOutput{AccessEntry: new(e.AccessEntry)}, nil
	}
	typ := aws.ToString(in.Type)
	if typ == "" {
		typ = "STANDARD"
	}
	if !slices.Contains(entryTypes, typ) {
		return nil, invalid("The specified type is invalid: %s", typ)
	}
	if err := errorOf(s.checkPrincipal(p, typ), checkTags(by, in.Tags)); err != nil {
		return nil, err
	}
	if typ != "STANDARD" && len(in.KubernetesGroups) > 0 {
		return nil, invalid("kubernetesGroups can only be set for STANDARD type access entries")
	}
	e := s.newEntry(c, p, typ)
	e.Tags = tagsOf(in.Tags)
	by.Note(*e.AccessEntryArn)
	if len(in.KubernetesGroups) > 0 {
		e.KubernetesGroups = in.KubernetesGroups
	}
	if in.Username != nil {
		e.Username = in.Username
	}
	s.w.Record(entryLog(s, *c.Name, p))
	return &eks.CreateAccessEntryOutput{AccessEntry: new(e.AccessEntry)}, nil
}

func (s *EKS) entry(clusterName, principal *string) (*cluster, *accessEntry, error) {
	c, err := s.cluster(clusterName)
	if err != nil {
		return nil, nil, err
	}
	if e := c.entries.Get(aws.ToString(principal)); e != nil {
		return c, e, nil
	}
	return nil, nil, notFound("The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.")
}

// DescribeAccessEntry reads an entry.
func (s *EKS) DescribeAccessEntry(_ *wire.Caller, in *eks.DescribeAccessEntryInput) (*eks.DescribeAccessEntryOutput, error) {
	_, e, err := s.entry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	return &eks.DescribeAccessEntryOutput{AccessEntry: new(e.AccessEntry)}, nil
}

// ListAccessEntries lists principals.
func (s *EKS) ListAccessEntries(_ *wire.Caller, in *eks.ListAccessEntriesInput) (*eks.ListAccessEntriesOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	out := &eks.ListAccessEntriesOutput{AccessEntries: []string{}}
	for _, e := range c.entries.All() {
		if in.AssociatedPolicyArn == nil || slices.ContainsFunc(e.Policies,
			func(p types.AssociatedAccessPolicy) bool { return *p.PolicyArn == *in.AssociatedPolicyArn }) {
			out.AccessEntries = append(out.AccessEntries, *e.PrincipalArn)
		}
	}
	return out, nil
}

// UpdateAccessEntry changes groups and user name.
func (s *EKS) UpdateAccessEntry(_ *wire.Caller, in *eks.UpdateAccessEntryInput) (*eks.UpdateAccessEntryOutput, error) {
	_, e, err := s.entry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	if in.KubernetesGroups != nil {
		e.KubernetesGroups = in.KubernetesGroups
	}
	if in.Username != nil {
		e.Username = in.Username
	}
	return &eks.UpdateAccessEntryOutput{AccessEntry: new(e.AccessEntry)}, nil
}

// DeleteAccessEntry removes an entry.
func (s *EKS) DeleteAccessEntry(_ *wire.Caller, in *eks.DeleteAccessEntryInput) (*eks.DeleteAccessEntryOutput, error) {
	c, e, err := s.entry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	c.entries.Delete(*e.PrincipalArn)
	return &eks.DeleteAccessEntryOutput{}, nil
}

// AssociateAccessPolicy grants a policy.
func (s *EKS) AssociateAccessPolicy(_ *wire.Caller, in *eks.AssociateAccessPolicyInput) (*eks.AssociateAccessPolicyOutput, error) {
	c, e, err := s.entry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	if !s.isAccessPolicy(aws.ToString(in.PolicyArn)) {
		return nil, invalid("The specified policyArn is invalid: invalid policy")
	}
	if err := checkScope(in.AccessScope); err != nil {
		return nil, err
	}
	if *e.Type != "STANDARD" && *e.Type != "EC2" && *e.Type != "CAPABILITY" {
		return nil, wire.Errorf("InvalidRequestException", "Access policies cannot be associated with access entries of type %s.", *e.Type)
	}
	p := types.AssociatedAccessPolicy{PolicyArn: in.PolicyArn, AccessScope: in.AccessScope, AssociatedAt: new(s.w.Date()), ModifiedAt: new(s.w.Date())}
	e.Policies = append(slices.DeleteFunc(e.Policies, func(x types.AssociatedAccessPolicy) bool { return *x.PolicyArn == *in.PolicyArn }), p)
	return &eks.AssociateAccessPolicyOutput{ClusterName: c.Name, PrincipalArn: e.PrincipalArn, AssociatedAccessPolicy: &p}, nil
}

// DisassociateAccessPolicy takes a policy away.
func (s *EKS) DisassociateAccessPolicy(_ *wire.Caller, in *eks.DisassociateAccessPolicyInput) (*eks.DisassociateAccessPolicyOutput, error) {
	_, e, err := s.entry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	same := func(x types.AssociatedAccessPolicy) bool { return *x.PolicyArn == aws.ToString(in.PolicyArn) }
	if !slices.ContainsFunc(e.Policies, same) {
		return nil, notFound("The specified policyArn is not associated with the access entry: %s", aws.ToString(in.PolicyArn))
	}
	e.Policies = slices.DeleteFunc(e.Policies, same)
	return &eks.DisassociateAccessPolicyOutput{}, nil
}

// ListAssociatedAccessPolicies lists an entry's policies.
func (s *EKS) ListAssociatedAccessPolicies(_ *wire.Caller, in *eks.ListAssociatedAccessPoliciesInput) (*eks.ListAssociatedAccessPoliciesOutput, error) {
	c, e, err := s.entry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	return &eks.ListAssociatedAccessPoliciesOutput{ClusterName: c.Name, PrincipalArn: e.PrincipalArn,
		AssociatedAccessPolicies: append([]types.AssociatedAccessPolicy{}, e.Policies...)}, nil
}

// whoami reads a k8s-aws-v1 token as aws-iam-authenticator does: a presigned
// GetCallerIdentity for this cluster, at most fifteen minutes old.
func (c *cluster) whoami(token string) *kubeapi.User {
	enc, ok := strings.CutPrefix(token, "k8s-aws-v1.")
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(enc, "="))
	if !ok || err != nil {
		return nil
	}
	u, err := url.Parse(string(raw))
	if err != nil || u.Query().Get("Action") != "GetCallerIdentity" || !strings.Contains(u.Query().Get("X-Amz-SignedHeaders"), "x-k8s-aws-id") {
		return nil
	}
	at, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
	if err != nil || time.Since(at) > 15*time.Minute || time.Until(at) > 5*time.Minute {
		return nil
	}
	caller := wire.CallerOf(&http.Request{Header: http.Header{}, URL: u})
	c.e.w.Lock()
	defer c.e.w.Unlock()
	arn, secret := c.e.iam.Principal(caller.AccessKey), c.e.iam.Secret(caller.AccessKey)
	if arn == "" || !iam.VerifyPresigned(u, map[string]string{"x-k8s-aws-id": *c.Name}, secret) {
		return nil
	}
	return c.user(roleOf(arn))
}

// user maps a principal by access entries, then by aws-auth, as the cluster's
// authentication mode allows.
func (c *cluster) user(arn string) *kubeapi.User {
	mode := c.AccessConfig.AuthenticationMode
	if e := c.entries.Get(arn); e != nil && mode != types.AuthenticationModeConfigMap && c.e.w.Elapsed() >= e.From {
		u := &kubeapi.User{Name: *e.Username, Groups: e.KubernetesGroups}
		for _, p := range e.Policies {
			g := kubeapi.Grant{Policy: (*p.PolicyArn)[strings.LastIndex(*p.PolicyArn, "/")+1:]}
			if p.AccessScope != nil && p.AccessScope.Type == types.AccessScopeTypeNamespace {
				g.Namespaces = p.AccessScope.Namespaces
			}
			u.Grants = append(u.Grants, g)
		}
		return u
	}
	if mode == types.AuthenticationModeApi {
		return nil
	}
	if e := c.entries.Get(arn); e != nil && mode == types.AuthenticationModeConfigMap && len(e.Policies) > 0 {
		return &kubeapi.User{Name: "kubernetes-admin", Groups: []string{"system:masters"}}
	}
	return c.mapped(arn)
}

type awsAuth struct {
	RoleARN  string   `json:"rolearn"`
	UserARN  string   `json:"userarn"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// mapped reads kube-system/aws-auth.
func (c *cluster) mapped(arn string) *kubeapi.User {
	cm := kubeapi.Get[corev1.ConfigMap](c.kube, "kube-system", "aws-auth")
	if cm == nil {
		return nil
	}
	for _, k := range []string{"mapRoles", "mapUsers"} {
		var rows []awsAuth
		if yaml.Unmarshal([]byte(cm.Data[k]), &rows) != nil {
			continue
		}
		for _, r := range rows {
			if r.RoleARN == arn || r.UserARN == arn {
				return &kubeapi.User{Name: r.Username, Groups: r.Groups}
			}
		}
	}
	return nil
}

// mapNodeRole adds a node role to aws-auth, as EKS does for managed node groups
// in CONFIG_MAP mode.
func (c *cluster) mapNodeRole(arn string) {
	if c.mapped(arn) != nil {
		return
	}
	cm := kubeapi.Get[corev1.ConfigMap](c.kube, "kube-system", "aws-auth")
	n := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth", Namespace: "kube-system"}}
	if cm != nil {
		n = cm.DeepCopy()
	}
	var rows []awsAuth
	_ = yaml.Unmarshal([]byte(n.Data["mapRoles"]), &rows)
	rows = append(rows, awsAuth{RoleARN: arn, Username: "system:node:{{EC2PrivateDNSName}}", Groups: []string{"system:bootstrappers", "system:nodes"}})
	b, err := yaml.Marshal(rows)
	if err != nil {
		return
	}
	if n.Data == nil {
		n.Data = map[string]string{}
	}
	n.Data["mapRoles"] = string(b)
	c.kube.Save(n)
}

// unmapRole takes a role's row out of aws-auth, where there is one.
func (c *cluster) unmapRole(arn string) {
	cm := kubeapi.Get[corev1.ConfigMap](c.kube, "kube-system", "aws-auth")
	if cm == nil {
		return
	}
	var rows []awsAuth
	_ = yaml.Unmarshal([]byte(cm.Data["mapRoles"]), &rows)
	left := slices.DeleteFunc(slices.Clone(rows), func(r awsAuth) bool { return r.RoleARN == arn })
	b, err := yaml.Marshal(left)
	if err != nil || len(left) == len(rows) {
		return
	}
	n := cm.DeepCopy()
	n.Data["mapRoles"] = string(b)
	c.kube.Save(n)
}

// association is a pod identity association.
type association struct {
	types.PodIdentityAssociation
}

// associate makes a pod identity association.
func (s *EKS) associate(by *wire.Caller, c *cluster, ns, sa, roleARN string, in *eks.CreatePodIdentityAssociationInput, owner *string) (*association, error) {
	if a := c.associations.Find(func(a *association) bool { return *a.Namespace == ns && *a.ServiceAccount == sa }); a != nil {
		if by.Before() != *a.AssociationId {
			return nil, inUse("Association already exists: %s", *a.AssociationId).Member("clusterName", *c.Name)
		}
		return a, nil
	}
	if s.iam.Role(roleARN) == nil && strings.Contains(roleARN, ":"+s.Account+":") {
		return nil, invalid("Role provided in the request does not exist.")
	}
	if s.iam.Role(roleARN) != nil && !s.iam.TrustsService(roleARN, "pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession") {
		return nil, invalid("Trust policy of role %s is invalid: it must allow pods.eks.amazonaws.com to sts:AssumeRole and sts:TagSession", roleARN)
	}
	id := "a-" + s.w.Hex("association "+c.ID+" "+ns+"/"+sa, 17)
	a := &association{PodIdentityAssociation: types.PodIdentityAssociation{AssociationId: new(id),
		AssociationArn: s.arn("podidentityassociation/%s/%s", *c.Name, id), ClusterName: c.Name, Namespace: new(ns), ServiceAccount: new(sa),
		RoleArn: new(roleARN), CreatedAt: new(s.w.Date()), ModifiedAt: new(s.w.Date()), OwnerArn: owner, Tags: map[string]string{}}}
	if in != nil {
		a.Tags, a.TargetRoleArn, a.DisableSessionTags, a.Policy = tagsOf(in.Tags), in.TargetRoleArn, in.DisableSessionTags, in.Policy
	}
	by.Note(id)
	return c.associations.Put(id, a), nil
}

// CreatePodIdentityAssociation makes one.
func (s *EKS) CreatePodIdentityAssociation(by *wire.Caller, in *eks.CreatePodIdentityAssociationInput) (*eks.CreatePodIdentityAssociationOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	a, err := s.associate(by, c, aws.ToString(in.Namespace), aws.ToString(in.ServiceAccount), aws.ToString(in.RoleArn), in, nil)
	if err != nil {
		return nil, err
	}
	return &eks.CreatePodIdentityAssociationOutput{Association: new(a.PodIdentityAssociation)}, nil
}

func (s *EKS) association(clusterName, id *string) (*cluster, *association, error) {
	c, err := s.cluster(clusterName)
	if err != nil {
		return nil, nil, err
	}
	if a := c.associations.Get(aws.ToString(id)); a != nil {
		return c, a, nil
	}
	return nil, nil, notFound("Association %s not found", aws.ToString(id))
}

// DescribePodIdentityAssociation reads one.
func (s *EKS) DescribePodIdentityAssociation(_ *wire.Caller, in *eks.DescribePodIdentityAssociationInput) (*eks.DescribePodIdentityAssociationOutput, error) {
	_, a, err := s.association(in.ClusterName, in.AssociationId)
	if err != nil {
		return nil, err
	}
	return &eks.DescribePodIdentityAssociationOutput{Association: new(a.PodIdentityAssociation)}, nil
}

// ListPodIdentityAssociations lists by namespace and service account.
func (s *EKS) ListPodIdentityAssociations(_ *wire.Caller, in *eks.ListPodIdentityAssociationsInput) (*eks.ListPodIdentityAssociationsOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	out := &eks.ListPodIdentityAssociationsOutput{Associations: []types.PodIdentityAssociationSummary{}}
	for _, a := range c.associations.All() {
		if (in.Namespace == nil || *in.Namespace == *a.Namespace) && (in.ServiceAccount == nil || *in.ServiceAccount == *a.ServiceAccount) {
			out.Associations = append(out.Associations, types.PodIdentityAssociationSummary{AssociationArn: a.AssociationArn, AssociationId: a.AssociationId,
				ClusterName: a.ClusterName, Namespace: a.Namespace, ServiceAccount: a.ServiceAccount, OwnerArn: a.OwnerArn})
		}
	}
	return out, nil
}

// UpdatePodIdentityAssociation changes the role and the settings of its sessions.
func (s *EKS) UpdatePodIdentityAssociation(_ *wire.Caller, in *eks.UpdatePodIdentityAssociationInput) (*eks.UpdatePodIdentityAssociationOutput, error) {
	_, a, err := s.association(in.ClusterName, in.AssociationId)
	if err != nil {
		return nil, err
	}
	if a.OwnerArn != nil {
		return nil, invalid("Association %s is owned by %s; change it there", *a.AssociationId, *a.OwnerArn)
	}
	if in.RoleArn != nil {
		if s.iam.Role(*in.RoleArn) == nil && strings.Contains(*in.RoleArn, ":"+s.Account+":") {
			return nil, invalid("Role provided in the request does not exist.")
		}
		a.RoleArn = in.RoleArn
	}
	if in.TargetRoleArn != nil {
		a.TargetRoleArn = nil
		if *in.TargetRoleArn != "" {
			a.TargetRoleArn = in.TargetRoleArn
		}
	}
	if in.DisableSessionTags != nil {
		a.DisableSessionTags = in.DisableSessionTags
	}
	if in.Policy != nil {
		a.Policy = in.Policy
	}
	a.ModifiedAt = new(s.w.Date())
	return &eks.UpdatePodIdentityAssociationOutput{Association: new(a.PodIdentityAssociation)}, nil
}

// DeletePodIdentityAssociation removes one.
func (s *EKS) DeletePodIdentityAssociation(_ *wire.Caller, in *eks.DeletePodIdentityAssociationInput) (*eks.DeletePodIdentityAssociationOutput, error) {
	c, a, err := s.association(in.ClusterName, in.AssociationId)
	if err != nil {
		return nil, err
	}
	c.associations.Delete(*a.AssociationId)
	return &eks.DeletePodIdentityAssociationOutput{Association: new(a.PodIdentityAssociation)}, nil
}

// AssociateIdentityProviderConfig is a cluster update like any other.
func (s *EKS) AssociateIdentityProviderConfig(by *wire.Caller, in *eks.AssociateIdentityProviderConfigInput) (*eks.AssociateIdentityProviderConfigOutput,
	error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	if u := c.Updates.Get(by.Before()); u != nil {
		return &eks.AssociateIdentityProviderConfigOutput{Update: new(*u), Tags: in.Tags}, nil
	}
	o := in.Oidc
	if c.idps.Len() > 0 {
		return nil, wire.Errorf("ResourceLimitExceededException", "Cannot add more than one OIDC identity provider to a cluster")
	}
	p := &types.OidcIdentityProviderConfig{ClusterName: c.Name, IdentityProviderConfigName: o.IdentityProviderConfigName, IssuerUrl: o.IssuerUrl,
		ClientId: o.ClientId, UsernameClaim: o.UsernameClaim, UsernamePrefix: o.UsernamePrefix, GroupsClaim: o.GroupsClaim, GroupsPrefix: o.GroupsPrefix,
		RequiredClaims: o.RequiredClaims, Tags: in.Tags, Status: types.ConfigStatusCreating,
		IdentityProviderConfigArn: s.arn("identityproviderconfig/%s/oidc/%s/%s", *c.Name, aws.ToString(o.IdentityProviderConfigName), s.w.UUID("idp", c.ID))}
	u, err := c.begin(by, types.UpdateTypeAssociateIdentityProviderConfig, nil, "idp", 6*time.Minute, 3*time.Minute, 10*time.Minute,
		clusterChange{IDP: aws.ToString(o.IdentityProviderConfigName)})
	if err != nil {
		return nil, err
	}
	c.idps.Put(aws.ToString(o.IdentityProviderConfigName), p)
	return &eks.AssociateIdentityProviderConfigOutput{Update: u, Tags: in.Tags}, nil
}

// DisassociateIdentityProviderConfig takes a provider away, by an update too.
func (s *EKS) DisassociateIdentityProviderConfig(by *wire.Caller, in *eks.DisassociateIdentityProviderConfigInput) (
	*eks.DisassociateIdentityProviderConfigOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	if u := c.Updates.Get(by.Before()); u != nil {
		return &eks.DisassociateIdentityProviderConfigOutput{Update: new(*u)}, nil
	}
	name := aws.ToString(in.IdentityProviderConfig.Name)
	p := c.idps.Get(name)
	if p == nil {
		return nil, notFound("Identity provider config is not associated with cluster %s", *c.Name)
	}
	u, err := c.begin(by, types.UpdateTypeDisassociateIdentityProviderConfig, nil, "idp-gone", 6*time.Minute, 3*time.Minute, 10*time.Minute,
		clusterChange{Gone: name})
	if err != nil {
		return nil, err
	}
	p.Status = types.ConfigStatusDeleting
	return &eks.DisassociateIdentityProviderConfigOutput{Update: u}, nil
}

// DescribeIdentityProviderConfig reads one.
func (s *EKS) DescribeIdentityProviderConfig(_ *wire.Caller, in *eks.DescribeIdentityProviderConfigInput) (*eks.DescribeIdentityProviderConfigOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	if in.IdentityProviderConfig != nil {
		if p := c.idps.Get(aws.ToString(in.IdentityProviderConfig.Name)); p != nil {
			return &eks.DescribeIdentityProviderConfigOutput{IdentityProviderConfig: &types.IdentityProviderConfigResponse{Oidc: p}}, nil
		}
	}
	return nil, notFound("Identity provider config is not associated with cluster %s", *c.Name)
}

// ListIdentityProviderConfigs lists them.
func (s *EKS) ListIdentityProviderConfigs(_ *wire.Caller, in *eks.ListIdentityProviderConfigsInput) (*eks.ListIdentityProviderConfigsOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	out := &eks.ListIdentityProviderConfigsOutput{IdentityProviderConfigs: []types.IdentityProviderConfig{}}
	for _, p := range c.idps.All() {
		out.IdentityProviderConfigs = append(out.IdentityProviderConfigs, types.IdentityProviderConfig{Name: p.IdentityProviderConfigName, Type: new("oidc")})
	}
	return out, nil
}
