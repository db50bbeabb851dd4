package eks_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	iamsdk "github.com/aws/aws-sdk-go-v2/service/iam"
)

// What EKS refuses of a cluster.
func TestClustersThatAreRefused(t *testing.T) {
	l := begin(t)
	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint(i)] = ""
	}
	for what, x := range map[string]struct {
		code   string
		change func(*eks.CreateClusterInput)
	}{
		"no endpoint": {"InvalidParameterException", func(in *eks.CreateClusterInput) {
			in.ResourcesVpcConfig.EndpointPublicAccess, in.ResourcesVpcConfig.EndpointPrivateAccess = new(false), new(false)
		}},
		"private public ranges": {"InvalidParameterException", func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.PublicAccessCidrs = []string{"10.0.0.0/8"} }},
		"no ranges at all":      {"InvalidParameterException", func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.PublicAccessCidrs = []string{"x"} }},
		"services in the VPC": {"InvalidParameterException", func(in *eks.CreateClusterInput) {
			in.KubernetesNetworkConfig = &types.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: new("192.168.0.0/16")}
		}},
		"services on public addresses": {"InvalidParameterException", func(in *eks.CreateClusterInput) {
			in.KubernetesNetworkConfig = &types.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: new("8.8.0.0/16")}
		}},
		"IPv6 on an IPv4 VPC": {"InvalidParameterException", func(in *eks.CreateClusterInput) {
			in.KubernetesNetworkConfig = &types.KubernetesNetworkConfigRequest{IpFamily: types.IpFamilyIpv6}
		}},
		"AWS's own tags": {"InvalidParameterException", func(in *eks.CreateClusterInput) { in.Tags = map[string]string{"aws:a": "b"} }},
		"too many tags":  {"InvalidParameterException", func(in *eks.CreateClusterInput) { in.Tags = many }},
	} {
		in := &eks.CreateClusterInput{Name: new("d"), RoleArn: new(role), ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{subnetA, subnetB}}}
		x.change(in)
		if _, err := l.AWS.EKS.CreateCluster(t.Context(), in); err == nil {
			t.Errorf("%s: accepted", what)
		} else {
			l.refused(x.code, err)
		}
	}
	c := l.cluster()
	if c.Tags == nil || c.DeletionProtection == nil || *c.DeletionProtection {
		t.Errorf("the answer has tags %v and deletionProtection %v", c.Tags, c.DeletionProtection)
	}
}

// What EKS refuses of an access entry, and of its policies.
func TestEntriesThatAreRefused(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	entry := func(arn, typ string) error {
		_, err := l.AWS.EKS.CreateAccessEntry(t.Context(), &eks.CreateAccessEntryInput{ClusterName: new("c"), PrincipalArn: &arn, Type: &typ})
		return err
	}
	for _, arn := range []string{"x", "arn:aws:iam::" + account + ":role/none", "arn:aws:sts::" + account + ":assumed-role/nodes/me",
		"arn:aws:iam::" + account + ":group/g", "arn:aws:iam::" + account + ":root",
		"arn:aws:iam::" + account + ":role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"} {
		l.refused("InvalidParameterException", entry(arn, "STANDARD"))
	}
	l.refused("InvalidParameterException", entry("arn:aws:iam::"+account+":user/u", "EC2_LINUX"))
	l.refused("", entry(nodes, "STANDARD"))
	l.refused("", entry(role, "EC2_LINUX"))
	policy := func(who, name string, scope types.AccessScope) error {
		_, err := l.AWS.EKS.AssociateAccessPolicy(t.Context(), &eks.AssociateAccessPolicyInput{ClusterName: new("c"), PrincipalArn: &who,
			PolicyArn: new("arn:aws:eks::aws:cluster-access-policy/" + name), AccessScope: &scope})
		return err
	}
	whole := types.AccessScope{Type: types.AccessScopeTypeCluster}
	l.refused("InvalidParameterException", policy(nodes, "AmazonEKSNoPolicy", whole))
	l.refused("InvalidParameterException", policy(nodes, "AmazonEKSViewPolicy", types.AccessScope{Type: types.AccessScopeTypeNamespace}))
	l.refused("InvalidRequestException", policy(role, "AmazonEKSViewPolicy", whole))
	l.refused("", policy(nodes, "AmazonEKSViewPolicy", whole))
	all, err := l.AWS.EKS.ListAccessPolicies(t.Context(), &eks.ListAccessPoliciesInput{})
	l.refused("", err)
	for _, p := range all.AccessPolicies {
		l.refused("", policy(nodes, *p.Name, whole))
	}
}

