package stack

import (
	"encoding/json"
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

// nodeadm is what an AL2023 node reads: scripts for cloud-init, and NodeConfigs,
// which nodeadm merges in their order, the later one winning. The user's own stands
// beside ours and after it, as eksctl's does.
func (b bootstrap) nodeadm() []part {
	var out []part
	for _, p := range b.n.PreBootstrapCommands {
		out = append(out, script(p))
	}
	kind, _ := config.OverrideKind(b.n) // what nodeadm cannot read is refused with the file
	if kind == config.OverrideScript {
		out = append(out, script(b.n.OverrideBootstrapCommand))
	}
	if own := b.nodeConfig(); own != nil {
		out = append(out, part{typeNodeConfig, yamlText(own)})
	}
	if kind == config.OverrideNodeConfig {
		out = append(out, part{typeNodeConfig, b.n.OverrideBootstrapCommand})
	}
	return out
}

// nodeConfig is our own NodeConfig; nil when EKS's says everything.
func (b bootstrap) nodeConfig() *nodeConfig {
	out := &nodeConfig{APIVersion: config.NodeConfigVersion, Kind: "NodeConfig"}
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

// yamlText writes plain data as YAML. Characters that YAML takes in escapes alone are
// escaped first: JSON, which the writer goes through, takes them as they are.
func yamlText(v any) string {
	j, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain data
	}
	var b strings.Builder
	for _, r := range string(j) {
		if r >= 0x7f && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	y, err := yaml.JSONToYAML([]byte(b.String()))
	if err != nil {
		panic(err) // JSON
	}
	return string(y)
}
