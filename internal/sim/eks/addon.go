package eks

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type addon struct {
	types.Addon
	Namespace string
	Applied   bool          // its creation is over; what follows is health
	Unready   time.Duration // since when its pods are unready on existing nodes; 0: they are not
	Updates   table.Table[types.Update]
}

func (s *EKS) registerAddons(svc *wire.Service) {
	wire.Handle(svc, "CreateAddon", s.CreateAddon)
	wire.Handle(svc, "DescribeAddon", s.DescribeAddon)
	wire.Handle(svc, "ListAddons", s.ListAddons)
	wire.Handle(svc, "DeleteAddon", s.DeleteAddon)
	wire.Handle(svc, "UpdateAddon", s.UpdateAddon)
	wire.Handle(svc, "DescribeAddonVersions", s.DescribeAddonVersions)
	wire.Handle(svc, "DescribeAddonConfiguration", s.DescribeAddonConfiguration)
}

func (s *EKS) addon(clusterName, name *string) (*cluster, *addon, error) {
	c, err := s.cluster(clusterName)
	if err != nil {
		return nil, nil, err
	}
	a := c.addons.Get(aws.ToString(name))
	if a == nil {
		return nil, nil, notFound("No addon: %s found in cluster: %s", aws.ToString(name), *c.Name).Member("clusterName", *c.Name).Member("addonName",
			aws.ToString(name))
	}
	return c, a, nil
}

// CreateAddon accepts an add-on of an ACTIVE cluster.
func (s *EKS) CreateAddon(by *wire.Caller, in *eks.CreateAddonInput) (*eks.CreateAddonOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.AddonName)
	if c.Status == types.ClusterStatusCreating || c.Status == types.ClusterStatusDeleting || c.Status == types.ClusterStatusFailed {
		return nil, wire.Errorf("InvalidRequestException", "Cluster '%s' is not in ACTIVE status", *c.Name).Member("clusterName", *c.Name)
	}
	if a := c.addons.Get(name); a != nil {
		if by.Before() != *a.AddonArn {
			return nil, inUse("Addon already exists.").Member("clusterName", *c.Name).Member("addonName", name)
		}
		return &eks.CreateAddonOutput{Addon: new(a.Addon)}, nil
	}
	if _, ok := catalogue[name]; !ok {
		return nil, invalid("Addon %s is not supported", name).Member("addonName", name)
	}
	version := aws.ToString(in.AddonVersion)
	if version == "" {
		version = defaultVersion(name, *c.Version)
	}
	if !slices.Contains(versionsOf(name, *c.Version), version) {
		return nil, invalid("Addon version specified is not supported").Member("addonName", name)
	}
	if err := errorOf(checkTags(by, in.Tags), checkValues(name, in.ConfigurationValues)); err != nil {
		return nil, err
	}
	if in.ServiceAccountRoleArn != nil && s.iam.Role(*in.ServiceAccountRoleArn) == nil {
		return nil, invalid("Role %s does not exist", *in.ServiceAccountRoleArn)
	}
	a := &addon{Addon: types.Addon{AddonName: new(name), AddonVersion: new(version),
		AddonArn: s.arn("addon/%s/%s/%s", *c.Name, name, s.w.UUID("addon", c.ID, name)), ClusterName: c.Name, Status: types.AddonStatusCreating,
		CreatedAt: new(s.w.Date()), ModifiedAt: new(s.w.Date()), ConfigurationValues: in.ConfigurationValues,
		ServiceAccountRoleArn: in.ServiceAccountRoleArn, Tags: tagsOf(in.Tags), Owner: new("aws"), Publisher: new("eks"),
		Health: &types.AddonHealth{Issues: []types.AddonIssue{}}}}
	if in.NamespaceConfig != nil {
		a.Namespace = aws.ToString(in.NamespaceConfig.Namespace)
	}
	if a.Namespace == "" {
		a.Namespace = catalogue[name].namespace
	}
	a.NamespaceConfig = &types.AddonNamespaceConfigResponse{Namespace: new(a.Namespace)}
	by.Note(*a.AddonArn)
	for _, p := range in.PodIdentityAssociations {
		as, err := s.associate(nil, c, a.Namespace, aws.ToString(p.ServiceAccount), aws.ToString(p.RoleArn), nil, a.AddonArn)
		if err != nil {
			return nil, err
		}
		a.PodIdentityAssociations = append(a.PodIdentityAssociations, *as.AssociationArn)
	}
	c.addons.Put(name, a)
	s.bringUp(c, a, in.ResolveConflicts)
	return &eks.CreateAddonOutput{Addon: new(a.Addon)}, nil
}

