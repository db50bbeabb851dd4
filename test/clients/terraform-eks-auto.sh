#!/usr/bin/env bash
# terraform: Auto Mode of the EKS module: made, its node pools changed, and taken away.
# Needs: terraform, the aws CLI, python3, a filesystem mirror with the providers aws, tls, time, null and cloudinit, named by
# SLIPWAY_TF_MIRROR, and checkouts of the modules terraform-aws-eks (20.31 to 20.37) and -kms (2.1.0) in the folder that
# SLIPWAY_TF_MODULES names.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform eks kms
scenario eks-auto
apply 'a cluster in Auto Mode'
apply 'another node pool' -var changed=true
expect 'the pools' "$(aws eks describe-cluster --name clients --query 'length(cluster.computeConfig.nodePools)')" 2
destroy -var changed=true
