// Package export says of a live cluster what a config file would say of it. It is pure:
// it must not call AWS, and not know what is done with the file.
package export

import (
	"maps"
	"slices"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// Foundation is what a config file would say of a live cluster that a node group's own
// stack depends on.
func Foundation(region string, live *observe.Observed, net vpc.Network) map[string]any {
	of := live.Cluster
	place := map[string]any{"id": net.VPC}
	subnets := map[string]any{}
	for side, list := range map[string][]vpc.Subnet{"public": net.Public, "private": net.Private} {
		named := map[string]any{}
		for _, s := range list {
			named[s.ID] = map[string]any{"id": s.ID}
		}
		if len(named) > 0 {
			subnets[side] = named
		}
	}
	if len(subnets) > 0 {
		place["subnets"] = subnets
	}
	doc := map[string]any{"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig", "vpc": place,
		"metadata": map[string]any{"name": live.Name, "region": region, "version": of.Version}}
	if a := of.AccessConfig; a != nil && a.AuthenticationMode != "" {
		doc["accessConfig"] = map[string]any{"authenticationMode": a.AuthenticationMode}
	}
	if addons := plugin(live); addons != nil {
		doc["addons"] = addons
	}
	return doc
}

// plugin is where the network plugin has its rights from, if not from the nodes: their
// role would have them too, where nothing says otherwise.
func plugin(live *observe.Observed) []any {
	const agent = "eks-pod-identity-agent"
	cni := live.Addons[eksfacts.VPCCNI]
	if cni == nil {
		return nil
	}
	x := map[string]any{"name": eksfacts.VPCCNI}
	if cni.ServiceAccountRoleARN != "" {
		x["serviceAccountRoleARN"] = cni.ServiceAccountRoleARN
		return []any{x}
	}
	for _, id := range slices.Sorted(maps.Keys(live.PodIdentities)) {
		p := live.PodIdentities[id]
		if p.ServiceAccount == "aws-node" && live.Addons[agent] != nil {
			x["podIdentityAssociations"] = []any{map[string]any{"serviceAccountName": p.ServiceAccount, "namespace": p.Namespace, "roleARN": p.RoleARN}}
			return []any{x, map[string]any{"name": agent}}
		}
	}
	return []any{x}
}
