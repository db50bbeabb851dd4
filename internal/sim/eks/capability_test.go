package eks_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	iamsdk "github.com/aws/aws-sdk-go-v2/service/iam"
)

// A capability comes, changes its role and goes; its role gets in and out with it.
func TestACapabilitysLife(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	made := func(name string) *string {
		out, err := l.AWS.IAM.CreateRole(t.Context(), &iamsdk.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(`{"Version":"2012-10-17",` +
			`"Statement":[{"Effect":"Allow","Principal":{"Service":"capabilities.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`)})
		l.refused("", err)
		return out.Role.Arn
	}
	one, two := made("one"), made("two")
	create := func(name string, typ types.CapabilityType, role *string) error {
		_, err := l.AWS.EKS.CreateCapability(t.Context(), &eks.CreateCapabilityInput{ClusterName: new("c"), CapabilityName: &name, Type: typ, RoleArn: role,
			DeletePropagationPolicy: types.CapabilityDeletePropagationPolicyRetain})
		return err
	}
	is := func() string {
		out, err := l.AWS.EKS.DescribeCapability(t.Context(), &eks.DescribeCapabilityInput{ClusterName: new("c"), CapabilityName: new("ack")})
		if err != nil {
			return "gone"
		}
		return string(out.Capability.Status) + " " + *out.Capability.RoleArn
	}
	enters := func(role *string) bool {
		_, err := l.AWS.EKS.DescribeAccessEntry(t.Context(), &eks.DescribeAccessEntryInput{ClusterName: new("c"), PrincipalArn: role})
		return err == nil
	}
	l.refused("InvalidParameterException", create("ack", types.CapabilityTypeAck, new(nodes)))
	l.refused("InvalidParameterException", create("cd", types.CapabilityTypeArgocd, one)) // it has no configuration
	l.refused("", create("ack", types.CapabilityTypeAck, one))
	l.refused("ResourceInUseException", create("ack", types.CapabilityTypeAck, one))
	l.refused("ResourceInUseException", create("second", types.CapabilityTypeAck, one))
	l.holds("the capability", is(), "CREATING "+*one)
	l.after(5 * time.Minute)
	l.holds("the capability", is(), "ACTIVE "+*one)
	l.holds("its role gets in", enters(one), true)
	u, err := l.AWS.EKS.UpdateCapability(t.Context(), &eks.UpdateCapabilityInput{ClusterName: new("c"), CapabilityName: new("ack"), RoleArn: two})
	l.refused("", err)
	l.after(5 * time.Minute)
	d, err := l.AWS.EKS.DescribeUpdate(t.Context(), &eks.DescribeUpdateInput{Name: new("c"), CapabilityName: new("ack"), UpdateId: u.Update.Id})
	l.refused("", err)
	l.holds("the update", d.Update.Status, types.UpdateStatusSuccessful)
	l.holds("the capability", is(), "ACTIVE "+*two)
	l.holds("its former role", enters(one), false)
	_, err = l.AWS.EKS.DeleteCluster(t.Context(), &eks.DeleteClusterInput{Name: new("c")})
	l.refused("ResourceInUseException", err)
	_, err = l.AWS.EKS.DeleteCapability(t.Context(), &eks.DeleteCapabilityInput{ClusterName: new("c"), CapabilityName: new("ack")})
	l.refused("", err)
	l.holds("the capability", is(), "DELETING "+*two)
	l.after(5 * time.Minute)
	l.holds("the capability", is(), "gone")
	l.holds("its role", enters(two), false)
}

// A cluster from elsewhere is PENDING, is listed where all are asked for, and goes.
func TestAConnectedClustersLife(t *testing.T) {
	l := begin(t)
	agent := "arn:aws:iam::" + account + ":role/agent"
	l.Region.Region.IAM.AdoptRole(agent, []string{"ssm.amazonaws.com"})
	register := func(role string) error {
		_, err := l.AWS.EKS.RegisterCluster(t.Context(), &eks.RegisterClusterInput{Name: new("far"),
			ConnectorConfig: &types.ConnectorConfigRequest{Provider: types.ConnectorConfigProviderOther, RoleArn: &role}})
		return err
	}
	l.refused("InvalidRequestException", register(role))
	l.refused("", register(agent))
	l.refused("ResourceInUseException", register(agent))
	listed := func(include ...string) int {
		out, err := l.AWS.EKS.ListClusters(t.Context(), &eks.ListClustersInput{Include: include})
		l.refused("", err)
		return len(out.Clusters)
	}
	l.holds("EKS's own clusters", listed(), 1)
	l.holds("all clusters", listed("all"), 2)
	d, err := l.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("far")})
	l.refused("", err)
	l.holds("the cluster", d.Cluster.Status, types.ClusterStatusPending)
	_, err = l.AWS.EKS.DeregisterCluster(t.Context(), &eks.DeregisterClusterInput{Name: new("c")})
	l.refused("InvalidRequestException", err)
	_, err = l.AWS.EKS.DeregisterCluster(t.Context(), &eks.DeregisterClusterInput{Name: new("far")})
	l.refused("", err)
	l.holds("all clusters", listed("all"), 1)
}
