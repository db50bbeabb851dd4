#!/usr/bin/env bash
# eksctl: capabilities (ACK, kro) come, change and go.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl, python3.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
remember
ok 'create cluster' eksctl create cluster --name cap --without-nodegroup
ok 'create capability' eksctl create capability --cluster cap --name ack --type ACK --attach-policy-arns arn:aws:iam::aws:policy/AmazonS3FullAccess
expect 'it is ACTIVE' "$(aws eks describe-capability --cluster-name cap --capability-name ack --query capability.status)" ACTIVE
ok 'create another' eksctl create capability --cluster cap --name kro --type KRO
ok 'get capability' eksctl get capability --cluster cap
has 'both are there' kro
ok 'delete capability' eksctl delete capability --cluster cap --name kro
expect 'one is left' "$(aws eks list-capabilities --cluster-name cap --query 'capabilities[].capabilityName')" ack
ok 'delete cluster' eksctl delete cluster --name cap --wait
nothing_left