// bringUp applies the workload and follows its health to a status. What nodes wait for
// is the workload, which is there while EKS still says CREATING (a DaemonSet's add-on
// is ACTIVE without any node, facts/eks.md §1, so its status tells no more): the log has
// both, as eks:addon-install and eks:addon. How early it is there nobody has measured;
// a third of the way is this model's assumption.
func (s *EKS) bringUp(c *cluster, a *addon, mode types.ResolveConflicts) {
	i := catalogue[*a.AddonName]
	name := *c.Name + "/" + *a.AddonName
	d := s.w.Draw("eks:addon", name, seconds(i.typical), seconds(i.first), seconds(i.high))
	s.w.Start("eks:addon-install", name, d/3, "eks:addon-install", c.ID, addonEvent{part: a.part(), Mode: mode})
	s.w.Start("eks:addon", name, d, "eks:addon-made", c.ID, addonEvent{part: a.part()})
}

// addonEvent is something that happens to an add-on.
type addonEvent struct {
	part
	Mode     types.ResolveConflicts `json:",omitempty"`
	Preserve bool                   `json:",omitempty"`
	Update   string                 `json:",omitempty"`
	Change   *eks.UpdateAddonInput  `json:",omitempty"`
}

func (a *addon) part() part { return part{*a.AddonName, *a.AddonArn} }

// addonOf is the add-on that an event means, or nil when it is gone.
func (c *cluster) addonOf(p part) *addon {
	if a := c.addons.Get(p.Name); a != nil && *a.AddonArn == p.ARN {
		return a
	}
	return nil
}

// addonInstall is the moment an add-on's objects are applied. Where they cannot be, its
// creation has failed.
func (s *EKS) addonInstall(c *cluster, e addonEvent) {
	a := c.addonOf(e.part)
	if a == nil || c.kube == nil || a.Status != types.AddonStatusCreating {
		return
	}
	if t := c.install(a, e.Mode, false); t != nil && c.addonOf(e.part) == a {
		a.set(s, types.AddonStatusCreateFailed, []types.AddonIssue{t.issue()})
	}
}

func (s *EKS) addonMade(c *cluster, e addonEvent) {
	if a := c.addonOf(e.part); a != nil && a.Status == types.AddonStatusCreating {
		a.Applied = true
		s.judge(c, a)
	}
}

func (s *EKS) addonJudge(c *cluster, e addonEvent) {
	if a := c.addonOf(e.part); a != nil {
		s.judge(c, a)
	}
}

// Settled looks at the add-ons again: the cluster's workloads may have changed.
func (c *cluster) Settled() {
	c.idleHosts()
	for _, a := range c.addons.All() {
		c.e.judge(c, a)
	}
}

// giveUp is how long unready pods on existing nodes last before CREATE_FAILED
// (facts/eks.md §8: at least 20 min seen).
const giveUp = 20 * time.Minute

