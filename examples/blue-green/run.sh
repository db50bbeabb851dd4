#!/bin/sh
# A node group is replaced under a Deployment of six pods, of which a disruption budget wants four: kubectl looks all
# the while, and never sees fewer. Then another replacement whose gate stays shut, and all is as it was.
#
#   slipway sim --speed 120 -- examples/blue-green/run.sh
set -eu
cd "$(dirname "$0")"
slipway=${SLIPWAY:-slipway}
name=shop
samples=$(mktemp)
trap 'rm -f "$samples"' EXIT

say() { printf '\n== %s\n' "$*"; }
available() { kubectl get deployment shop -o 'jsonpath={.status.availableReplicas}'; }
groups() { $slipway nodegroup list $name; }

# sampled runs a command, and looks all the while at how many pods are available.
sampled() {
    : >"$samples"
    "$@" &
    run=$!
    while kill -0 $run 2>/dev/null; do
        available >>"$samples" && echo >>"$samples"
        sleep 0.2
    done
    code=0
    wait $run || code=$?
    least=$(sort -n "$samples" | head -n 1)
    say "kubectl looked $(wc -l <"$samples" | tr -d ' ') times: never fewer than $least of 6 pods were available"
    [ "${least:-0}" -ge 4 ]
}

say "a cluster, and a shop in it"
$slipway up -f cluster.yaml --yes
kubectl apply -f shop.yaml
kubectl rollout status deployment shop --timeout 60s

say "its node group is replaced by one of larger instances"
sampled $slipway nodegroup upgrade $name workers --instance-types m5.xlarge --soak 1m \
    --gate 'test "$(kubectl get deployment shop -o jsonpath={.status.availableReplicas})" -ge 4' --yes
[ $code = 0 ]
groups
kubectl get nodes -L node.kubernetes.io/instance-type

say "another one, whose last gate stays shut: it is taken back"
sampled $slipway nodegroup upgrade $name workers-b2 --gate 'test "$SLIPWAY_STAGE" = after-green' --yes
[ $code = 3 ] # something failed, and all is as it was
groups
kubectl get nodes
[ "$(kubectl get nodes -o name | wc -l)" -eq 3 ]
[ -z "$(kubectl get nodes -o 'jsonpath={.items[*].spec.unschedulable}')" ]
$slipway history $name
