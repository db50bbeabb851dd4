#!/usr/bin/env bash
# terraform: the race of the EKS module: without before_compute a group without a CNI ends in NodeCreationFailure, with it the group is ACTIVE.
# Needs: terraform, the aws CLI, python3, a filesystem mirror with the providers aws, tls, time, null and cloudinit, named by
# SLIPWAY_TF_MIRROR, and checkouts of the modules terraform-aws-eks (20.31 to 20.37) and -kms (2.1.0) in the folder that
# SLIPWAY_TF_MODULES names.
#
# The module's 30 seconds between cluster and groups are this machine's: at speed 60 they are half an hour, and the add-on always
# wins. The race as it is on AWS needs --speed 1 and an hour and a half; then the second part may fail, and says so.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform eks kms
scenario eks-race
refused 'without before_compute' 'NodeCreationFailure' terraform apply -auto-approve -no-color
expect 'the add-on was never made' "$(aws eks list-addons --cluster-name clients --query 'length(addons)')" 0
apply 'with before_compute' -var before_compute=true
destroy -var before_compute=true
