package eks

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// deprecations are EKS's insights of APIs that the cluster's minor serves and a later one
// does not, one for each later minor: an error where the next one is meant, and clients used
// them within thirty days (EKS best practices, "Cluster Insights", for the words).
func (c *cluster) deprecations() (out []types.Insight) {
	byMinor := map[string][]kubeapi.Deprecated{}
	var minors []string
	for _, d := range c.kube.Deprecations() {
		if minorNumber(d.Removed) <= minorNumber(*c.Version) {
			continue
		}
		if byMinor[d.Removed] == nil {
			minors = append(minors, d.Removed)
		}
		byMinor[d.Removed] = append(byMinor[d.Removed], d)
	}
	for _, m := range minors {
		out = append(out, c.deprecation(m, byMinor[m]))
	}
	return out
}

func (c *cluster) deprecation(removed string, all []kubeapi.Deprecated) types.Insight {
	var found []finding
	bad, why := types.InsightStatusValueError, fmt.Sprintf("Deprecated API usage detected within last 30 days and your cluster is on Kubernetes v%s.", *c.Version)
	if before := minorNumber(removed) - 2; minorNumber(*c.Version) <= before {
		bad, why = types.InsightStatusValueWarning, fmt.Sprintf("Deprecated API usage detected within last 30 days and your cluster is on Kubernetes "+
			"v1.%d or lower, or existing resources using deprecated APIs present in cluster.", before)
	}
	var details []types.DeprecationDetail
	for _, d := range all {
		x := types.DeprecationDetail{Usage: new(d.Usage), ReplacedWith: new(d.ReplacedWith), StopServingVersion: new(d.Removed),
			StartServingReplacementVersion: new(d.Since), ClientStats: []types.ClientStat{}}
		for _, by := range d.Clients {
			x.ClientStats = append(x.ClientStats, types.ClientStat{UserAgent: new(by.UserAgent), NumberOfRequestsLast30Days: int32(by.Requests),
				LastRequestTime: &by.Last})
		}
		if len(d.Clients) > 0 {
			found = append(found, finding{bad: bad, why: why, uri: d.Usage + "/null"}) // of no object by name
		}
		details = append(details, x)
	}
	i := c.insight("Deprecated APIs removed in Kubernetes v"+removed, fmt.Sprintf("Checks for usage of deprecated APIs that are scheduled for removal in "+
		"Kubernetes v%s. Upgrading your cluster before migrating to the updated APIs supported by v%[1]s could cause application impact.", removed),
		"No deprecated API usage detected within the last 30 days.", "", types.CategoryUpgradeReadiness, removed, found)
	i.CategorySpecificSummary.DeprecationDetails = details
	i.AdditionalInfo = map[string]string{"EKS update cluster documentation": "https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html",
		"Kubernetes v" + removed + " deprecation guide": fmt.Sprintf("https://kubernetes.io/docs/reference/using-api/deprecation-guide/#v1-%d", minorNumber(removed))}
	if len(found) > 0 {
		i.Recommendation = new("Update manifests and API clients to use newer Kubernetes APIs if applicable before upgrading to Kubernetes v" + removed + ".")
	}
	return i
}
