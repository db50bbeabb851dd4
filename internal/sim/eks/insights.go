package eks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (s *EKS) registerInsights(svc *wire.Service) {
	wire.Handle(svc, "ListInsights", s.ListInsights)
	wire.Handle(svc, "DescribeInsight", s.DescribeInsight)
	wire.Handle(svc, "StartInsightsRefresh", s.StartInsightsRefresh)
	wire.Handle(svc, "DescribeInsightsRefresh", s.DescribeInsightsRefresh)
}

// insightChecks are what EKS looks at before a cluster goes to another minor (EKS user
// guide, "Prepare for Kubernetes version upgrades … with cluster insights"; facts/eks.md
// §6). The descriptions are EKS's.
var insightChecks = []struct {
	name, description, well string
	link                    string
	back                    bool // it is looked at before a rollback too
	find                    func(c *cluster, to string) []finding
}{
	{"Kubelet version skew", "Checks for kubelet versions of worker nodes in the cluster to see if upgrade would cause non compliance with supported Kubernetes " +
		"kubelet version skew policy.", "Node kubelet versions match the cluster control plane version.",
		"https://kubernetes.io/releases/version-skew-policy/#kubelet", true, kubeletSkew},
	{"kube-proxy version skew", "Checks version of kube-proxy in cluster to see if upgrade would cause non compliance with supported Kubernetes kube-proxy " +
		"version skew policy.", "kube-proxy versions match the cluster control plane version.",
		"https://kubernetes.io/releases/version-skew-policy/#kube-proxy", true, proxySkew},
	{"EKS add-on version compatibility", "Checks version of installed EKS add-ons to ensure compatibility with the next version of Kubernetes to avoid " +
		"impaired functionality.", "All installed EKS add-on versions are compatible with next Kubernetes version.",
		"https://docs.aws.amazon.com/eks/latest/userguide/managing-add-ons.html", true, addonCompatibility},
	{"Cluster health issues", "Checks for any cluster health issues that prevent successful upgrade to the next Kubernetes version on EKS.",
		"No cluster health issues detected.", "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#cluster-health-status", true,
		healthFindings},
	{"Amazon Linux 2 compatibility", "Checks if any nodes in the cluster are running Amazon Linux 2 (AL2) AMIs, which are not published for Kubernetes " +
		"versions after 1.32.", "No nodes running Amazon Linux 2 detected.", "https://docs.aws.amazon.com/eks/latest/userguide/al2023.html", false,
		oldLinux},
}

// finding is what stands in the way, of one resource.
type finding struct {
	bad      types.InsightStatusValue
	why      string
	arn, uri string
	fits     *types.AddonCompatibilityDetail
}

// minor is the minor of a version such as v1.34.1-eks-1.
func minorOf(version string) int {
	p := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(p) < 2 {
		return 0
	}
	return minorNumber(p[0] + "." + p[1])
}

// skewed judges a component's minor beside that of the control plane to come.
func skewed(what string, have, to int) (types.InsightStatusValue, string) {
	switch {
	case have > to:
		return types.InsightStatusValueError, fmt.Sprintf("%s version is newer than the control plane version 1.%d would be.", what, to)
	case to-have > skew:
		return types.InsightStatusValueError, fmt.Sprintf("%s version is more than %d minor versions behind the control plane version 1.%d would be.", what, skew, to)
	case to-have == skew:
		return types.InsightStatusValueWarning, fmt.Sprintf("%s version is %d minor versions behind the control plane version 1.%d would be.", what, skew, to)
	}
	return "", ""
}

func kubeletSkew(c *cluster, to string) (out []finding) {
	for _, n := range kubeapi.List[corev1.Node](c.kube) {
		if c.runs(n.Name) {
			continue // Auto Mode replaces its nodes itself
		}
		if bad, why := skewed("Kubelet", minorOf(n.Status.NodeInfo.KubeletVersion), minorNumber(to)); bad != "" {
			out = append(out, finding{bad: bad, why: why, uri: "/api/v1/nodes/" + n.Name})
		}
	}
	return out
}

func proxySkew(c *cluster, to string) []finding {
	d := kubeapi.Get[appsv1.DaemonSet](c.kube, "kube-system", "kube-proxy")
	if d == nil || len(d.Spec.Template.Spec.Containers) == 0 {
		return nil
	}
	image := d.Spec.Template.Spec.Containers[0].Image
	have := minorOf(image[strings.LastIndex(image, ":")+1:])
	bad, why := skewed("kube-proxy", have, minorNumber(to))
	if have == 0 || bad == "" {
		return nil
	}
	return []finding{{bad: bad, why: why, uri: "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy"}}
}

