#!/bin/sh
# The second failure, with the plain aws CLI in a simulated region: somebody replaces the control plane's subnets in the
# console and deletes the old ones; from then on whoever reads the cluster's record fails at a subnet that is gone.
#
#   slipway sim --speed 300 -- examples/drift/run.sh
#
# The record is eksctl's: the outputs of the cluster's CloudFormation stack.
set -eu
cd "$(dirname "$0")"
slipway=${SLIPWAY:-slipway}
name=drifted
stack=eksctl-$name-cluster
export AWS_PAGER=""

say() { printf '\n== %s\n' "$*"; }
output() { aws cloudformation describe-stacks --stack-name $stack --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue" --output text; }

# What eksctl does before it makes a node group: the subnets of the record, asked for by their IDs.
as_eksctl() { aws ec2 describe-subnets --subnet-ids $(output SubnetsPublic | tr , ' ') --query 'Subnets[].SubnetId' --output text; }

say "a cluster"
$slipway up -f cluster.yaml --yes --kubeconfig none
as_eksctl

say "somebody replaces its public subnets, and deletes the old ones"
vpc=$(output VPC)
table=$(aws cloudformation describe-stack-resource --stack-name $stack --logical-resource-id PublicRouteTable \
    --query StackResourceDetail.PhysicalResourceId --output text)
old=$(output SubnetsPublic | tr , ' ')
new=""
for zone in a:192 b:208 c:224; do
    id=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block "192.168.${zone#*:}.0/20" --availability-zone "us-west-2${zone%:*}" \
        --query Subnet.SubnetId --output text)
    aws ec2 associate-route-table --route-table-id "$table" --subnet-id "$id" >/dev/null
    aws ec2 modify-subnet-attribute --subnet-id "$id" --map-public-ip-on-launch
    aws ec2 create-tags --resources "$id" --tags Key=kubernetes.io/role/elb,Value=1
    new="$new $id"
done
private=$(output SubnetsPrivate | tr , ' ')
# shellcheck disable=SC2086
aws eks update-cluster-config --name $name --resources-vpc-config "subnetIds=$(echo $new $private | tr ' ' ,)" --query update.status --output text
aws eks wait cluster-active --name $name
# The nodes of the old subnets go first: the group is made again below.
aws eks delete-nodegroup --cluster-name $name --nodegroup-name workers >/dev/null
aws eks wait nodegroup-deleted --cluster-name $name --nodegroup-name workers
aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name eksctl-$name-nodegroup-workers >/dev/null
aws cloudformation delete-stack --stack-name eksctl-$name-nodegroup-workers
aws cloudformation wait stack-delete-complete --stack-name eksctl-$name-nodegroup-workers
# EKS leaves the access entry of a role that is gone.
aws eks delete-access-entry --cluster-name $name --principal-arn "$(aws eks list-access-entries --cluster-name $name \
    --query "accessEntries[?contains(@, 'nodegroup-workers')] | [0]" --output text)"
for id in $old; do
    aws ec2 delete-subnet --subnet-id "$id"
done

say "whoever reads the record fails now"
if as_eksctl; then
    echo "the record is not stale" >&2
    exit 1
fi

say "slipway says what differs, what it breaks, and who did it"
sleep 2 # some simulated minutes: CloudTrail is late
$slipway drift $name

say "a node group can be made all the same: live values are used"
$slipway nodegroup create $name -f cluster.yaml --yes --reason "the old group went with its subnets"

say "the record is repaired, then what is gone is taken out of the template"
$slipway sync $name --yes
$slipway sync $name --template --yes

say "whoever reads the record can again, and nothing has drifted"
as_eksctl
$slipway drift $name --no-blame --exit-code
$slipway history $name
