#!/usr/bin/env bash
# eksctl: every example of its own repository that its rules accept at 1.32 or 1.34 becomes a cluster and goes again.
# Minutes: 40
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), its folder examples (named by SLIPWAY_EKSCTL_EXAMPLES), the aws CLI, kubectl, python3 with PyYAML.
# With names as arguments, those only: 01-simple-cluster.yaml. What an example names of an account is made before, where that can be.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
python3 -c 'import yaml' 2>/dev/null || skip 'PyYAML is not installed'
examples=${SLIPWAY_EKSCTL_EXAMPLES:-}
[ -d "$examples" ] || skip 'SLIPWAY_EKSCTL_EXAMPLES names no folder of examples'
[ $# -gt 0 ] || set -- $(cd "$examples" && ls -- *.yaml)
# No more than two work in a region at once: an account has five VPCs and five addresses in each.
regions=(us-west-2 us-east-1 us-east-2 us-west-1 eu-west-1 eu-west-2 eu-central-1 eu-north-1 ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1)

# prepare FILE MINOR REGION: the example with what it names of an account.
prepare() { python3 "$tests/eksctl-example.py" "$examples/$1" "$2" "$3" "$work/$1"; }

# refusal CLUSTER LOG: what AWS or Kubernetes refuse of an example that eksctl's rules let pass; else none. Values that EKS does not know, a
# namespace that nobody makes, and a cluster that shuts its own creator out.
refusal() {
  local stack why
  why=$(grep -oE 'namespaces "[^"]*" not found|the server has asked for the client to provide credentials' "$2" | head -n 1 || true)
  [ -z "$why" ] || { echo "refused by Kubernetes: $why"; return; }
  for stack in $(aws cloudformation list-stacks --query "StackSummaries[?starts_with(StackName, 'eksctl-$1-') && StackStatus!='DELETE_COMPLETE'].StackName"); do
    why=$(aws cloudformation describe-stack-events --stack-name "$stack" --query "StackEvents[?ResourceStatus=='CREATE_FAILED'].ResourceStatusReason" |
      grep -oE "Value '[^']*' at '[^']*' failed to satisfy constraint: Member must satisfy enum value set" | head -n 1 || true)
    [ -z "$why" ] || { echo "refused by EKS: $why"; return; }
  done
  echo none
}

# one FILE REGION: its life; the last line of its log says what came of it.
one() {
  local f=$1 v log="$work/$1.log" name why= force=
  export AWS_REGION=$2 AWS_DEFAULT_REGION=$2
  for v in 1.34 1.32; do
    prepare "$f" "$v" "$AWS_REGION" >"$log" 2>&1 || { echo "left out: $(tail -n 1 "$log")" >"$log"; continue; }
    if eksctl create cluster -f "$work/$f" --dry-run >"$log" 2>&1; then
      read -r name AWS_REGION < <(python3 -c 'import sys, yaml
m = yaml.safe_load(open(sys.argv[1]))["metadata"]
print(m["name"], m["region"])' "$work/$f")
      AWS_DEFAULT_REGION=$AWS_REGION
      eksctl create cluster -f "$work/$f" --kubeconfig "$work/$f.kube" >>"$log" 2>&1 || why=$(refusal "$name" "$log")
      [ "$why" != none ] || { echo "FAILED to be made" >>"$log"; return; }
      [[ $why != *credentials ]] || force=--force # it asks the cluster for its Services, and is not let in
      eksctl delete cluster --name "$name" --wait --disable-nodegroup-eviction $force >>"$log" 2>&1 || { echo "FAILED to go" >>"$log"; return; }
      echo "${why:-made at $v}, and gone" >>"$log"
      return
    fi
  done
  grep -q '^left out' "$log" || echo "refused by eksctl's own rules: $(grep -E '^(Error|panic)' "$log" | tail -n 1)" >>"$log"
}

bad=0 n=0 lanes=$((2 * ${#regions[@]}))
lane() { # those of one region, one after the other
  local f
  for f in "${@:2}"; do one "$f" "$1"; done
}
for r in "${regions[@]}" "${regions[@]}"; do
  mine=()
  for ((i = n; i < $#; i += lanes)); do mine+=("${@:i+1:1}"); done
  n=$((n + 1))
  lane "$r" "${mine[@]}" &
done
wait
for f in "$@"; do
  last=$(tail -n 1 "$work/$f.log")
  printf '%-48s %s\n' "$f" "$last"
  case $last in FAILED*)
    bad=1
    grep -E '✖|Error|CREATE_FAILED' "$work/$f.log" | tail -n 6 | cut -c1-400
    ;;
  esac
done
[ "$bad" = 0 ] || fail 'not every example lives'
for r in "${regions[@]}"; do
  expect "the VPCs that eksctl left in $r" "$(aws --region "$r" ec2 describe-vpcs --filters Name=is-default,Values=false --query "Vpcs[?!not_null(Tags[?Key=='made-for'])].VpcId")" ''
  expect "stacks in $r" "$(aws --region "$r" cloudformation list-stacks --query "StackSummaries[?StackStatus!='DELETE_COMPLETE'].StackName")" ''
done
