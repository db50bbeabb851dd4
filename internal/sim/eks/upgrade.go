package eks

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// skew is how many minors a kubelet may be older than its API server (Kubernetes'
// version skew policy since 1.28; facts/eks.md §6).
const skew = 3

// wayBack is how long after an upgrade a control plane can go back to the minor before
// (facts/eks.md §6).
const wayBack = 7 * 24 * time.Hour

// upgraded is the last upgrade of a control plane.
type upgraded struct {
	From string
	At   time.Time
}

// before is the minor that the control plane can go back to; "" is none.
func (c *cluster) before() string {
	if c.Upgraded == nil || c.e.w.Date().Sub(c.Upgraded.At) > wayBack {
		return ""
	}
	return c.Upgraded.From
}

// UpdateClusterVersion brings the control plane to the next minor, or back to the one that
// it came from: 8 to 15 minutes. Nodes and add-ons stay as they are.
func (s *EKS) UpdateClusterVersion(by *wire.Caller, in *eks.UpdateClusterVersionInput) (*eks.UpdateClusterVersionOutput, error) {
	c, err := s.cluster(in.Name)
	if err != nil {
		return nil, err
	}
	if u := c.Updates.Get(by.Before()); u != nil {
		return &eks.UpdateClusterVersionOutput{Update: new(*u)}, nil
	}
	to := aws.ToString(in.Version)
	if !Offered(to) {
		return nil, invalid("unsupported Kubernetes version").Member("clusterName", *c.Name)
	}
	kind, category := types.UpdateTypeVersionUpdate, types.CategoryUpgradeReadiness
	switch {
	case minorNumber(to) == minorNumber(*c.Version)+1:
	case to == c.before():
		kind, category = types.UpdateTypeVersionRollback, types.CategoryRollbackReadiness
	default:
		return nil, invalid("Unsupported Kubernetes minor version update from %s to %s", *c.Version, to).Member("clusterName", *c.Name)
	}
	if err := checkRollback(in.RollbackConfig, kind); err != nil {
		return nil, err.Member("clusterName", *c.Name)
	}
	for _, g := range c.groups.All() {
		if minorNumber(to)-minorNumber(*g.Version) > skew {
			return nil, wire.Errorf("InvalidRequestException", "Nodegroups %s must be updated to match cluster version %s before updating cluster version",
				*g.NodegroupName, *c.Version).Member("clusterName", *c.Name)
		}
	}
	if err := errorOf(c.free(kind), s.roomFor("InvalidRequestException", c.ResourcesVpcConfig.SubnetIds)); err != nil {
		return nil, err
	}
	if !in.Force && c.blocked(category) {
		return nil, wire.Errorf("InvalidStateException", unready, readiness[category]).Member("clusterName", *c.Name)
	}
	params := []types.UpdateParam{param(types.UpdateParamTypeVersion, to), param(types.UpdateParamTypePlatformVersion, *c.PlatformVersion)}
	u := c.open(by, kind, params)
	if kind == types.UpdateTypeVersionRollback && c.auto() {
		c.sendNodesBack(u, to, in) // they go before the control plane
	} else {
		c.replaceControlPlane(u, to)
	}
	return &eks.UpdateClusterVersionOutput{Update: new(*u)}, nil
}

const unready = "Amazon EKS detected %s issues. Call the ListInsights API to view detected blocking issues. " +
	"Pass the force flag when updating to override readiness errors."

var readiness = map[types.Category]string{types.CategoryUpgradeReadiness: "upgrade readiness", types.CategoryRollbackReadiness: "rollback readiness"}

// setVersion is the end of an upgrade, or of the way back.
func (c *cluster) setVersion(v string) {
	was := *c.Version
	c.Version = new(v)
	c.kube.SetVersion(kubelet(v))
	c.Upgraded, c.Back = nil, nil
	if minorNumber(v) > minorNumber(was) {
		c.Upgraded = &upgraded{was, c.e.w.Date()}
	}
	c.lookAhead()
	c.drift()
}

// DescribeClusterVersions lists the minors on offer.
func (s *EKS) DescribeClusterVersions(_ *wire.Caller, in *eks.DescribeClusterVersionsInput) (*eks.DescribeClusterVersionsOutput, error) {
	out := &eks.DescribeClusterVersionsOutput{ClusterVersions: []types.ClusterVersionInformation{}}
	if t := aws.ToString(in.ClusterType); t != "" && t != "eks" {
		return out, nil // of local clusters on Outposts the region knows none
	}
	for _, v := range Versions {
		status := types.ClusterVersionStatusStandardSupport
		if v.Status == types.VersionStatusExtendedSupport {
			status = types.ClusterVersionStatusExtendedSupport
		}
		//lint:ignore SA1019 older clients send it still
		older := in.Status
		if aws.ToBool(in.DefaultOnly) && !v.Default || len(in.ClusterVersions) > 0 && !slices.Contains(in.ClusterVersions, v.Minor) ||
			older != "" && older != status || in.VersionStatus != "" && in.VersionStatus != v.Status {
			continue
		}
		i := types.ClusterVersionInformation{ClusterVersion: new(v.Minor), ClusterType: new("eks"), DefaultVersion: v.Default, Status: status,
			VersionStatus: v.Status, KubernetesPatchVersion: new(v.Patch), DefaultPlatformVersion: new("eks.12")}
		i.ReleaseDate, i.EndOfStandardSupportDate, i.EndOfExtendedSupportDate = day(v.Released), day(v.Standard), day(v.Extended)
		out.ClusterVersions = append(out.ClusterVersions, i)
	}
	for _, v := range in.ClusterVersions {
		if !Offered(v) {
			return nil, invalid("unsupported Kubernetes version %s", v)
		}
	}
	return out, nil
}

// day reads a date of the table of versions.
func day(s string) *time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(fmt.Sprintf("the date %q: %v", s, err)) // the table is ours
	}
	return &t
}
