package stack_test

import (
	"encoding/base64"
	"maps"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/sim/node/bootstrap"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// booted is what a node of the first group of a file makes of its user data. A managed
// group without an AMI of its own gets EKS's beside it, as EKS merges them.
func booted(t *testing.T, family bootstrap.Family, groups string) *bootstrap.Config {
	t.Helper()
	c := testregion.Load(t, strings.Replace(testregion.Cluster, "1.34", "1.32", 1)+groups).Cluster
	data := userData(t, c)
	if len(c.ManagedNodeGroups) > 0 && c.ManagedNodeGroups[0].AMI == "" {
		own := bootstrap.Config{Cluster: "test", Endpoint: "https://x", CA: "Q0E=", CIDR: "10.100.0.0/16",
			Labels: map[string]string{"eks.amazonaws.com/nodegroup": "g"}}
		merged, err := bootstrap.Merge(family, data, own)
		if err != nil {
			t.Fatalf("%s\n%s: %v", groups, decoded(t, data), err)
		}
		data = merged
	}
	n, err := bootstrap.Read(family, data, nil)
	if err != nil {
		t.Fatalf("%s\n%s: %v", groups, decoded(t, data), err)
	}
	if n.Cluster != "test" || n.Endpoint != "" && n.Endpoint != "https://x" || n.CA != "" && n.CA != "Q0E=" {
		t.Errorf("%s\n%+v", groups, n)
	}
	return n
}

// userData is the first group's, base64.
func userData(t *testing.T, c *config.ClusterConfig) string {
	t.Helper()
	body, id := "", "LaunchTemplate"
	if len(c.ManagedNodeGroups) > 0 {
		body = stack.Managed(c, &c.ManagedNodeGroups[0], live()).JSON()
	} else {
		body, id = stack.SelfManaged(c, &c.NodeGroups[0], live()).JSON(), "NodeGroupLaunchTemplate"
	}
	data, _ := resources(t, body)[id].Properties["LaunchTemplateData"].(map[string]any)["UserData"].(string)
	return data
}

func decoded(t *testing.T, data string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const ami = "ami: ami-0e53ec15ae8271f82, "

// Nodes of every family and of both kinds of group join, with labels, taints and
// maxPods, whatever the bootstrap commands are.
func TestEveryFamilysNodesJoin(t *testing.T) {
	own := map[string]string{"alpha.eksctl.io/cluster-name": "test", "alpha.eksctl.io/nodegroup-name": "g", "tier": "x"}
	taints := []corev1.Taint{{Key: "a", Value: "b", Effect: "PreferNoSchedule"}, {Key: "a", Effect: "NoExecute"}}
	common := "name: g, labels: {tier: x}, taints: [{key: a, value: b, effect: PreferNoSchedule}, {key: a, effect: NoExecute}], "
	nodeConfig := `overrideBootstrapCommand: "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  kubelet:\n    config:\n      maxPods: 33\n"`
	script := `overrideBootstrapCommand: "#!/bin/bash\n/etc/eks/bootstrap.sh test --kubelet-extra-args \"--node-labels=${NODE_LABELS} --register-with-taints=${NODE_TAINTS}\""`
	sourced := `overrideBootstrapCommand: "#!/bin/bash\nsource /var/lib/cloud/scripts/eksctl/bootstrap.helper.sh\n/etc/eks/bootstrap.sh ${CLUSTER_NAME} --kubelet-extra-args \"${KUBELET_EXTRA_ARGS}\""`
	for _, c := range []struct {
		name, text string
		family     bootstrap.Family
		pods       int
		told       bool // by the user data, not by EKS's API
	}{
		{"AL2023, EKS's AMI", "managedNodeGroups: [{" + common + "maxPodsPerNode: 110}]", bootstrap.AL2023, 110, false},
		{"AL2023, EKS's AMI, a NodeConfig", "managedNodeGroups: [{" + common + nodeConfig + "}]", bootstrap.AL2023, 33, false},
		{"AL2023, own AMI", "managedNodeGroups: [{" + common + ami + "preBootstrapCommands: [echo, 'touch /ü']}]", bootstrap.AL2023, 0, true},
		{"AL2023, own AMI, settings only", "managedNodeGroups: [{" + common + ami + nodeConfig + "}]", bootstrap.AL2023, 33, true},
		{"AL2023, own AMI, a script", "managedNodeGroups: [{" + common + ami + `overrideBootstrapCommand: "#!/bin/bash\n/etc/eks/bootstrap.sh test"}]`,
			bootstrap.AL2023, 0, true},
		{"AL2023, self-managed", "nodeGroups: [{" + common +
			"maxPodsPerNode: 20, clusterDNS: 10.100.0.11, kubeletExtraConfig: {shutdownGracePeriod: 30s}}]", bootstrap.AL2023, 20, true},
		{"AL2, EKS's AMI", "managedNodeGroups: [{amiFamily: AmazonLinux2, " + common + "maxPodsPerNode: 110}]", bootstrap.AL2, 110, false},
		{"AL2, self-managed", "nodeGroups: [{amiFamily: AmazonLinux2, " + common + "maxPodsPerNode: 20, kubeletExtraConfig: {note: \"it's\"}}]",
			bootstrap.AL2, 20, true},
		{"AL2, self-managed, sourcing eksctl's helper", "nodeGroups: [{amiFamily: AmazonLinux2, " + common + "maxPodsPerNode: 20, " + sourced + "}]",
			bootstrap.AL2, 20, true},
		{"Ubuntu, self-managed", "nodeGroups: [{amiFamily: Ubuntu2204, " + common + "maxPodsPerNode: 20}]", bootstrap.AL2, 20, true},
		{"Bottlerocket, EKS's AMI", "managedNodeGroups: [{amiFamily: Bottlerocket, " + common + "maxPodsPerNode: 50}]", bootstrap.Bottlerocket, 50, false},
		{"Bottlerocket, self-managed", "nodeGroups: [{amiFamily: Bottlerocket, " + common +
			"maxPodsPerNode: 50, bottlerocket: {settings: {motd: hi, kubernetes: {cluster-name: other, max-pods: 60}}}}]", bootstrap.Bottlerocket, 50, true},
		{"Windows, self-managed", "nodeGroups: [{amiFamily: WindowsServer2022FullContainer, " + common +
			"maxPodsPerNode: 20, preBootstrapCommands: [Get-Date]}]", bootstrap.Windows, 20, true},
		{"Windows, EKS's AMI", "managedNodeGroups: [{amiFamily: WindowsServer2022FullContainer, " + common + "preBootstrapCommands: [Get-Date]}]",
			bootstrap.Windows, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := booted(t, c.family, c.text+"\n")
			if n.MaxPods != c.pods {
				t.Errorf("%d pods, not %d", n.MaxPods, c.pods)
			}
			if !c.told {
				return
			}
			if !maps.Equal(n.Labels, own) || len(n.Taints) != 2 || n.Taints[0] != taints[0] || n.Taints[1] != taints[1] {
				t.Errorf("%v %v", n.Labels, n.Taints)
			}
		})
	}
	// A script on an AMI that is AL2 behind an unset amiFamily joins too.
	if n := booted(t, bootstrap.AL2, "managedNodeGroups: [{name: g, "+ami+script+"}]\n"); n.Cluster != "test" {
		t.Error(n)
	}
}

// One document holds what the file sets and what the group says: TOML declares no table
// twice, and keys with dots are quoted (bottlerocket#2057).
func TestBottlerocketSettingsAreOneDocument(t *testing.T) {
	c := testregion.Load(t, testregion.Cluster+`
managedNodeGroups:
  - name: g
    amiFamily: Bottlerocket
    maxPodsPerNode: 50
    bottlerocket:
      enableAdminContainer: true
      settings:
        motd: "Hello\nthere"
        nothing: null
        kernel: {sysctl: {net.core.somaxconn: "1024"}}
        kubernetes:
          allowed-unsafe-sysctls: [net.core.somaxconn]
          system-reserved: {cpu: 10m, memory: 100Mi}
          eviction-hard: {memory.available: "15%"}
          kube-api-qps: 10
`).Cluster
	var doc struct {
		Settings struct {
			Motd       string
			Kernel     struct{ Sysctl map[string]string }
			Kubernetes map[string]any
			Host       struct{ Admin struct{ Enabled bool } } `toml:"host-containers"`
		}
	}
	text := decoded(t, userData(t, c))
	if err := toml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	s := doc.Settings
	evict, _ := s.Kubernetes["eviction-hard"].(map[string]any)
	if s.Motd != "Hello\nthere" || s.Kernel.Sysctl["net.core.somaxconn"] != "1024" || s.Kubernetes["max-pods"] != int64(50) ||
		evict["memory.available"] != "15%" || s.Kubernetes["kube-api-qps"] != int64(10) || !s.Host.Admin.Enabled {
		t.Errorf("%s\n%+v", text, s)
	}
}
