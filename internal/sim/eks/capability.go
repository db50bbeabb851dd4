package eks

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// capability is a managed controller of a cluster: ACK, kro or Argo CD. It runs in EKS's
// own account, so that the cluster sees no pods of it; it has an access entry for its role.
type capability struct {
	types.Capability
	Updates table.Table[types.Update]
}

func (s *EKS) registerCapabilities(svc *wire.Service) {
	wire.Handle(svc, "CreateCapability", s.CreateCapability)
	wire.Handle(svc, "DescribeCapability", s.DescribeCapability)
	wire.Handle(svc, "ListCapabilities", s.ListCapabilities)
	wire.Handle(svc, "UpdateCapability", s.UpdateCapability)
	wire.Handle(svc, "DeleteCapability", s.DeleteCapability)
}

// capabilityService is who assumes a capability's role (EKS user guide, "Capability IAM
// role").
const capabilityService = "capabilities.eks.amazonaws.com"

// capabilityVersions are what new capabilities run: assumed, as EKS publishes none.
var capabilityVersions = map[types.CapabilityType]string{types.CapabilityTypeAck: "1.0.0", types.CapabilityTypeKro: "1.0.0",
	types.CapabilityTypeArgocd: "3.1.8"}

// capabilityPolicies are what a capability's role may do in the cluster.
var capabilityPolicies = map[types.CapabilityType][]string{types.CapabilityTypeAck: {"AmazonEKSACKPolicy"}, types.CapabilityTypeKro: {"AmazonEKSKROPolicy"},
	types.CapabilityTypeArgocd: {"AmazonEKSArgoCDClusterPolicy", "AmazonEKSArgoCDPolicy"}}

func (s *EKS) capability(clusterName, name *string) (*cluster, *capability, error) {
	c, err := s.cluster(clusterName)
	if err != nil {
		return nil, nil, err
	}
	if k := c.capabilities.Get(aws.ToString(name)); k != nil {
		return c, k, nil
	}
	return nil, nil, notFound("No capability found for name: %s.", aws.ToString(name)).Member("clusterName", *c.Name)
}

// checkCapability refuses a role that EKS cannot assume.
func (s *EKS) checkCapabilityRole(arn *string) error {
	if !s.iam.TrustsService(aws.ToString(arn), capabilityService, "sts:AssumeRole", "sts:TagSession") {
		return invalid("Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", aws.ToString(arn))
	}
	return nil
}

// CreateCapability starts one; a cluster has at most one of each type.
func (s *EKS) CreateCapability(by *wire.Caller, in *eks.CreateCapabilityInput) (*eks.CreateCapabilityOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.CapabilityName)
	if k := c.capabilities.Get(name); k != nil {
		if by.Before() != *k.Arn {
			return nil, inUse("Capability already exists with name %s and cluster name %s", name, *c.Name).Member("clusterName", *c.Name)
		}
		return &eks.CreateCapabilityOutput{Capability: new(k.Capability)}, nil
	}
	if _, err := s.active(in.ClusterName); err != nil {
		return nil, err
	}
	if c.capabilities.Find(func(k *capability) bool { return k.Type == in.Type }) != nil {
		return nil, inUse("Capability of type %s already exists for cluster %s", in.Type, *c.Name).Member("clusterName", *c.Name)
	}
	if err := errorOf(s.checkCapabilityRole(in.RoleArn), checkTags(by, in.Tags), checkCapability(in)); err != nil {
		return nil, err
	}
	k := &capability{Capability: types.Capability{CapabilityName: in.CapabilityName, ClusterName: c.Name, Type: in.Type, RoleArn: in.RoleArn,
		Arn:    s.arn("capability/%s/%s/%s/%s", *c.Name, lower(in.Type), name, s.w.UUID("capability", c.ID, name)),
		Status: types.CapabilityStatusCreating, DeletePropagationPolicy: in.DeletePropagationPolicy, Version: new(capabilityVersions[in.Type]),
		Tags: tagsOf(in.Tags), CreatedAt: new(s.w.Date()), ModifiedAt: new(s.w.Date()), Health: &types.CapabilityHealth{Issues: []types.CapabilityIssue{}}}}
	by.Note(*k.Arn)
	k.Configuration = s.configuration(c, in)
	c.capabilities.Put(name, k)
	d := s.w.Draw("eks:capability", *c.Name+"/"+name, 90*time.Second, 60*time.Second, 3*time.Minute)
	s.w.Start("eks:capability", *c.Name+"/"+name, d, "eks:capability-up", c.ID, k.part())
	return &eks.CreateCapabilityOutput{Capability: new(k.Capability)}, nil
}

