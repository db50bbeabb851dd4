#!/usr/bin/env bash
# kubectl: what people do with it, from apply to drain, and what is refused in a real API server's words.
# Needs: kubectl, slipway (named by SLIPWAY or on PATH).
. "$(dirname "$0")/lib.sh"
need kubectl
slipway=${SLIPWAY:-$(command -v slipway || true)}
[ -x "$slipway" ] || skip 'slipway is not installed: put it on PATH, or name it by SLIPWAY'

cd "$work"
export KUBECONFIG=$work/kubeconfig
cat >cluster.yaml <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: kubectl, region: us-west-2, version: "1.34"}
managedNodeGroups: [{name: workers, instanceType: m5.large, desiredCapacity: 2}]
YAML
"$slipway" up -f cluster.yaml --yes >up.log 2>&1 || fail "slipway up: $(tail -20 up.log)"

# has TEXT COMMAND…: the command succeeds and says TEXT.
has() {
	local want=$1 got
	shift
	got=$("$@" 2>&1) || fail "$*: $got"
	grep -qE -- "$want" <<<"$got" || fail "$* has no $want: $got"
	say "$*"
}

# not TEXT COMMAND…: the command fails and says TEXT.
not() {
	local want=$1 got
	shift
	! got=$("$@" 2>&1) || fail "$* succeeded: $got"
	grep -qE -- "$want" <<<"$got" || fail "$* has no $want: $got"
	say "$* (refused)"
}

has 'Server Version: v1\.34' kubectl version
has 'control plane.* is running at' kubectl cluster-info
has 'customresourcedefinitions .*apiextensions.k8s.io/v1' kubectl api-resources
has 'workers|Ready' kubectl get nodes
has 'Active' kubectl get ns
kubectl create ns shop >/dev/null
cat >web.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
YAML
has 'deployment.apps/web created' kubectl apply -f web.yaml
has 'successfully rolled out' kubectl -n shop rollout status deploy/web --timeout=120s
has 'unchanged' kubectl apply -f web.yaml
sed -i 's/nginx:1.27/nginx:1.28/' web.yaml
not '\+.*nginx:1.28' kubectl diff -f web.yaml
has 'web configured' kubectl apply -f web.yaml
has 'successfully rolled out' kubectl -n shop rollout status deploy/web --timeout=120s
has '^2 ' kubectl -n shop rollout history deploy/web
has 'rolled back' kubectl -n shop rollout undo deploy/web
has 'restarted' kubectl -n shop rollout restart deploy/web
has 'successfully rolled out' kubectl -n shop rollout status deploy/web --timeout=120s
has 'scaled' kubectl -n shop scale deploy/web --replicas=3
has 'condition met' kubectl -n shop wait deploy/web --for=condition=Available --timeout=120s
has 'autoscaled' kubectl -n shop autoscale deploy/web --min=2 --max=5 --cpu-percent=50
has 'exposed' kubectl -n shop expose deploy/web --port=80
has 'labeled' kubectl -n shop label deploy/web tier=front
has 'annotated' kubectl -n shop annotate deploy/web note=x
has 'patched' kubectl -n shop patch deploy/web -p '{"spec":{"revisionHistoryLimit":3}}'
has 'serverside-applied' kubectl apply --server-side --force-conflicts -f web.yaml
has 'Replicas: ' kubectl -n shop describe deploy/web
has 'created' kubectl -n shop run once --image=busybox --restart=Never -- true
has 'condition met' kubectl -n shop wait pod/once --for=jsonpath='{.status.phase}'=Succeeded --timeout=120s
has 'created' kubectl -n shop create job good --image=busybox -- true
has 'condition met' kubectl -n shop wait job/good --for=condition=Complete --timeout=120s
has 'created' kubectl -n shop create cronjob tick --image=busybox --schedule='*/5 * * * *' -- true
has 'created' kubectl -n shop create job now --from=cronjob/tick
has 'ReplicaSet|Created pod|Completed' kubectl -n shop events
has 'replicas' kubectl explain deployment.spec
has '^yes' kubectl auth can-i create deployments -n shop
has '\*\.\*|selfsubject' kubectl auth can-i --list
not 'Metrics API not available' kubectl top nodes
pod=$(kubectl -n shop get pods -l app=web -o name | sed -n 1p)
not 'dial tcp|timeout' kubectl -n shop logs "$pod"
not 'NotFound|not found' kubectl -n shop get pod nobody
not 'Invalid value' kubectl -n shop patch deploy/web -p '{"spec":{"replicas":-1}}'
node=$(kubectl get nodes -o name | sed -n 1p)
has 'drained' kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --force --timeout=300s
has 'uncordoned' kubectl uncordon "$node"
has 'deleted' kubectl -n shop delete deploy web --cascade=orphan
has 'web-' kubectl -n shop get rs
has 'deleted' kubectl delete ns shop --timeout=120s
say "all of it"
