#!/usr/bin/env bash
# aws CLI, kubectl: IAM roles for service accounts: a token of kubectl's becomes credentials of a role, and no other does
# Needs: aws, kubectl
# Run: slipway sim --speed 60 -- bash test/clients/irsa.sh
set -euo pipefail
for tool in aws kubectl; do command -v "$tool" >/dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }; done
[[ "${AWS_ENDPOINT_URL:-}" == http://127.0.0.1:* ]] || { echo "SKIPPED: runs in a simulated region only: slipway sim --speed 60 -- bash $0"; exit 77; }
export AWS_DEFAULT_OUTPUT=text AWS_PAGER='' KUBECONFIG=$PWD/irsa.kubeconfig
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

# is WHAT WANT GOT; refused WHAT WORDS COMMAND…
is() { [[ "$3" == "$2" ]] || { echo "FAILED: $1: got '$3', want '$2'"; exit 1; }; echo "ok: $1"; }
refused() {
  local what=$1 words=$2; shift 2
  if "$@" >"$work/out" 2>&1; then echo "FAILED: $what was not refused"; cat "$work/out"; exit 1; fi
  grep -qF -- "$words" "$work/out" || { echo "FAILED: $what: no '$words' in: $(cat "$work/out")"; exit 1; }
  echo "ok: $what is refused: $words"
}

# A cluster, without nodes.
vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId)
zones=($(aws ec2 describe-availability-zones --query 'AvailabilityZones[:2].ZoneName'))
a=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.0.0.0/20 --availability-zone "${zones[0]}" --query Subnet.SubnetId)
b=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.0.16.0/20 --availability-zone "${zones[1]}" --query Subnet.SubnetId)
trust() { printf '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": %s, "Principal": %s%s}]}' "$1" "$2" "${3:-}"; }
control=$(aws iam create-role --role-name control --assume-role-policy-document "$(trust '"sts:AssumeRole"' '{"Service": "eks.amazonaws.com"}')" --query Role.Arn)
aws iam attach-role-policy --role-name control --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy
for _ in $(seq 60); do
  aws eks create-cluster --name irsa --role-arn "$control" --resources-vpc-config "subnetIds=$a,$b" >/dev/null 2>"$work/why" && break
  grep -q 'could not be assumed' "$work/why" || { cat "$work/why"; exit 1; } # the role is too new
  sleep 0.5
done
until [[ $(aws eks describe-cluster --name irsa --query cluster.status) == ACTIVE ]]; do sleep 1; done
aws eks update-kubeconfig --name irsa >/dev/null

# The cluster's issuer is registered; a role trusts one service account of it.
issuer=$(aws eks describe-cluster --name irsa --query cluster.identity.oidc.issuer)
provider=$(aws iam create-open-id-connect-provider --url "$issuer" --client-id-list sts.amazonaws.com --query OpenIDConnectProviderArn)
host=${issuer#https://}
kubectl create namespace shop
kubectl create serviceaccount -n shop web
kubectl create serviceaccount -n shop other
condition=', "Condition": {"StringEquals": {"'$host':sub": "system:serviceaccount:shop:web", "'$host':aud": "sts.amazonaws.com"}}'
role=$(aws iam create-role --role-name web --query Role.Arn \
  --assume-role-policy-document "$(trust '"sts:AssumeRoleWithWebIdentity"' '{"Federated": "'"$provider"'"}' "$condition")")
aws iam put-role-policy --role-name web --policy-name lists --policy-document \
  '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "eks:ListClusters", "Resource": "*"}]}'

# As a pod does: the SDK reads the token from a file, and calls STS without a signature.
pod() {
  env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN -u AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_CONFIG_FILE=/dev/null \
    AWS_ROLE_ARN="$role" AWS_WEB_IDENTITY_TOKEN_FILE="$work/token" AWS_ROLE_SESSION_NAME=pod "$@"
}
kubectl create token web -n shop --audience sts.amazonaws.com >"$work/token"
is 'the pod is its role' "arn:aws:sts::$(aws sts get-caller-identity --query Account):assumed-role/web/pod" "$(pod aws sts get-caller-identity --query Arn)"
is 'it may what the role may' irsa "$(pod aws eks list-clusters --query clusters)"
refused 'what the role may not' 'not authorized to perform: ec2:DescribeVpcs' pod aws ec2 describe-vpcs

# By hand, with what STS says of the token.
is 'STS tells whose token it was' $'system:serviceaccount:shop:web\tsts.amazonaws.com\t'"$provider" "$(aws sts assume-role-with-web-identity --no-sign-request \
  --role-arn "$role" --role-session-name me --web-identity-token "$(cat "$work/token")" --query '[SubjectFromWebIdentityToken, Audience, Provider]')"
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
is 'it is a user of the cluster' system:serviceaccount:shop:web "$(as "$(kubectl create token web -n shop)" auth whoami -o 'jsonpath={.status.userInfo.username}')"
refused 'what nothing allows it' Forbidden as "$(kubectl create token web -n shop)" get pods -n shop
kubectl create role reads -n shop --verb=get,list --resource=pods
kubectl create rolebinding reads -n shop --role=reads --serviceaccount=shop:web
is 'a role binding allows it' '' "$(as "$(kubectl create token web -n shop)" get pods -n shop -o name)"
refused 'a token for STS at the API server' 'must be logged in' as "$(cat "$work/token")" get pods -n shop
kept=$(kubectl create token web -n shop)
kubectl delete serviceaccount -n shop web
refused 'the token of an account that is gone' 'must be logged in' as "$kept" get pods -n shop

aws iam delete-open-id-connect-provider --open-id-connect-provider-arn "$provider"
refused 'without the provider' 'No OpenIDConnect provider found in your account for' assume "$(cat "$work/token")"
aws eks delete-cluster --name irsa >/dev/null
echo 'holds'
