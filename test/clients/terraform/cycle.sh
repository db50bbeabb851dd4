# cycle.sh: what the scripts terraform-*.sh share; each begins with
#   . "$(dirname "$0")/lib.sh"
#   . "$(dirname "$0")/terraform/cycle.sh"
# A scenario is a folder beside this file. It names modules as everybody does; they come from checkouts in the folder that
# SLIPWAY_TF_MODULES names, through a registry on loopback, so that nothing is fetched from the network. The folder network is
# a module of our own, a small VPC without NAT gateways.

# need_terraform [MODULE…]: the script skips where Terraform, the mirror of providers or a module is missing.
need_terraform() {
  need terraform aws python3 git
  [ -d "${SLIPWAY_TF_MIRROR:-}" ] || skip 'terraform needs a filesystem mirror of its providers, named by SLIPWAY_TF_MIRROR'
  local m
  for m in "$@"; do
    [ -d "${SLIPWAY_TF_MODULES:-}/terraform-aws-$m" ] ||
      skip "terraform needs a checkout of the module terraform-aws-$m in the folder that SLIPWAY_TF_MODULES names"
  done
}

# scenario NAME: terraform works in a copy of that folder from here on, and what the region holds is remembered.
scenario() {
  remember
  cp -r "$tests/terraform/$1" "$work/tf"
  cp -r "$tests/terraform/network" "$work/network"
  local registry=''
  if [ -d "${SLIPWAY_TF_MODULES:-}" ]; then
    exec 3< <(exec python3 "$tests/terraform/registry.py" "$SLIPWAY_TF_MODULES")
    trap "kill $!; rm -rf '$work'" EXIT
    read -r registry <&3
    local host
    host=$(basename "$(dirname "$SLIPWAY_TF_MIRROR"/*/hashicorp)") # as the mirror's folders have it
    registry="host \"$host\" {
  services = {
    \"modules.v1\" = \"$registry\"
  }
}"
  fi
  cat >"$work/terraformrc" <<RC
provider_installation {
  filesystem_mirror {
    path = "$(cd "$SLIPWAY_TF_MIRROR" && pwd)"
  }
}
$registry
RC
  export TF_CLI_CONFIG_FILE="$work/terraformrc" TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
  cd "$work/tf"
  ok init terraform init -no-color
}

# apply WHAT [-var X=Y]…: Terraform makes it so, and sees no difference afterwards.
apply() {
  local what=$1
  shift
  ok "$what" terraform apply -auto-approve -no-color "$@"
  ok "$what: nothing differs" terraform plan -detailed-exitcode -no-color "$@"
}

# destroy [-var X=Y]…: Terraform takes all away, and nothing is left in the region.
destroy() {
  ok destroy terraform destroy -auto-approve -no-color "$@"
  nothing_left
}
