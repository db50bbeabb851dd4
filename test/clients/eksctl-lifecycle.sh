#!/usr/bin/env bash
# eksctl: a cluster's life by flags and by a config file, with managed and self-managed node groups.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl, python3.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
remember

say 'by flags'
ok 'create cluster' eksctl create cluster --name life --version 1.33 --nodegroup-name ng-1 --nodes 2 --node-type m5.large --node-labels a=b
ok 'get cluster' eksctl get cluster --name life
has 'the cluster is ACTIVE' 'life.*1\.33.*ACTIVE'
expect 'the nodes are there' "$(kubectl get nodes --no-headers | grep -c ' Ready ')" 2
expect 'get nodegroup' "$(field '[0]["Status"]' eksctl get nodegroup --cluster life)" ACTIVE
refused 'a second cluster of that name' 'already exists' eksctl create cluster --name life --without-nodegroup

say 'labels'
ok 'set labels' eksctl set labels --cluster life --nodegroup ng-1 --labels team=x,tier=y
ok 'get labels' eksctl get labels --cluster life --nodegroup ng-1
has 'the labels are there' 'team=x'
ok 'unset labels' eksctl unset labels --cluster life --nodegroup ng-1 --labels tier
expect 'the label has gone' "$(aws eks describe-nodegroup --cluster-name life --nodegroup-name ng-1 --query nodegroup.labels.tier)" None

say 'by a config file'
cat >"$work/groups.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: life, region: us-west-2}
managedNodeGroups:
  - {name: ng-2, instanceType: m5.large, minSize: 1, maxSize: 4, desiredCapacity: 1, privateNetworking: true, labels: {pool: two}}
nodeGroups:
  - {name: own, instanceType: m5.large, minSize: 1, maxSize: 3, desiredCapacity: 2, privateNetworking: true, labels: {pool: own}}
YAML
ok 'create nodegroup' eksctl create nodegroup -f "$work/groups.yaml"
expect 'both groups are there' "$(kubectl get nodes -l 'pool in (two,own)' --no-headers | grep -c ' Ready ')" 3
ok 'scale the managed group' eksctl scale nodegroup --cluster life --name ng-2 --nodes 2 --wait
ok 'scale the self-managed group' eksctl scale nodegroup --cluster life --name own --nodes 3 --nodes-min 1 --nodes-max 4
two() { [ "$(kubectl get nodes -l pool=two --no-headers | grep -c ' Ready ')" = 2 ]; }
three() { [ "$(kubectl get nodes -l pool=own --no-headers | grep -c ' Ready ')" = 3 ]; }
eventually 120 'the managed group has two nodes' two
eventually 120 'the self-managed group has three nodes' three
ok 'get the self-managed group' eksctl get nodegroup --cluster life --name own

say 'drain'
kubectl create deployment web --image pause --replicas 4 >/dev/null
ok 'drain' eksctl drain nodegroup --cluster life --name own
expect 'its nodes are cordoned' "$(kubectl get nodes -l pool=own --no-headers | grep -c SchedulingDisabled)" 3
ok 'undo' eksctl drain nodegroup --cluster life --name own --undo
expect 'its nodes take pods again' "$(kubectl get nodes -l pool=own --no-headers | grep -c SchedulingDisabled || true)" 0

say 'upgrade'
ok 'upgrade nodegroup' eksctl upgrade nodegroup --cluster life --name ng-2 --kubernetes-version 1.33

say 'deletion'
ok 'delete the self-managed group' eksctl delete nodegroup --cluster life --name own --wait
ok 'delete the managed group' eksctl delete nodegroup --cluster life --name ng-2 --wait
expect 'one group is left' "$(aws eks list-nodegroups --cluster-name life --query nodegroups)" ng-1
ok 'delete cluster' eksctl delete cluster --name life --wait
refused 'the cluster has gone' 'ResourceNotFound|No cluster found' eksctl get cluster --name life
nothing_left
