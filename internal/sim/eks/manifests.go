package eks

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// config is the part of an add-on's configuration values that changes where its
// pods run.
type config struct {
	ComputeType  string              `json:"computeType"`
	ReplicaCount *int32              `json:"replicaCount"`
	NodeSelector map[string]string   `json:"nodeSelector"`
	Tolerations  []corev1.Toleration `json:"tolerations"`
	Env          map[string]string   `json:"env"`
	Budget       budget              `json:"podDisruptionBudget"`
	Corefile     string              `json:"corefile"`
	Controller   struct {
		Tolerations []corev1.Toleration `json:"tolerations"`
	} `json:"controller"`
}

// manifest are the objects of an add-on in a version, or of what EKS puts into a cluster
// itself before there are add-ons (a is nil). The service account carries its role where IRSA
// is used.
func (c *cluster) manifest(name, version string, a *addon) []runtime.Object {
	i := catalogue[name]
	var cfg config
	ns := i.namespace
	var role *string
	if a != nil {
		if a.ConfigurationValues != nil {
			_ = yaml.Unmarshal([]byte(*a.ConfigurationValues), &cfg) // JSON or YAML, validated when it came in
		}
		role = a.ServiceAccountRoleArn
		if a.Namespace != "" {
			ns = a.Namespace
		}
	}
	app := i.workload
	if name == "coredns" {
		app = "kube-dns" // as everywhere in Kubernetes
	}
	labels := map[string]string{"k8s-app": app, "app.kubernetes.io/name": name}
	if name == "coredns" || name == "kube-proxy" {
		labels["eks.amazonaws.com/component"] = name
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: i.serviceAccount, Namespace: ns, Labels: maps.Clone(labels)}}
	t := c.podTemplate(name, version, i, cfg, labels)
	if role != nil {
		account.Annotations = map[string]string{"eks.amazonaws.com/role-arn": *role}
		t.Annotations["eks.amazonaws.com/role-arn"] = *role
	}
	meta := metav1.ObjectMeta{Name: i.workload, Namespace: ns, Labels: labels, Annotations: map[string]string{"app.kubernetes.io/version": version}}
	sel := &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": app}}
	if name == "coredns" { // eksctl replaces the Deployment with one of this selector, which no API server lets it change
		sel.MatchLabels["eks.amazonaws.com/component"] = name
	}
	if i.kind == "DaemonSet" {
		return []runtime.Object{account, &appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: sel, Template: t}}}
	}
	replicas := i.replicas
	if cfg.ReplicaCount != nil {
		replicas = *cfg.ReplicaCount
	}
	out := []runtime.Object{account, &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: &replicas, Selector: sel, Template: t}}}
	if p := limit(name, ns, i.workload, labels, sel, cfg.Budget); p != nil {
		out = append(out, p)
	}
	if name == "coredns" {
		out = append(out, dnsService(ns, c.kube.ServiceIP(10), labels),
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "coredns", Namespace: ns, Labels: maps.Clone(labels)},
				Data: map[string]string{"Corefile": cmp.Or(cfg.Corefile, corefile)}})
	}
	return out
}

// corefile is what CoreDNS reads where nobody says otherwise.
const corefile = `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`

// dnsService is how pods find CoreDNS: at the tenth address of the cluster's range.
func dnsService(ns, ip string, labels map[string]string) *corev1.Service {
	family := corev1.IPv4Protocol
	if strings.Contains(ip, ":") {
		family = corev1.IPv6Protocol
	}
	port := func(name string, n int32, p corev1.Protocol) corev1.ServicePort {
		return corev1.ServicePort{Name: name, Port: n, Protocol: p, TargetPort: intstr.FromInt32(n)}
	}
	m := maps.Clone(labels)
	m["kubernetes.io/cluster-service"], m["kubernetes.io/name"] = "true", "CoreDNS"
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "kube-dns", Namespace: ns, Labels: m,
		Annotations: map[string]string{"prometheus.io/port": "9153", "prometheus.io/scrape": "true"}},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: ip, ClusterIPs: []string{ip}, IPFamilies: []corev1.IPFamily{family},
			IPFamilyPolicy: new(corev1.IPFamilyPolicySingleStack), Selector: map[string]string{"k8s-app": "kube-dns"},
			Ports: []corev1.ServicePort{port("dns", 53, corev1.ProtocolUDP), port("dns-tcp", 53, corev1.ProtocolTCP), port("metrics", 9153, corev1.ProtocolTCP)}}}
}

