#!/usr/bin/env bash
# terraform: the VPC module with NAT gateways, network ACLs, DHCP options and endpoints: made, without differences, changed, and taken away.
# Needs: terraform, the aws CLI, python3, a filesystem mirror with the AWS provider, named by SLIPWAY_TF_MIRROR, and a checkout of the module
# terraform-aws-vpc (5.x) in the folder that SLIPWAY_TF_MODULES names.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/terraform/cycle.sh"
need_terraform vpc
scenario vpc
apply 'a VPC'
apply 'with one NAT gateway, ACLs, DHCP options and another endpoint' -var changed=true
destroy -var changed=true