// judge derives an add-on's status from its pods, and looks again when waiting
// longer would change the answer.
func (s *EKS) judge(c *cluster, a *addon) {
	if !a.Applied || c.Deleting || c.addons.Get(*a.AddonName) != a || a.Status == types.AddonStatusUpdating || a.Status == types.AddonStatusCreateFailed ||
		a.Status == types.AddonStatusUpdateFailed || a.Status == types.AddonStatusDeleting {
		return
	}
	i := catalogue[*a.AddonName]
	desired, ready, exists := c.nodes.Workload(i.kind, a.Namespace, i.workload)
	if exists && ready >= desired {
		a.set(s, types.AddonStatusActive, []types.AddonIssue{})
		a.Unready = 0
		return
	}
	short := []types.AddonIssue{{Code: types.AddonIssueCodeInsufficientNumberOfReplicas,
		Message: new("The add-on is unhealthy because it doesn't have the desired number of replicas.")}}
	if i.kind == "Deployment" && !slices.ContainsFunc(kubeapi.List[corev1.Node](c.kube), node.NodeReady) {
		a.set(s, types.AddonStatusDegraded, short)
		return
	}
	// New nodes bring new pods: a DaemonSet add-on that is active stays so while they start.
	patience := 2 * time.Minute
	if a.Status == types.AddonStatusCreating || i.kind == "DaemonSet" && a.Status == types.AddonStatusActive {
		patience = giveUp
	}
	if a.Unready == 0 {
		a.Unready = s.w.Elapsed()
		s.w.Schedule(patience+time.Second, "eks:addon-judge", c.ID, addonEvent{part: a.part()})
		return
	}
	switch {
	case s.w.Elapsed()-a.Unready <= patience:
	case a.Status == types.AddonStatusCreating:
		a.set(s, types.AddonStatusCreateFailed, short)
	default:
		a.set(s, types.AddonStatusDegraded, short)
	}
}

func (a *addon) set(s *EKS, st types.AddonStatus, issues []types.AddonIssue) {
	if a.Status != st {
		a.Status = st
		a.ModifiedAt = new(s.w.Date())
	}
	a.Health = &types.AddonHealth{Issues: issues}
}

// DescribeAddon reads an add-on.
func (s *EKS) DescribeAddon(_ *wire.Caller, in *eks.DescribeAddonInput) (*eks.DescribeAddonOutput, error) {
	_, a, err := s.addon(in.ClusterName, in.AddonName)
	if err != nil {
		return nil, err
	}
	return &eks.DescribeAddonOutput{Addon: new(a.Addon)}, nil
}

// ListAddons lists names.
func (s *EKS) ListAddons(_ *wire.Caller, in *eks.ListAddonsInput) (*eks.ListAddonsOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	out := &eks.ListAddonsOutput{Addons: []string{}}
	for _, a := range c.addons.All() {
		out.Addons = append(out.Addons, *a.AddonName)
	}
	slices.Sort(out.Addons)
	return out, nil
}

// DeleteAddon takes about ten seconds.
func (s *EKS) DeleteAddon(_ *wire.Caller, in *eks.DeleteAddonInput) (*eks.DeleteAddonOutput, error) {
	c, a, err := s.addon(in.ClusterName, in.AddonName)
	if err != nil {
		return nil, err
	}
	if a.Status != types.AddonStatusDeleting {
		a.Status = types.AddonStatusDeleting
		key := *c.Name + "/" + *a.AddonName
		d := s.w.Draw("eks:addon-delete", key, seconds(10), seconds(5), seconds(20))
		s.w.Start("eks:addon-delete", key, d, "eks:addon-gone", c.ID, addonEvent{part: a.part(), Preserve: in.Preserve})
	}
	return &eks.DeleteAddonOutput{Addon: new(a.Addon)}, nil
}

func (s *EKS) addonGone(c *cluster, e addonEvent) {
	a := c.addonOf(e.part)
	if a == nil {
		return
	}
	if !e.Preserve {
		c.uninstall(e.Name, a.Namespace)
	}
	for _, p := range a.PodIdentityAssociations {
		c.associations.Delete(p[strings.LastIndex(p, "/")+1:])
	}
	c.addons.Delete(e.Name)
}