func (c *cluster) podTemplate(name, version string, i addonInfo, cfg config, labels map[string]string) corev1.PodTemplateSpec {
	s := corev1.PodSpec{ServiceAccountName: i.serviceAccount,
		Containers:  []corev1.Container{{Name: i.workload, Image: "602401143452.dkr.ecr.amazonaws.com/eks/" + name + ":" + version}},
		Tolerations: cfg.Tolerations, NodeSelector: map[string]string{"kubernetes.io/os": "linux"}}
	for k, v := range cfg.NodeSelector {
		s.NodeSelector[k] = v
	}
	env := map[string]string{}
	if name == "vpc-cni" {
		env = c.pluginEnv()
	}
	maps.Copy(env, cfg.Env)
	for _, k := range slices.Sorted(maps.Keys(env)) {
		s.Containers[0].Env = append(s.Containers[0].Env, corev1.EnvVar{Name: k, Value: env[k]})
	}
	if i.kind == "Deployment" {
		s.Tolerations = append(s.Tolerations, cfg.Controller.Tolerations...)
	}
	if i.kind == "DaemonSet" {
		s.Tolerations = append(s.Tolerations, corev1.Toleration{Operator: corev1.TolerationOpExists})
		s.PriorityClassName = "system-node-critical"
		s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "eks.amazonaws.com/compute-type",
				Operator: corev1.NodeSelectorOpNotIn, Values: []string{"fargate", "auto", "hybrid"}}}}}}}}
	}
	switch name {
	case "vpc-cni":
		s.HostNetwork = true
		s.Volumes = []corev1.Volume{{Name: "cni-net-dir", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc/cni/net.d"}}}}
	case "kube-proxy", "eks-pod-identity-agent", "eks-node-monitoring-agent":
		s.HostNetwork = true
	case "coredns", "metrics-server", "aws-ebs-csi-driver", "aws-efs-csi-driver":
		s.Tolerations = append(s.Tolerations, corev1.Toleration{Key: "CriticalAddonsOnly", Operator: corev1.TolerationOpExists},
			corev1.Toleration{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule})
	}
	notes := map[string]string{}
	if name == "coredns" {
		notes[computeType] = cmp.Or(strings.ToLower(cfg.ComputeType), "ec2")
	}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: notes}, Spec: s}
}

// uninstall removes an add-on's workload.
func (c *cluster) uninstall(name, ns string) {
	i := catalogue[name]
	if ns == "" {
		ns = i.namespace
	}
	if d := kubeapi.Get[appsv1.DaemonSet](c.kube, ns, i.workload); d != nil {
		c.kube.Remove(d)
	}
	if d := kubeapi.Get[appsv1.Deployment](c.kube, ns, i.workload); d != nil {
		c.kube.Remove(d)
	}
	if d := kubeapi.Get[policyv1.PodDisruptionBudget](c.kube, ns, i.workload); d != nil {
		c.kube.Remove(d)
	}
	if d := kubeapi.Get[corev1.ConfigMap](c.kube, ns, "coredns"); d != nil && name == "coredns" {
		c.kube.Remove(d)
	}
	if d := kubeapi.Get[corev1.Service](c.kube, ns, "kube-dns"); d != nil && name == "coredns" {
		c.kube.Remove(d)
	}
}
