#!/usr/bin/env bash
# eksctl: control plane, add-ons and node groups go to the next minor.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl, python3.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
remember
cat >"$work/c.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: up, region: us-west-2, version: "1.32"}
addonsConfig: {disableDefaultAddons: false}
managedNodeGroups:
  - {name: ng, instanceType: m5.large, desiredCapacity: 2}
YAML
ok 'create cluster' eksctl create cluster -f "$work/c.yaml"
refused 'two minors at once' 'not supported|only one minor|upgrading more than one' eksctl upgrade cluster --name up --version 1.34 --approve
ok 'what an upgrade would do' eksctl upgrade cluster --name up
has 'it is a plan' 'no changes were applied|dry-run|--approve'
ok 'upgrade cluster' eksctl upgrade cluster --name up --version 1.33 --approve
expect 'the control plane' "$(aws eks describe-cluster --name up --query cluster.version)" 1.33
for a in kube-proxy coredns vpc-cni; do
  ok "update addon $a" eksctl update addon --cluster up --name "$a" --version latest --wait
done
expect 'kube-proxy has the minor' "$(aws eks describe-addon --cluster-name up --addon-name kube-proxy --query addon.addonVersion | cut -d. -f1-2)" v1.33
ok 'upgrade nodegroup' eksctl upgrade nodegroup --cluster up --name ng --kubernetes-version 1.33
expect 'the group' "$(aws eks describe-nodegroup --cluster-name up --nodegroup-name ng --query nodegroup.version)" 1.33
expect 'the nodes' "$(kubectl get nodes -o jsonpath='{.items[*].status.nodeInfo.kubeletVersion}' | tr ' ' '\n' | cut -d. -f1-2 | sort -u)" v1.33
ok 'delete cluster' eksctl delete cluster --name up --wait
nothing_left
