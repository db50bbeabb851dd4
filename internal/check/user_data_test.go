package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// To the byte: what is at the limit passes, one byte more is refused, in every family.
func TestUserData(t *testing.T) {
	live := stands(nil)
	live.Cluster.Endpoint, live.Cluster.CertificateAuthority = "https://x", &observe.Certificate{Data: "Q0E="}
	text := func(group string, n int) string {
		return strings.Replace(testregion.Cluster, "1.34", "1.32", 1) + fmt.Sprintf(group, strings.Repeat("e", n)) + "\n"
	}
	for group, at := range map[string]string{
		"managedNodeGroups: [{name: g, preBootstrapCommands: [%s]}]":                                     "managedNodeGroups[0].preBootstrapCommands",
		"nodeGroups: [{name: g, preBootstrapCommands: [a, %s]}]":                                         "nodeGroups[0].preBootstrapCommands",
		"nodeGroups: [{name: g, overrideBootstrapCommand: \"#!/bin/sh %s\"}]":                            "nodeGroups[0].overrideBootstrapCommand",
		"nodeGroups: [{name: g, amiFamily: AmazonLinux2, overrideBootstrapCommand: %s}]":                 "nodeGroups[0].overrideBootstrapCommand",
		"nodeGroups: [{name: g, amiFamily: WindowsServer2022FullContainer, preBootstrapCommands: [%s]}]": "nodeGroups[0].preBootstrapCommands",
		"managedNodeGroups: [{name: g, amiFamily: Bottlerocket, bottlerocket: {settings: {motd: %s}}}]":  "managedNodeGroups[0].bottlerocket.settings",
	} {
		probe := testregion.Load(t, text(group, 100)).Cluster
		room := config.UserDataLimit
		probe.EachGroup(func(g config.Group) {
			room -= stack.UserDataSize(probe, g, stack.Live{Cluster: "test", Endpoint: "https://x", CA: "Q0E=", ServiceCIDR: "10.100.0.0/16"})
		})
		if fs := one(t, "user-data", text(group, 100+room), live); len(fs) > 0 {
			t.Errorf("%s: %v", group, fs)
		}
		finds(t, one(t, "user-data", text(group, 101+room), live), "user-data-size", "test.yaml:", at, "has 16385 bytes")
		// Of a cluster that is still to be made the certificate counts.
		finds(t, one(t, "user-data", text(group, 100+room), nil), "user-data-size", at)
		if fs := one(t, "user-data", text(group, room-1700), nil); len(fs) > 0 {
			t.Errorf("%s: %v", group, fs)
		}
	}
}
