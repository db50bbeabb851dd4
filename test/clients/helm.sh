#!/usr/bin/env bash
# helm: a chart with a CRD, hooks, a Deployment, a StatefulSet with claims: install, upgrade, rollback, test, uninstall, and what is refused
# Needs: helm (HELM names one), kubectl, the aws CLI, slipway
. "$(dirname "$0")/lib.sh"
need aws kubectl slipway
helm=${HELM:-$(command -v helm || true)}
[ -x "$helm" ] || skip 'helm is not installed: put it on PATH, or name it by HELM'
helm() { "$helm" "$@"; }
export KUBECONFIG=$work/kubeconfig HELM_CACHE_HOME=$work/cache HELM_CONFIG_HOME=$work/config HELM_DATA_HOME=$work/data
chart=$tests/helm

cat >"$work/cluster.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: charts, region: us-west-2, version: "1.34"}
iam: {withOIDC: true}
managedNodeGroups: [{name: workers, instanceType: m5.large, desiredCapacity: 2, privateNetworking: true}]
addonsConfig: {autoApplyPodIdentityAssociations: true}
addons:
  - {name: vpc-cni}
  - {name: kube-proxy}
  - {name: coredns}
  - {name: eks-pod-identity-agent}
  - {name: aws-ebs-csi-driver}
YAML

remember
say 'a cluster with the EBS driver'
ok 'slipway up' slipway up -f "$work/cluster.yaml" --yes
ok 'the classes' kubectl get storageclass
has 'EKS makes gp2' '^gp2 '

say 'install'
ok 'helm lint' helm lint "$chart"
ok 'helm install' helm install shop "$chart" --namespace shop --create-namespace --wait --wait-for-jobs --timeout 5m
has 'it is deployed' 'STATUS: deployed'
ok 'helm list' helm list --namespace shop
has 'the release' 'shop\s+shop\s+1\s.*deployed\s+shop-0\.1\.0'
ok 'helm status' helm status shop --namespace shop --show-resources
has 'its resources' 'shop-db'
ok 'helm get manifest' helm get manifest shop --namespace shop
has 'what was applied' 'kind: StatefulSet'
ok 'helm get hooks' helm get hooks shop --namespace shop
has 'the hooks' 'pre-install'
ok 'helm get values' helm get values shop --namespace shop --all
has 'the values' 'replicas: 2'

say 'what kubectl sees'
ok 'the definition' kubectl wait --for=condition=Established crd/carts.shop.example.com --timeout=10s
ok 'a custom resource' kubectl -n shop get carts
has 'the printed column' 'first +3'
ok 'the Deployment' kubectl -n shop rollout status deployment/shop-web --timeout=10s
ok 'the StatefulSet' kubectl -n shop rollout status statefulset/shop-db --timeout=10s
ok 'the pods' kubectl -n shop get pods -o wide
has 'the first of the StatefulSet' '^shop-db-0 .*1/1 +Running'
has 'the second' '^shop-db-1 .*1/1 +Running'
vpc=$(aws eks describe-cluster --name charts --query cluster.resourcesVpcConfig.vpcId)
ip=$(kubectl -n shop get pod shop-db-0 -o jsonpath='{.status.podIP}')
node=$(kubectl -n shop get pod shop-db-0 -o jsonpath='{.spec.nodeName}')
expect 'a pod has an address of its node' "$(aws ec2 describe-network-interfaces --filters "Name=addresses.private-ip-address,Values=$ip" "Name=vpc-id,Values=$vpc" \
  --query 'NetworkInterfaces[0].PrivateDnsName')" "$node"
ok 'the endpoints' kubectl -n shop get endpointslices -l kubernetes.io/service-name=shop-db -o jsonpath='{.items[*].endpoints[*].addresses[0]}'
has 'the pod is behind the Service' "$ip"
ok 'the claims' kubectl -n shop get pvc
has 'each pod has one' 'data-shop-db-1 +Bound'
pv=$(kubectl -n shop get pvc data-shop-db-0 -o jsonpath='{.spec.volumeName}')
volume=$(kubectl get pv "$pv" -o jsonpath='{.spec.csi.volumeHandle}')
expect 'which is a volume of EC2' "$(aws ec2 describe-volumes --volume-ids "$volume" --query 'Volumes[0].[State,Size,Attachments[0].State]')" $'in-use\t4\tattached'
ok 'the hooks ran' kubectl -n shop get events
has 'the Job before' 'Completed .*job/shop-migrate'
refused 'and went with their policy' NotFound kubectl -n shop get job shop-migrate
ok 'an account with its role' kubectl auth can-i list configmaps -n shop --as system:serviceaccount:shop:shop
refused 'and no other right' '^no' kubectl auth can-i list secrets -n shop --as system:serviceaccount:shop:shop

