package cfn

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	simiam "github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// createRole waits until the role has propagated, as CloudFormation does.
func createRole(o *op) {
	name := o.name("RoleName", 64)
	in := &iam.CreateRoleInput{RoleName: new(name), Path: o.opt("Path"), AssumeRolePolicyDocument: new(doc(o.props["AssumeRolePolicyDocument"])), PermissionsBoundary: o.opt("PermissionsBoundary")}
	for k, v := range o.tagMap() {
		if !strings.HasPrefix(k, "aws:") {
			in.Tags = append(in.Tags, iamtypes.Tag{Key: new(k), Value: new(v)})
		}
	}
	out, err := o.env.IAM.CreateRole(nil, in)
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.r.phys = name
	if err := o.rolePolicies(name); err != nil {
		o.done(name, nil, err)
		return
	}
	d := o.w.Draw("cfn:role", name, 14*time.Second, 12*time.Second, 16*time.Second)
	o.w.Took("iam:role", o.s.name+"/"+o.r.logical, d, func() { o.done(name, attrs{"Arn": *out.Role.Arn, "RoleId": *out.Role.RoleId}, nil) })
}

func (o *op) rolePolicies(name string) error {
	for _, a := range o.strs("ManagedPolicyArns") {
		if _, err := o.env.IAM.AttachRolePolicy(nil, &iam.AttachRolePolicyInput{RoleName: new(name), PolicyArn: new(a)}); err != nil {
			return err
		}
	}
	inline, _ := o.props["Policies"].([]any)
	for _, p := range inline {
		m, _ := p.(map[string]any)
		if _, err := o.env.IAM.PutRolePolicy(nil, &iam.PutRolePolicyInput{RoleName: new(name), PolicyName: new(fmt.Sprint(m["PolicyName"])), PolicyDocument: new(doc(m["PolicyDocument"]))}); err != nil {
			return err
		}
	}
	return nil
}

func updateRole(o *op) {
	if _, err := o.env.IAM.UpdateAssumeRolePolicy(nil, &iam.UpdateAssumeRolePolicyInput{RoleName: new(o.phys), PolicyDocument: new(doc(o.props["AssumeRolePolicyDocument"]))}); err != nil {
		o.done("", nil, err)
		return
	}
	for _, a := range difference(stringsOf(o.old["ManagedPolicyArns"]), o.strs("ManagedPolicyArns")) {
		if _, err := o.env.IAM.DetachRolePolicy(nil, &iam.DetachRolePolicyInput{RoleName: new(o.phys), PolicyArn: new(a)}); err != nil {
			o.done("", nil, err)
			return
		}
	}
	o.done(o.phys, nil, o.rolePolicies(o.phys))
}

// difference is what is in a and not in b.
func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) })
}

// deleteRole takes the role's own policies with it.
func deleteRole(o *op) {
	n := new(o.phys)
	at, err := o.env.IAM.ListAttachedRolePolicies(nil, &iam.ListAttachedRolePoliciesInput{RoleName: n})
	if err != nil {
		o.done("", nil, err)
		return
	}
	for _, p := range at.AttachedPolicies {
		if _, err := o.env.IAM.DetachRolePolicy(nil, &iam.DetachRolePolicyInput{RoleName: n, PolicyArn: p.PolicyArn}); err != nil {
			o.done("", nil, err)
			return
		}
	}
	in, err := o.env.IAM.ListRolePolicies(nil, &iam.ListRolePoliciesInput{RoleName: n})
	if err != nil {
		o.done("", nil, err)
		return
	}
	for _, p := range in.PolicyNames {
		if _, err := o.env.IAM.DeleteRolePolicy(nil, &iam.DeleteRolePolicyInput{RoleName: n, PolicyName: new(p)}); err != nil {
			o.done("", nil, err)
			return
		}
	}
	_, err = o.env.IAM.DeleteRole(nil, &iam.DeleteRoleInput{RoleName: n})
	o.done("", nil, err)
}

