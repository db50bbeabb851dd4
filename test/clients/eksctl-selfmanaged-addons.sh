#!/usr/bin/env bash
# eksctl: a cluster whose vpc-cni, coredns and kube-proxy are not EKS's add-ons is upgraded, and they with it, by utils.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl.
. "$(dirname "$0")/lib.sh"
need_eksctl
remember
# eksctl makes clusters without the self-managed add-ons; this one is made as its older versions and others do.
cat >"$work/trust.json" <<'JSON'
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}]}
JSON
vpc=$(aws ec2 create-vpc --cidr-block 10.1.0.0/16 --query Vpc.VpcId)
a=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.1.0.0/20 --availability-zone us-west-2a --query Subnet.SubnetId)
b=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.1.16.0/20 --availability-zone us-west-2b --query Subnet.SubnetId)
role=$(aws iam create-role --role-name old-cluster --assume-role-policy-document "file://$work/trust.json" --query Role.Arn)
aws iam attach-role-policy --role-name old-cluster --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy
made() { aws eks create-cluster --name old --kubernetes-version 1.33 --role-arn "$role" --resources-vpc-config "subnetIds=$a,$b" \
  --access-config authenticationMode=API_AND_CONFIG_MAP; }
eventually 60 'create cluster' made
ok 'wait' aws eks wait cluster-active --name old
ok 'write-kubeconfig' eksctl utils write-kubeconfig --cluster old
ok 'upgrade cluster' aws eks update-cluster-version --name old --kubernetes-version 1.34
newer() { [ "$(aws eks describe-cluster --name old --query 'cluster.[version,status]' | tr '\t' ' ')" = '1.34 ACTIVE' ]; }
eventually 120 'the control plane is at 1.34' newer
ok 'update-kube-proxy' eksctl utils update-kube-proxy --cluster old --approve
expect 'kube-proxy' "$(kubectl -n kube-system get ds kube-proxy -o jsonpath='{.spec.template.spec.containers[0].image}' | grep -c 'v1.34')" 1
ok 'update-coredns' eksctl utils update-coredns --cluster old --approve
ok 'update-aws-node' eksctl utils update-aws-node --cluster old --approve
ok 'delete cluster' aws eks delete-cluster --name old
ok 'wait' aws eks wait cluster-deleted --name old
for s in "$a" "$b"; do aws ec2 delete-subnet --subnet-id "$s"; done
aws ec2 delete-vpc --vpc-id "$vpc"
aws iam detach-role-policy --role-name old-cluster --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy
aws iam delete-role --role-name old-cluster
nothing_left
