#!/usr/bin/env bash
# terraform: Karpenter's submodule of the EKS module, the pod identity module, and access entries: made, changed, and taken away.
# Needs: terraform, the aws CLI, python3, a filesystem mirror with the providers aws, tls, time, null and cloudinit, named by
# SLIPWAY_TF_MIRROR, and checkouts of the modules terraform-aws-eks (20.31 to 20.37), -eks-pod-identity (1.x) and -kms (2.1.0) in the
# folder that SLIPWAY_TF_MODULES names.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform eks eks-pod-identity kms
scenario eks-karpenter
apply 'a cluster for Karpenter'
expect 'its queue is there' "$(aws sqs list-queues --query 'length(QueueUrls)')" 1
apply 'its change' -var changed=true
expect 'its policy' "$(aws eks list-associated-access-policies --cluster-name clients --principal-arn "$(aws iam get-role --role-name dev \
  --query Role.Arn)" --query 'associatedAccessPolicies[].policyArn')" arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy
destroy -var changed=true