// addonCompatibility leaves kube-proxy to its own check: it follows the control plane.
func addonCompatibility(c *cluster, to string) (out []finding) {
	for _, a := range c.addons.All() {
		fit := versionsOf(*a.AddonName, to)
		if *a.AddonName != "kube-proxy" && !slices.Contains(fit, *a.AddonVersion) {
			out = append(out, finding{bad: types.InsightStatusValueWarning, why: "The add-on version is not compatible with Kubernetes version " + to + ".",
				arn: *a.AddonArn, fits: &types.AddonCompatibilityDetail{Name: a.AddonName, CompatibleVersions: fit}})
		}
	}
	return out
}

func healthFindings(c *cluster, _ string) (out []finding) {
	for _, i := range findings(c, clusterChecks) {
		out = append(out, finding{bad: types.InsightStatusValueError, why: string(i.Code) + ": " + aws.ToString(i.Message), arn: *c.Arn})
	}
	return out
}

func oldLinux(c *cluster, to string) (out []finding) {
	bad := types.InsightStatusValueWarning
	if minorNumber(to) > 32 {
		bad = types.InsightStatusValueError
	}
	for _, n := range kubeapi.List[corev1.Node](c.kube) {
		if n.Status.NodeInfo.OSImage == "Amazon Linux 2" && !strings.HasPrefix(n.Name, "fargate-") {
			out = append(out, finding{bad: bad, why: "The node runs Amazon Linux 2.", uri: "/api/v1/nodes/" + n.Name})
		}
	}
	return out
}

// insights is what EKS finds now: of an upgrade to the next minor, and of the way back
// while there is one.
func (c *cluster) insights() []types.Insight {
	next := fmt.Sprintf("1.%d", minorNumber(*c.Version)+1)
	out := []types.Insight{}
	for _, k := range insightChecks {
		if Offered(next) {
			out = append(out, c.insight(k.name, k.description, k.well, k.link, types.CategoryUpgradeReadiness, next, k.find(c, next)))
		}
	}
	out = append(out, c.deprecations()...)
	if c.before() == "" {
		return out
	}
	for _, k := range insightChecks {
		if k.back {
			out = append(out, c.insight(k.name, k.description, k.well, k.link, types.CategoryRollbackReadiness, c.before(), k.find(c, c.before())))
		}
	}
	return out
}

func (c *cluster) insight(name, description, well, link string, category types.Category, to string, found []finding) types.Insight {
	now := c.e.w.Date()
	out := types.Insight{Id: new(c.e.w.Hex("insight "+c.ID+" "+name+" "+string(category)+" "+to, 32)), Name: new(name), Category: category,
		Description: new(description), KubernetesVersion: new(to), LastRefreshTime: &now, LastTransitionTime: &now,
		AdditionalInfo: map[string]string{"EKS cluster insights documentation": "https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html",
			"Documentation": link},
		InsightStatus: &types.InsightStatus{Status: types.InsightStatusValuePassing, Reason: new(well)}, Resources: []types.InsightResourceDetail{},
		CategorySpecificSummary: &types.InsightCategorySpecificSummary{DeprecationDetails: []types.DeprecationDetail{},
			AddonCompatibilityDetails: []types.AddonCompatibilityDetail{}}}
	for _, f := range found {
		d := types.InsightResourceDetail{InsightStatus: &types.InsightStatus{Status: f.bad, Reason: new(f.why)}}
		if f.arn != "" {
			d.Arn = new(f.arn)
		}
		if f.uri != "" {
			d.KubernetesResourceUri = new(f.uri)
		}
		out.Resources = append(out.Resources, d)
		if f.fits != nil {
			out.CategorySpecificSummary.AddonCompatibilityDetails = append(out.CategorySpecificSummary.AddonCompatibilityDetails, *f.fits)
		}
		if out.InsightStatus.Status != types.InsightStatusValueError {
			out.InsightStatus.Status = f.bad
			out.InsightStatus.Reason = new(f.why)
		}
	}
	if len(found) > 0 {
		out.Recommendation = new("Resolve what is listed under resources, then refresh the insights.")
	}
	return out
}

// blocked tells whether a check of a category stands in the way of a change now.
func (c *cluster) blocked(category types.Category) bool {
	return slices.ContainsFunc(c.insights(), func(i types.Insight) bool {
		return i.Category == category && i.InsightStatus.Status == types.InsightStatusValueError
	})
}

// insightsEvery is how often EKS looks by itself (EKS user guide).
const insightsEvery = 24 * time.Hour