// checkCapability refuses a configuration that is not the type's.
func checkCapability(in *eks.CreateCapabilityInput) error {
	argo := in.Configuration != nil && in.Configuration.ArgoCd != nil
	switch {
	case in.Type == types.CapabilityTypeArgocd && !argo:
		return invalid("The argoCd configuration is required for capabilities of type ARGOCD")
	case in.Type != types.CapabilityTypeArgocd && argo:
		return invalid("The argoCd configuration is only valid for capabilities of type ARGOCD")
	}
	return nil
}

// configuration is a request's as EKS shows it, with what EKS adds.
func (s *EKS) configuration(c *cluster, in *eks.CreateCapabilityInput) *types.CapabilityConfigurationResponse {
	if in.Configuration == nil {
		return nil
	}
	out := &types.CapabilityConfigurationResponse{}
	if a := in.Configuration.Ack; a != nil {
		out.Ack = &types.AckConfigResponse{}
		rewrite(a, out.Ack)
	}
	a := in.Configuration.ArgoCd
	if a == nil {
		return out
	}
	out.ArgoCd = &types.ArgoCdConfigResponse{}
	rewrite(a, out.ArgoCd)
	if out.ArgoCd.Namespace == nil {
		out.ArgoCd.Namespace = new("argocd")
	}
	id := s.w.Hex("argocd "+c.ID, 16)
	out.ArgoCd.ServerUrl = new("https://" + id + ".eks-capabilities." + s.Region + ".amazonaws.com")
	if out.ArgoCd.AwsIdc != nil {
		out.ArgoCd.AwsIdc.IdcManagedApplicationArn = new("arn:" + s.Partition + ":sso::" + s.Account + ":application/ssoins-" + id + "/apl-" + id)
	}
	return out
}

func (k *capability) part() part { return part{*k.CapabilityName, *k.Arn} }

// capabilityOf is the capability that an event means, or nil when it is gone.
func (c *cluster) capabilityOf(p part) *capability {
	if k := c.capabilities.Get(p.Name); k != nil && *k.Arn == p.ARN {
		return k
	}
	return nil
}

// capabilityUp is the end of a creation: its role gets into the cluster.
func (s *EKS) capabilityUp(c *cluster, p part) {
	k := c.capabilityOf(p)
	if k == nil || k.Status != types.CapabilityStatusCreating {
		return
	}
	s.admitCapability(c, k)
	k.Status, k.ModifiedAt = types.CapabilityStatusActive, new(s.w.Date())
}

func (s *EKS) admitCapability(c *cluster, k *capability) {
	if c.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap || c.entries.Get(*k.RoleArn) != nil {
		return
	}
	e := s.newEntry(c, *k.RoleArn, "CAPABILITY")
	for _, n := range capabilityPolicies[k.Type] {
		e.Policies = append(e.Policies, types.AssociatedAccessPolicy{PolicyArn: new(s.policyARN(n)), AccessScope: &types.AccessScope{
			Type: types.AccessScopeTypeCluster}, AssociatedAt: new(s.w.Date()), ModifiedAt: new(s.w.Date())})
	}
}

// DescribeCapability reads one.
func (s *EKS) DescribeCapability(_ *wire.Caller, in *eks.DescribeCapabilityInput) (*eks.DescribeCapabilityOutput, error) {
	_, k, err := s.capability(in.ClusterName, in.CapabilityName)
	if err != nil {
		return nil, err
	}
	return &eks.DescribeCapabilityOutput{Capability: new(k.Capability)}, nil
}

// ListCapabilities lists a cluster's.
func (s *EKS) ListCapabilities(_ *wire.Caller, in *eks.ListCapabilitiesInput) (*eks.ListCapabilitiesOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	out := &eks.ListCapabilitiesOutput{Capabilities: []types.CapabilitySummary{}}
	for _, k := range c.capabilities.All() {
		out.Capabilities = append(out.Capabilities, types.CapabilitySummary{Arn: k.Arn, CapabilityName: k.CapabilityName, CreatedAt: k.CreatedAt,
			ModifiedAt: k.ModifiedAt, Status: k.Status, Type: k.Type, Version: k.Version})
	}
	return out, nil
}

// capabilityEvent is the end of a capability's update.
type capabilityEvent struct {
	part
	Update string
	Change *eks.UpdateCapabilityInput
}