func createInline(o *op) {
	name := o.str("PolicyName")
	for _, r := range o.strs("Roles") {
		if _, err := o.env.IAM.PutRolePolicy(nil, &iam.PutRolePolicyInput{RoleName: new(r), PolicyName: new(name), PolicyDocument: new(doc(o.props["PolicyDocument"]))}); err != nil {
			o.done("", nil, err)
			return
		}
	}
	o.after(quick, name, nil)
}

// updateInline writes the policy again; a renamed one, or a role no longer named,
// loses the old.
func updateInline(o *op) {
	was := *o
	was.props = o.old
	for _, r := range was.strs("Roles") {
		if was.str("PolicyName") == o.str("PolicyName") && slices.Contains(o.strs("Roles"), r) {
			continue
		}
		o.env.IAM.DeleteRolePolicy(nil, &iam.DeleteRolePolicyInput{RoleName: new(r), PolicyName: new(was.str("PolicyName"))}) //nolint:errcheck // gone already is as good
	}
	createInline(o)
}

func deleteInline(o *op) {
	for _, r := range o.strs("Roles") {
		if _, err := o.env.IAM.DeleteRolePolicy(nil, &iam.DeleteRolePolicyInput{RoleName: new(r), PolicyName: new(o.str("PolicyName"))}); err != nil {
			o.done("", nil, err)
			return
		}
	}
	o.done("", nil, nil)
}

func createManaged(o *op) {
	out, err := o.env.IAM.CreatePolicy(nil, &iam.CreatePolicyInput{PolicyName: new(o.name("ManagedPolicyName", 128)), PolicyDocument: new(doc(o.props["PolicyDocument"]))})
	if err != nil {
		o.done("", nil, err)
		return
	}
	for _, r := range o.strs("Roles") {
		if _, err := o.env.IAM.AttachRolePolicy(nil, &iam.AttachRolePolicyInput{RoleName: new(r), PolicyArn: out.Policy.Arn}); err != nil {
			o.done(*out.Policy.Arn, nil, err)
			return
		}
	}
	o.gave(out.Policy.Arn, attrs{"PolicyArn": *out.Policy.Arn}, nil)
}

func deleteManaged(o *op) {
	for _, r := range o.strs("Roles") {
		o.env.IAM.DetachRolePolicy(nil, &iam.DetachRolePolicyInput{RoleName: new(r), PolicyArn: new(o.phys)}) //nolint:errcheck // already detached is as good
	}
	_, err := o.env.IAM.DeletePolicy(nil, &iam.DeletePolicyInput{PolicyArn: new(o.phys)})
	o.done("", nil, err)
}

func createProfile(o *op) {
	name := o.name("InstanceProfileName", 128)
	out, err := o.env.IAM.CreateInstanceProfile(nil, &iam.CreateInstanceProfileInput{InstanceProfileName: new(name), Path: o.opt("Path")})
	if err != nil {
		o.done("", nil, err)
		return
	}
	for _, r := range o.strs("Roles") {
		if _, err := o.env.IAM.AddRoleToInstanceProfile(nil, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new(name), RoleName: new(r)}); err != nil {
			o.done(name, nil, err)
			return
		}
	}
	o.after(15*time.Second, name, attrs{"Arn": *out.InstanceProfile.Arn})
}

func deleteProfile(o *op) {
	for _, r := range o.strs("Roles") {
		o.env.IAM.RemoveRoleFromInstanceProfile(nil, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: new(o.phys), RoleName: new(r)}) //nolint:errcheck // an empty profile is what we want
	}
	_, err := o.env.IAM.DeleteInstanceProfile(nil, &iam.DeleteInstanceProfileInput{InstanceProfileName: new(o.phys)})
	o.done("", nil, err)
}

