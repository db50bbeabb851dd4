#!/usr/bin/env bash
# eksctl: the control plane's subnets are replaced and the old ones deleted behind its back; it makes no node group any more.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl. With slipway (named by SLIPWAY or on PATH), what it does then.
. "$(dirname "$0")/lib.sh"
need_eksctl
remember
ok 'create cluster' eksctl create cluster --name stale --without-nodegroup
of() { aws eks describe-cluster --name stale --query "cluster.$1"; }
subnets() { # those of the VPC that are public (true) or private (false): ID, zone and its table of routes
  aws ec2 describe-subnets --filters "Name=vpc-id,Values=$vpc" "Name=map-public-ip-on-launch,Values=$1" --query 'Subnets[].[SubnetId,AvailabilityZone]'
}
table() {
  aws ec2 describe-route-tables --filters "Name=association.subnet-id,Values=$1" --query 'RouteTables[0].[RouteTableId]'
}
vpc=$(of resourcesVpcConfig.vpcId)
subnets true >"$work/public"
subnets false >"$work/private"

say 'somebody replaces every subnet, in a second block of the VPC'
aws ec2 associate-vpc-cidr-block --vpc-id "$vpc" --cidr-block 100.64.0.0/16 >/dev/null
n=0 new=()
replace() { # public or private: a new subnet for each of a list
  local id zone s
  while read -r id zone; do
    s=$(aws ec2 create-subnet --vpc-id "$vpc" --availability-zone "$zone" --cidr-block "100.64.$((n * 16)).0/20" --query Subnet.SubnetId)
    n=$((n + 1))
    aws ec2 associate-route-table --route-table-id "$(table "$id")" --subnet-id "$s" >/dev/null
    if [ "$1" = public ]; then aws ec2 modify-subnet-attribute --subnet-id "$s" --map-public-ip-on-launch; fi
    new+=("$s")
  done <"$work/$1"
}
replace public
replace private
ok 'the control plane moves' aws eks update-cluster-config --name stale --resources-vpc-config "subnetIds=$(IFS=,; echo "${new[*]}")"
still() { [ "$(of status)" = ACTIVE ]; }
eventually 120 'it is ACTIVE again' still

say 'the NAT gateway moves too, and the old subnets go'
nat=$(aws ec2 describe-nat-gateways --filter "Name=vpc-id,Values=$vpc" Name=state,Values=available --query 'NatGateways[0].NatGatewayId')
ok 'the gateway goes' aws ec2 delete-nat-gateway --nat-gateway-id "$nat"
gone() { [ "$(aws ec2 describe-nat-gateways --nat-gateway-ids "$nat" --query 'NatGateways[0].State')" = deleted ]; }
eventually 120 'it has gone' gone
address=$(aws ec2 describe-addresses --query 'Addresses[0].AllocationId')
other=$(aws ec2 create-nat-gateway --subnet-id "${new[0]}" --allocation-id "$address" --query NatGateway.NatGatewayId)
cut -f1 "$work/public" "$work/private" | while read -r id; do aws ec2 delete-subnet --subnet-id "$id"; done
there() { [ "$(aws ec2 describe-nat-gateways --nat-gateway-ids "$other" --query 'NatGateways[0].State')" = available ]; }
eventually 120 'the new gateway is there' there
while read -r id _; do
  t=$(table "$id")
  aws ec2 replace-route --route-table-id "$t" --destination-cidr-block 0.0.0.0/0 --nat-gateway-id "$other"
done < <(subnets false)

say 'eksctl reads its stack, and finds nothing'
refused 'create nodegroup' 'have been deleted|InvalidSubnetID.NotFound' eksctl create nodegroup --cluster stale --name ng --nodes 1
printf '%s\n' "$out" | tail -n 3

slipway=${SLIPWAY:-$(command -v slipway || true)}
if [ -x "$slipway" ]; then
  say 'slipway reads EKS, and makes the group'
  cat >"$work/c.yaml" <<YAML
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: stale, region: us-west-2, version: "$(of version)"}
managedNodeGroups:
  - {name: ng, instanceType: m5.large, desiredCapacity: 1}
YAML
  ok 'slipway plan' "$slipway" plan -f "$work/c.yaml"
  printf '%s\n' "$out" | tail -n 12
  ok 'slipway up' "$slipway" up -f "$work/c.yaml" --yes
  expect 'the group' "$(aws eks describe-nodegroup --cluster-name stale --nodegroup-name ng --query nodegroup.status)" ACTIVE
fi
