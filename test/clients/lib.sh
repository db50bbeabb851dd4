# lib.sh: what the scripts of this folder share; each begins with
#   . "$(dirname "$0")/lib.sh"
# They run in a simulated region: slipway sim --speed 60 -- bash test/clients/NAME.sh
# A script ends with 0 where all that it says holds, 77 where it could not run here and 1 otherwise.
set -euo pipefail

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) # this folder
work=$(mktemp -d)                                   # the script's own folder, gone at its end
trap 'rm -rf "$work"' EXIT

export AWS_PAGER='' AWS_DEFAULT_OUTPUT=text

say() { printf '== %s\n' "$*"; }

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

skip() {
  printf 'SKIPPED: %s\n' "$*"
  exit 77
}

# in_region: the script runs in a simulated region, and in no account of anybody's.
in_region() {
  case "${AWS_ENDPOINT_URL:-}" in
  http://127.0.0.1:* | http://localhost:* | http://\[::1\]:*) ;;
  *) skip "runs in a simulated region only: slipway sim --speed 60 -- bash $0" ;;
  esac
}

# need COMMAND…: the script skips where one is not installed.
need() {
  in_region
  local c
  for c in "$@"; do
    command -v "$c" >/dev/null || skip "$c is not installed"
  done
}

# need_eksctl: the eksctl that SLIPWAY_EKSCTL names, or the one on PATH; it uses kubectl's kubeconfig and the aws CLI's tokens.
need_eksctl() {
  need aws kubectl
  eksctl=${SLIPWAY_EKSCTL:-$(command -v eksctl || true)}
  [ -x "$eksctl" ] || skip 'eksctl is not installed: put it on PATH, or name it by SLIPWAY_EKSCTL'
}

eksctl() { "$eksctl" --color=false "$@"; }

# field PATH COMMAND…: one value of the command's answer in JSON, the path as Python writes it: [0]["Name"].
field() {
  local path=$1
  shift
  "$@" -o json 2>/dev/null | python3 -c "import json, sys; print(json.load(sys.stdin)$path)"
}

# ok WHAT COMMAND…: the command ends well; its output is in $out, and shown where it does not.
ok() {
  local what=$1 code=0
  shift
  out=$("$@" 2>&1) || code=$?
  if [ "$code" -ne 0 ]; then
    printf '%s\n' "$out" | tail -n "${SHOW:-40}" >&2
    fail "$what: \"$*\" ended with $code"
  fi
  printf 'ok  %s\n' "$what"
}

# refused WHAT PATTERN COMMAND…: the command ends badly, and says what matches the extended regular expression.
refused() {
  local what=$1 pattern=$2 code=0
  shift 2
  out=$("$@" 2>&1) || code=$?
  [ "$code" -ne 0 ] || fail "$what: \"$*\" ended well, and had to be refused"
  if ! grep -Eq -- "$pattern" <<<"$out"; then
    printf '%s\n' "$out" | tail -n "${SHOW:-40}" >&2
    fail "$what: \"$*\" does not say $pattern"
  fi
  printf 'ok  %s\n' "$what"
}

# expect WHAT GOT WANT: two texts are the same.
expect() {
  [ "$2" = "$3" ] || fail "$1: it is \"$2\", and had to be \"$3\""
  printf 'ok  %s\n' "$1"
}

# has WHAT PATTERN: the last command's output ($out) has a line that matches.
has() {
  if ! grep -Eq -- "$2" <<<"$out"; then
    printf '%s\n' "$out" | tail -n "${SHOW:-40}" >&2
    fail "$1: nothing in the output matches $2"
  fi
  printf 'ok  %s\n' "$1"
}

# eventually SECONDS WHAT COMMAND…: the command ends well within so many seconds of this machine's clock; it is tried each second.
eventually() {
  local left=$1 what=$2
  shift 2
  until out=$("$@" 2>&1); do
    left=$((left - 1))
    if [ "$left" -le 0 ]; then
      printf '%s\n' "$out" | tail -n "${SHOW:-40}" >&2
      fail "$what: \"$*\" does not end well"
    fi
    sleep 1
  done
  printf 'ok  %s\n' "$what"
}

# each KIND aws…: a line for each word of a text answer; nothing where the answer is empty.
each() {
  local kind=$1 word words
  shift
  words=$("$@") || fail "$*"
  for word in $words; do
    [ "$word" = None ] || printf '%s %s\n' "$kind" "$word"
  done
}

