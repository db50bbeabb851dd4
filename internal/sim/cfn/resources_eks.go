package cfn

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// invalidProperties words properties that do not bind.
func (o *op) invalidProperties(err error) error {
	return said("Properties validation failed for resource %s with message: %v", o.r.Logical, err)
}

// maxTries is how often a cluster's role is tried while IAM has yet to propagate it.
const maxTries = 30

func createCluster(o *op) (progress, error) {
	if o.phys == "" {
		in := &eks.CreateClusterInput{}
		if l, ok := o.props["Logging"].(map[string]any); ok {
			in.Logging = clusterLogging(l)
		}
		if err := bind(o.without("Tags", "Logging", "Force"), in); err != nil {
			return progress{}, o.invalidProperties(err)
		}
		in.Tags = o.tagMap()
		out, err := call(o, o.env.EKS.CreateCluster, in)
		if err != nil && strings.Contains(err.Error(), "could not be assumed") && o.Tries < maxTries {
			o.Tries++
			return again(poll)
		}
		if err != nil {
			return progress{}, err
		}
		o.made(*out.Cluster.Name)
	}
	c, err := o.cluster()
	if err != nil || c.Status != types.ClusterStatusActive {
		return until(false, err, "", nil)
	}
	return done(o.phys, clusterAttributes(c))
}

func clusterAttributes(c *types.Cluster) values {
	a := values{"Arn": *c.Arn, "Endpoint": aws.ToString(c.Endpoint), "ClusterSecurityGroupId": aws.ToString(c.ResourcesVpcConfig.ClusterSecurityGroupId)}
	if c.CertificateAuthority != nil {
		a["CertificateAuthorityData"] = aws.ToString(c.CertificateAuthority.Data)
	}
	if c.Identity != nil && c.Identity.Oidc != nil {
		a["OpenIdConnectIssuerUrl"] = aws.ToString(c.Identity.Oidc.Issuer)
	}
	return a
}

func clusterLogging(l map[string]any) *types.Logging {
	cl, _ := l["ClusterLogging"].(map[string]any)
	on := types.LogSetup{Enabled: new(true)}
	for _, m := range listOf(cl["EnabledTypes"]) {
		on.Types = append(on.Types, types.LogType(fmt.Sprint(m["Type"])))
	}
	return &types.Logging{ClusterLogging: []types.LogSetup{on}}
}

// cluster reads the cluster; one that failed is an error.
func (o *op) cluster() (*types.Cluster, error) {
	d, err := call(o, o.env.EKS.DescribeCluster, &eks.DescribeClusterInput{Name: new(o.phys)})
	if err != nil {
		return nil, err
	}
	if d.Cluster.Status == types.ClusterStatusFailed {
		return nil, said("Cluster %s is in FAILED status", o.phys)
	}
	return d.Cluster, nil
}

// aspects are the properties of a cluster that EKS takes in one update each: the
// property, and which of its members.
var aspects = []struct {
	property string
	members  []string
}{
	{"ResourcesVpcConfig", []string{"SubnetIds", "SecurityGroupIds"}},
	{"ResourcesVpcConfig", []string{"EndpointPublicAccess", "EndpointPrivateAccess", "PublicAccessCidrs"}},
	{"Logging", nil}, {"AccessConfig", nil}, {"UpgradePolicy", nil}, {"ZonalShiftConfig", nil},
	{"ControlPlaneScalingConfig", nil}, {"ComputeConfig", nil}, {"DeletionProtection", nil}, {"RemoteNetworkConfig", nil},
}

