#!/usr/bin/env bash
# terraform: self-managed groups of the EKS module, one of mixed instances: made, changed with an instance refresh, a schedule and a hook, and taken away.
# Needs: terraform, the aws CLI, python3, a filesystem mirror with the providers aws, tls, time, null and cloudinit, named by
# SLIPWAY_TF_MIRROR, and checkouts of the modules terraform-aws-eks (20.31 to 20.37) and -kms (2.1.0) in the folder that
# SLIPWAY_TF_MODULES names.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform eks kms
scenario eks-self-managed
apply 'two groups'
expect 'their instances' "$(aws autoscaling describe-auto-scaling-instances --query 'length(AutoScalingInstances)')" 4
apply 'their change' -var changed=true
refreshed() { [ "$(aws ec2 describe-instances --filters Name=instance-type,Values=m6i.xlarge Name=instance-state-name,Values=running --query \
  'length(Reservations[].Instances[])')" = 2 ]; }
eventually 120 'the instances are refreshed' refreshed
destroy -var changed=true
