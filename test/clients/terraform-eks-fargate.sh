#!/usr/bin/env bash
# terraform: Fargate profiles of the EKS module in the VPC module's private subnets: made, another one added, and taken away.
# Needs: terraform, the aws CLI, python3, a filesystem mirror with the providers aws, tls, time, null and cloudinit, named by
# SLIPWAY_TF_MIRROR, and checkouts of the modules terraform-aws-eks (20.31 to 20.37), -kms (2.1.0) and -vpc (5.x) in the folder that
# SLIPWAY_TF_MODULES names.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform eks kms vpc
scenario eks-fargate
apply 'a cluster on Fargate'
apply 'another profile' -var changed=true
expect 'the profiles' "$(aws eks list-fargate-profiles --cluster-name clients --query 'length(fargateProfileNames)')" 2
destroy -var changed=true