func createCluster(o *op) {
	in := &eks.CreateClusterInput{}
	p := map[string]any{}
	for k, v := range o.props {
		if k != "Tags" {
			p[k] = v
		}
	}
	if l, ok := p["Logging"].(map[string]any); ok {
		in.Logging = clusterLogging(l)
		delete(p, "Logging")
	}
	if rc, ok := p["ResourcesVpcConfig"].(map[string]any); ok && rc["ControlPlaneEgressMode"] == nil {
		p["ResourcesVpcConfig"] = rc
	}
	if err := bind(p, in); err != nil {
		o.done("", nil, said("Properties validation failed for resource %s with message: %v", o.r.logical, err))
		return
	}
	in.Tags = o.tagMap()
	var out *eks.CreateClusterOutput
	tries := 0
	o.poll(func() (bool, error) {
		var err error
		out, err = o.env.EKS.CreateCluster(&wire.Caller{AccessKey: simiam.Key}, in)
		if err != nil && strings.Contains(err.Error(), "could not be assumed") && tries < 30 {
			tries++ // the role is new: IAM has yet to propagate it
			return false, nil
		}
		return err == nil, err
	}, func() {
		name := out.Cluster.Name
		o.r.phys = *name
		o.poll(func() (bool, error) { return o.clusterStatus(name, ekstypes.ClusterStatusActive) }, func() {
			d, err := o.env.EKS.DescribeCluster(nil, &eks.DescribeClusterInput{Name: name})
			if err != nil {
				o.done(*name, nil, err)
				return
			}
			c := d.Cluster
			o.done(*name, attrs{"Arn": *c.Arn, "Endpoint": *c.Endpoint, "CertificateAuthorityData": *c.CertificateAuthority.Data, "ClusterSecurityGroupId": aws.ToString(c.ResourcesVpcConfig.ClusterSecurityGroupId), "OpenIdConnectIssuerUrl": *c.Identity.Oidc.Issuer}, nil)
		})
	})
}

func clusterLogging(l map[string]any) *ekstypes.Logging {
	cl, _ := l["ClusterLogging"].(map[string]any)
	types, _ := cl["EnabledTypes"].([]any)
	on := ekstypes.LogSetup{Enabled: new(true)}
	for _, t := range types {
		if m, ok := t.(map[string]any); ok {
			on.Types = append(on.Types, ekstypes.LogType(fmt.Sprint(m["Type"])))
		}
	}
	return &ekstypes.Logging{ClusterLogging: []ekstypes.LogSetup{on}}
}

func (o *op) clusterStatus(name *string, want ekstypes.ClusterStatus) (bool, error) {
	d, err := o.env.EKS.DescribeCluster(nil, &eks.DescribeClusterInput{Name: name})
	if err != nil {
		return false, err
	}
	if d.Cluster.Status == ekstypes.ClusterStatusFailed {
		return false, said("Cluster %s is in FAILED status", *name)
	}
	return d.Cluster.Status == want, nil
}

// updateCluster makes one UpdateClusterConfig call for each aspect that changed,
// one after the other, as EKS takes them.
func updateCluster(o *op) {
	var calls []*eks.UpdateClusterConfigInput
	for _, k := range []string{"ResourcesVpcConfig", "Logging", "AccessConfig", "UpgradePolicy", "ZonalShiftConfig", "ControlPlaneScalingConfig", "ComputeConfig", "DeletionProtection"} {
		if reflect.DeepEqual(o.props[k], o.old[k]) {
			continue
		}
		in := &eks.UpdateClusterConfigInput{Name: new(o.phys)}
		v := o.props[k]
		switch k {
		case "ResourcesVpcConfig":
			now, was := o.props[k].(map[string]any), o.old[k].(map[string]any)
			for _, aspect := range [][]string{{"SubnetIds", "SecurityGroupIds"}, {"EndpointPublicAccess", "EndpointPrivateAccess", "PublicAccessCidrs"}} {
				part := map[string]any{}
				for _, p := range aspect {
					if !reflect.DeepEqual(now[p], was[p]) {
						part[p] = now[p]
					}
				}
				if len(part) > 0 {
					x := &eks.UpdateClusterConfigInput{Name: new(o.phys)}
					if err := bind(map[string]any{k: part}, x); err != nil {
						o.done("", nil, err)
						return
					}
					calls = append(calls, x)
				}
			}
			continue
		case "Logging":
			l, _ := v.(map[string]any)
			in.Logging = clusterLogging(l)
		default:
			if err := bind(map[string]any{k: v}, in); err != nil {
				o.done("", nil, err)
				return
			}
		}
		calls = append(calls, in)
	}
	o.inTurn(calls)
}

