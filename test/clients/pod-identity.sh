#!/usr/bin/env bash
# aws CLI, kubectl: EKS Pod Identity: a pod's token becomes credentials of the associated role, with session tags
# Needs: aws, kubectl
# Run: slipway sim --speed 60 -- bash test/clients/pod-identity.sh
set -euo pipefail
for tool in aws kubectl; do command -v "$tool" >/dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }; done
[[ "${AWS_ENDPOINT_URL:-}" == http://127.0.0.1:* ]] || { echo "SKIPPED: runs in a simulated region only: slipway sim --speed 60 -- bash $0"; exit 77; }
export AWS_DEFAULT_OUTPUT=text AWS_PAGER='' KUBECONFIG=$PWD/pod-identity.kubeconfig
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
  aws eks create-cluster --name pods --role-arn "$control" --resources-vpc-config "subnetIds=$a,$b" >/dev/null 2>"$work/why" && break
  grep -q 'could not be assumed' "$work/why" || { cat "$work/why"; exit 1; } # the role is too new
  sleep 0.5
done
until [[ $(aws eks describe-cluster --name pods --query cluster.status) == ACTIVE ]]; do sleep 1; done
aws eks update-kubeconfig --name pods >/dev/null

# A pod with a service account that is associated with a role. The role may list the clusters, as long as its session is tagged as
# that of the namespace.
kubectl create namespace shop
kubectl create serviceaccount -n shop web
kubectl run web -n shop --image=registry.example/web --overrides='{"spec": {"serviceAccountName": "web"}}'
service='{"Service": "pods.eks.amazonaws.com"}'
role=$(aws iam create-role --role-name web --query Role.Arn --assume-role-policy-document "$(trust '["sts:AssumeRole", "sts:TagSession"]' "$service")")
aws iam put-role-policy --role-name web --policy-name lists --policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
  "Action": "eks:ListClusters", "Condition": {"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "shop"}}}]}'
token() { kubectl create token web -n shop --bound-object-kind Pod --bound-object-name web --audience "$1"; }
assume() { aws eks-auth assume-role-for-pod-identity --cluster-name pods --token "$@"; }
refused 'a pod that nothing is associated with' ResourceNotFoundException assume "$(token pods.eks.amazonaws.com)"
association=$(aws eks create-pod-identity-association --cluster-name pods --namespace shop --service-account web --role-arn "$role" \
  --query association.associationId)

# As the agent on a node does it for the pod.
is 'the answer tells whose it is' $'shop\tweb\tpods.eks.amazonaws.com\t'"$association" "$(assume "$(token pods.eks.amazonaws.com)" \
  --query '[subject.namespace, subject.serviceAccount, audience, podIdentityAssociation.associationId]')"
read -r key secret session < <(assume "$(token pods.eks.amazonaws.com)" --query 'credentials.[accessKeyId, secretAccessKey, sessionToken]')
pod() { AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$session "$@"; }
is "the pod is the role's session" yes "$(pod aws sts get-caller-identity --query Arn | grep -q ':assumed-role/web/eks-pods-web-' && echo yes)"
is 'it may what the role may, by its tags' pods "$(pod aws eks list-clusters --query clusters)"
refused 'what the role may not' 'not authorized to perform: ec2:DescribeVpcs' pod aws ec2 describe-vpcs

refused 'a token for somebody else' InvalidTokenException assume "$(token sts.amazonaws.com)"
refused 'a token of no pod' InvalidTokenException assume "$(kubectl create token web -n shop --audience pods.eks.amazonaws.com)"
refused 'a cluster that is not there' ResourceNotFoundException aws eks-auth assume-role-for-pod-identity --cluster-name none \
  --token "$(token pods.eks.amazonaws.com)"
aws iam update-assume-role-policy --role-name web --policy-document "$(trust '"sts:AssumeRole"' "$service")"
refused 'a role that trusts no tagged sessions' AccessDeniedException assume "$(token pods.eks.amazonaws.com)"
aws eks update-pod-identity-association --cluster-name pods --association-id "$association" --disable-session-tags >/dev/null
is 'and may be assumed without tags' web "$(assume "$(token pods.eks.amazonaws.com)" --query subject.serviceAccount)"
late=$(token pods.eks.amazonaws.com)
kubectl delete pod -n shop web --now --wait=false
refused 'a pod that is gone' InvalidTokenException assume "$late"
aws eks delete-pod-identity-association --cluster-name pods --association-id "$association" >/dev/null
aws eks delete-cluster --name pods >/dev/null
echo 'holds'
