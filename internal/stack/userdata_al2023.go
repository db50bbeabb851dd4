package stack

import (
	"fmt"
	"maps"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/config"
)

// nodeConfig is nodeadm's configuration, as far as we write it
// (awslabs/amazon-eks-ami, nodeadm/api/v1alpha1).
type nodeConfig struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Spec       nodeConfigSpec `json:"spec"`
}

type nodeConfigSpec struct {
	Cluster *nodeCluster `json:"cluster,omitempty"`
	Kubelet nodeKubelet  `json:"kubelet,omitempty"`
}

type nodeCluster struct {
	Name                 string `json:"name"`
	APIServerEndpoint    string `json:"apiServerEndpoint"`
	CertificateAuthority string `json:"certificateAuthority"` // base64
	CIDR                 string `json:"cidr"`
}

type nodeKubelet struct {
	Config map[string]any `json:"config,omitempty"`
	Flags  []string       `json:"flags,omitempty"`
}

const nodeConfigVersion = "node.eks.aws/v1alpha1"

// nodeadm is what an AL2023 node reads: scripts for cloud-init, and NodeConfigs,
// which nodeadm merges in their order, the later one winning. The user's own stands
// beside ours and after it, as eksctl's does.
func (b bootstrap) nodeadm() []part {
	var out []part
	for _, p := range b.n.PreBootstrapCommands {
		out = append(out, script(p))
	}
	kind := overrideKind(b.n)
	if kind == overrideScript {
		out = append(out, script(b.n.OverrideBootstrapCommand))
	}
	if own := b.nodeConfig(); own != nil {
		y, err := yaml.Marshal(own)
		if err != nil {
			panic(err) // plain data
		}
		out = append(out, part{typeNodeConfig, string(y)})
	}
	if kind == overrideNodeConfig {
		out = append(out, part{typeNodeConfig, b.n.OverrideBootstrapCommand})
	}
	return out
}

// nodeConfig is our own NodeConfig; nil when EKS's says everything.
func (b bootstrap) nodeConfig() *nodeConfig {
	out := &nodeConfig{APIVersion: nodeConfigVersion, Kind: "NodeConfig"}
	kubelet := map[string]any{}
	maps.Copy(kubelet, b.kubelet)
	if b.dns != "" {
		kubelet["clusterDNS"] = []string{b.dns}
	}
	if b.n.MaxPodsPerNode != nil {
		kubelet["maxPods"] = *b.n.MaxPodsPerNode
	}
	out.Spec.Kubelet.Config = kubelet
	if b.joins {
		out.Spec.Cluster = &nodeCluster{Name: b.live.Cluster, APIServerEndpoint: b.live.Endpoint, CertificateAuthority: b.live.CA, CIDR: b.live.ServiceCIDR}
		out.Spec.Kubelet.Flags = b.flags()
	} else if len(kubelet) == 0 {
		return nil
	}
	return out
}

// Kinds of overrideBootstrapCommand on an AMI that nodeadm initialises.
const (
	overrideNone = iota
	overrideScript
	overrideNodeConfig
	overrideBroken
)

// overrideKind tells what an overrideBootstrapCommand is. eksctl takes a NodeConfig
// only, and fails at anything else. A script is of use too: cloud-init runs it beside
// nodeadm, and an AMI that is AL2 behind an unset amiFamily runs nothing else.
func overrideKind(n *config.NodeGroupBase) int {
	text := n.OverrideBootstrapCommand
	if text == "" {
		return overrideNone
	}
	if strings.HasPrefix(text, "#!") {
		return overrideScript
	}
	var doc map[string]any
	if yaml.Unmarshal([]byte(text), &doc) != nil || doc["apiVersion"] == nil && doc["kind"] == nil && doc["spec"] == nil {
		return overrideScript
	}
	if doc["apiVersion"] == nodeConfigVersion && doc["kind"] == "NodeConfig" {
		return overrideNodeConfig
	}
	return overrideBroken
}

// CheckOverride says why an AL2023 node cannot use its overrideBootstrapCommand; nil
// when it can, or is of another family.
func CheckOverride(n *config.NodeGroupBase) error {
	if n.AmiFamily != "AmazonLinux2023" || overrideKind(n) != overrideBroken {
		return nil
	}
	return fmt.Errorf("looks like a NodeConfig, but nodeadm reads only apiVersion: %s with kind: NodeConfig", nodeConfigVersion)
}