// What EKS refuses of groups and profiles; what it fills in.
func TestGroupsAndProfilesThatAreRefused(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	group := func(change func(*eks.CreateNodegroupInput)) (*types.Nodegroup, error) {
		in := &eks.CreateNodegroupInput{ClusterName: new("c"), NodegroupName: new("g"), NodeRole: new(nodes), Subnets: []string{subnetA}}
		change(in)
		out, err := l.AWS.EKS.CreateNodegroup(t.Context(), in)
		if err != nil {
			return nil, err
		}
		return out.Nodegroup, nil
	}
	for _, change := range []func(*eks.CreateNodegroupInput){
		func(in *eks.CreateNodegroupInput) { in.Subnets = []string{} },
		func(in *eks.CreateNodegroupInput) { in.DiskSize = new(int32(0)) },
		func(in *eks.CreateNodegroupInput) { in.Tags = map[string]string{"aws:x": ""} },
		func(in *eks.CreateNodegroupInput) {
			in.ScalingConfig = &types.NodegroupScalingConfig{MinSize: new(int32(3)), MaxSize: new(int32(2)), DesiredSize: new(int32(2))}
		},
		func(in *eks.CreateNodegroupInput) {
			in.UpdateConfig = &types.NodegroupUpdateConfig{MaxUnavailable: new(int32(1)), MaxUnavailablePercentage: new(int32(50))}
		},
		func(in *eks.CreateNodegroupInput) { in.Taints = []types.Taint{{Effect: types.TaintEffectNoSchedule}} },
		func(in *eks.CreateNodegroupInput) { in.Taints = []types.Taint{{Key: new("k")}} },
	} {
		_, err := group(change)
		l.refused("InvalidParameterException", err)
	}
	for given, want := range map[types.NodegroupScalingConfig][3]int32{{}: {1, 2, 2}, {MaxSize: new(int32(1))}: {1, 1, 1}, {DesiredSize: new(int32(5))}: {1, 5, 5},
		{MinSize: new(int32(3))}: {3, 3, 3}} {
		g, err := group(func(in *eks.CreateNodegroupInput) {
			in.NodegroupName, in.ScalingConfig = new(fmt.Sprint("sized", want[0], want[1])), &given
		})
		l.refused("", err)
		l.holds("its sizes", [3]int32{*g.ScalingConfig.MinSize, *g.ScalingConfig.MaxSize, *g.ScalingConfig.DesiredSize}, want)
	}
	g, err := group(func(in *eks.CreateNodegroupInput) { in.RemoteAccess = &types.RemoteAccessConfig{Ec2SshKey: new("k")} })
	l.refused("", err)
	l.holds("its disks", *g.DiskSize, int32(20))
	l.after(2 * time.Minute)
	d, err := l.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("g")})
	l.refused("", err)
	if d.Nodegroup.Resources.RemoteAccessSecurityGroup == nil {
		t.Error("the group has no security group for remote access")
	}
	_, err = l.AWS.EKS.CreateFargateProfile(t.Context(), &eks.CreateFargateProfileInput{ClusterName: new("c"), FargateProfileName: new("f"),
		PodExecutionRoleArn: new(fargate), Subnets: []string{"subnet-p"}, Selectors: []types.FargateProfileSelector{}})
	l.refused("InvalidParameterException", err)
}

// A role may say for which profiles it is.
func TestAPodExecutionRoleOfOneClustersProfiles(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	profile := func(cluster string) error {
		arn := "arn:aws:eks:us-west-2:" + account + ":fargateprofile/" + cluster + "/*"
		out, err := l.AWS.IAM.CreateRole(t.Context(), &iamsdk.CreateRoleInput{RoleName: &cluster, AssumeRolePolicyDocument: new(`{"Version":"2012-10-17",` +
			`"Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole",` +
			`"Condition":{"ArnLike":{"aws:SourceArn":"` + arn + `"}}}]}`)})
		l.refused("", err)
		l.after(time.Minute)
		_, err = l.AWS.EKS.CreateFargateProfile(t.Context(), &eks.CreateFargateProfileInput{ClusterName: new("c"), FargateProfileName: new("f"),
			PodExecutionRoleArn: out.Role.Arn, Subnets: []string{"subnet-p"}, Selectors: []types.FargateProfileSelector{{Namespace: new("default")}}})
		return err
	}
	l.refused("InvalidParameterException", profile("other"))
	l.refused("", profile("c"))
}
