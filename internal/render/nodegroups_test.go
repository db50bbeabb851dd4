package render_test

import (
	"bytes"
	"testing"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/render"
)

// A list of groups: one as it should be, one that has everything to tell of, nodes of none.
func TestNodeGroups(t *testing.T) {
	var b bytes.Buffer
	l := &outcome.NodeGroups{Cluster: "prod", Region: "eu-west-1", Version: "1.34", Drift: "Drift: the record is stale.", NotRead: []string{"AccessDenied: ssm:GetParameter"},
		Groups: []outcome.NodeGroup{
			{Name: "a", Kind: "managed", Owner: "stack eksctl-prod-nodegroup-a (slipway)", Status: "ACTIVE", Versions: []string{"1.34"}, Release: "1.34.2-20261120",
				Age: new(10), InstanceTypes: []string{"m5.large"}, Desired: 2, Min: 1, Max: 3, Ready: 2, Nodes: 2, Subnets: []string{"subnet-1"}, Zones: []string{"eu-west-1a"}},
			{Name: "b", Kind: "self-managed", Owner: "not known", Status: "DEGRADED", Cordoned: 1, Replaces: "a", Issues: []string{"NodeCreationFailure: i-1"}, Versions: []string{"1.33", "1.34"},
				Release: "1.33.1-20260101", Newest: "1.34.2-20261120", Newer: true, Desired: 3, Max: 3, Ready: 1, Nodes: 2, Drift: []string{"maxSize is 9"}},
		},
		Others: []outcome.NodePool{{Owner: "Karpenter", Name: "spot", Ready: 1, Nodes: 2}}}
	if err := render.NodeGroups(&b, render.Style{}, l); err != nil {
		t.Fatal(err)
	}
	l.Uncounted, l.Groups, l.Others = "the API server cannot be reached", l.Groups[:1], nil
	if err := render.NodeGroups(&b, render.Style{}, l); err != nil {
		t.Fatal(err)
	}
	golden(t, "nodegroups.txt", b.Bytes())
}
