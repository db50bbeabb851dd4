#!/usr/bin/env bash
# eksctl: a cluster on Fargate.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl, python3.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
remember
ok 'create cluster' eksctl create cluster --name far --fargate
expect 'its profile' "$(field '[0]["status"]' eksctl get fargateprofile --cluster far)" ACTIVE
runs() { [ "$(kubectl -n kube-system get pods -l k8s-app=kube-dns --no-headers | grep -c Running)" = 2 ]; }
eventually 120 'coredns runs on Fargate' runs
ok 'create fargateprofile' eksctl create fargateprofile --cluster far --namespace apps --name apps --labels tier=web
kubectl create namespace apps >/dev/null
kubectl -n apps create deployment web --image pause >/dev/null
kubectl -n apps patch deployment web --type json -p '[{"op":"add","path":"/spec/template/metadata/labels/tier","value":"web"}]' >/dev/null
web() { kubectl -n apps get pods -l tier=web -o wide --no-headers | grep -q 'Running.*fargate'; }
eventually 120 'a pod that the profile selects runs on Fargate' web
ok 'delete fargateprofile' eksctl delete fargateprofile --cluster far --name apps --wait
expect 'one profile is left' "$(field '.__len__()' eksctl get fargateprofile --cluster far)" 1
ok 'delete cluster' eksctl delete cluster --name far --wait
nothing_left
