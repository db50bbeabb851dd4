#!/usr/bin/env bash
# kubectl: a Service has its load balancer, classic or network, with healthy nodes behind it; it takes it along, and slipway down one that was left
# Needs: kubectl, the aws CLI, slipway
. "$(dirname "$0")/lib.sh"
need aws kubectl slipway
export KUBECONFIG=$work/kubeconfig

cat >"$work/cluster.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: us-west-2, version: "1.34"}
managedNodeGroups: [{name: workers, desiredCapacity: 2, privateNetworking: true}]
YAML

remember
say 'a cluster with two nodes'
ok 'slipway up' slipway up -f "$work/cluster.yaml" --yes

service() {
  kubectl apply -f - <<YAML
apiVersion: v1
kind: Service
metadata:
  name: $1
  annotations: {$2}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
YAML
}
host() { kubectl get service "$1" -o 'jsonpath={.status.loadBalancer.ingress[0].hostname}' | grep .; }
in_service() { [ "$(aws elb describe-instance-health --load-balancer-name "$1" --query 'length(InstanceStates[?State==`InService`])')" = 2 ]; }
healthy() { [ "$(aws elbv2 describe-target-health --target-group-arn "$1" --query 'length(TargetHealthDescriptions[?TargetHealth.State==`healthy`])')" = 2 ]; }

say 'a classic load balancer'
ok 'the Service' service old ''
eventually 60 'its host name' host old
name=${out%%-*}
eventually 60 'both nodes are in service' in_service "$name"
ok 'its tags' aws elb describe-tags --load-balancer-names "$name"
has 'the cluster owns it' 'kubernetes.io/cluster/shop.*owned'
ok 'its events' kubectl get events --field-selector involvedObject.name=old
has 'it was ensured' 'EnsuredLoadBalancer'

say 'a network load balancer'
ok 'the Service' service net 'service.beta.kubernetes.io/aws-load-balancer-type: nlb'
eventually 60 'its host name' host net
arn=$(aws elbv2 describe-load-balancers --query 'LoadBalancers[0].LoadBalancerArn')
group=$(aws elbv2 describe-target-groups --load-balancer-arn "$arn" --query 'TargetGroups[0].TargetGroupArn')
eventually 120 'both nodes are healthy' healthy "$group"
ok 'aws elbv2 wait' aws elbv2 wait load-balancer-available --load-balancer-arns "$arn"

say 'a Service takes its load balancer along'
ok 'kubectl delete' kubectl delete service old --timeout=120s
refused 'the load balancer is gone' LoadBalancerNotFound aws elb describe-load-balancers --load-balancer-names "$name"
expect 'its security group is gone' "$(aws ec2 describe-security-groups --filters "Name=group-name,Values=k8s-elb-$name" --query 'length(SecurityGroups)')" 0

say 'slipway down takes the other one along'
ok 'slipway down' slipway down shop --region us-west-2 --yes
refused 'the load balancer is gone' LoadBalancerNotFound aws elbv2 describe-load-balancers --load-balancer-arns "$arn"
nothing_left '^(log-group|role) '
