package run_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// facts is a region as AWS's and Kubernetes' own APIs describe it: lines such as
// "nodegroup.Nodegroup.DiskSize=80", list positions left out.
type facts struct {
	t     *testing.T
	lines map[string]bool
}

func (f *facts) add(kind string, out any, err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatalf("%s: %v", kind, err)
	}
	b, err := json.Marshal(out)
	if err != nil {
		f.t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		f.t.Fatal(err)
	}
	f.flatten(kind, v)
}

func (f *facts) flatten(path string, v any) {
	switch x := v.(type) {
	case map[string]any:
		if k, ok := x["Key"].(string); ok && x["Value"] != nil && len(x) <= 6 {
			f.flatten(path+"{"+k+"}", x["Value"]) // tags
			return
		}
		for k, y := range x {
			if k != "ResultMetadata" {
				f.flatten(path+"."+k, y)
			}
		}
	case []any:
		for _, y := range x {
			f.flatten(path, y)
		}
	case nil:
	default:
		s := fmt.Sprint(x)
		if strings.HasSuffix(path, ".UserData") {
			if raw, err := base64.StdEncoding.DecodeString(s); err == nil {
				s = string(raw)
			}
		}
		if strings.HasPrefix(s, "%7B") {
			s, _ = url.QueryUnescape(s)
		}
		f.lines[path+"="+s] = true
	}
}

// read launches a config and reads the region back.
func read(t *testing.T, text string) map[string]bool {
	t.Helper()
	file := testregion.Load(t, text)
	r := testregion.New(t, file, 1)
	s, err := run.Prepare(t.Context(), r.AWS, file)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := s.Run(t.Context(), r.Clock, 1, nil)
	if err != nil || !rep.OK() {
		t.Fatalf("%v %v", rep.FirstFailure, err)
	}
	return readRegion(t, r, s)
}

// readRegion is the region as AWS's APIs and Kubernetes answer now.
func readRegion(t *testing.T, r *testregion.Region, s *run.Session) map[string]bool {
	f := &facts{t, map[string]bool{}}
	f.eks(r)
	f.ec2(r)
	f.rest(r)
	f.kubernetes(s)
	return f.lines
}

func (f *facts) eks(r *testregion.Region) {
	ctx, c, name := f.t.Context(), r.AWS.EKS, new("test")
	cl, err := c.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: name})
	f.add("cluster", cl, err)
	addons, err := c.ListAddons(ctx, &eks.ListAddonsInput{ClusterName: name})
	f.add("addons", addons, err)
	for _, a := range addons.Addons {
		d, err := c.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: name, AddonName: &a})
		f.add("addon:"+a, d, err)
	}
	groups, err := c.ListNodegroups(ctx, &eks.ListNodegroupsInput{ClusterName: name})
	f.add("nodegroups", groups, err)
	for _, g := range groups.Nodegroups {
		d, err := c.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: name, NodegroupName: &g})
		f.add("nodegroup", d, err)
	}
	profiles, err := c.ListFargateProfiles(ctx, &eks.ListFargateProfilesInput{ClusterName: name})
	f.add("profiles", profiles, err)
	for _, p := range profiles.FargateProfileNames {
		d, err := c.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: name, FargateProfileName: &p})
		f.add("profile", d, err)
	}
	if cl.Cluster.AccessConfig.AuthenticationMode != ekstypes.AuthenticationModeConfigMap {
		entries, err := c.ListAccessEntries(ctx, &eks.ListAccessEntriesInput{ClusterName: name})
		f.add("entries", entries, err)
		for _, e := range entries.AccessEntries {
			d, err := c.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: name, PrincipalArn: &e})
			f.add("entry", d, err)
			p, err := c.ListAssociatedAccessPolicies(ctx, &eks.ListAssociatedAccessPoliciesInput{ClusterName: name, PrincipalArn: &e})
			f.add("entrypolicies", p, err)
		}
	}
	as, err := c.ListPodIdentityAssociations(ctx, &eks.ListPodIdentityAssociationsInput{ClusterName: name})
	f.add("associations", as, err)
	for _, a := range as.Associations {
		d, err := c.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: name, AssociationId: a.AssociationId})
		f.add("association", d, err)
	}
	idps, err := c.ListIdentityProviderConfigs(ctx, &eks.ListIdentityProviderConfigsInput{ClusterName: name})
	f.add("idps", idps, err)
	for _, p := range idps.IdentityProviderConfigs {
		d, err := c.DescribeIdentityProviderConfig(ctx, &eks.DescribeIdentityProviderConfigInput{ClusterName: name, IdentityProviderConfig: &p})
		f.add("idp", d, err)
	}
}

func (f *facts) ec2(r *testregion.Region) {
	ctx, c := f.t.Context(), r.AWS.EC2
	vpcs, err := c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	f.add("vpc", vpcs, err)
	subnets, err := c.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: new("default-for-az"), Values: []string{"false"}}}})
	f.add("subnet", subnets, err)
	nats, err := c.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{})
	f.add("nat", nats, err)
	f.lines[fmt.Sprintf("nat.count=%d", len(nats.NatGateways))] = true
	groups, err := c.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
	f.add("sg", groups, err)
	instances, err := c.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{{Name: new("instance-state-name"), Values: []string{"running"}}}})
	f.add("instance", instances, err)
	f.lines[fmt.Sprintf("instance.count=%d", len(instances.Reservations))] = true
	keys, err := c.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
	f.add("key", keys, err)
	lts, err := c.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})
	f.add("lts", lts, err)
	for _, lt := range lts.LaunchTemplates {
		v, err := c.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: lt.LaunchTemplateId})
		f.add("lt", v, err)
	}
}

func (f *facts) rest(r *testregion.Region) {
	ctx := f.t.Context()
	groups, err := r.AWS.ASG.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	f.add("asg", groups, err)
	roles, err := r.AWS.IAM.ListRoles(ctx, &iam.ListRolesInput{})
	f.add("roles", roles, err)
	for _, x := range roles.Roles {
		d, err := r.AWS.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: x.RoleName})
		f.add("role", d, err)
		at, err := r.AWS.IAM.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: x.RoleName})
		f.add("role", at, err)
		in, err := r.AWS.IAM.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: x.RoleName})
		f.add("role", in, err)
		for _, p := range in.PolicyNames {
			doc, err := r.AWS.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: x.RoleName, PolicyName: &p})
			f.add("role", doc, err)
		}
	}
	oidc, err := r.AWS.IAM.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	f.add("oidc", oidc, err)
	stacks, err := r.AWS.CFN.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{})
	f.add("stack", stacks, err)
	logs, err := r.AWS.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	f.add("log", logs, err)
}

func (f *facts) kubernetes(s *run.Session) {
	if !s.Env.Reachable {
		return
	}
	ctx := f.t.Context()
	k, err := s.Env.Kube(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	nodes, err := k.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	f.add("node", nodes, err)
	bindings, err := k.RbacV1().RoleBindings("").List(ctx, metav1.ListOptions{})
	f.add("rolebinding", bindings, err)
	accounts, err := k.CoreV1().ServiceAccounts("").List(ctx, metav1.ListOptions{})
	f.add("serviceaccount", accounts, err)
	maps, err := k.CoreV1().ConfigMaps("").List(ctx, metav1.ListOptions{})
	f.add("configmap", maps, err)
}
