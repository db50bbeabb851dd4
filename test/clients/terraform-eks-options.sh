#!/usr/bin/env bash
# terraform: the EKS module with IPv6, and managed groups of every kind of image, user data and launch template: made, changed, and taken away.
# Needs: terraform, the aws CLI, python3, a filesystem mirror with the providers aws, tls, time, null and cloudinit, named by
# SLIPWAY_TF_MIRROR, and checkouts of the modules terraform-aws-eks (20.31 to 20.37), -eks-pod-identity (1.x), -kms (2.1.0) and -vpc
# (5.x) in the folder that SLIPWAY_TF_MODULES names.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform eks eks-pod-identity kms vpc
scenario eks-options
apply 'a cluster and seven groups'
expect 'its address family' "$(aws eks describe-cluster --name clients --query cluster.kubernetesNetworkConfig.ipFamily)" ipv6
expect 'every group is healthy' "$(for g in $(aws eks list-nodegroups --cluster-name clients --query nodegroups); do aws eks describe-nodegroup \
  --cluster-name clients --nodegroup-name "$g" --query nodegroup.status; done | sort | uniq -c | xargs)" '7 ACTIVE'
apply 'their change' -var changed=true
destroy -var changed=true