// updateCluster goes to the template's version first, then makes one UpdateClusterConfig call for each aspect that changed,
// one after the other, as EKS takes them. Tries counts the aspects that are done.
func updateCluster(o *op) (progress, error) {
	if c, err := o.cluster(); err != nil || c.Status != types.ClusterStatusActive {
		return until(false, err, "", nil)
	}
	if o.Step == "" {
		o.Step = "begun"
		if o.changed("Version") && o.props["Version"] != nil {
			in := &eks.UpdateClusterVersionInput{Name: new(o.phys), Version: o.opt("Version"), Force: o.str("Force") == "true"}
			_, err := call(o, o.env.EKS.UpdateClusterVersion, in)
			return until(false, err, "", nil)
		}
	}
	for o.Tries < len(aspects) {
		a := aspects[o.Tries]
		o.Tries++
		in, err := o.clusterChange(a.property, a.members)
		if err != nil {
			return progress{}, err
		}
		if in == nil {
			continue
		}
		if _, err := call(o, o.env.EKS.UpdateClusterConfig, in); err != nil {
			return progress{}, err
		}
		if c, err := o.cluster(); err != nil || c.Status != types.ClusterStatusActive {
			return until(false, err, "", nil)
		}
	}
	return done(o.phys, nil)
}

// clusterChange is the call that brings one aspect to what the template says; nil: it
// is so already.
func (o *op) clusterChange(property string, members []string) (*eks.UpdateClusterConfigInput, error) {
	now, was := o.props[property], o.old[property]
	if members != nil {
		part := map[string]any{}
		n, _ := now.(map[string]any)
		w, _ := was.(map[string]any)
		for _, m := range members {
			if !reflect.DeepEqual(n[m], w[m]) {
				part[m] = n[m]
			}
		}
		if len(part) == 0 {
			return nil, nil
		}
		now = part
	} else if reflect.DeepEqual(now, was) {
		return nil, nil
	}
	in := &eks.UpdateClusterConfigInput{Name: new(o.phys)}
	if property == "Logging" {
		l, _ := now.(map[string]any)
		in.Logging = clusterLogging(l)
		return in, nil
	}
	return in, bind(map[string]any{property: now}, in)
}

func deleteCluster(o *op) (progress, error) {
	if o.first() {
		if _, err := call(o, o.env.EKS.DeleteCluster, &eks.DeleteClusterInput{Name: new(o.phys)}); err != nil {
			return gone(err)
		}
	}
	_, err := call(o, o.env.EKS.DescribeCluster, &eks.DescribeClusterInput{Name: new(o.phys)})
	return untilAbsent(err)
}

// untilAbsent ends a deletion once the resource is not found.
func untilAbsent(err error) (progress, error) {
	switch {
	case err == nil:
		return again(poll)
	case absent(err):
		return gone(nil)
	}
	return gone(err)
}

// absent tells whether an error says that there is no such thing.
func absent(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && (e.Status == 404 || strings.Contains(e.Code, "NotFound") || e.Code == "NoSuchEntity")
}

func createNodegroup(o *op) (progress, error) {
	if o.phys == "" {
		in := &eks.CreateNodegroupInput{}
		if err := bind(o.without("Tags"), in); err != nil {
			return progress{}, o.invalidProperties(err)
		}
		if in.NodegroupName == nil {
			in.NodegroupName = new(o.name("NodegroupName", 63))
		}
		in.Tags = o.tagMap()
		out, err := call(o, o.env.EKS.CreateNodegroup, in)
		if err != nil {
			return progress{}, err
		}
		o.made(*out.Nodegroup.ClusterName + "/" + *out.Nodegroup.NodegroupName)
	}
	g, err := o.nodegroup()
	switch {
	case err == nil && g.Status == types.NodegroupStatusCreateFailed:
		return progress{}, issues(g.Health)
	case err != nil || g.Status != types.NodegroupStatusActive:
		return until(false, err, "", nil)
	}
	return done(o.phys, values{"Arn": *g.NodegroupArn, "ClusterName": *g.ClusterName, "NodegroupName": *g.NodegroupName, "Id": o.phys})
}

func (o *op) nodegroup() (*types.Nodegroup, error) {
	c, n, _ := strings.Cut(o.phys, "/")
	d, err := call(o, o.env.EKS.DescribeNodegroup, &eks.DescribeNodegroupInput{ClusterName: new(c), NodegroupName: new(n)})
	if err != nil {
		return nil, err
	}
	return d.Nodegroup, nil
}

