#!/usr/bin/env bash
# terraform: the EKS module with its defaults and a managed group: made, then version, labels, sizes, an add-on and another group changed, and taken away.
# Needs: terraform, the aws CLI, python3, a filesystem mirror with the providers aws, tls, time, null and cloudinit, named by
# SLIPWAY_TF_MIRROR, and checkouts of the modules terraform-aws-eks (20.31 to 20.37) and -kms (2.1.0) in the folder that
# SLIPWAY_TF_MODULES names.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform eks kms
scenario eks
apply 'a cluster'
expect 'its group is there' "$(aws eks list-nodegroups --cluster-name clients --query 'length(nodegroups)')" 1
apply 'its change' -var changed=true
expect 'its version' "$(aws eks describe-cluster --name clients --query cluster.version)" 1.34
expect 'its groups are there' "$(aws eks list-nodegroups --cluster-name clients --query 'length(nodegroups)')" 2
destroy -var changed=true
