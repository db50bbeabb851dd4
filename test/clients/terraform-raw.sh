#!/usr/bin/env bash
# terraform: a cluster of the AWS provider's own resources: made, without differences, changed, and taken away.
# Needs: terraform, the aws CLI, python3, and a filesystem mirror with the AWS provider, named by SLIPWAY_TF_MIRROR.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform
scenario raw
apply 'a cluster'
apply 'more nodes' -var nodes=3
expect 'they are there' "$(aws eks describe-nodegroup --cluster-name tf --nodegroup-name g --query nodegroup.scalingConfig.desiredSize)" 3
destroy -var nodes=3