// issues words a node group's health as CloudFormation shows it (facts/eks.md §1).
func issues(h *types.NodegroupHealth) error {
	var out []string
	for _, i := range h.Issues {
		out = append(out, fmt.Sprintf("Issue(Code=%s, Message=%s, ResourceIds=[%s])", i.Code, aws.ToString(i.Message), strings.Join(i.ResourceIds, ", ")))
	}
	return &wire.Error{Code: "GeneralServiceException", Status: 400,
		Message: "[" + strings.Join(out, ", ") + "] (Service: null, Status Code: 0, Request ID: null)"}
}

// updateNodegroup changes the group as its handler does: what runs on the nodes by
// UpdateNodegroupVersion, all else by UpdateNodegroupConfig, and never both.
func updateNodegroup(o *op) (progress, error) {
	if o.first() {
		u, err := o.startNodegroupUpdate()
		if err != nil {
			return progress{}, err
		}
		o.Step = *u.Id
	}
	g, err := o.nodegroup()
	if err != nil || g.Status == types.NodegroupStatusUpdating {
		return until(false, err, "", nil)
	}
	c, n, _ := strings.Cut(o.phys, "/")
	d, err := call(o, o.env.EKS.DescribeUpdate, &eks.DescribeUpdateInput{Name: new(c), NodegroupName: new(n), UpdateId: new(o.Step)})
	if err == nil && d.Update.Status == types.UpdateStatusFailed {
		return progress{}, updateErrors(d.Update.Errors)
	}
	return until(err == nil && g.Status == types.NodegroupStatusActive, err, o.phys, nil)
}

// updateErrors words a failed update as CloudFormation shows it.
func updateErrors(errs []types.ErrorDetail) error {
	var out []string
	for _, e := range errs {
		out = append(out, fmt.Sprintf("ErrorDetail(ErrorCode=%s, ErrorMessage=%s, ResourceIds=[%s])", e.ErrorCode, aws.ToString(e.ErrorMessage),
			strings.Join(e.ResourceIds, ", ")))
	}
	return &wire.Error{Code: "GeneralServiceException", Status: 400,
		Message: "[" + strings.Join(out, ", ") + "] (Service: null, Status Code: 0, Request ID: null)"}
}

func (o *op) startNodegroupUpdate() (*types.Update, error) {
	roll := func(k string) bool { return o.props[k] != nil && o.changed(k) }
	if !roll("Version") && !roll("ReleaseVersion") && !roll("LaunchTemplate") {
		in, err := o.nodegroupChange()
		if err != nil {
			return nil, err
		}
		out, err := call(o, o.env.EKS.UpdateNodegroupConfig, in)
		if err != nil {
			return nil, err
		}
		return out.Update, nil
	}
	for _, k := range []string{"ScalingConfig", "Labels", "Taints", "UpdateConfig", "NodeRepairConfig"} {
		if o.changed(k) {
			return nil, said("Version and ReleaseVersion updates cannot be combined with other updates")
		}
	}
	c, n, _ := strings.Cut(o.phys, "/")
	in := &eks.UpdateNodegroupVersionInput{ClusterName: new(c), NodegroupName: new(n), Force: o.str("ForceUpdateEnabled") == "true"}
	for _, k := range []string{"Version", "ReleaseVersion", "LaunchTemplate"} {
		if roll(k) {
			if err := bind(map[string]any{k: o.props[k]}, in); err != nil {
				return nil, o.invalidProperties(err)
			}
		}
	}
	out, err := call(o, o.env.EKS.UpdateNodegroupVersion, in)
	if err != nil {
		return nil, err
	}
	return out.Update, nil
}