func (c *cluster) watchInsights() { c.e.w.Schedule(insightsEvery, "eks:insights", c.ID, nil) }

func (c *cluster) checkInsights() {
	if !c.Deleting {
		c.lookAhead()
		c.watchInsights()
	}
}

// lookAhead brings the insights up to date; one whose status is as it was keeps the time of
// its last change.
func (c *cluster) lookAhead() {
	was := c.Insights
	c.Insights = c.insights()
	for i := range c.Insights {
		n := &c.Insights[i]
		for _, o := range was {
			if *o.Id == *n.Id && o.InsightStatus.Status == n.InsightStatus.Status {
				n.LastTransitionTime = o.LastTransitionTime
			}
		}
	}
}

// refresh is a look that somebody asked for.
type refresh struct {
	Started time.Time
	Ended   *time.Time
}

// StartInsightsRefresh has EKS look again; it takes some minutes (the user guide says so,
// and no more).
func (s *EKS) StartInsightsRefresh(_ *wire.Caller, in *eks.StartInsightsRefreshInput) (*eks.StartInsightsRefreshOutput, error) {
	c, err := s.active(in.ClusterName)
	if err != nil {
		return nil, err
	}
	if c.Refresh != nil && c.Refresh.Ended == nil {
		return nil, wire.Errorf("InvalidRequestException", "An insights refresh is already in progress for cluster %s", *c.Name).Member("clusterName", *c.Name)
	}
	c.Refresh = &refresh{Started: s.w.Date()}
	d := s.w.Draw("eks:insights", *c.Name, 3*time.Minute, time.Minute, 5*time.Minute)
	s.w.Start("eks:insights", *c.Name, d, "eks:insights-refreshed", c.ID, nil)
	return &eks.StartInsightsRefreshOutput{Status: types.InsightsRefreshStatusInProgress, Message: new("Insights refresh is in progress")}, nil
}

func (c *cluster) refreshed() {
	if c.Refresh != nil && !c.Deleting {
		c.lookAhead()
		c.Refresh.Ended = new(c.e.w.Date())
	}
}

// DescribeInsightsRefresh tells of the last look that somebody asked for.
func (s *EKS) DescribeInsightsRefresh(_ *wire.Caller, in *eks.DescribeInsightsRefreshInput) (*eks.DescribeInsightsRefreshOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	r := c.Refresh
	switch {
	case r == nil:
		return nil, notFound("No insights refresh found for cluster: %s.", *c.Name).Member("clusterName", *c.Name)
	case r.Ended == nil:
		return &eks.DescribeInsightsRefreshOutput{Status: types.InsightsRefreshStatusInProgress, StartedAt: &r.Started,
			Message: new("Insights refresh is in progress")}, nil
	}
	return &eks.DescribeInsightsRefreshOutput{Status: types.InsightsRefreshStatusCompleted, StartedAt: &r.Started, EndedAt: r.Ended,
		Message: new("Insights refresh completed")}, nil
}

// ListInsights lists what was found at the last look.
func (s *EKS) ListInsights(_ *wire.Caller, in *eks.ListInsightsInput) (*eks.ListInsightsOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	f := in.Filter
	if f == nil {
		f = &types.InsightsFilter{}
	}
	out := &eks.ListInsightsOutput{Insights: []types.InsightSummary{}}
	for _, i := range c.Insights {
		if len(f.Categories) > 0 && !slices.Contains(f.Categories, i.Category) || len(f.Statuses) > 0 && !slices.Contains(f.Statuses, i.InsightStatus.Status) ||
			len(f.KubernetesVersions) > 0 && !slices.Contains(f.KubernetesVersions, *i.KubernetesVersion) {
			continue
		}
		out.Insights = append(out.Insights, types.InsightSummary{Id: i.Id, Name: i.Name, Category: i.Category, Description: i.Description,
			InsightStatus: i.InsightStatus, KubernetesVersion: i.KubernetesVersion, LastRefreshTime: i.LastRefreshTime,
			LastTransitionTime: i.LastTransitionTime})
	}
	return out, nil
}

// DescribeInsight reads one.
func (s *EKS) DescribeInsight(_ *wire.Caller, in *eks.DescribeInsightInput) (*eks.DescribeInsightOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	for _, i := range c.Insights {
		if *i.Id == aws.ToString(in.Id) {
			return &eks.DescribeInsightOutput{Insight: new(i)}, nil
		}
	}
	return nil, notFound("No insight found for ID: %s", aws.ToString(in.Id)).Member("clusterName", *c.Name)
}
