#!/usr/bin/env bash
# eksctl: slipway finds no drift in what it made; the group that slipway makes there it lists, scales and deletes as its own.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), slipway (named by SLIPWAY or on PATH), the aws CLI, kubectl.
. "$(dirname "$0")/lib.sh"
need_eksctl
slipway=${SLIPWAY:-$(command -v slipway || true)}
[ -x "$slipway" ] || skip 'slipway is not installed: put it on PATH, or name it by SLIPWAY'
export AWS_REGION=us-west-2
remember

ok 'create cluster' eksctl create cluster --name mine --nodes 2 --managed --with-oidc --version 1.34
ok 'create nodegroup' eksctl create nodegroup --cluster mine --name own --managed=false --nodes 1
ok 'no drift' "$slipway" drift mine --no-blame --exit-code
has 'it says so' 'no drift'
has 'whose it is' 'eksctl.s contract \(eksctl\).*control plane'
ok 'export' "$slipway" export mine
"$slipway" export mine >"$work/mine.yaml" 2>/dev/null
ok 'plan of what was exported' "$slipway" plan -f "$work/mine.yaml"
has 'nothing to do' 'is as wanted. Nothing to do'

ok 'slipway nodegroup create' "$slipway" nodegroup create mine --name second --nodes 1 --nodes-max 3 --yes
ok 'get nodegroup' eksctl get nodegroup --cluster mine
has 'it is among its own' 'second.*ACTIVE'
ok 'scale nodegroup' eksctl scale nodegroup --cluster mine --name second --nodes 2 --wait
ok 'a size is no drift' "$slipway" drift mine --no-blame --exit-code
ok 'delete nodegroup' eksctl delete nodegroup --cluster mine --name second --wait
expect 'it is gone' "$(aws eks list-nodegroups --cluster-name mine --query 'nodegroups[?@==`second`]')" ''

say 'an edit behind both'
subnet=$(aws ec2 describe-subnets --filters Name=tag:alpha.eksctl.io/cluster-name,Values=mine Name=map-public-ip-on-launch,Values=true \
  --query 'Subnets[0].SubnetId')
ok 'a tag goes' aws ec2 delete-tags --resources "$subnet" --tags Key=kubernetes.io/role/elb
code=0
out=$("$slipway" drift mine --exit-code 2>&1) || code=$?
expect 'drift has its exit code' "$code" 2
has 'it names the field' 'network.subnets.tags'
# CloudTrail tells of a call some minutes after it, of the region's.
eventually 60 'and who did it' bash -c "'$slipway' drift mine | grep DeleteTags"
ok 'delete cluster' eksctl delete cluster --name mine --wait
nothing_left