func (o *op) nodegroupChange() (*eks.UpdateNodegroupConfigInput, error) {
	followed := []string{"ScalingConfig", "Labels", "Taints", "UpdateConfig", "NodeRepairConfig", "Tags", "ForceUpdateEnabled", "Version", "ReleaseVersion",
		"LaunchTemplate"}
	for _, k := range sorted(o.props) {
		if !slices.Contains(followed, k) && o.changed(k) {
			return nil, said("This update of %s is not served by the simulated region: %s", o.r.Logical, k)
		}
	}
	c, n, _ := strings.Cut(o.phys, "/")
	in := &eks.UpdateNodegroupConfigInput{ClusterName: new(c), NodegroupName: new(n)}
	for _, k := range []string{"ScalingConfig", "UpdateConfig", "NodeRepairConfig"} {
		if v, ok := o.props[k]; ok && o.changed(k) {
			if err := bind(map[string]any{k: v}, in); err != nil {
				return nil, err
			}
		}
	}
	if o.changed("Labels") {
		was, _ := o.old["Labels"].(map[string]any)
		now, _ := o.props["Labels"].(map[string]any)
		in.Labels = &types.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{}}
		for k, v := range now {
			in.Labels.AddOrUpdateLabels[k] = fmt.Sprint(v)
		}
		for _, k := range sorted(was) {
			if now[k] == nil {
				in.Labels.RemoveLabels = append(in.Labels.RemoveLabels, k)
			}
		}
	}
	if !o.changed("Taints") {
		return in, nil
	}
	in.Taints = &types.UpdateTaintsPayload{}
	var before []types.Taint
	if err := errors.Join(bind(o.props["Taints"], &in.Taints.AddOrUpdateTaints), bind(o.old["Taints"], &before)); err != nil {
		return nil, err
	}
	for _, t := range before {
		same := func(x types.Taint) bool { return aws.ToString(x.Key) == aws.ToString(t.Key) && x.Effect == t.Effect }
		if !slices.ContainsFunc(in.Taints.AddOrUpdateTaints, same) {
			in.Taints.RemoveTaints = append(in.Taints.RemoveTaints, t)
		}
	}
	return in, nil
}

func deleteNodegroup(o *op) (progress, error) {
	if o.first() {
		c, n, _ := strings.Cut(o.phys, "/")
		if _, err := call(o, o.env.EKS.DeleteNodegroup, &eks.DeleteNodegroupInput{ClusterName: new(c), NodegroupName: new(n)}); err != nil {
			return gone(err)
		}
	}
	_, err := o.nodegroup()
	return untilAbsent(err)
}

func createEntry(o *op) (progress, error) {
	in := &eks.CreateAccessEntryInput{ClusterName: o.opt("ClusterName"), PrincipalArn: o.opt("PrincipalArn"), Type: o.opt("Type"),
		KubernetesGroups: o.strs("KubernetesGroups"), Username: o.opt("Username"), Tags: o.tagMap()}
	out, err := call(o, o.env.EKS.CreateAccessEntry, in)
	if err != nil {
		return progress{}, err
	}
	o.made(o.str("PrincipalArn") + "|" + o.str("ClusterName"))
	if err := o.associatePolicies(in.ClusterName, in.PrincipalArn); err != nil {
		return progress{}, err
	}
	return after(quick, o.phys, values{"AccessEntryArn": *out.AccessEntry.AccessEntryArn})
}

func (o *op) associatePolicies(cluster, principal *string) error {
	for _, m := range listOf(o.props["AccessPolicies"]) {
		a := &eks.AssociateAccessPolicyInput{ClusterName: cluster, PrincipalArn: principal, PolicyArn: new(fmt.Sprint(m["PolicyArn"])),
			AccessScope: &types.AccessScope{}}
		if err := bind(m["AccessScope"], a.AccessScope); err != nil {
			return err
		}
		if _, err := call(o, o.env.EKS.AssociateAccessPolicy, a); err != nil {
			return err
		}
	}
	return nil
}

// updateEntry changes groups, user name and policies.
func updateEntry(o *op) (progress, error) {
	p, c, _ := strings.Cut(o.phys, "|")
	groups := o.strs("KubernetesGroups")
	if groups == nil {
		groups = []string{}
	}
	in := &eks.UpdateAccessEntryInput{ClusterName: &c, PrincipalArn: &p, KubernetesGroups: groups, Username: o.opt("Username")}
	if _, err := call(o, o.env.EKS.UpdateAccessEntry, in); err != nil {
		return progress{}, err
	}
	arns := func(v any) []string {
		var out []string
		for _, m := range listOf(v) {
			out = append(out, fmt.Sprint(m["PolicyArn"]))
		}
		return out
	}
	for _, a := range difference(arns(o.old["AccessPolicies"]), arns(o.props["AccessPolicies"])) {
		in := &eks.DisassociateAccessPolicyInput{ClusterName: &c, PrincipalArn: &p, PolicyArn: &a}
		if _, err := call(o, o.env.EKS.DisassociateAccessPolicy, in); err != nil {
			return progress{}, err
		}
	}
	if err := o.associatePolicies(&c, &p); err != nil {
		return progress{}, err
	}
	return done(o.phys, nil)
}

