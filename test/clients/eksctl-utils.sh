#!/usr/bin/env bash
# eksctl: utils, and clusters registered from elsewhere.
# Needs: eksctl (on PATH or named by SLIPWAY_EKSCTL), the aws CLI, kubectl, python3.
. "$(dirname "$0")/lib.sh"
need_eksctl
need python3
remember
ok 'schema' eksctl utils schema
ok 'describe-cluster-versions' eksctl utils describe-cluster-versions
has 'it has the default' '1\.34'
ok 'create cluster' eksctl create cluster --name use --nodegroup-name ng --nodes 1
of() { aws eks describe-cluster --name use --query "cluster.$1"; }

say 'reading'
ok 'write-kubeconfig' eksctl utils write-kubeconfig --cluster use --kubeconfig "$work/kubeconfig"
ok 'the kubeconfig works' kubectl --kubeconfig "$work/kubeconfig" get nodes
ok 'describe-stacks' eksctl utils describe-stacks --cluster use --events
has 'it tells of the stack' 'eksctl-use-cluster'
ok 'nodegroup-health' eksctl utils nodegroup-health --cluster use --name ng
ok 'info' eksctl info

say 'the network'
ok 'update-cluster-vpc-config: endpoints' eksctl utils update-cluster-vpc-config --cluster use --private-access=true --public-access=true --approve
expect 'the endpoint is private too' "$(of resourcesVpcConfig.endpointPrivateAccess)" True
ok 'update-cluster-vpc-config: CIDRs' eksctl utils update-cluster-vpc-config --cluster use --public-access-cidrs 127.0.0.0/8,203.0.113.0/24 --approve
expect 'the CIDRs' "$(of 'length(resourcesVpcConfig.publicAccessCidrs)')" 2
private=$(aws ec2 describe-subnets --filters "Name=vpc-id,Values=$(of resourcesVpcConfig.vpcId)" Name=map-public-ip-on-launch,Values=false \
  --query 'Subnets[].SubnetId' | tr '\t' ,)
ok 'update-cluster-vpc-config: subnets' eksctl utils update-cluster-vpc-config --cluster use --control-plane-subnet-ids "$private" --approve
expect 'the subnets' "$(of 'length(resourcesVpcConfig.subnetIds)')" "$(tr , '\n' <<<"$private" | wc -l)"
ok 'set-public-access-cidrs' eksctl utils set-public-access-cidrs --cluster use 0.0.0.0/0 --approve
ok 'update-legacy-subnet-settings' eksctl utils update-legacy-subnet-settings --cluster use

say 'the rest'
ok 'update-cluster-logging' eksctl utils update-cluster-logging --cluster use --enable-types api,audit --approve
expect 'the logs' "$(of 'logging.clusterLogging[?enabled].types[]' | wc -w)" 2
key=$(aws kms create-key --query KeyMetadata.Arn)
ok 'enable-secrets-encryption' eksctl utils enable-secrets-encryption --cluster use --key-arn "$key"
expect 'the key' "$(of 'encryptionConfig[0].provider.keyArn')" "$key"
ok 'update-zonal-shift-config' eksctl utils update-zonal-shift-config --cluster use --enable-zonal-shift
expect 'zonal shift' "$(of zonalShiftConfig.enabled)" True
ok 'update-authentication-mode' eksctl utils update-authentication-mode --cluster use --authentication-mode API
expect 'the mode' "$(of accessConfig.authenticationMode)" API

say 'a cluster from elsewhere'
cat >"$work/agent.json" <<'JSON'
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
JSON
agent=$(aws iam create-role --role-name far-agent --assume-role-policy-document "file://$work/agent.json" --query Role.Arn)
# eksctl register cluster first reads manifests from S3, which the region does not serve; what it asks of EKS is this.
register() { aws eks register-cluster --name far --connector-config "roleArn=$agent,provider=OTHER"; }
eventually 60 'register cluster' register
ok 'eksctl sees it' eksctl get cluster
has 'it is listed' '^far'
expect 'it is PENDING' "$(aws eks describe-cluster --name far --query cluster.status)" PENDING
ok 'deregister cluster' eksctl deregister cluster --name far
aws iam delete-role --role-name far-agent

ok 'delete cluster' eksctl delete cluster --name use --wait
aws kms schedule-key-deletion --key-id "$key" --pending-window-in-days 7 >/dev/null
nothing_left '^log-group /aws/eks/use/cluster$' # as in AWS, the log group outlives the cluster
