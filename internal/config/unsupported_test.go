package config_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
)

const minimal = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: us-west-2}\n"

// What is read and not launched is refused by name where the file asks for it, and
// not where it says no.
func TestWhatIsNotLaunchedIsRefusedWhereItIsAskedFor(t *testing.T) {
	for text, want := range map[string]string{
		"gitops: {flux: {gitProvider: github}}":                                    "Flux",
		"gitops: {}":                                                               "",
		"karpenter: {version: '1.0'}":                                              "Karpenter",
		"privateCluster: {enabled: true}":                                          "fully private",
		"privateCluster: {enabled: false, skipEndpointCreation: true}":             "",
		"localZones: [us-west-2-lax-1a]":                                           "local zones",
		"localZones: []":                                                           "",
		"kubeSchedulerConfig: {}":                                                  "component settings",
		"managedNodeGroups: [{name: a}, {name: b, efaEnabled: true}]":              "managedNodeGroups[1]",
		"managedNodeGroups: [{name: a, efaEnabled: false}]":                        "",
		"nodeGroups: [{name: a, placement: {spreadLevel: host}}]":                  "spread levels",
		"nodeGroups: [{name: a, instanceSelector: {neuron_devices: 1}}]":           "Neuron",
		"nodeGroups: [{name: a, instanceSelector: {neuron_devices: 0, vCPUs: 2}}]": "",
		"nodeGroups: [{name: a, containerRuntime: dockerd}]":                       "containerd is the only",
		"nodeGroups: [{name: a, containerRuntime: containerd}]":                    "",
	} {
		_, err := config.Load("c.yaml", []byte(minimal+text+"\n"))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s is refused: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, expected %q", text, err, want)
		}
	}
}