func (o *op) inTurn(calls []*eks.UpdateClusterConfigInput) {
	if len(calls) == 0 {
		o.done(o.phys, nil, nil)
		return
	}
	if _, err := o.env.EKS.UpdateClusterConfig(nil, calls[0]); err != nil {
		o.done("", nil, err)
		return
	}
	o.poll(func() (bool, error) { return o.clusterStatus(new(o.phys), ekstypes.ClusterStatusActive) }, func() { o.inTurn(calls[1:]) })
}

func deleteCluster(o *op) {
	if _, err := o.env.EKS.DeleteCluster(nil, &eks.DeleteClusterInput{Name: new(o.phys)}); err != nil {
		o.done("", nil, err)
		return
	}
	o.poll(func() (bool, error) {
		_, err := o.env.EKS.DescribeCluster(nil, &eks.DescribeClusterInput{Name: new(o.phys)})
		return err != nil, nil
	}, func() { o.done("", nil, nil) })
}

func createNodegroup(o *op) {
	in := &eks.CreateNodegroupInput{}
	p := map[string]any{}
	for k, v := range o.props {
		if k != "Tags" {
			p[k] = v
		}
	}
	if err := bind(p, in); err != nil {
		o.done("", nil, said("Properties validation failed for resource %s with message: %v", o.r.logical, err))
		return
	}
	if in.NodegroupName == nil {
		in.NodegroupName = new(o.name("NodegroupName", 63))
	}
	in.Tags = o.tagMap()
	out, err := o.env.EKS.CreateNodegroup(nil, in)
	if err != nil {
		o.done("", nil, err)
		return
	}
	g := out.Nodegroup
	o.r.phys = *g.ClusterName + "/" + *g.NodegroupName
	o.poll(func() (bool, error) {
		d, err := o.env.EKS.DescribeNodegroup(nil, &eks.DescribeNodegroupInput{ClusterName: g.ClusterName, NodegroupName: g.NodegroupName})
		if err != nil {
			return false, err
		}
		if d.Nodegroup.Status == ekstypes.NodegroupStatusCreateFailed {
			return false, issues(d.Nodegroup.Health)
		}
		return d.Nodegroup.Status == ekstypes.NodegroupStatusActive, nil
	}, func() {
		o.done(o.r.phys, attrs{"Arn": *g.NodegroupArn, "ClusterName": *g.ClusterName, "NodegroupName": *g.NodegroupName, "Id": o.r.phys}, nil)
	})
}

// issues words a node group's health as CloudFormation shows it (facts/eks.md §1).
func issues(h *ekstypes.NodegroupHealth) error {
	var out []string
	for _, i := range h.Issues {
		out = append(out, fmt.Sprintf("Issue(Code=%s, Message=%s, ResourceIds=[%s])", i.Code, aws.ToString(i.Message), strings.Join(i.ResourceIds, ", ")))
	}
	return &wire.Error{Code: "GeneralServiceException", Message: "[" + strings.Join(out, ", ") + "] (Service: null, Status Code: 0, Request ID: null)", Status: 400}
}