// UpdateCapability changes role, role mappings and network access.
func (s *EKS) UpdateCapability(by *wire.Caller, in *eks.UpdateCapabilityInput) (*eks.UpdateCapabilityOutput, error) {
	c, k, err := s.capability(in.ClusterName, in.CapabilityName)
	if err != nil {
		return nil, err
	}
	if u := k.Updates.Get(by.Before()); u != nil {
		return &eks.UpdateCapabilityOutput{Update: new(*u)}, nil
	}
	if k.Status != types.CapabilityStatusActive && k.Status != types.CapabilityStatusDegraded {
		return nil, inUse("Capability %s cannot be updated as it is currently in %s state", *k.CapabilityName, k.Status).Member("clusterName", *c.Name)
	}
	if in.RoleArn != nil {
		if err := s.checkCapabilityRole(in.RoleArn); err != nil {
			return nil, err
		}
	}
	id := s.w.UUID("update", *k.Arn)
	u := k.Updates.Put(id, &types.Update{Id: new(id), Status: types.UpdateStatusInProgress, Type: types.UpdateTypeCapabilityUpdate,
		CreatedAt: new(s.w.Date()), Errors: []types.ErrorDetail{}})
	by.Note(*u.Id)
	k.Status = types.CapabilityStatusUpdating
	key := *c.Name + "/" + *k.CapabilityName
	d := s.w.Draw("eks:capability-update", key, 60*time.Second, 30*time.Second, 2*time.Minute)
	s.w.Start("eks:capability-update", key, d, "eks:capability-updated", c.ID, capabilityEvent{k.part(), id, in})
	return &eks.UpdateCapabilityOutput{Update: new(*u)}, nil
}

func (s *EKS) capabilityUpdated(c *cluster, e capabilityEvent) {
	k := c.capabilityOf(e.part)
	if k == nil {
		return
	}
	if r := e.Change.RoleArn; r != nil && *r != *k.RoleArn {
		c.entries.Delete(*k.RoleArn)
		k.RoleArn = r
		s.admitCapability(c, k)
	}
	if e.Change.DeletePropagationPolicy != "" {
		k.DeletePropagationPolicy = e.Change.DeletePropagationPolicy
	}
	if f := e.Change.Configuration; f != nil && f.Ack != nil && k.Configuration != nil && k.Configuration.Ack != nil {
		rewrite(f.Ack, k.Configuration.Ack)
	}
	if f := e.Change.Configuration; f != nil && f.ArgoCd != nil && k.Configuration != nil && k.Configuration.ArgoCd != nil {
		k.Configuration.ArgoCd = argo(k.Configuration.ArgoCd, f.ArgoCd)
	}
	if u := k.Updates.Get(e.Update); u != nil {
		u.Status = types.UpdateStatusSuccessful
	}
	if k.Status == types.CapabilityStatusUpdating {
		k.Status = types.CapabilityStatusActive
	}
	k.ModifiedAt = new(s.w.Date())
}

// argo changes Argo CD's configuration.
func argo(was *types.ArgoCdConfigResponse, in *types.UpdateArgoCdConfig) *types.ArgoCdConfigResponse {
	out := *was
	if in.NetworkAccess != nil {
		out.NetworkAccess = &types.ArgoCdNetworkAccessConfigResponse{VpceIds: in.NetworkAccess.VpceIds}
	}
	r := in.RbacRoleMappings
	if r == nil {
		return &out
	}
	out.RbacRoleMappings = nil
	for _, m := range was.RbacRoleMappings {
		if slices.ContainsFunc(r.AddOrUpdateRoleMappings, func(x types.ArgoCdRoleMapping) bool { return x.Role == m.Role }) {
			continue
		}
		for _, x := range r.RemoveRoleMappings {
			if x.Role == m.Role {
				m.Identities = slices.DeleteFunc(slices.Clone(m.Identities), func(i types.SsoIdentity) bool {
					return slices.ContainsFunc(x.Identities, func(j types.SsoIdentity) bool { return aws.ToString(i.Id) == aws.ToString(j.Id) && i.Type == j.Type })
				})
			}
		}
		if len(m.Identities) > 0 {
			out.RbacRoleMappings = append(out.RbacRoleMappings, m)
		}
	}
	out.RbacRoleMappings = append(out.RbacRoleMappings, r.AddOrUpdateRoleMappings...)
	return &out
}

// DeleteCapability ends one; what it made in the cluster stays.
func (s *EKS) DeleteCapability(_ *wire.Caller, in *eks.DeleteCapabilityInput) (*eks.DeleteCapabilityOutput, error) {
	c, k, err := s.capability(in.ClusterName, in.CapabilityName)
	if err != nil {
		return nil, err
	}
	if k.Status != types.CapabilityStatusDeleting {
		k.Status = types.CapabilityStatusDeleting
		key := *c.Name + "/" + *k.CapabilityName
		d := s.w.Draw("eks:capability-delete", key, 60*time.Second, 30*time.Second, 2*time.Minute)
		s.w.Start("eks:capability-delete", key, d, "eks:capability-down", c.ID, k.part())
	}
	return &eks.DeleteCapabilityOutput{Capability: new(k.Capability)}, nil
}

func (s *EKS) capabilityDown(c *cluster, p part) {
	k := c.capabilityOf(p)
	if k == nil {
		return
	}
	if e := c.entries.Get(*k.RoleArn); e != nil && *e.Type == "CAPABILITY" {
		c.entries.Delete(*k.RoleArn)
	}
	c.capabilities.Delete(p.Name)
}
