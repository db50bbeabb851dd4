package rules

import (
	"strings"
	"testing"
)

func TestDependsOnAddsTheEdgeOfTheFile(t *testing.T) {
	expect(t, dependsOn, "addons: [{name: cert-manager, dependsOn: [addon/coredns]}]",
		[]Step{{Kind: Addon, Name: "cert-manager"}, {Kind: Addon, Name: "coredns"}, {Kind: AddonHealth, Name: "coredns"}},
		[]string{"addon/cert-manager < addon/coredns", "addon/cert-manager < addon-health/coredns"},
		[]string{"addon/coredns < addon/cert-manager"})
	expect(t, dependsOn, "managedNodeGroups: [{name: a}, {name: b, dependsOn: [nodegroup/a]}]",
		[]Step{{Kind: NodeGroup, Name: "a"}, {Kind: Nodes, Name: "a"}, {Kind: NodeGroup, Name: "b"}},
		[]string{"nodegroup/b < nodes/a", "nodegroup/b < nodegroup/a"},
		[]string{})
}

func TestDependsOnWhatIsNotThereIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"addons: [{name: cert-manager, dependsOn: [addon/ghost]}]":                                      "depends on addon/ghost, which the config does not have",
		"addons: [{name: cert-manager, dependsOn: [ghost]}]":                                            "neither addon/NAME nor nodegroup/NAME",
		"managedNodeGroups: [{name: a, dependsOn: [nodegroup/b]}, {name: b, dependsOn: [nodegroup/a]}]": "wait for each other",
	} {
		d := draft(t, text, Step{Kind: Addon, Name: "cert-manager"}, Step{Kind: NodeGroup, Name: "a"}, Step{Kind: NodeGroup, Name: "b"})
		if err := Apply(d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
