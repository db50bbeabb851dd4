package config

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// Kinds of overrideBootstrapCommand on an AMI that nodeadm initialises (AL2023).
const (
	OverrideNone       = ""
	OverrideScript     = "script"
	OverrideNodeConfig = "NodeConfig"
)

// NodeConfigVersion is the apiVersion that nodeadm reads
// (awslabs/amazon-eks-ami, nodeadm/api/v1alpha1).
const NodeConfigVersion = "node.eks.aws/v1alpha1"

// OverrideKind tells what an AL2023 group's overrideBootstrapCommand is. eksctl takes a
// NodeConfig only and fails at anything else. A script is of use too: cloud-init runs
// it beside nodeadm, and an AMI that is AL2 behind an unset amiFamily runs nothing
// else. The error says why nodeadm cannot read what looks like a NodeConfig.
func OverrideKind(n *NodeGroupBase) (string, error) {
	text := n.OverrideBootstrapCommand
	if text == "" {
		return OverrideNone, nil
	}
	if strings.HasPrefix(text, "#!") {
		return OverrideScript, nil
	}
	var doc map[string]any
	if yaml.Unmarshal([]byte(text), &doc) != nil || doc["apiVersion"] == nil && doc["kind"] == nil && doc["spec"] == nil {
		return OverrideScript, nil
	}
	if doc["apiVersion"] != NodeConfigVersion || doc["kind"] != "NodeConfig" {
		return OverrideNodeConfig, fmt.Errorf("looks like a NodeConfig, but nodeadm reads only apiVersion: %s with kind: NodeConfig", NodeConfigVersion)
	}
	return OverrideNodeConfig, nil
}
