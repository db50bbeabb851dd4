#!/usr/bin/env bash
# eksctl: roles for service accounts, by OIDC and by pod identity, and the way from the one to the other.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl, python3.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
remember
s3=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
ok 'create cluster' eksctl create cluster --name ids --nodegroup-name ng --nodes 1

say 'OIDC'
refused 'a service account without provider' 'OIDC|oidc' eksctl create iamserviceaccount --cluster ids --name early --attach-policy-arn "$s3" --approve
ok 'associate-iam-oidc-provider' eksctl utils associate-iam-oidc-provider --cluster ids --approve
expect 'one provider' "$(aws iam list-open-id-connect-providers --query 'length(OpenIDConnectProviderList)')" 1
ok 'create iamserviceaccount' eksctl create iamserviceaccount --cluster ids --namespace apps --name reader --attach-policy-arn "$s3" --approve
role=$(kubectl -n apps get sa reader -o jsonpath='{.metadata.annotations.eks\.amazonaws\.com/role-arn}')
expect 'the role has the policy' "$(aws iam list-attached-role-policies --role-name "${role##*/}" --query 'AttachedPolicies[].PolicyArn')" "$s3"
ok 'create one more' eksctl create iamserviceaccount --cluster ids --namespace default --name writer --attach-policy-arn "$s3" --role-name ids-writer --approve
expect 'get iamserviceaccount' "$(field '.__len__()' eksctl get iamserviceaccount --cluster ids)" 2
ok 'update iamserviceaccount' eksctl update iamserviceaccount --cluster ids --namespace apps --name reader \
  --attach-policy-arn arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess --approve
expect 'the role has the other policy' "$(aws iam list-attached-role-policies --role-name "${role##*/}" --query 'AttachedPolicies[].PolicyName')" \
  AmazonSQSReadOnlyAccess
ok 'delete iamserviceaccount' eksctl delete iamserviceaccount --cluster ids --namespace default --name writer --wait
refused 'its role has gone' NoSuchEntity aws iam get-role --role-name ids-writer

say 'pod identity'
ok 'create addon' eksctl create addon --cluster ids --name eks-pod-identity-agent --wait
ok 'create podidentityassociation' eksctl create podidentityassociation --cluster ids --namespace apps --service-account-name queue \
  --permission-policy-arns "$s3" --create-service-account
expect 'get podidentityassociation' "$(field '[0]["ServiceAccountName"]' eksctl get podidentityassociation --cluster ids)" queue
other=$(aws iam get-role --role-name "${role##*/}" --query Role.Arn)
refused 'an update to a role of eksctl' 'cannot|not' eksctl update podidentityassociation --cluster ids --namespace apps --service-account-name queue \
  --role-arn "$other"
ok 'migrate-to-pod-identity' eksctl utils migrate-to-pod-identity --cluster ids --approve
expect 'both are associated' "$(aws eks list-pod-identity-associations --cluster-name ids --namespace apps --query 'length(associations)')" 2
ok 'delete podidentityassociation' eksctl delete podidentityassociation --cluster ids --namespace apps --service-account-name queue
expect 'one is left' "$(aws eks list-pod-identity-associations --cluster-name ids --namespace apps --query 'length(associations)')" 1
ok 'delete cluster' eksctl delete cluster --name ids --wait
nothing_left
