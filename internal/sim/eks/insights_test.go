package eks_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	iamsdk "github.com/aws/aws-sdk-go-v2/service/iam"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

func (l life) insights(f *types.InsightsFilter) map[string]types.InsightStatusValue {
	l.t.Helper()
	out, err := l.AWS.EKS.ListInsights(l.t.Context(), &eks.ListInsightsInput{ClusterName: new("c"), Filter: f})
	l.refused("", err)
	all := map[string]types.InsightStatusValue{}
	for _, i := range out.Insights {
		all[string(i.Category)+" "+*i.Name] = i.InsightStatus.Status
	}
	return all
}

// A cluster's insights follow its state, at the next look or when they are refreshed, and
// an error of theirs holds an upgrade back unless it is forced.
func TestInsightsFollowTheCluster(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	const health = "UPGRADE_READINESS Cluster health issues"
	l.holds("insights", len(l.insights(nil)), 5)
	l.holds("the cluster's health", l.insights(nil)[health], types.InsightStatusValuePassing)
	l.holds("insights of rollbacks", len(l.insights(&types.InsightsFilter{Categories: []types.Category{types.CategoryRollbackReadiness}})), 0)
	_, err := l.AWS.IAM.DetachRolePolicy(t.Context(), &iamsdk.DetachRolePolicyInput{RoleName: new("cluster"),
		PolicyArn: new("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")})
	l.refused("", err)
	_, err = l.AWS.IAM.DetachRolePolicy(t.Context(), &iamsdk.DetachRolePolicyInput{RoleName: new("cluster"),
		PolicyArn: new("arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy")})
	l.refused("", err)
	_, err = l.AWS.IAM.DeleteRole(t.Context(), &iamsdk.DeleteRoleInput{RoleName: new("cluster")})
	l.refused("", err)
	l.holds("the cluster's health, before the next look", l.insights(nil)[health], types.InsightStatusValuePassing)
	_, err = l.AWS.EKS.StartInsightsRefresh(t.Context(), &eks.StartInsightsRefreshInput{ClusterName: new("c")})
	l.refused("", err)
	refresh := func() types.InsightsRefreshStatus {
		out, err := l.AWS.EKS.DescribeInsightsRefresh(t.Context(), &eks.DescribeInsightsRefreshInput{ClusterName: new("c")})
		l.refused("", err)
		return out.Status
	}
	l.holds("the refresh", refresh(), types.InsightsRefreshStatusInProgress)
	l.after(10 * time.Minute)
	l.holds("the refresh", refresh(), types.InsightsRefreshStatusCompleted)
	l.holds("the cluster's health", l.insights(nil)[health], types.InsightStatusValueError)
	bad, err := l.AWS.EKS.ListInsights(t.Context(), &eks.ListInsightsInput{ClusterName: new("c"),
		Filter: &types.InsightsFilter{Statuses: []types.InsightStatusValue{types.InsightStatusValueError}}})
	l.refused("", err)
	l.holds("errors", len(bad.Insights), 1)
	d, err := l.AWS.EKS.DescribeInsight(t.Context(), &eks.DescribeInsightInput{ClusterName: new("c"), Id: bad.Insights[0].Id})
	l.refused("", err)
	l.holds("its resource", *d.Insight.Resources[0].Arn, *l.cluster().Arn)
	_, err = l.upgrade("1.35")
	l.refused("InvalidStateException", err)
	_, err = l.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("c"), Version: new("1.35"), Force: true})
	l.refused("", err)
}

// A control plane goes back to the minor it came from within a week, unless nodes are
// newer than that.
func TestAControlPlaneGoesBack(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	_, err := l.upgrade("1.35")
	l.refused("", err)
	l.after(20 * time.Minute)
	l.holds("insights of the way back", len(l.insights(&types.InsightsFilter{Categories: []types.Category{types.CategoryRollbackReadiness}})), 4)
	n := &corev1.Node{Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.35.0-eks-1"}}}
	n.Name = "newer"
	l.kube().Save(n)
	_, err = l.upgrade("1.34")
	l.refused("InvalidStateException", err)
	l.kube().Remove(kubeapi.Get[corev1.Node](l.kube(), "", "newer"))
	u, err := l.upgrade("1.34")
	l.refused("", err)
	l.holds("the update", u.Type, types.UpdateTypeVersionRollback)
	_, err = l.AWS.EKS.CancelUpdate(t.Context(), &eks.CancelUpdateInput{Name: new("c"), UpdateId: u.Id})
	l.refused("InvalidRequestException", err) // the cluster is not in Auto Mode
	l.after(20 * time.Minute)
	l.holds("the control plane", *l.cluster().Version, "1.34")
	_, err = l.upgrade("1.33")
	l.refused("InvalidParameterException", err)
	_, err = l.upgrade("1.35")
	l.refused("", err)
	l.after(8 * 24 * time.Hour)
	_, err = l.upgrade("1.34")
	l.refused("InvalidParameterException", err) // it is too late
}

func TestVersionsAreFiltered(t *testing.T) {
	l := begin(t)
	count := func(in eks.DescribeClusterVersionsInput) int {
		out, err := l.AWS.EKS.DescribeClusterVersions(t.Context(), &in)
		l.refused("", err)
		return len(out.ClusterVersions)
	}
	l.holds("all", count(eks.DescribeClusterVersionsInput{}), 5)
	l.holds("in standard support", count(eks.DescribeClusterVersionsInput{VersionStatus: types.VersionStatusStandardSupport}), 3)
	l.holds("the default", count(eks.DescribeClusterVersionsInput{DefaultOnly: new(true)}), 1)
	l.holds("of local clusters", count(eks.DescribeClusterVersionsInput{ClusterType: new("eks-local-outposts")}), 0)
	addons, err := l.AWS.EKS.DescribeAddonVersions(t.Context(), &eks.DescribeAddonVersionsInput{KubernetesVersion: new("1.34"), Types: []string{"storage"}})
	l.refused("", err)
	l.holds("storage add-ons", len(addons.Addons), 4)
}
