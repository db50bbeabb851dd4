#!/usr/bin/env bash
# aws-load-balancer-controller: load balancers of Ingresses and Services, changed and taken away; slipway down takes along what was left
# Needs: aws-load-balancer-controller (AWS_LOAD_BALANCER_CONTROLLER names it, AWS_LOAD_BALANCER_CONTROLLER_CONFIG the folder config of its repository), openssl, kubectl, the aws CLI, slipway
. "$(dirname "$0")/lib.sh"
need aws kubectl slipway openssl python3
controller=${AWS_LOAD_BALANCER_CONTROLLER:-$(command -v aws-load-balancer-controller || true)}
[ -x "$controller" ] || skip 'aws-load-balancer-controller is not installed: put it on PATH, or name it by AWS_LOAD_BALANCER_CONTROLLER'
config=${AWS_LOAD_BALANCER_CONTROLLER_CONFIG:-}
[ -d "$config/crd/bases" ] || skip "aws-load-balancer-controller's definitions are not here: name the folder config of its repository by AWS_LOAD_BALANCER_CONTROLLER_CONFIG"
export KUBECONFIG=$work/kubeconfig

cat >"$work/cluster.yaml" <<'YAML'
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: web, region: us-west-2, version: "1.34"}
managedNodeGroups: [{name: workers, desiredCapacity: 2, privateNetworking: true}]
YAML