// updateNodegroup changes what UpdateNodegroupConfig can; the differences from the
// template before are what is sent.
func updateNodegroup(o *op) {
	c, n, _ := strings.Cut(o.phys, "/")
	for k := range o.props {
		if !slices.Contains([]string{"ScalingConfig", "Labels", "Taints", "UpdateConfig", "NodeRepairConfig", "Tags", "ForceUpdateEnabled"}, k) && !reflect.DeepEqual(o.props[k], o.old[k]) {
			o.done("", nil, said("This update of %s is not served by the simulated region: %s", o.r.logical, k))
			return
		}
	}
	in := &eks.UpdateNodegroupConfigInput{ClusterName: new(c), NodegroupName: new(n)}
	for _, k := range []string{"ScalingConfig", "UpdateConfig", "NodeRepairConfig"} {
		if v, ok := o.props[k]; ok && !reflect.DeepEqual(v, o.old[k]) {
			if err := bind(map[string]any{k: v}, in); err != nil {
				o.done("", nil, err)
				return
			}
		}
	}
	was, _ := o.old["Labels"].(map[string]any)
	now, _ := o.props["Labels"].(map[string]any)
	if !reflect.DeepEqual(was, now) {
		in.Labels = &ekstypes.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{}}
		for k, v := range now {
			in.Labels.AddOrUpdateLabels[k] = fmt.Sprint(v)
		}
		for k := range was {
			if now[k] == nil {
				in.Labels.RemoveLabels = append(in.Labels.RemoveLabels, k)
			}
		}
	}
	if !reflect.DeepEqual(o.props["Taints"], o.old["Taints"]) {
		in.Taints = &ekstypes.UpdateTaintsPayload{}
		var before []ekstypes.Taint
		if err := errors.Join(bind(o.props["Taints"], &in.Taints.AddOrUpdateTaints), bind(o.old["Taints"], &before)); err != nil {
			o.done("", nil, err)
			return
		}
		for _, t := range before {
			if !slices.ContainsFunc(in.Taints.AddOrUpdateTaints, func(x ekstypes.Taint) bool { return *x.Key == *t.Key && x.Effect == t.Effect }) {
				in.Taints.RemoveTaints = append(in.Taints.RemoveTaints, t)
			}
		}
	}
	if _, err := o.env.EKS.UpdateNodegroupConfig(nil, in); err != nil {
		o.done("", nil, err)
		return
	}
	o.poll(func() (bool, error) {
		d, err := o.env.EKS.DescribeNodegroup(nil, &eks.DescribeNodegroupInput{ClusterName: new(c), NodegroupName: new(n)})
		return err == nil && d.Nodegroup.Status == ekstypes.NodegroupStatusActive, err
	}, func() { o.done(o.phys, nil, nil) })
}

func deleteNodegroup(o *op) {
	c, n, _ := strings.Cut(o.phys, "/")
	if _, err := o.env.EKS.DeleteNodegroup(nil, &eks.DeleteNodegroupInput{ClusterName: new(c), NodegroupName: new(n)}); err != nil {
		o.done("", nil, err)
		return
	}
	o.poll(func() (bool, error) {
		_, err := o.env.EKS.DescribeNodegroup(nil, &eks.DescribeNodegroupInput{ClusterName: new(c), NodegroupName: new(n)})
		return err != nil, nil
	}, func() { o.done("", nil, nil) })
}

func createEntry(o *op) {
	in := &eks.CreateAccessEntryInput{ClusterName: o.opt("ClusterName"), PrincipalArn: o.opt("PrincipalArn"), Type: o.opt("Type"), KubernetesGroups: o.strs("KubernetesGroups"), Username: o.opt("Username"), Tags: o.tagMap()}
	out, err := o.env.EKS.CreateAccessEntry(nil, in)
	if err != nil {
		o.done("", nil, err)
		return
	}
	if err := o.associatePolicies(in.ClusterName, in.PrincipalArn); err != nil {
		o.done(*in.PrincipalArn+"|"+*in.ClusterName, nil, err)
		return
	}
	o.gave(new(*in.PrincipalArn+"|"+*in.ClusterName), attrs{"AccessEntryArn": *out.AccessEntry.AccessEntryArn}, nil)
}

