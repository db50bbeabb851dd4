# cycle.sh: what the scripts terraform-*.sh share; each begins with
#   . "$(dirname "$0")/lib.sh"
#   . "$(dirname "$0")/terraform/cycle.sh"
# A scenario is a folder beside this file. Its modules are links in the folder's copy, modules/eks and modules/vpc, to checkouts that
# SLIPWAY_TF_MODULES holds, so that nothing is fetched from the network; modules/network is a small VPC without NAT gateways.

# need_terraform [MODULE…]: the script skips where Terraform, the mirror of providers or one of the modules is missing.
need_terraform() {
  need terraform aws python3
  [ -d "${SLIPWAY_TF_MIRROR:-}" ] || skip 'terraform needs a filesystem mirror of its providers, named by SLIPWAY_TF_MIRROR'
  local m
  for m in "$@"; do
    [ -d "${SLIPWAY_TF_MODULES:-}/$m" ] || skip "terraform needs a checkout of the module $m in the folder that SLIPWAY_TF_MODULES names"
  done
}

# scenario NAME: terraform works in a copy of that folder from here on, and what the region holds is remembered.
scenario() {
  remember
  cp -r "$tests/terraform/$1" "$work/tf"
  mkdir "$work/tf/modules"
  local m
  for m in eks vpc; do
    [ ! -d "${SLIPWAY_TF_MODULES:-}/terraform-aws-$m" ] || ln -s "$(cd "$SLIPWAY_TF_MODULES/terraform-aws-$m" && pwd)" "$work/tf/modules/$m"
  done
  printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$(cd "$SLIPWAY_TF_MIRROR" && pwd)" >"$work/terraformrc"
  export TF_CLI_CONFIG_FILE="$work/terraformrc" TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
  cp -r "$tests/terraform/network" "$work/tf/modules/"
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
