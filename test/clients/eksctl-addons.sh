#!/usr/bin/env bash
# eksctl: add-ons are made, read, updated and deleted, with roles of their own.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl, python3.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
remember
ok 'create cluster' eksctl create cluster --name add --nodegroup-name ng --nodes 2
ok 'describe-addon-versions' eksctl utils describe-addon-versions --kubernetes-version 1.34 --name vpc-cni
has 'it lists versions' 'v1\.[0-9]+\.[0-9]+-eksbuild'
ok 'describe-addon-versions by type' eksctl utils describe-addon-versions --kubernetes-version 1.34 --types storage
has 'storage is there' 'aws-ebs-csi-driver'
ok 'describe-addon-configuration' eksctl utils describe-addon-configuration --name coredns --version "$(aws eks describe-addon --cluster-name add \
  --addon-name coredns --query addon.addonVersion)"
has 'it is a schema' 'replicaCount'
ok 'create addon' eksctl create addon --cluster add --name eks-pod-identity-agent --wait
ok 'create addon with its pod identity' eksctl create addon --cluster add --name aws-ebs-csi-driver --auto-apply-pod-identity-associations --wait
active() { [ "$(field '[0]["Status"]' eksctl get addon --cluster add --name aws-ebs-csi-driver)" = ACTIVE ]; }
eventually 60 'it is ACTIVE' active # eksctl does not wait for this one, when it knows of no nodes
expect 'its association' "$(aws eks list-pod-identity-associations --cluster-name add --query 'length(associations)')" 1
cat >"$work/a.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: add, region: us-west-2}
addons:
  - name: snapshot-controller
    tags: {team: x}
  - name: coredns
    configurationValues: "{\"replicaCount\": 3}"
    resolveConflicts: overwrite
YAML
ok 'create addon by a file' eksctl create addon -f "$work/a.yaml"
ok 'update addon by a file' eksctl update addon -f "$work/a.yaml" --wait
expect 'coredns has three replicas' "$(kubectl -n kube-system get deployment coredns -o jsonpath='{.spec.replicas}')" 3
ok 'update addon' eksctl update addon --cluster add --name vpc-cni --version latest --wait
ok 'get addons' eksctl get addons --cluster add
has 'all are there' 'snapshot-controller'
ok 'delete addon' eksctl delete addon --cluster add --name snapshot-controller
ok 'delete addon with its role' eksctl delete addon --cluster add --name aws-ebs-csi-driver
gone() { ! aws eks describe-addon --cluster-name add --addon-name aws-ebs-csi-driver; }
eventually 60 'it has gone' gone
ok 'delete addon, preserving' eksctl delete addon --cluster add --name kube-proxy --preserve
ok 'delete cluster' eksctl delete cluster --name add --wait
nothing_left