say 'test, upgrade, rollback'
ok 'helm test' helm test shop --namespace shop --timeout 2m
has 'it succeeded' 'Phase: +Succeeded'
was=$(kubectl -n shop get pod shop-db-0 -o jsonpath='{.metadata.uid}')
ok 'helm upgrade' helm upgrade shop "$chart" --namespace shop --set replicas=3,image.tag=1.28 --wait --timeout 5m
has 'the second revision' 'REVISION: 2'
expect 'more pods' "$(kubectl -n shop get deployment shop-web -o jsonpath='{.status.readyReplicas}')" 3
expect 'of the other image' "$(kubectl -n shop get pods -l app=shop-web -o jsonpath='{.items[*].spec.containers[0].image}')" 'nginx:1.28 nginx:1.28 nginx:1.28'
expect 'the StatefulSet is as it was' "$(kubectl -n shop get pod shop-db-0 -o jsonpath='{.metadata.uid}')" "$was"
ok 'an update of the StatefulSet' helm upgrade shop "$chart" --namespace shop --reuse-values --set db.tag=17 --wait --timeout 5m
ok 'it rolled' kubectl -n shop rollout status statefulset/shop-db --timeout=60s
expect 'with its claim' "$(kubectl -n shop get pod shop-db-0 -o jsonpath='{.spec.containers[0].image} {.spec.volumes[0].persistentVolumeClaim.claimName}')" 'postgres:17 data-shop-db-0'
ok 'helm rollback' helm rollback shop 1 --namespace shop --wait --timeout 5m
expect 'as many pods as at first' "$(kubectl -n shop get deployment shop-web -o jsonpath='{.spec.replicas}')" 2
ok 'helm history' helm history shop --namespace shop
has 'the revisions' '^4\s.*deployed.*Rollback to 1'
has 'what was' '^1\s.*superseded'

say 'refusals, in words'
refused 'a value that the API refuses' 'spec\.replicas: Invalid value: -1: must be greater than or equal to 0' helm upgrade shop "$chart" --namespace shop --set replicas=-1
refused 'a field that must not change' 'updates to statefulset spec for fields other than' helm upgrade shop "$chart" --namespace shop --set db.size=8Gi
refused "a resource against its definition" 'spec\.items in body should be less than or equal to 100' helm upgrade shop "$chart" --namespace shop --set cart.items=1000
ok 'the failures are in the history' helm history shop --namespace shop
has 'as failed' 'failed .*Upgrade "shop" failed'
refused 'what never gets ready' 'context deadline exceeded|timed out' helm upgrade shop "$chart" --namespace shop --set web.memory=1Ti --wait --timeout 10s
ok 'why' kubectl -n shop get events
has 'no node has the room' 'FailedScheduling.*Insufficient memory'
cat >"$work/quota.yaml" <<'YAML'
apiVersion: v1
kind: ResourceQuota
metadata: {name: few}
spec: {hard: {pods: "5", count/deployments.apps: "2"}}
YAML
ok 'a quota' kubectl -n shop apply -f "$work/quota.yaml"
ok 'back' helm rollback shop 1 --namespace shop --wait --timeout 5m
used() { kubectl -n shop get quota few -o jsonpath='{.status.used.pods}' | grep -qx 4; }
eventually 20 'what is used of it' used
ok 'more than the quota' helm upgrade shop "$chart" --namespace shop --set replicas=6 --no-hooks
refuses() { kubectl -n shop get events --field-selector reason=FailedCreate | grep -E 'exceeded quota: few, requested: pods=1, used: pods=5, limited: pods=5'; }
eventually 30 'the controller is refused what a client is' refuses

say 'uninstall'
ok 'helm uninstall' helm uninstall shop --namespace shop --wait --timeout 5m
expect 'no release' "$(helm list --namespace shop --short)" ''
ok 'the claims stay' kubectl -n shop get pvc data-shop-db-0
ok 'and the definition' kubectl get crd carts.shop.example.com
ok 'their deletion' kubectl delete namespace shop --timeout=120s
gone() { ! aws ec2 describe-volumes --volume-ids "$volume" --query 'Volumes[].VolumeId' 2>/dev/null | grep vol-; }
eventually 60 'the volume went with its claim' gone
ok 'slipway down' slipway down charts --region us-west-2 --yes
nothing_left '^(log-group|role) '