func (o *op) associatePolicies(cluster, principal *string) error {
	ps, _ := o.props["AccessPolicies"].([]any)
	for _, p := range ps {
		m, _ := p.(map[string]any)
		a := &eks.AssociateAccessPolicyInput{ClusterName: cluster, PrincipalArn: principal, PolicyArn: new(fmt.Sprint(m["PolicyArn"])), AccessScope: &ekstypes.AccessScope{}}
		if err := bind(m["AccessScope"], a.AccessScope); err != nil {
			return err
		}
		if _, err := o.env.EKS.AssociateAccessPolicy(nil, a); err != nil {
			return err
		}
	}
	return nil
}

// updateEntry changes groups, user name and policies.
func updateEntry(o *op) {
	p, c, _ := strings.Cut(o.phys, "|")
	groups := o.strs("KubernetesGroups")
	if groups == nil {
		groups = []string{}
	}
	if _, err := o.env.EKS.UpdateAccessEntry(nil, &eks.UpdateAccessEntryInput{ClusterName: &c, PrincipalArn: &p, KubernetesGroups: groups, Username: o.opt("Username")}); err != nil {
		o.done("", nil, err)
		return
	}
	arns := func(v any) []string {
		var out []string
		l, _ := v.([]any)
		for _, x := range l {
			m, _ := x.(map[string]any)
			out = append(out, fmt.Sprint(m["PolicyArn"]))
		}
		return out
	}
	for _, a := range difference(arns(o.old["AccessPolicies"]), arns(o.props["AccessPolicies"])) {
		if _, err := o.env.EKS.DisassociateAccessPolicy(nil, &eks.DisassociateAccessPolicyInput{ClusterName: &c, PrincipalArn: &p, PolicyArn: &a}); err != nil {
			o.done("", nil, err)
			return
		}
	}
	o.done(o.phys, nil, o.associatePolicies(&c, &p))
}

func deleteEntry(o *op) {
	p, c, _ := strings.Cut(o.phys, "|")
	_, err := o.env.EKS.DeleteAccessEntry(nil, &eks.DeleteAccessEntryInput{ClusterName: new(c), PrincipalArn: new(p)})
	o.done("", nil, err)
}

func createAddon(o *op) {
	in := &eks.CreateAddonInput{}
	p := map[string]any{}
	for k, v := range o.props {
		if k != "Tags" {
			p[k] = v
		}
	}
	if err := bind(p, in); err != nil {
		o.done("", nil, err)
		return
	}
	in.Tags = o.tagMap()
	if _, err := o.env.EKS.CreateAddon(nil, in); err != nil {
		o.done("", nil, err)
		return
	}
	o.r.phys = *in.ClusterName + "|" + *in.AddonName
	o.poll(func() (bool, error) {
		d, err := o.env.EKS.DescribeAddon(nil, &eks.DescribeAddonInput{ClusterName: in.ClusterName, AddonName: in.AddonName})
		if err != nil {
			return false, err
		}
		if d.Addon.Status == ekstypes.AddonStatusCreateFailed {
			return false, said("Addon is in CREATE_FAILED")
		}
		// DEGRADED counts as created here, unlike in the SDK's waiter
		return d.Addon.Status == ekstypes.AddonStatusActive || d.Addon.Status == ekstypes.AddonStatusDegraded, nil
	}, func() { o.done(o.r.phys, attrs{"Arn": ""}, nil) })
}

func updateAddon(o *op) {
	c, a, _ := strings.Cut(o.phys, "|")
	in := &eks.UpdateAddonInput{ClusterName: &c, AddonName: &a, AddonVersion: o.opt("AddonVersion"), ConfigurationValues: o.opt("ConfigurationValues"), ServiceAccountRoleArn: o.opt("ServiceAccountRoleArn")}
	if _, err := o.env.EKS.UpdateAddon(nil, in); err != nil {
		o.done("", nil, err)
		return
	}
	o.poll(func() (bool, error) {
		d, err := o.env.EKS.DescribeAddon(nil, &eks.DescribeAddonInput{ClusterName: &c, AddonName: &a})
		return err == nil && d.Addon.Status != ekstypes.AddonStatusUpdating, err
	}, func() { o.done(o.phys, nil, nil) })
}