// UpdateAddon changes version, values, role or pod identity associations.
func (s *EKS) UpdateAddon(by *wire.Caller, in *eks.UpdateAddonInput) (*eks.UpdateAddonOutput, error) {
	c, a, err := s.addon(in.ClusterName, in.AddonName)
	if err != nil {
		return nil, err
	}
	if u := a.Updates.Get(by.Before()); u != nil {
		return &eks.UpdateAddonOutput{Update: new(*u)}, nil
	}
	if a.Status == types.AddonStatusCreating || a.Status == types.AddonStatusUpdating || a.Status == types.AddonStatusDeleting {
		return nil, inUse("Addon %s cannot be updated as it is currently in %s state", *a.AddonName, a.Status).Member("clusterName",
			*c.Name).Member("addonName", *a.AddonName)
	}
	if in.AddonVersion != nil && !slices.Contains(versionsOf(*a.AddonName, *c.Version), *in.AddonVersion) {
		return nil, invalid("Addon version specified is not supported").Member("addonName", *a.AddonName)
	}
	if err := checkValues(*a.AddonName, in.ConfigurationValues); err != nil {
		return nil, err
	}
	id := s.w.UUID("update", c.ID, *a.AddonName)
	u := a.Updates.Put(id, &types.Update{Id: new(id), Status: types.UpdateStatusInProgress, Type: types.UpdateTypeAddonUpdate, CreatedAt: new(s.w.Date()),
		Errors: []types.ErrorDetail{}, Params: addonParams(in)})
	by.Note(*u.Id)
	a.Status = types.AddonStatusUpdating
	if in.PodIdentityAssociations != nil {
		if err := s.reassociate(c, a, in.PodIdentityAssociations); err != nil {
			return nil, err
		}
	}
	i := catalogue[*a.AddonName]
	key := *c.Name + "/" + *a.AddonName
	d := s.w.Draw("eks:addon-update", key, seconds(i.typical), seconds(i.first), seconds(i.high))
	s.w.Start("eks:addon-update", key, d, "eks:addon-updated", c.ID, addonEvent{part: a.part(), Update: id, Change: in})
	return &eks.UpdateAddonOutput{Update: u}, nil
}

// addonParams are what an update was asked for.
func addonParams(in *eks.UpdateAddonInput) []types.UpdateParam {
	out := []types.UpdateParam{}
	for _, p := range []types.UpdateParam{param(types.UpdateParamTypeAddonVersion, aws.ToString(in.AddonVersion)),
		param(types.UpdateParamTypeServiceAccountRoleArn, aws.ToString(in.ServiceAccountRoleArn)),
		param(types.UpdateParamTypeResolveConflicts, string(in.ResolveConflicts)),
		param(types.UpdateParamTypeConfigurationValues, aws.ToString(in.ConfigurationValues))} {
		if *p.Value != "" {
			out = append(out, p)
		}
	}
	return out
}

// addonUpdated is the end of an update. One that fails leaves the add-on as it was, and says
// why in the update and in the add-on's health.
func (s *EKS) addonUpdated(c *cluster, e addonEvent) {
	a := c.addonOf(e.part)
	if a == nil || c.kube == nil {
		return
	}
	was, next := a.Addon, e.Change
	if next.AddonVersion != nil {
		a.AddonVersion = next.AddonVersion
	}
	if next.ConfigurationValues != nil {
		a.ConfigurationValues = next.ConfigurationValues
	}
	if next.ServiceAccountRoleArn != nil {
		a.ServiceAccountRoleArn = next.ServiceAccountRoleArn
	}
	t := c.install(a, next.ResolveConflicts, true)
	u := a.Updates.Get(e.Update)
	if u == nil || c.addonOf(e.part) != a {
		return
	}
	if t != nil {
		u.Status, u.Errors = types.UpdateStatusFailed, []types.ErrorDetail{t.detail()}
		a.AddonVersion, a.ConfigurationValues, a.ServiceAccountRoleArn = was.AddonVersion, was.ConfigurationValues, was.ServiceAccountRoleArn
		a.set(s, types.AddonStatusUpdateFailed, []types.AddonIssue{t.issue()})
		return
	}
	u.Status = types.UpdateStatusSuccessful
	a.set(s, types.AddonStatusActive, []types.AddonIssue{})
	a.Applied, a.Unready = true, 0
	s.judge(c, a)
}

