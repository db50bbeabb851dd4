package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Claims is what the record says of the config file's fields, as plain JSON of the file's
// shape: what the templates set, else what the recorded config says, else what AWS does
// where nobody says anything. So a cluster that eksctl made has a record too.
func Claims(o *observe.Observed, r *Record, resources []*Resource) any {
	set, defaults := map[string]any{}, map[string]any{}
	if s := o.Stacks[stack.ClusterName(o.Name)]; s != nil && s.Tags[eksfacts.TagOIDC] == "true" {
		Put(set, "iam.withOIDC", true)
	}
	for _, x := range resources {
		switch x.Type {
		case "AWS::EKS::Cluster":
			controlPlane(x, set, defaults)
		case "AWS::EKS::Nodegroup":
			nodegroup(x, set, defaults)
		}
	}
	var was any = map[string]any{}
	if r.Config != nil {
		b, err := json.Marshal(r.Config)
		if err == nil {
			err = json.Unmarshal(b, &was)
		}
		if err != nil {
			panic(fmt.Sprintf("record: %v", err)) // config types are plain data
		}
	}
	return overlay(overlay(defaults, was), set)
}

// overlay puts one tree over another: elements of lists by their names; silence is no
// value.
func overlay(under, over any) any {
	switch o := over.(type) {
	case nil:
		return under
	case map[string]any:
		u, ok := under.(map[string]any)
		if !ok {
			return over
		}
		out := map[string]any{}
		for k, v := range u {
			out[k] = v
		}
		for k, v := range o {
			out[k] = overlay(u[k], v)
		}
		return out
	case []any:
		u, _ := under.([]any)
		if len(o) == 0 || nameOf(o[0]) == "" {
			return over
		}
		out := slices.Clone(u)
		for _, v := range o {
			if i := slices.IndexFunc(out, func(x any) bool { return nameOf(x) == nameOf(v) }); i >= 0 {
				out[i] = overlay(out[i], v)
			} else {
				out = append(out, v)
			}
		}
		return out
	}
	return over
}

// Put sets a value at a dotted path of a tree.
func Put(tree map[string]any, path string, v any) {
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		m, ok := tree[k].(map[string]any)
		if !ok {
			m = map[string]any{}
			tree[k] = m
		}
		tree = m
	}
	tree[keys[len(keys)-1]] = v
}

// controlPlane reads AWS::EKS::Cluster; the defaults are those of EKS's API reference.
func controlPlane(x *Resource, set, defaults map[string]any) {
	for path, from := range map[string][]string{
		"vpc.clusterEndpoints.publicAccess":       {"ResourcesVpcConfig", "EndpointPublicAccess"},
		"vpc.clusterEndpoints.privateAccess":      {"ResourcesVpcConfig", "EndpointPrivateAccess"},
		"vpc.publicAccessCIDRs":                   {"ResourcesVpcConfig", "PublicAccessCidrs"},
		"vpc.controlPlaneSubnetIDs":               {"ResourcesVpcConfig", "SubnetIds"},
		"vpc.controlPlaneSecurityGroupIDs":        {"ResourcesVpcConfig", "SecurityGroupIds"},
		"vpc.controlPlaneEgressMode":              {"ResourcesVpcConfig", "ControlPlaneEgressMode"},
		"kubernetesNetworkConfig.serviceIPv4CIDR": {"KubernetesNetworkConfig", "ServiceIpv4Cidr"},
		"accessConfig.authenticationMode":         {"AccessConfig", "AuthenticationMode"},
		"upgradePolicy.supportType":               {"UpgradePolicy", "SupportType"},
		"zonalShiftConfig.enabled":                {"ZonalShiftConfig", "Enabled"},
		"controlPlaneScalingConfig.tier":          {"ControlPlaneScalingConfig", "Tier"},
		"iam.serviceRoleARN":                      {"RoleArn"},
	} {
		if v, ok := x.Known(from...); ok {
			Put(set, path, plainly(v))
		}
	}
	if v, ok := x.Known("Logging", "ClusterLogging", "EnabledTypes"); ok {
		types := []any{}
		for _, t := range list(v) {
			m, _ := t.(map[string]any)
			types = append(types, m["Type"])
		}
		Put(set, "cloudWatch.clusterLogging.enableTypes", types)
	}
	if v, ok := x.Known("EncryptionConfig"); ok {
		for _, e := range list(v) {
			m, _ := e.(map[string]any)
			p, _ := m["Provider"].(map[string]any)
			Put(set, "secretsEncryption.keyARN", p["KeyArn"])
		}
	}
	Put(defaults, "vpc.clusterEndpoints.publicAccess", true)
	Put(defaults, "vpc.clusterEndpoints.privateAccess", false)
	if v, _ := x.Known("KubernetesNetworkConfig", "IpFamily"); v != "ipv6" { // there, EKS may add ::/0
		Put(defaults, "vpc.publicAccessCIDRs", []any{"0.0.0.0/0"})
	}
	Put(defaults, "cloudWatch.clusterLogging.enableTypes", []any{})
	Put(defaults, "upgradePolicy.supportType", "EXTENDED")
	Put(defaults, "zonalShiftConfig.enabled", false)
	Put(defaults, "controlPlaneScalingConfig.tier", "standard")
}

// nodegroup reads AWS::EKS::Nodegroup.
func nodegroup(x *Resource, set, defaults map[string]any) {
	name, ok := x.Text("NodegroupName")
	if !ok {
		return
	}
	g, silent := map[string]any{"name": name}, map[string]any{"name": name}
	for path, from := range map[string][]string{
		"labels": {"Labels"}, "tags": {"Tags"}, "minSize": {"ScalingConfig", "MinSize"}, "maxSize": {"ScalingConfig", "MaxSize"},
		"desiredCapacity": {"ScalingConfig", "DesiredSize"}, "instanceTypes": {"InstanceTypes"}, "subnets": {"Subnets"},
		"iam.instanceRoleARN": {"NodeRole"}, "releaseVersion": {"ReleaseVersion"}, "updateConfig.maxUnavailable": {"UpdateConfig", "MaxUnavailable"},
		"updateConfig.maxUnavailablePercentage": {"UpdateConfig", "MaxUnavailablePercentage"}, "nodeRepairConfig.enabled": {"NodeRepairConfig", "Enabled"},
	} {
		if v, ok := x.Known(from...); ok {
			Put(g, path, plainly(v))
		}
	}
	Put(silent, "taints", []any{})
	Put(silent, "nodeRepairConfig.enabled", false)
	if v, ok := x.Known("Taints"); ok {
		taints := []any{}
		for _, t := range list(v) {
			m, _ := t.(map[string]any)
			effect, _ := m["Effect"].(string)
			t := map[string]any{"key": m["Key"], "effect": eksfacts.KubernetesEffect(effect)}
			if v, _ := m["Value"].(string); v != "" {
				t["value"] = v
			}
			taints = append(taints, t)
		}
		g["taints"] = taints
	}
	if v, ok := x.Text("CapacityType"); ok {
		g["spot"] = v == "SPOT"
	}
	groups, _ := set["managedNodeGroups"].([]any)
	set["managedNodeGroups"] = append(groups, g)
	groups, _ = defaults["managedNodeGroups"].([]any)
	defaults["managedNodeGroups"] = append(groups, silent)
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// plainly are numbers and switches as such: templates may write them as texts.
func plainly(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	switch strings.ToLower(s) {
	case "true":
		return true
	case "false":
		return false
	}
	var n float64
	if json.Unmarshal([]byte(s), &n) == nil {
		return n
	}
	return s
}
