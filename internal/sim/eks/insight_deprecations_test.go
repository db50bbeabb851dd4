package eks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/kube"
)

// An API that ends with the next minor is an insight: passing until a client uses it, then an
// error that names the client and holds the upgrade back, and passing a month later.
func TestDeprecatedAPIsAreAnInsight(t *testing.T) {
	l := begin(t)
	_, err := l.AWS.EKS.CreateCluster(t.Context(), &eks.CreateClusterInput{Name: new("old"), RoleArn: new(role), Version: new("1.31"),
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{subnetA, subnetB}}})
	l.refused("", err)
	l.after(20 * time.Minute)
	insight := func() *types.Insight {
		all, err := l.AWS.EKS.ListInsights(t.Context(), &eks.ListInsightsInput{ClusterName: new("old")})
		l.refused("", err)
		for _, i := range all.Insights {
			if *i.Name == "Deprecated APIs removed in Kubernetes v1.32" {
				one, err := l.AWS.EKS.DescribeInsight(t.Context(), &eks.DescribeInsightInput{ClusterName: new("old"), Id: i.Id})
				l.refused("", err)
				return one.Insight
			}
		}
		t.Fatalf("there is none: %d insights", len(all.Insights))
		return nil
	}
	refresh := func() {
		_, err := l.AWS.EKS.StartInsightsRefresh(t.Context(), &eks.StartInsightsRefreshInput{ClusterName: new("old")})
		l.refused("", err)
		l.after(10 * time.Minute)
	}
	i := insight()
	l.holds("before", string(i.InsightStatus.Status)+" "+*i.InsightStatus.Reason, "PASSING No deprecated API usage detected within the last 30 days.")
	l.holds("its minor", *i.KubernetesVersion+" "+string(i.Category), "1.32 UPGRADE_READINESS")
	d, err := l.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("old")})
	l.refused("", err)
	k, err := kube.Client(t.Context(), l.AWS, d.Cluster)
	l.refused("", err)
	_, err = k.FlowcontrolV1beta3().FlowSchemas().List(t.Context(), metav1.ListOptions{})
	l.refused("", err)
	l.holds("until the next look", insight().InsightStatus.Status, types.InsightStatusValuePassing)
	refresh()
	i = insight()
	l.holds("used", string(i.InsightStatus.Status)+" "+*i.InsightStatus.Reason,
		"ERROR Deprecated API usage detected within last 30 days and your cluster is on Kubernetes v1.31.")
	l.holds("what is to be done", *i.Recommendation,
		"Update manifests and API clients to use newer Kubernetes APIs if applicable before upgrading to Kubernetes v1.32.")
	used := 0
	for _, x := range i.CategorySpecificSummary.DeprecationDetails {
		if strings.HasSuffix(*x.Usage, "/v1beta3/flowschemas") {
			used = len(x.ClientStats)
			l.holds("it is replaced", *x.ReplacedWith+" "+*x.StopServingVersion+" "+*x.StartServingReplacementVersion,
				"/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas 1.32 1.29")
			l.holds("how often", x.ClientStats[0].NumberOfRequestsLast30Days, int32(1))
		}
	}
	l.holds("by whom", used, 1)
	_, err = l.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("old"), Version: new("1.32")})
	l.refused("InvalidStateException", err)
	l.after(31 * 24 * time.Hour)
	l.holds("a month later", insight().InsightStatus.Status, types.InsightStatusValuePassing)
	_, err = l.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("old"), Version: new("1.32")})
	l.refused("", err)
}
