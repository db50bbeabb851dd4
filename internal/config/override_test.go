package config_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
)

func TestOverrideKind(t *testing.T) {
	for _, c := range []struct {
		text, kind string
		ok         bool
	}{
		{"", config.OverrideNone, true},
		{"apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n", config.OverrideNodeConfig, true},
		{"apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  kubelet: {config: {maxPods: 9}, flags: [--a=b]}\n  unknown: 1\n", config.OverrideNodeConfig, true},
		{"apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n kubelet: [\n", config.OverrideNodeConfig, false},
		{"apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {kubelet: {config: 3}}\n", config.OverrideNodeConfig, false},
		{"cat <<E >/etc/x\n  kind: NodeConfig\nE\nls [\n", config.OverrideScript, true},
		{"#!/bin/bash\necho\n", config.OverrideScript, true},
		{"#!/usr/bin/env python3\nkind = 1\n", config.OverrideScript, true},
		{"yum install -y x", config.OverrideScript, true},
		{"export A=b\n/etc/eks/bootstrap.sh c\n", config.OverrideScript, true},
		{"kind: NodeConfig\nspec: {}\n", config.OverrideNodeConfig, false},
		{"apiVersion: node.eks.aws/v1\nkind: NodeConfig\n", config.OverrideNodeConfig, false},
		{"apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n", config.OverrideNodeConfig, false},
	} {
		kind, err := config.OverrideKind(&config.NodeGroupBase{OverrideBootstrapCommand: c.text})
		if kind != c.kind || (err == nil) != c.ok {
			t.Errorf("%q: %q %v", c.text, kind, err)
		}
	}
}
