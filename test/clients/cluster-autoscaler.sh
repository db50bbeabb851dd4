#!/usr/bin/env bash
# cluster-autoscaler: groups grow for pods that wait, from zero too, not over their bounds, and shrink when the pods are gone
# Needs: cluster-autoscaler (CLUSTER_AUTOSCALER names one), kubectl, the aws CLI, slipway
. "$(dirname "$0")/lib.sh"
need aws kubectl slipway
autoscaler=${CLUSTER_AUTOSCALER:-$(command -v cluster-autoscaler || true)}
[ -x "$autoscaler" ] || skip 'cluster-autoscaler is not installed: put it on PATH, or name it by CLUSTER_AUTOSCALER'
export KUBECONFIG=$work/kubeconfig

cat >"$work/cluster.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: scaled, region: us-west-2, version: "1.34"}
managedNodeGroups:
  - {name: workers, instanceType: m5.large, minSize: 1, maxSize: 3, desiredCapacity: 1, privateNetworking: true}
  - name: batch
    instanceType: m5.xlarge
    minSize: 0
    maxSize: 2
    desiredCapacity: 0
    privateNetworking: true
    labels: {pool: batch}
    taints: [{key: batch, value: "true", effect: NoSchedule}]
nodeGroups:
  - name: own
    instanceType: m5.xlarge
    minSize: 0
    maxSize: 1
    desiredCapacity: 0
    privateNetworking: true
    labels: {pool: own}
    taints: [{key: own, value: "true", effect: NoSchedule}]
    propagateASGTags: true
    iam: {withAddonPolicies: {autoScaler: true}}
YAML

remember
say 'a cluster with three groups'
ok 'slipway up' slipway up -f "$work/cluster.yaml" --yes

# load NAME REPLICAS CPU [the rest of a pod's spec]: a Deployment of pods that ask for so much.
load() {
  kubectl apply -f - <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  replicas: $2
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: c, image: pause, resources: {requests: {cpu: $3}}}]
      ${4:-}
YAML
}
ready() { [ "$(kubectl get deployment "$1" -o jsonpath='{.status.readyReplicas}')" = "$2" ]; }
size() { [ "$(aws autoscaling describe-auto-scaling-groups --filters "Name=tag:$1,Values=$2" --query 'AutoScalingGroups[].[DesiredCapacity,length(Instances)]')" = "$3"$'\t'"$3" ]; }
nodes() { [ "$(kubectl get nodes -o name | wc -l)" = "$1" ]; }
told() { kubectl get events -o custom-columns=R:.reason,O:.involvedObject.name,M:.message | grep -E "$1"; }
managed=eks:nodegroup-name

say 'the autoscaler'
"$autoscaler" --cloud-provider=aws --kubeconfig="$KUBECONFIG" --leader-elect=false --address=127.0.0.1:0 --v=4 --logtostderr=true \
  --node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/scaled --scan-interval=2s \
  --scale-down-unneeded-time=5s --scale-down-delay-after-add=5s --scale-down-delay-after-failure=5s --skip-nodes-with-system-pods=false \
  >"$work/autoscaler.log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null || true; cp "$work/autoscaler.log" "${SLIPWAY_LOGS:-/dev/null}" 2>/dev/null || true; rm -rf "$work"' EXIT
status() { kubectl -n kube-system get configmap cluster-autoscaler-status -o jsonpath='{.data.status}'; }
runs() { kill -0 $pid || fail "it ended: $(tail -5 "$work/autoscaler.log")"; status | grep -E 'autoscalerStatus: Running'; }
eventually 90 'it runs' runs
ok 'its status' status
for g in workers batch own; do has "it found $g" "name: .*$g"; done

say 'up'
ok 'three pods, one a node' load web 3 1500m
eventually 120 'three are ready' ready web 3
eventually 30 'the group grew to its bound' size $managed workers 3
ok 'why' told TriggeredScaleUp
ok 'one more' load web 4 1500m
eventually 90 'which does not fit into the bounds' told 'NotTriggerScaleUp.*max node group size reached'
expect 'three are ready' "$(kubectl get deployment web -o jsonpath='{.status.readyReplicas}')" 3

say 'from zero'
ok 'a pod for the batch group' load batch 1 3 'nodeSelector: {pool: batch}
      tolerations: [{key: batch, operator: Exists}]'
eventually 120 'it is ready' ready batch 1
eventually 30 'the group has a node' size $managed batch 1
ok 'a pod for the self-managed group' load own 1 3 'nodeSelector: {pool: own}
      tolerations: [{key: own, operator: Exists}]'
eventually 120 'it is ready' ready own 1
eventually 30 'the group has a node' size alpha.eksctl.io/nodegroup-name own 1

say 'down'
ok 'no pods any more' kubectl delete deployment web batch own
eventually 180 'the batch group is empty' size $managed batch 0
eventually 180 'the own group is empty' size alpha.eksctl.io/nodegroup-name own 0
eventually 180 'the workers are as few as may be' size $managed workers 1
eventually 60 'their nodes are gone' nodes 1
ok 'what it says' kubectl get events -A
has 'nodes were taken away' 'ScaleDown'
ok 'the activities' aws autoscaling describe-scaling-activities --query 'Activities[].Cause'
has 'at a request' 'instance i-[0-9a-f]+ was taken out of service in response to a user request, shrinking the capacity'

say 'slipway leaves sizes to it'
kill $pid
ok 'slipway plan' slipway plan -f "$work/cluster.yaml"
has 'there is nothing to do' 'Nothing to do'
ok 'slipway down' slipway down scaled --region us-west-2 --yes
nothing_left '^(log-group|role) '
