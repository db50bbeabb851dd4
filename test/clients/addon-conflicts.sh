#!/usr/bin/env bash
# aws CLI, kubectl: add-ons' fields are EKS's by server-side apply; others' are kept, overwritten or in the way, as it is told
# Needs: aws, kubectl
. "$(dirname "$0")/lib.sh"
need aws kubectl python3
bare_cluster fields
managers() { kubectl get "$@" -n kube-system -o json --show-managed-fields | python3 -c 'import json, sys
print(" ".join(sorted({f["manager"] + ":" + f["operation"] for f in json.load(sys.stdin)["metadata"]["managedFields"] if not f.get("subresource")} - {"kube-controller-manager:Update"})))'; }
env() { kubectl get daemonset aws-node -n kube-system -o jsonpath="{.spec.template.spec.containers[0].env[?(@.name=='$1')].value}"; }
status() { aws eks describe-addon --cluster-name fields --addon-name "$1" --query addon.status; }
health() { aws eks describe-addon --cluster-name fields --addon-name "$1" --query "addon.health.issues[0].[code, message]"; }

# What EKS puts into a cluster by itself is kubectl's; an add-on of another version is in conflict with it.
expect 'what EKS put there itself' "$(managers daemonset aws-node)" kubectl-client-side-apply:Update
aws eks create-addon --cluster-name fields --addon-name vpc-cni --addon-version v1.20.0-eksbuild.1 >/dev/null
failed() { [ "$(status vpc-cni)" = CREATE_FAILED ]; }
eventually 60 'the creation fails' failed
ok 'its health says why' health vpc-cni
has 'the code' '^ConfigurationConflict'
has 'each field' '^DaemonSet.apps aws-node - .spec.template.spec.containers\[name="aws-node"\].image$'
aws eks delete-addon --cluster-name fields --addon-name vpc-cni --preserve >/dev/null
aws eks wait addon-deleted --cluster-name fields --addon-name vpc-cni
aws eks create-addon --cluster-name fields --addon-name vpc-cni --addon-version v1.20.0-eksbuild.1 --resolve-conflicts OVERWRITE >/dev/null
aws eks wait addon-active --cluster-name fields --addon-name vpc-cni
expect 'it has taken over what it sets, and left the defaults' "$(managers daemonset aws-node)" 'eks:Apply kubectl-client-side-apply:Update'

# Somebody changes a variable that EKS sets, and adds one.
kubectl set env daemonset/aws-node -n kube-system -c aws-node WARM_ENI_TARGET=3 MINE=yes >/dev/null
expect 'the editor is named' "$(managers daemonset aws-node)" 'eks:Apply kubectl-client-side-apply:Update kubectl-set:Update'
update() { aws eks update-addon --cluster-name fields --addon-name vpc-cni --query update.id "$@"; }
ended() { [ "$(aws eks describe-update --name fields --addon-name vpc-cni --update-id "$1" --query update.status)" != InProgress ]; }
how() { aws eks describe-update --name fields --addon-name vpc-cni --update-id "$1" --query 'update.[status, errors[0].errorCode, errors[0].errorMessage]'; }
id=$(update --addon-version v1.21.1-eksbuild.1 --resolve-conflicts NONE)
eventually 120 'an update ends' ended "$id"
ok 'how it ended' how "$id"
has 'it failed' '^Failed.ConfigurationConflict'
has 'the field is named' 'DaemonSet.apps aws-node - .spec.template.spec.containers\[name="aws-node"\].env\[name="WARM_ENI_TARGET"\].value'
expect 'the add-on' "$(status vpc-cni)" UPDATE_FAILED
id=$(update --addon-version v1.21.1-eksbuild.1 --resolve-conflicts PRESERVE)
eventually 120 'the next ends' ended "$id"
expect 'what is preserved' "$(env WARM_ENI_TARGET) $(env MINE)" '3 yes'
expect 'the add-on is of the next version' "$(aws eks describe-addon --cluster-name fields --addon-name vpc-cni --query 'addon.[addonVersion, status]')" \
  $'v1.21.1-eksbuild.1\tACTIVE'
id=$(update --resolve-conflicts OVERWRITE)
eventually 120 'the last ends' ended "$id"
expect 'what is overwritten' "$(env WARM_ENI_TARGET) $(env MINE)" '1 yes'
aws eks delete-cluster --name fields >/dev/null