remember
say 'a cluster with two nodes, and the definitions'
ok 'slipway up' slipway up -f "$work/cluster.yaml" --yes
vpc=$(aws eks describe-cluster --name web --query cluster.resourcesVpcConfig.vpcId)
ok 'the definitions' kubectl apply --server-side -f "$config/crd/bases"
for f in "$config/crd/bases"/*.yaml; do kubectl wait --for=condition=Established -f "$f" --timeout=30s >/dev/null; done
ok 'the class' kubectl apply -f - <<'YAML'
apiVersion: elbv2.k8s.aws/v1beta1
kind: IngressClassParams
metadata: {name: alb}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: alb}
spec: {controller: ingress.k8s.aws/alb, parameters: {apiGroup: elbv2.k8s.aws, kind: IngressClassParams, name: alb}}
YAML

say 'the controller, with its webhooks on loopback'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=webhook -addext 'subjectAltName=IP:127.0.0.1' \
  -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
"$controller" --cluster-name=web --aws-region=us-west-2 --aws-vpc-id="$vpc" --kubeconfig="$KUBECONFIG" --enable-leader-election=false --ingress-class=alb \
  --enable-shield=false --enable-waf=false --enable-wafv2=false --metrics-bind-addr=0 --health-probe-bind-addr=0 --webhook-bind-port="$port" \
  --webhook-cert-dir="$work" --log-level=debug >"$work/controller.log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null || true; cp "$work/controller.log" "${SLIPWAY_LOGS:-/dev/null}" 2>/dev/null || true; rm -rf "$work"' EXIT
alive() { kill -0 $pid 2>/dev/null || fail "it ended: $(tail -5 "$work/controller.log")"; }
answers() { alive; (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
eventually 90 'it answers' answers
kubectl kustomize "$config/webhook" 2>/dev/null >"$work/kustomized.yaml"
python3 - "$work/kustomized.yaml" "$work/tls.crt" "$port" >"$work/webhooks.yaml" <<'PY'
import base64, re, sys
ca = base64.b64encode(open(sys.argv[2], "rb").read()).decode()
documents = [d for d in open(sys.argv[1]).read().split("\n---\n") if "WebhookConfiguration" in d]
service = r"clientConfig:\n    service:\n      name: webhook-service\n      namespace: system\n      path: (\S+)"
print("\n---\n".join(re.sub(service, rf"clientConfig:\n    caBundle: {ca}\n    url: https://127.0.0.1:{sys.argv[3]}\1", d) for d in documents))
PY
ok 'its webhooks' kubectl apply -f "$work/webhooks.yaml"

ok 'pods and their Services' kubectl apply -f - <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers: [{name: c, image: nginx, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8080}]}
YAML
ok 'they run' kubectl rollout status deployment/shop --timeout=60s

say 'an Ingress'
ingress() {
  kubectl apply -f - <<YAML
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations: {alb.ingress.kubernetes.io/scheme: internet-facing, alb.ingress.kubernetes.io/target-type: ip, alb.ingress.kubernetes.io/tags: team=shop}
spec:
  ingressClassName: alb
  rules:
    - host: shop.example.com
      http: {paths: [$1]}
YAML
}
path() { printf '{path: %s, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}' "$1"; }
ok 'it is taken' ingress "$(path /)"
host() { alive; kubectl get "$@" -o 'jsonpath={.status.loadBalancer.ingress[0].hostname}' | grep .; }
eventually 90 'its host name' host ingress shop
dns=$out
alb() { aws elbv2 describe-load-balancers --query "LoadBalancers[?DNSName=='$dns'].$1"; }
arn=$(alb LoadBalancerArn)
expect 'an application load balancer' "$(alb '[Type,Scheme,VpcId]')" "application	internet-facing	$vpc"
ok 'its tags' aws elbv2 describe-tags --resource-arns "$arn"
has 'the cluster' 'elbv2.k8s.aws/cluster\s+web'
has 'and ours' 'team\s+shop'
targets=$(aws elbv2 describe-target-groups --load-balancer-arn "$arn" --query 'TargetGroups[0].TargetGroupArn')
healthy() { alive; [ "$(aws elbv2 describe-target-health --target-group-arn "$targets" --query 'TargetHealthDescriptions[?TargetHealth.State==`healthy`].Target.Id' | tr '\t' '\n' | sort)" = "$(kubectl get pods -l app=shop -o jsonpath='{.items[*].status.podIP}' | tr ' ' '\n' | sort)" ]; }
eventually 120 'the pods are its healthy targets' healthy
ok 'the binding' kubectl get targetgroupbindings
has 'it is of the Service' 'shop +80 +ip'
listener=$(aws elbv2 describe-listeners --load-balancer-arn "$arn" --query 'Listeners[0].ListenerArn')
rules() { alive; [ "$(aws elbv2 describe-rules --listener-arn "$listener" --query 'length(Rules[?!IsDefault])')" = "$1" ]; }
eventually 30 'a rule' rules 1
ok 'another path' ingress "$(path /a), $(path /b)"
eventually 60 'two rules' rules 2
ok 'three pods' kubectl scale deployment shop --replicas=3
eventually 120 'are three targets' healthy
refused 'a binding that its webhook refuses' 'admission webhook "vtargetgroupbinding.elbv2.k8s.aws" denied' kubectl apply -f - <<YAML
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {name: wrong}
spec: {targetGroupARN: "$targets", targetType: instance, serviceRef: {name: shop, port: 80}}
YAML

say 'a Service'
ok 'of a network load balancer' kubectl apply -f - <<'YAML'
apiVersion: v1
kind: Service
metadata:
  name: net
  annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internal, service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: instance}
spec: {type: LoadBalancer, selector: {app: shop}, ports: [{port: 443, targetPort: 8080}]}
YAML
expect 'its webhook gave it the class' "$(kubectl get service net -o jsonpath='{.spec.loadBalancerClass}')" service.k8s.aws/nlb
eventually 90 'its host name' host service net
dns=$out
expect 'a network load balancer' "$(alb '[Type,Scheme]')" 'network	internal'
nlb=$(alb LoadBalancerArn)
targets=$(aws elbv2 describe-target-groups --load-balancer-arn "$nlb" --query 'TargetGroups[0].TargetGroupArn')
two() { alive; [ "$(aws elbv2 describe-target-health --target-group-arn "$targets" --query 'length(TargetHealthDescriptions[?TargetHealth.State==`healthy`])')" = 2 ]; }
eventually 120 'both nodes are healthy' two

say 'what is deleted is gone'
ok 'the Ingress' kubectl delete ingress shop --timeout=180s
refused 'its load balancer' LoadBalancerNotFound aws elbv2 describe-load-balancers --load-balancer-arns "$arn"
expect 'its target groups' "$(aws elbv2 describe-target-groups --query 'length(TargetGroups)')" 1

say 'slipway down takes the other one along'
ok 'slipway down' slipway down web --region us-west-2 --yes
refused 'the load balancer is gone' LoadBalancerNotFound aws elbv2 describe-load-balancers --load-balancer-arns "$nlb"
kill $pid
nothing_left '^(log-group|role) '
