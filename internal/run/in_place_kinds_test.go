package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Groups of each family are taken to the control plane's version in place, as many nodes at a
// time as their update config says; by MINIMAL there are never more than before.
func TestGroupsOfEachKindInPlace(t *testing.T) {
	for what, c := range map[string]struct {
		group   string // of the file
		release string // that the new one begins with
		title   string
		most    int // nodes at once, that the group may come to
	}{
		"Bottlerocket":   {"amiFamily: Bottlerocket", "1.", "by EKS, 1 node at a time", 8},
		"Windows":        {"amiFamily: WindowsServer2022CoreContainer", "1.35-", "by EKS, 1 node at a time", 8},
		"MINIMAL":        {"desiredCapacity: 3, updateConfig: {maxUnavailable: 1}", "1.35.", "by EKS, 1 node at a time", 3},
		"a part at once": {"desiredCapacity: 4, maxSize: 4, updateConfig: {maxUnavailablePercentage: 50}", "1.35.", "by EKS, 2 nodes at a time", 10},
	} {
		text := testregion.Cluster + "managedNodeGroups: [{name: w, " + c.group + "}]\n"
		if strings.Contains(c.group, "Windows") {
			text = testregion.Cluster + "managedNodeGroups: [{name: l, desiredCapacity: 1}, {name: w, " + c.group + "}]\n"
		}
		r := up(t, text)
		_, err := r.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("test"), Version: new("1.35")})
		must(t, err)
		if what == "MINIMAL" { // eksctl's file has no word for it
			_, err := r.AWS.EKS.UpdateNodegroupConfig(t.Context(), &eks.UpdateNodegroupConfigInput{ClusterName: new("test"), NodegroupName: new("w"),
				UpdateConfig: &types.NodegroupUpdateConfig{MaxUnavailable: new(int32(1)), UpdateStrategy: types.NodegroupUpdateStrategiesMinimal}})
			must(t, err)
		}
		r.Sim.World.Advance(time.Hour)
		was, _ := releaseOf(t, r, "w")
		s := inPlace(t, r, run.InPlace{Group: "w"})
		if e := s.Plan.Entry("nodegroup-version/w"); e == nil || !strings.Contains(e.Title, c.title) {
			t.Errorf("%s: %+v", what, s.Plan.Entries)
			continue
		}
		if strings.Contains(strings.Join(s.Plan.Notes, "\n"), "MINIMAL") != (what == "MINIMAL") {
			t.Errorf("%s: %v", what, s.Plan.Notes)
		}
		g, _ := s.Live.NodeGroup("w")
		most, asg := 0, g.Scaling.Name
		rep, err := s.Run(t.Context(), r.Clock, 1, func(engine.Event) {
			most = max(most, int(*r.Region.ASG.Group(asg).DesiredCapacity))
		})
		must(t, err)
		if !rep.OK() {
			t.Errorf("%s: %s", what, rep.FirstFailure)
			continue
		}
		is, status := releaseOf(t, r, "w")
		if is == was && what != "Bottlerocket" || !strings.HasPrefix(is, c.release) || status != types.NodegroupStatusActive || most > c.most {
			t.Errorf("%s: %s → %s, %s, %d nodes at once", what, was, is, status, most)
		}
		for _, n := range inPlace(t, r, run.InPlace{Group: "w"}).Live.Kubernetes.Nodes {
			if n.Nodegroup == "w" && (!strings.HasPrefix(n.Version, "v1.35.") || !n.Ready || n.Unschedulable) {
				t.Errorf("%s: node %s is %+v", what, n.Name, n)
			}
		}
	}
}
