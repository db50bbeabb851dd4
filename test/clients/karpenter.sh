#!/usr/bin/env bash
# karpenter: the controller makes nodes for pods that wait, replaces those that drifted, and takes away what is not needed
# Needs: karpenter (KARPENTER names the controller, KARPENTER_CRDS the folder pkg/apis/crds of its repository), kubectl, the aws CLI, slipway
. "$(dirname "$0")/lib.sh"
need aws kubectl slipway
karpenter=${KARPENTER:-$(command -v karpenter || true)}
[ -x "$karpenter" ] || skip 'karpenter is not installed: put it on PATH, or name it by KARPENTER'
[ -d "${KARPENTER_CRDS:-}" ] || skip "karpenter's definitions are not here: name their folder by KARPENTER_CRDS"
export KUBECONFIG=$work/kubeconfig

account=$(aws sts get-caller-identity --query Account)
cat >"$work/cluster.yaml" <<YAML
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: kar, region: us-west-2, version: "1.34"}
accessConfig:
  authenticationMode: API
  accessEntries: [{principalARN: "arn:aws:iam::$account:role/kar-nodes", type: EC2_LINUX}]
managedNodeGroups: [{name: system, instanceType: m5.large, desiredCapacity: 1, privateNetworking: true}]
YAML

remember
say 'a cluster, and what Karpenter wants of an account'
ok 'the role of its nodes' aws iam create-role --role-name kar-nodes --assume-role-policy-document "$(trusts '{"Service": "ec2.amazonaws.com"}')"
for p in AmazonEKSWorkerNodePolicy AmazonEKS_CNI_Policy AmazonEC2ContainerRegistryPullOnly AmazonSSMManagedInstanceCore; do
  aws iam attach-role-policy --role-name kar-nodes --policy-arn "arn:aws:iam::aws:policy/$p"
done
ok 'slipway up' slipway up -f "$work/cluster.yaml" --yes
vpc=$(aws eks describe-cluster --name kar --query cluster.resourcesVpcConfig.vpcId)
private=$(aws ec2 describe-subnets --filters "Name=vpc-id,Values=$vpc" Name=tag-key,Values=kubernetes.io/role/internal-elb --query 'Subnets[].SubnetId')
group=$(aws eks describe-cluster --name kar --query cluster.resourcesVpcConfig.clusterSecurityGroupId)
ok 'its tags' aws ec2 create-tags --resources $private "$group" --tags Key=karpenter.sh/discovery,Value=kar
queue=$(aws sqs create-queue --queue-name kar --query QueueUrl)
ok 'its rule' aws events put-rule --name kar --event-pattern '{"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}'
ok 'the rule writes to its queue' aws events put-targets --rule kar --targets "Id=q,Arn=arn:aws:sqs:us-west-2:$account:kar"
ok 'its definitions' kubectl apply --server-side -f "$KARPENTER_CRDS"

say 'the controller'
export CLUSTER_NAME=kar INTERRUPTION_QUEUE=kar DISABLE_LEADER_ELECTION=true METRICS_PORT=0 HEALTH_PROBE_PORT=0 LOG_LEVEL=debug SYSTEM_NAMESPACE=kube-system
"$karpenter" >"$work/karpenter.log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null || true; cp "$work/karpenter.log" "${SLIPWAY_LOGS:-/dev/null}" 2>/dev/null || true; rm -rf "$work"' EXIT
alive() { kill -0 $pid 2>/dev/null || fail "it ended: $(tail -5 "$work/karpenter.log")"; }
cat >"$work/pool.yaml" <<'YAML'
apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata: {name: default}
spec:
  role: kar-nodes
  amiSelectorTerms: [{alias: al2023@latest}]
  subnetSelectorTerms: [{tags: {karpenter.sh/discovery: kar}}]
  securityGroupSelectorTerms: [{tags: {karpenter.sh/discovery: kar}}]
  tags: {team: shop}
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: default}
spec:
  limits: {cpu: "20"}
  disruption: {consolidationPolicy: WhenEmptyOrUnderutilized, consolidateAfter: 10s, budgets: [{nodes: 100%}]}
  template:
    metadata: {labels: {pool: karpenter}}
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}
      requirements:
        - {key: karpenter.sh/capacity-type, operator: In, values: [on-demand]}
        - {key: kubernetes.io/arch, operator: In, values: [amd64]}
        - {key: karpenter.k8s.aws/instance-family, operator: In, values: [m5, c5]}
        - {key: karpenter.k8s.aws/instance-cpu, operator: In, values: ["4", "8"]}
