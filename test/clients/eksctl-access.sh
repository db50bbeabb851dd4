#!/usr/bin/env bash
# eksctl: who gets in: access entries, identity mappings, the way from the one to the other, and OIDC identity providers.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl, python3.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
remember
cat >"$work/trust.json" <<'JSON'
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
JSON
for r in dev ops; do
  aws iam create-role --role-name "$r" --assume-role-policy-document "file://$work/trust.json" --query Role.Arn >"$work/$r"
done
dev=$(cat "$work/dev") ops=$(cat "$work/ops")
ok 'create cluster' eksctl create cluster --name who --without-nodegroup

say 'access entries'
cat >"$work/e.yaml" <<YAML
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: who, region: us-west-2}
accessConfig:
  accessEntries:
    - principalARN: $dev
      kubernetesGroups: [devs]
      accessPolicies:
        - policyARN: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
          accessScope: {type: namespace, namespaces: [default]}
YAML
ok 'create accessentry' eksctl create accessentry -f "$work/e.yaml"
ok 'get accessentry' eksctl get accessentry --cluster who --principal-arn "$dev" -o yaml
has 'it has its group' devs
ok 'delete accessentry' eksctl delete accessentry --cluster who --principal-arn "$dev"
refused 'it has gone' 'ResourceNotFound|could not be found' aws eks describe-access-entry --cluster-name who --principal-arn "$dev"

say 'identity mappings'
ok 'create iamidentitymapping' eksctl create iamidentitymapping --cluster who --arn "$dev" --group devs --username dev
ok 'and another' eksctl create iamidentitymapping --cluster who --arn "$ops" --group system:masters --username ops
ok 'get iamidentitymapping' eksctl get iamidentitymapping --cluster who
has 'both are there' 'role/ops'
ok 'delete iamidentitymapping' eksctl delete iamidentitymapping --cluster who --arn "$dev"
expect 'one is left' "$(field '.__len__()' eksctl get iamidentitymapping --cluster who)" 1
ok 'migrate-to-access-entry' eksctl utils migrate-to-access-entry --cluster who --target-authentication-mode API --approve
expect 'the mode' "$(aws eks describe-cluster --name who --query cluster.accessConfig.authenticationMode)" API
ok 'the mapping is an entry' aws eks describe-access-entry --cluster-name who --principal-arn "$ops"

say 'identity providers'
cat >"$work/p.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: who, region: us-west-2}
identityProviders:
  - {name: corp, type: oidc, issuerUrl: https://issuer.example.com, clientId: kubernetes, usernameClaim: email, groupsClaim: groups}
YAML
ok 'associate identityprovider' eksctl associate identityprovider -f "$work/p.yaml" --wait
ok 'get identityprovider' eksctl get identityprovider --cluster who --name corp
has 'it is ACTIVE' ACTIVE
ok 'disassociate identityprovider' eksctl disassociate identityprovider --cluster who --name corp --type oidc --wait
ok 'delete cluster' eksctl delete cluster --name who --wait
aws iam delete-role --role-name dev
aws iam delete-role --role-name ops
nothing_left
