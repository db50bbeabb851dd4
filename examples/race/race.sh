#!/usr/bin/env bash
# The launch race, shown with the plain aws CLI:
#   slipway sim --speed 60 -- examples/race/race.sh
# First half: no network plugin. The nodes register, stay NotReady, and the node
# group ends CREATE_FAILED. Second half: vpc-cni first, and the group is ACTIVE.
set -euo pipefail

aws eks create-cluster help 2>/dev/null | grep -q no-bootstrap-self-managed-addons || {
	echo "this aws CLI does not know --no-bootstrap-self-managed-addons; a newer one (v2.17 or later) is needed" >&2
	exit 2
}
: "${AWS_ENDPOINT_URL:?run this inside: slipway sim --speed 60 -- examples/race/race.sh}"
speed=${SLIPWAY_CLOCK_SPEED:-1}
pause() { sleep "$(awk "BEGIN{print $1/$speed}")"; } # simulated seconds

role() { # NAME SERVICE POLICY...
	local name=$1 service=$2
	shift 2
	aws iam create-role --role-name "$name" --assume-role-policy-document "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"$service\"}}]}" --query Role.Arn --output text
	for policy; do aws iam attach-role-policy --role-name "$name" --policy-arn "arn:aws:iam::aws:policy/$policy"; done
}

echo '--- a VPC with two public subnets, and two roles'
vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text)
aws ec2 modify-vpc-attribute --vpc-id "$vpc" --enable-dns-hostnames
igw=$(aws ec2 create-internet-gateway --query InternetGateway.InternetGatewayId --output text)
aws ec2 attach-internet-gateway --internet-gateway-id "$igw" --vpc-id "$vpc"
table=$(aws ec2 create-route-table --vpc-id "$vpc" --query RouteTable.RouteTableId --output text)
aws ec2 create-route --route-table-id "$table" --destination-cidr-block 0.0.0.0/0 --gateway-id "$igw" >/dev/null
subnets=()
for i in 0 1; do
	zone=$(aws ec2 describe-availability-zones --query "AvailabilityZones[$i].ZoneName" --output text)
	subnet=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block "10.0.$i.0/24" --availability-zone "$zone" --query Subnet.SubnetId --output text)
	aws ec2 modify-subnet-attribute --subnet-id "$subnet" --map-public-ip-on-launch
	aws ec2 associate-route-table --route-table-id "$table" --subnet-id "$subnet" >/dev/null
	subnets+=("$subnet")
done
cluster_role=$(role race-cluster eks.amazonaws.com AmazonEKSClusterPolicy)
node_role=$(role race-node ec2.amazonaws.com AmazonEKSWorkerNodePolicy AmazonEKS_CNI_Policy AmazonEC2ContainerRegistryPullOnly)
pause 20

status() { aws eks describe-nodegroup --cluster-name race --nodegroup-name "$1" --query nodegroup.status --output text; }
group() { # NAME
	aws eks create-nodegroup --cluster-name race --nodegroup-name "$1" --subnets "${subnets[@]}" --node-role "$node_role" --scaling-config minSize=1,maxSize=1,desiredSize=1 >/dev/null
	for _ in $(seq 300); do
		[ "$(status "$1")" = CREATING ] || break
		pause 20
	done
	echo "node group $1: $(status "$1")"
	aws eks describe-nodegroup --cluster-name race --nodegroup-name "$1" --query 'nodegroup.health.issues[].[code,message]' --output text
}

echo '--- the control plane, without the add-ons that EKS would install itself'
aws eks create-cluster --name race --kubernetes-version 1.34 --role-arn "$cluster_role" --resources-vpc-config "subnetIds=${subnets[0]},${subnets[1]}" --no-bootstrap-self-managed-addons >/dev/null
until [ "$(aws eks describe-cluster --name race --query cluster.status --output text)" = ACTIVE ]; do pause 20; done

echo '--- a node group at once: the race'
group racer
aws eks update-kubeconfig --name race --kubeconfig "${TMPDIR:-/tmp}/race.kubeconfig" >/dev/null
if command -v kubectl >/dev/null; then
	echo "what the kubelet says:"
	kubectl --kubeconfig "${TMPDIR:-/tmp}/race.kubeconfig" get nodes -o jsonpath='{range .items[*]}{.metadata.name}{": "}{.status.conditions[?(@.type=="Ready")].message}{"\n"}{end}'
fi

echo '--- vpc-cni and kube-proxy first, then a node group'
aws eks delete-nodegroup --cluster-name race --nodegroup-name racer >/dev/null
for addon in vpc-cni kube-proxy; do
	aws eks create-addon --cluster-name race --addon-name "$addon" >/dev/null
	until [ "$(aws eks describe-addon --cluster-name race --addon-name "$addon" --query addon.status --output text)" = ACTIVE ]; do pause 5; done
done
group orderly
