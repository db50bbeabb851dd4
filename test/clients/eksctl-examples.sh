#!/usr/bin/env bash
# eksctl: every example of its own repository that its rules accept at 1.32 or 1.34 becomes a cluster and goes again.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), its folder examples (named by SLIPWAY_EKSCTL_EXAMPLES), the aws CLI, kubectl, python3 with PyYAML.
# With names as arguments, those only: 01-simple-cluster.yaml. Examples that name things of an account (VPCs, keys, roles) are left out.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
python3 -c 'import yaml' 2>/dev/null || skip 'PyYAML is not installed'
examples=${SLIPWAY_EKSCTL_EXAMPLES:-}
[ -d "$examples" ] || skip 'SLIPWAY_EKSCTL_EXAMPLES names no folder of examples'
[ $# -gt 0 ] || set -- $(cd "$examples" && ls -- *.yaml)
# Each works in a region of its own, as far as there are some: an account has five VPCs and five addresses in each.
regions=(us-west-2 us-east-1 us-east-2 us-west-1 eu-west-1 eu-west-2 eu-central-1 eu-north-1 ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1)

# prepare FILE MINOR REGION: the example with a name, region and minor of its own; fails where it names what only its author has.
prepare() {
  python3 - "$examples/$1" "$2" "$work/$1" "$3" <<'PY'
import hashlib, re, sys, yaml
text = open(sys.argv[1]).read()
doc = [d for d in yaml.safe_load_all(text) if d][0]
m = doc["metadata"]
m["name"], m["version"] = "ex-" + re.match(r"(\d+)", sys.argv[3].rsplit("/", 1)[1])[1] + "-" + hashlib.md5(text.encode()).hexdigest()[:4], sys.argv[2]
if not doc.get("localZones"):  # those are of its own region
    m["region"] = sys.argv[4]
    doc.pop("availabilityZones", None)
    for g in (doc.get("nodeGroups") or []) + (doc.get("managedNodeGroups") or []):
        g.pop("availabilityZones", None)
plain = yaml.safe_dump(doc)
if re.search(r"\b(vpc|subnet|sg|lt|ami|cr|pl)-[0-9a-f]{5,}|arn:aws:(kms|iam|outposts|sso|elastic)[^ ]*:[0-9x]{6,}|sshPublicKey|publicKeyPath|publicKeyName|entity/boundary|outpost|flux|karpenter|remoteNetwork", plain, re.I):
    sys.exit(1)
open(sys.argv[3], "w").write(plain)
PY
}

# one FILE REGION: its life; the last line of its log says what came of it.
one() {
  local f=$1 v log="$work/$1.log" name
  export AWS_REGION=$2 AWS_DEFAULT_REGION=$2
  for v in 1.34 1.32; do
    prepare "$f" "$v" "$AWS_REGION" || { echo "left out: it names what only an account has" >"$log"; return; }
    if eksctl create cluster -f "$work/$f" --dry-run >"$log" 2>&1; then
      read -r name AWS_REGION < <(python3 -c 'import sys, yaml
m = yaml.safe_load(open(sys.argv[1]))["metadata"]
print(m["name"], m["region"])' "$work/$f")
      AWS_DEFAULT_REGION=$AWS_REGION
      eksctl create cluster -f "$work/$f" --kubeconfig "$work/$f.kube" >>"$log" 2>&1 || { echo "FAILED to be made" >>"$log"; return; }
      eksctl delete cluster --name "$name" --wait --disable-nodegroup-eviction >>"$log" 2>&1 || { echo "FAILED to go" >>"$log"; return; }
      echo "made at $v, and gone" >>"$log"
      return
    fi
  done
  echo "refused by eksctl's own rules: $(grep -E '^Error' "$log" | tail -n 1)" >>"$log"
}

bad=0 n=0
lane() { # those of one region, one after the other
  local f
  for f in "${@:2}"; do one "$f" "$1"; done
}
for r in "${regions[@]}"; do
  mine=()
  for ((i = n; i < $#; i += ${#regions[@]})); do mine+=("${@:i+1:1}"); done
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
  expect "what is left in $r" "$(aws --region "$r" ec2 describe-vpcs --filters Name=is-default,Values=false --query 'Vpcs[].VpcId')" ''
  expect "stacks in $r" "$(aws --region "$r" cloudformation list-stacks --query "StackSummaries[?StackStatus!='DELETE_COMPLETE'].StackName")" ''
done