func deleteEntry(o *op) (progress, error) {
	p, c, _ := strings.Cut(o.phys, "|")
	_, err := call(o, o.env.EKS.DeleteAccessEntry, &eks.DeleteAccessEntryInput{ClusterName: new(c), PrincipalArn: new(p)})
	return gone(err)
}

func createAddon(o *op) (progress, error) {
	if o.phys == "" {
		in := &eks.CreateAddonInput{}
		if err := bind(o.without("Tags", "PreserveOnDelete"), in); err != nil {
			return progress{}, o.invalidProperties(err)
		}
		in.Tags = o.tagMap()
		if _, err := call(o, o.env.EKS.CreateAddon, in); err != nil {
			return progress{}, err
		}
		o.made(o.str("ClusterName") + "|" + o.str("AddonName"))
	}
	a, err := o.addon()
	switch {
	case err == nil && a.Status == types.AddonStatusCreateFailed:
		return progress{}, said("Addon is in CREATE_FAILED")
	case err != nil || a.Status != types.AddonStatusActive && a.Status != types.AddonStatusDegraded:
		return until(false, err, "", nil)
	}
	// DEGRADED counts as created here, unlike in the SDK's waiter.
	return done(o.phys, values{"Arn": aws.ToString(a.AddonArn)})
}

func (o *op) addon() (*types.Addon, error) {
	c, a, _ := strings.Cut(o.phys, "|")
	d, err := call(o, o.env.EKS.DescribeAddon, &eks.DescribeAddonInput{ClusterName: &c, AddonName: &a})
	if err != nil {
		return nil, err
	}
	return d.Addon, nil
}

// updateAddon brings the add-on to what the template says.
func updateAddon(o *op) (progress, error) {
	if o.first() {
		c, a, _ := strings.Cut(o.phys, "|")
		in := &eks.UpdateAddonInput{ClusterName: &c, AddonName: &a, AddonVersion: o.opt("AddonVersion"),
			ConfigurationValues: o.opt("ConfigurationValues"), ServiceAccountRoleArn: o.opt("ServiceAccountRoleArn"),
			ResolveConflicts: types.ResolveConflicts(o.str("ResolveConflicts"))}
		if o.changed("PodIdentityAssociations") {
			in.PodIdentityAssociations = []types.AddonPodIdentityAssociations{}
			if err := bind(o.props["PodIdentityAssociations"], &in.PodIdentityAssociations); err != nil {
				return progress{}, o.invalidProperties(err)
			}
		}
		out, err := call(o, o.env.EKS.UpdateAddon, in)
		if err != nil {
			return progress{}, err
		}
		o.Step = *out.Update.Id
	}
	a, err := o.addon()
	if err != nil || a.Status == types.AddonStatusUpdating {
		return until(false, err, "", nil)
	}
	d, err := call(o, o.env.EKS.DescribeUpdate, &eks.DescribeUpdateInput{Name: a.ClusterName, AddonName: a.AddonName, UpdateId: new(o.Step)})
	if err == nil && d.Update.Status == types.UpdateStatusFailed {
		return progress{}, updateErrors(d.Update.Errors)
	}
	return until(err == nil, err, o.phys, nil)
}

func deleteAddon(o *op) (progress, error) {
	if o.first() {
		c, a, _ := strings.Cut(o.phys, "|")
		in := &eks.DeleteAddonInput{ClusterName: &c, AddonName: &a, Preserve: o.str("PreserveOnDelete") == "true"}
		if _, err := call(o, o.env.EKS.DeleteAddon, in); err != nil {
			return gone(err)
		}
	}
	_, err := o.addon()
	return untilAbsent(err)
}
