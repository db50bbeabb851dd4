package export

import (
	"reflect"
	"testing"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// The network plugin's rights are told where they are from; a plugin without any of its own
// leaves them to the nodes.
func TestThePluginsRights(t *testing.T) {
	live := func(role string, agent bool) *observe.Observed {
		o := &observe.Observed{Name: "c", Cluster: &observe.Cluster{Version: "1.34"},
			Addons: map[string]*observe.Addon{"vpc-cni": {ServiceAccountRoleARN: role}, "coredns": {}}}
		if agent {
			o.Addons["eks-pod-identity-agent"] = &observe.Addon{}
			o.PodIdentities = map[string]*observe.PodIdentity{"kube-system/aws-node": {Namespace: "kube-system", ServiceAccount: "aws-node", RoleARN: "arn:p"}}
		}
		return o
	}
	net := vpc.Network{VPC: "vpc-1", Public: []vpc.Subnet{{ID: "subnet-1"}}}
	for _, c := range []struct {
		what string
		live *observe.Observed
		want []any
	}{
		{"of the nodes", live("", false), []any{map[string]any{"name": "vpc-cni"}}},
		{"a role", live("arn:r", false), []any{map[string]any{"name": "vpc-cni", "serviceAccountRoleARN": "arn:r"}}},
		{"a pod identity", live("", true), []any{map[string]any{"name": "vpc-cni", "podIdentityAssociations": []any{
			map[string]any{"serviceAccountName": "aws-node", "namespace": "kube-system", "roleARN": "arn:p"}}}, map[string]any{"name": "eks-pod-identity-agent"}}},
	} {
		doc := Foundation("us-west-2", c.live, net)
		if !reflect.DeepEqual(doc["addons"], any(c.want)) {
			t.Errorf("%s: %v", c.what, doc["addons"])
		}
		if place := doc["vpc"]; !reflect.DeepEqual(place, map[string]any{"id": "vpc-1", "subnets": map[string]any{"public": map[string]any{
			"subnet-1": map[string]any{"id": "subnet-1"}}}}) {
			t.Errorf("%s: %v", c.what, place)
		}
	}
}