# inventory: what the region holds that costs money or stands in somebody's way, one thing a line, sorted. What AWS ends by itself
# later is not in it: terminated instances, deleted NAT gateways and stacks, keys that wait for their deletion.
inventory() {
  {
    each stack aws cloudformation list-stacks --query "StackSummaries[?StackStatus!='DELETE_COMPLETE'].StackName"
    each cluster aws eks list-clusters --query clusters
    each vpc aws ec2 describe-vpcs --query 'Vpcs[].VpcId'
    each subnet aws ec2 describe-subnets --query 'Subnets[].SubnetId'
    each security-group aws ec2 describe-security-groups --query 'SecurityGroups[].GroupId'
    each route-table aws ec2 describe-route-tables --query 'RouteTables[].RouteTableId'
    each internet-gateway aws ec2 describe-internet-gateways --query 'InternetGateways[].InternetGatewayId'
    each nat-gateway aws ec2 describe-nat-gateways --query "NatGateways[?State!='deleted'].NatGatewayId"
    each address aws ec2 describe-addresses --query 'Addresses[].AllocationId'
    each interface aws ec2 describe-network-interfaces --query 'NetworkInterfaces[].NetworkInterfaceId'
    each vpc-endpoint aws ec2 describe-vpc-endpoints --query "VpcEndpoints[?State!='deleted'].VpcEndpointId"
    each instance aws ec2 describe-instances --query "Reservations[].Instances[?State.Name!='terminated'].InstanceId"
    each load-balancer aws elbv2 describe-load-balancers --query 'LoadBalancers[].LoadBalancerArn'
    each load-balancer aws elb describe-load-balancers --query 'LoadBalancerDescriptions[].LoadBalancerName'
    each target-group aws elbv2 describe-target-groups --query 'TargetGroups[].TargetGroupArn'
    each launch-template aws ec2 describe-launch-templates --query 'LaunchTemplates[].LaunchTemplateName'
    each auto-scaling-group aws autoscaling describe-auto-scaling-groups --query 'AutoScalingGroups[].AutoScalingGroupName'
    each role aws iam list-roles --query "Roles[?!starts_with(Path, '/aws-service-role/')].RoleName"
    each oidc-provider aws iam list-open-id-connect-providers --query 'OpenIDConnectProviderList[].Arn'
    each log-group aws logs describe-log-groups --query 'logGroups[].logGroupName'
  } | sort
}

# remember: what the region holds now is there by itself; a script calls it before its first change.
remember() { inventory >"$work/before"; }

# nothing_left [PATTERN]: the region holds what it held at remember, but for lines that match the extended regular expression.
nothing_left() {
  inventory >"$work/after"
  local left
  left=$(comm -13 "$work/before" "$work/after" | { grep -Ev -- "${1:-^$}" || true; })
  [ -z "$left" ] || fail "something is left:
$left"
  say 'nothing is left'
}

# trusts PRINCIPAL [ACTIONS [CONDITION]]: a trust policy; the principal and the condition as JSON.
trusts() {
  printf '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": %s, "Principal": %s%s}]}' "${2:-\"sts:AssumeRole\"}" "$1" "${3:+, \"Condition\": $3}"
}

# bare_cluster NAME: a cluster by the aws CLI alone, without nodes, with kubectl's kubeconfig for it.
bare_cluster() {
  local vpc zones a b role
  vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId)
  zones=($(aws ec2 describe-availability-zones --query 'AvailabilityZones[:2].ZoneName'))
  a=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.0.0.0/20 --availability-zone "${zones[0]}" --query Subnet.SubnetId)
  b=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.0.16.0/20 --availability-zone "${zones[1]}" --query Subnet.SubnetId)
  role=$(aws iam create-role --role-name control --assume-role-policy-document "$(trusts '{"Service": "eks.amazonaws.com"}')" --query Role.Arn)
  aws iam attach-role-policy --role-name control --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy
  made() { aws eks create-cluster --name "$1" --role-arn "$role" --resources-vpc-config "subnetIds=$a,$b"; } # refused while the role is new
  eventually 30 'a cluster without nodes' made "$1"
  aws eks wait cluster-active --name "$1"
  export KUBECONFIG=$work/kubeconfig
  aws eks update-kubeconfig --name "$1" >/dev/null
}
