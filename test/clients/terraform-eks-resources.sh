#!/usr/bin/env bash
# terraform: every aws_eks_* resource and data source of the AWS provider: made, most of them changed, and taken away.
# Needs: terraform, the aws CLI, python3, and a filesystem mirror with the AWS provider, named by SLIPWAY_TF_MIRROR.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform
scenario eks-resources
apply 'a cluster'
expect 'the image is the one that EKS takes' "$(terraform output -raw image)" "$(aws ssm get-parameter --name \
  /aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id --query Parameter.Value)"
apply 'its change' -var changed=true
destroy -var changed=true