YAML
ok 'a node class and a pool' kubectl apply -f "$work/pool.yaml"
class() { alive; kubectl get ec2nodeclass default -o jsonpath='{.status.conditions}'; kubectl wait --for=condition=Ready ec2nodeclass/default --timeout=1s; }
eventually 90 'the class is ready' class
ok 'what it found' kubectl get ec2nodeclass default -o jsonpath='{.status.amis[*].name} {.status.subnets[*].id} {.status.securityGroups[*].id}'
has 'an image' 'amazon-eks-node-al2023-x86_64-standard-1.34-v'
has 'the security group' "$group"
pool() { alive; kubectl wait --for=condition=Ready nodepool/default --timeout=1s; }
eventually 30 'the pool is ready' pool

load() {
  kubectl apply -f - <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: $1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      nodeSelector: {pool: karpenter}
      containers: [{name: c, image: pause, resources: {requests: {cpu: "1"}}}]
YAML
}
ready() { alive; [ "$(kubectl get deployment web -o jsonpath='{.status.readyReplicas}')" = "$1" ]; }
instances() { aws ec2 describe-instances --filters Name=tag:karpenter.sh/nodepool,Values=default Name=instance-state-name,Values=pending,running --query 'Reservations[].Instances[].InstanceId'; }
count() { alive; [ "$(instances | wc -w)" = "$1" ]; }

say 'nodes for pods'
ok 'five pods' load 5
eventually 120 'they run' ready 5
ok 'the claims' kubectl get nodeclaims -o wide
has 'they are ready' 'True'
ok 'the instance' aws ec2 describe-instances --instance-ids $(instances) --query 'Reservations[].Instances[].[InstanceType,IamInstanceProfile.Arn,Tags[?Key==`team`].Value|[0]]'
has 'of the families asked for, in the role that it made a profile for' '^(m5|c5)\.[0-9a-z]+\s+arn:aws:iam::[0-9]+:instance-profile/\S+\s+shop'
ok 'its node' kubectl get nodes -l karpenter.sh/nodepool=default -o jsonpath='{.items[*].metadata.labels}'
has 'is labelled' '"node.kubernetes.io/instance-type":"(m5|c5)'
has 'and registered' '"karpenter.sh/registered":"true"'

say 'limits'
ok 'more than the pool may have' load 40
limited() { alive; kubectl get events | grep -E 'all available instance types exceed limits for nodepool|would exceed limit|No instance type satisfied'; }
eventually 120 'it says so' limited

say 'consolidation'
ok 'two pods' load 2
fewer() { alive; [ "$(kubectl get nodeclaims -o name | wc -l)" = 1 ]; }
eventually 240 'one node is left' fewer
eventually 60 'and one instance' count 1
eventually 60 'the pods run there' ready 2

say 'drift'
was=$(kubectl get nodeclaims -o name)
ok 'another volume in the class' kubectl patch ec2nodeclass default --type merge -p '{"spec": {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": "40Gi", "volumeType": "gp3", "encrypted": true}}]}}'
replaced() { alive; now=$(kubectl get nodeclaims -o name) && [ "$now" != "$was" ] && [ "$(wc -w <<<"$now")" = 1 ] && ready 2; }
eventually 240 'the node was replaced' replaced
expect 'by one with the volume' "$(aws ec2 describe-volumes --filters "Name=attachment.instance-id,Values=$(instances)" --query 'Volumes[].Size')" 40

say 'an instance that somebody ends'
i=$(instances)
ok 'terminate-instances' aws ec2 terminate-instances --instance-ids "$i"
other() { alive; now=$(instances) && [ -n "$now" ] && [ "$now" != "$i" ] && ready 2; }
eventually 180 'the pods have another node' other

say 'the end'
ok 'no pods' kubectl delete deployment web
ok 'no pool' kubectl delete nodepool default --timeout=180s
eventually 60 'no instances' count 0
ok 'no class' kubectl delete ec2nodeclass default --timeout=60s
expect 'no profile of its own' "$(aws iam list-instance-profiles --query 'InstanceProfiles[?starts_with(InstanceProfileName, `kar_`)].InstanceProfileName')" ''
kill $pid
ok 'the rule' aws events remove-targets --rule kar --ids q
ok 'the rule' aws events delete-rule --name kar
ok 'the queue' aws sqs delete-queue --queue-url "$queue"
ok 'slipway down' slipway down kar --region us-west-2 --yes
nothing_left '^(log-group|role) '