// reassociate replaces an add-on's pod identity associations.
func (s *EKS) reassociate(c *cluster, a *addon, want []types.AddonPodIdentityAssociations) error {
	var keep []string
	for _, p := range want {
		have := c.associations.Find(func(x *association) bool {
			return *x.Namespace == a.Namespace && *x.ServiceAccount == aws.ToString(p.ServiceAccount)
		})
		if have == nil {
			var err error
			if have, err = s.associate(nil, c, a.Namespace, aws.ToString(p.ServiceAccount), aws.ToString(p.RoleArn), nil, a.AddonArn); err != nil {
				return err
			}
		}
		have.RoleArn, have.ModifiedAt = p.RoleArn, new(s.w.Date())
		keep = append(keep, *have.AssociationArn)
	}
	for _, arn := range a.PodIdentityAssociations {
		if !slices.Contains(keep, arn) {
			c.associations.Delete(arn[strings.LastIndex(arn, "/")+1:])
		}
	}
	a.PodIdentityAssociations = keep
	return nil
}

// DescribeAddonVersions reads the catalogue.
func (s *EKS) DescribeAddonVersions(_ *wire.Caller, in *eks.DescribeAddonVersionsInput) (*eks.DescribeAddonVersionsOutput, error) {
	out := &eks.DescribeAddonVersionsOutput{Addons: []types.AddonInfo{}}
	for _, n := range slices.Sorted(maps.Keys(catalogue)) {
		if in.AddonName != nil && *in.AddonName != n {
			continue
		}
		i := catalogue[n]
		if !picks(in.Types, i.typ) || !picks(in.Publishers, "eks") || !picks(in.Owners, "aws") {
			continue
		}
		info := types.AddonInfo{AddonName: new(n), Owner: new("aws"), Publisher: new("eks"), Type: new(i.typ), DefaultNamespace: new(i.namespace)}
		byVersion := map[string][]types.Compatibility{}
		var order []string
		for _, v := range Versions {
			if in.KubernetesVersion != nil && *in.KubernetesVersion != v.Minor {
				continue
			}
			for _, av := range versionsOf(n, v.Minor) {
				if byVersion[av] == nil {
					order = append(order, av)
				}
				byVersion[av] = append(byVersion[av], types.Compatibility{ClusterVersion: new(v.Minor), PlatformVersions: []string{"*"},
					DefaultVersion: av == defaultVersion(n, v.Minor)})
			}
		}
		for _, av := range order {
			info.AddonVersions = append(info.AddonVersions, types.AddonVersionInfo{AddonVersion: new(av), Architecture: []string{"amd64", "arm64"},
				ComputeTypes: []string{"ec2"}, Compatibilities: byVersion[av], RequiresIamPermissions: len(i.policies) > 0})
		}
		if len(info.AddonVersions) > 0 {
			out.Addons = append(out.Addons, info)
		}
	}
	return out, nil
}

// picks tells whether a list that may be absent names a value.
func picks(wanted []string, v string) bool { return len(wanted) == 0 || slices.Contains(wanted, v) }

// DescribeAddonConfiguration says which service account and policies an add-on
// wants for pod identity.
func (s *EKS) DescribeAddonConfiguration(_ *wire.Caller, in *eks.DescribeAddonConfigurationInput) (*eks.DescribeAddonConfigurationOutput, error) {
	i, ok := catalogue[aws.ToString(in.AddonName)]
	if !ok {
		return nil, notFound("No addon found with name %s", aws.ToString(in.AddonName))
	}
	out := &eks.DescribeAddonConfigurationOutput{AddonName: in.AddonName, AddonVersion: in.AddonVersion,
		ConfigurationSchema: new(schemaOf(aws.ToString(in.AddonName)))}
	if i.podIdentity {
		var arns []string
		for _, p := range i.policies {
			arns = append(arns, "arn:"+s.Partition+":iam::aws:policy/"+p)
		}
		out.PodIdentityConfiguration = []types.AddonPodIdentityConfiguration{{ServiceAccount: new(i.serviceAccount), RecommendedManagedPolicies: arns}}
	}
	return out, nil
}