func deleteAddon(o *op) {
	c, a, _ := strings.Cut(o.phys, "|")
	_, err := o.env.EKS.DeleteAddon(nil, &eks.DeleteAddonInput{ClusterName: new(c), AddonName: new(a)})
	o.done("", nil, err)
}

func createASG(o *op) {
	in := &autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: new(o.name("AutoScalingGroupName", 255)), VPCZoneIdentifier: new(strings.Join(o.strs("VPCZoneIdentifier"), ",")), TargetGroupARNs: o.strs("TargetGroupARNs"), LoadBalancerNames: o.strs("LoadBalancerNames")}
	for _, k := range []string{"MinSize", "MaxSize", "DesiredCapacity", "LaunchTemplate", "MixedInstancesPolicy", "MaxInstanceLifetime", "CapacityRebalance"} {
		if v, ok := o.props[k]; ok {
			if err := bind(map[string]any{k: v}, in); err != nil {
				o.done("", nil, err)
				return
			}
		}
	}
	l, _ := o.props["Tags"].([]any)
	for _, x := range l {
		m, _ := x.(map[string]any)
		in.Tags = append(in.Tags, asgtypes.Tag{Key: new(fmt.Sprint(m["Key"])), Value: new(fmt.Sprint(m["Value"])), PropagateAtLaunch: new(fmt.Sprint(m["PropagateAtLaunch"]) == "true"), ResourceId: in.AutoScalingGroupName, ResourceType: new("auto-scaling-group")})
	}
	for _, t := range o.s.tags {
		in.Tags = append(in.Tags, asgtypes.Tag{Key: t.Key, Value: t.Value, PropagateAtLaunch: new(true), ResourceId: in.AutoScalingGroupName, ResourceType: new("auto-scaling-group")})
	}
	if _, err := o.env.ASG.CreateAutoScalingGroup(nil, in); err != nil {
		o.done("", nil, err)
		return
	}
	name := *in.AutoScalingGroupName
	o.r.phys = name
	ms, _ := o.props["MetricsCollection"].([]any)
	for _, x := range ms {
		m, _ := x.(map[string]any)
		e := &autoscaling.EnableMetricsCollectionInput{AutoScalingGroupName: new(name), Granularity: new(fmt.Sprint(m["Granularity"]))}
		names, _ := m["Metrics"].([]any)
		for _, n := range names {
			e.Metrics = append(e.Metrics, fmt.Sprint(n))
		}
		if _, err := o.env.ASG.EnableMetricsCollection(nil, e); err != nil {
			o.done(name, nil, err)
			return
		}
	}
	deadline := o.w.Elapsed() + 15*time.Minute
	o.poll(func() (bool, error) {
		g := o.env.ASG.Group(name)
		n := int32(0)
		for _, i := range g.Instances {
			if i.LifecycleState == asgtypes.LifecycleStateInService {
				n++
			}
		}
		if n < *g.DesiredCapacity && o.w.Elapsed() > deadline {
			return false, said("%s", "Group did not stabilize. "+o.env.ASG.LastFailure(name))
		}
		return n >= *g.DesiredCapacity, nil
	}, func() { o.done(name, attrs{"Arn": *o.env.ASG.Group(name).AutoScalingGroupARN}, nil) })
}

func updateASG(o *op) {
	in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: new(o.phys)}
	for _, k := range []string{"MinSize", "MaxSize", "DesiredCapacity"} {
		if v, ok := o.props[k]; ok {
			if err := bind(map[string]any{k: v}, in); err != nil {
				o.done("", nil, err)
				return
			}
		}
	}
	_, err := o.env.ASG.UpdateAutoScalingGroup(nil, in)
	o.done(o.phys, nil, err)
}

func deleteASG(o *op) {
	if _, err := o.env.ASG.DeleteAutoScalingGroup(nil, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: new(o.phys), ForceDelete: new(true)}); err != nil {
		o.done("", nil, nil)
		return
	}
	o.poll(func() (bool, error) { return o.env.ASG.Group(o.phys) == nil, nil }, func() { o.done("", nil, nil) })
}
