package config

import (
	"fmt"
	"regexp"
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

// nodeConfig is what nodeadm reads of a NodeConfig, for its types: fields that it does
// not know it passes over, values of a wrong type it refuses.
type nodeConfig struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       struct {
		Cluster struct {
			Name                 string `json:"name"`
			APIServerEndpoint    string `json:"apiServerEndpoint"`
			CertificateAuthority []byte `json:"certificateAuthority"`
			CIDR                 string `json:"cidr"`
			EnableOutpost        *bool  `json:"enableOutpost"`
			ID                   string `json:"id"`
		} `json:"cluster"`
		Containerd struct {
			Config          string         `json:"config"`
			BaseRuntimeSpec map[string]any `json:"baseRuntimeSpec"`
		} `json:"containerd"`
		Kubelet struct {
			Config            map[string]any `json:"config"`
			Flags             []string       `json:"flags"`
			MaxPodsExpression string         `json:"maxPodsExpression"`
		} `json:"kubelet"`
		FeatureGates map[string]bool `json:"featureGates"`
	} `json:"spec"`
}

// looksLikeNodeConfig finds the two lines that no script has.
var looksLikeNodeConfig = regexp.MustCompile(`(?m)^(apiVersion:\s*["']?node\.eks\.aws/|kind:\s*["']?NodeConfig)`)

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
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil && looksLikeNodeConfig.MatchString(text) {
		return OverrideNodeConfig, fmt.Errorf("looks like a NodeConfig, but is not YAML: %s", oneLine(err))
	} else if err != nil || doc["apiVersion"] == nil && doc["kind"] == nil && doc["spec"] == nil {
		return OverrideScript, nil
	}
	if doc["apiVersion"] != NodeConfigVersion || doc["kind"] != "NodeConfig" {
		return OverrideNodeConfig, fmt.Errorf("looks like a NodeConfig, but nodeadm reads only apiVersion: %s with kind: NodeConfig", NodeConfigVersion)
	}
	var x nodeConfig
	if err := yaml.Unmarshal([]byte(text), &x); err != nil {
		return OverrideNodeConfig, fmt.Errorf("is a NodeConfig that nodeadm cannot read: %s", oneLine(err))
	}
	return OverrideNodeConfig, nil
}

// oneLine is what a YAML reader complains of, without its name.
func oneLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	for _, lead := range []string{"error unmarshaling JSON: ", "while decoding JSON: ", "error converting YAML to JSON: ", "yaml: ", "json: "} {
		s = strings.TrimPrefix(s, lead)
	}
	return strings.TrimSuffix(s, ":")
}
