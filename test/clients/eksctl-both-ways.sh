#!/usr/bin/env bash
# eksctl: what slipway made eksctl manages to its end, and what eksctl made slipway plans, changes and deletes.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), slipway (named by SLIPWAY or on PATH), the aws CLI, kubectl.
. "$(dirname "$0")/lib.sh"
need_eksctl
slipway=${SLIPWAY:-$(command -v slipway || true)}
[ -x "$slipway" ] || skip 'slipway is not installed: put it on PATH, or name it by SLIPWAY'
remember

say 'slipway makes, eksctl manages'
cat >"$work/s.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: made, region: us-west-2, version: "1.34"}
managedNodeGroups:
  - {name: ng, instanceType: m5.large, minSize: 1, maxSize: 3, desiredCapacity: 1}
YAML
ok 'slipway up' "$slipway" up -f "$work/s.yaml" --yes
ok 'eksctl get cluster' eksctl get cluster --name made
has 'it is ACTIVE' ACTIVE
ok 'eksctl get nodegroup' eksctl get nodegroup --cluster made
has 'the group is ACTIVE' 'ng.*ACTIVE'
ok 'eksctl scale nodegroup' eksctl scale nodegroup --cluster made --name ng --nodes 2
ok 'eksctl create nodegroup' eksctl create nodegroup --cluster made --name second --nodes 1 --node-type m5.large
ok 'eksctl set labels' eksctl set labels --cluster made --nodegroup ng --labels a=b
ok 'eksctl create addon' eksctl create addon --cluster made --name eks-pod-identity-agent
ok 'eksctl delete nodegroup' eksctl delete nodegroup --cluster made --name second --wait
ok 'eksctl delete cluster' eksctl delete cluster --name made --wait
nothing_left

say 'eksctl makes, slipway manages'
cat >"$work/e.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: taken, region: us-west-2, version: "1.34"}
managedNodeGroups:
  - {name: ng, instanceType: m5.large, minSize: 1, maxSize: 3, desiredCapacity: 1, labels: {team: a}}
nodeGroups:
  - {name: own, instanceType: m5.large, minSize: 1, maxSize: 2, desiredCapacity: 1}
YAML
ok 'eksctl create cluster' eksctl create cluster -f "$work/e.yaml"
ok 'slipway plan' "$slipway" plan -f "$work/e.yaml"
printf '%s\n' "$out" | tail -n 12
sed 's/minSize: 1, maxSize: 3, desiredCapacity: 1/minSize: 2, maxSize: 3, desiredCapacity: 2/; s/team: a/team: b/' "$work/e.yaml" >"$work/e2.yaml"
ok 'slipway up changes it' "$slipway" up -f "$work/e2.yaml" --yes
expect 'the label' "$(aws eks describe-nodegroup --cluster-name taken --nodegroup-name ng --query nodegroup.labels.team)" b
expect 'the size' "$(aws eks describe-nodegroup --cluster-name taken --nodegroup-name ng --query nodegroup.scalingConfig.desiredSize)" 2
ok 'slipway down' "$slipway" down taken --yes
nothing_left
