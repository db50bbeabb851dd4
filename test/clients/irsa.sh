#!/usr/bin/env bash
# aws CLI, kubectl: IAM roles for service accounts: a token of kubectl's becomes credentials of a role, and no other does
# Needs: aws, kubectl
. "$(dirname "$0")/lib.sh"
need aws kubectl
bare_cluster irsa

# The cluster's issuer is registered; a role trusts one service account of it.
issuer=$(aws eks describe-cluster --name irsa --query cluster.identity.oidc.issuer)
provider=$(aws iam create-open-id-connect-provider --url "$issuer" --client-id-list sts.amazonaws.com --query OpenIDConnectProviderArn)
host=${issuer#https://}
kubectl create namespace shop
kubectl create serviceaccount -n shop web
kubectl create serviceaccount -n shop other
condition='{"StringEquals": {"'$host':sub": "system:serviceaccount:shop:web", "'$host':aud": "sts.amazonaws.com"}}'
role=$(aws iam create-role --role-name web --query Role.Arn \
  --assume-role-policy-document "$(trusts '{"Federated": "'"$provider"'"}' '"sts:AssumeRoleWithWebIdentity"' "$condition")")
aws iam put-role-policy --role-name web --policy-name lists --policy-document \
  '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "eks:ListClusters", "Resource": "*"}]}'

# As a pod does: the SDK reads the token from a file, and calls STS without a signature.
pod() {
  env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN -u AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_CONFIG_FILE=/dev/null \
    AWS_ROLE_ARN="$role" AWS_WEB_IDENTITY_TOKEN_FILE="$work/token" AWS_ROLE_SESSION_NAME=pod "$@"
}
kubectl create token web -n shop --audience sts.amazonaws.com >"$work/token"
expect 'the pod is its role' "$(pod aws sts get-caller-identity --query Arn)" "arn:aws:sts::$(aws sts get-caller-identity --query Account):assumed-role/web/pod"
expect 'it may what the role may' "$(pod aws eks list-clusters --query clusters)" irsa
refused 'what the role may not' 'not authorized to perform: ec2:DescribeVpcs' pod aws ec2 describe-vpcs

# By hand, with what STS says of the token.
expect 'STS tells whose token it was' "$(aws sts assume-role-with-web-identity --no-sign-request --role-arn "$role" --role-session-name me \
  --web-identity-token "$(cat "$work/token")" --query '[SubjectFromWebIdentityToken, Audience, Provider]')" $'system:serviceaccount:shop:web\tsts.amazonaws.com\t'"$provider"
assume() { aws sts assume-role-with-web-identity --no-sign-request --role-arn "$role" --role-session-name me --web-identity-token "$1"; }
refused "another service account's token" 'Not authorized to perform sts:AssumeRoleWithWebIdentity' assume "$(kubectl create token other -n shop --audience sts.amazonaws.com)"
refused 'a token for the API server' 'Incorrect token audience' assume "$(kubectl create token web -n shop)"
refused 'a token that somebody changed' InvalidIdentityToken assume "$(sed 's/.....$/AAAAA/' "$work/token")"
refused 'no token' InvalidIdentityToken assume none
refused 'a token of nine minutes' 'may not specify a duration less than 10 minutes' kubectl create token web -n shop --duration 9m

# The API server itself knows its service accounts by such tokens.
server=$(kubectl config view --raw --minify -o 'jsonpath={.clusters[0].cluster.server}')
kubectl config view --raw --minify -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d >"$work/ca"
as() { KUBECONFIG=/dev/null kubectl --server "$server" --certificate-authority "$work/ca" --token "$1" "${@:2}"; }
expect 'it is a user of the cluster' "$(as "$(kubectl create token web -n shop)" auth whoami -o 'jsonpath={.status.userInfo.username}')" system:serviceaccount:shop:web
refused 'what nothing allows it' Forbidden as "$(kubectl create token web -n shop)" get pods -n shop
kubectl create role reads -n shop --verb=get,list --resource=pods
kubectl create rolebinding reads -n shop --role=reads --serviceaccount=shop:web
expect 'a role binding allows it' "$(as "$(kubectl create token web -n shop)" get pods -n shop -o name)" ''
refused 'a token for STS at the API server' 'must be logged in' as "$(cat "$work/token")" get pods -n shop
kept=$(kubectl create token web -n shop)
kubectl delete serviceaccount -n shop web
refused 'the token of an account that is gone' 'must be logged in' as "$kept" get pods -n shop

aws iam delete-open-id-connect-provider --open-id-connect-provider-arn "$provider"
refused 'without the provider' 'No OpenIDConnect provider found in your account for' assume "$(cat "$work/token")"
aws eks delete-cluster --name irsa >/dev/null
