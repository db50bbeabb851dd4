#!/usr/bin/env bash
# aws CLI, kubectl: EKS Pod Identity: a pod's token becomes credentials of the associated role, with session tags
# Needs: aws, kubectl
. "$(dirname "$0")/lib.sh"
need aws kubectl
bare_cluster pods

# A pod with a service account that is associated with a role. The role may list the clusters, as long as its session is tagged as
# that of the namespace.
kubectl create namespace shop
kubectl create serviceaccount -n shop web
kubectl run web -n shop --image=registry.example/web --overrides='{"spec": {"serviceAccountName": "web"}}'
service='{"Service": "pods.eks.amazonaws.com"}'
role=$(aws iam create-role --role-name web --query Role.Arn --assume-role-policy-document "$(trusts "$service" '["sts:AssumeRole", "sts:TagSession"]')")
aws iam put-role-policy --role-name web --policy-name lists --policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
  "Action": "eks:ListClusters", "Condition": {"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "shop"}}}]}'
token() { kubectl create token web -n shop --bound-object-kind Pod --bound-object-name web --audience "$1"; }
assume() { aws eks-auth assume-role-for-pod-identity --cluster-name pods --token "$@"; }
refused 'a pod that nothing is associated with' ResourceNotFoundException assume "$(token pods.eks.amazonaws.com)"
association=$(aws eks create-pod-identity-association --cluster-name pods --namespace shop --service-account web --role-arn "$role" \
  --query association.associationId)

# As the agent on a node does it for the pod.
expect 'the answer tells whose it is' "$(assume "$(token pods.eks.amazonaws.com)" \
  --query '[subject.namespace, subject.serviceAccount, audience, podIdentityAssociation.associationId]')" $'shop\tweb\tpods.eks.amazonaws.com\t'"$association"
read -r key secret session < <(assume "$(token pods.eks.amazonaws.com)" --query 'credentials.[accessKeyId, secretAccessKey, sessionToken]')
pod() { AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$session "$@"; }
ok "the pod is the role's session" pod aws sts get-caller-identity --query Arn
has 'named after cluster and pod' ':assumed-role/web/eks-pods-web-'
expect 'it may what the role may, by its tags' "$(pod aws eks list-clusters --query clusters)" pods
refused 'what the role may not' 'not authorized to perform: ec2:DescribeVpcs' pod aws ec2 describe-vpcs

refused 'a token for somebody else' InvalidTokenException assume "$(token sts.amazonaws.com)"
refused 'a token of no pod' InvalidTokenException assume "$(kubectl create token web -n shop --audience pods.eks.amazonaws.com)"
refused 'a cluster that is not there' ResourceNotFoundException aws eks-auth assume-role-for-pod-identity --cluster-name none \
  --token "$(token pods.eks.amazonaws.com)"
aws iam update-assume-role-policy --role-name web --policy-document "$(trusts "$service")"
refused 'a role that trusts no tagged sessions' AccessDeniedException assume "$(token pods.eks.amazonaws.com)"
aws eks update-pod-identity-association --cluster-name pods --association-id "$association" --disable-session-tags >/dev/null
expect 'and may be assumed without tags' "$(assume "$(token pods.eks.amazonaws.com)" --query subject.serviceAccount)" web
late=$(token pods.eks.amazonaws.com)
kubectl delete pod -n shop web --now --wait=false
refused 'a pod that is gone' InvalidTokenException assume "$late"
aws eks delete-pod-identity-association --cluster-name pods --association-id "$association" >/dev/null
aws eks delete-cluster --name pods >/dev/null
