package eks

import (
	"fmt"
	"strings"
)

// addonInfo is one add-on of the catalogue: what it runs and which IAM it wants.
type addonInfo struct {
	kind           string // DaemonSet or Deployment: the workload its health follows
	namespace      string
	workload       string
	serviceAccount string
	policies       []string // AWS managed policies recommended for pod identity
	podIdentity    bool     // supports pod identity associations
	base           string   // version without build, major.minor of the newest
	first, typical float64  // creation time in seconds: lower bound, typical
	high           float64
	replicas       int32
	typ            string
}

// catalogue: durations from facts/eks.md §7.
var catalogue = map[string]addonInfo{
	"vpc-cni": {kind: "DaemonSet", namespace: "kube-system", workload: "aws-node", serviceAccount: "aws-node",
		policies: []string{"AmazonEKS_CNI_Policy"}, podIdentity: true, base: "v1.21.1", first: 35, typical: 45, high: 66, typ: "networking"},
	"kube-proxy": {kind: "DaemonSet", namespace: "kube-system", workload: "kube-proxy", serviceAccount: "kube-proxy", base: "",
		first: 18, typical: 25, high: 40, typ: "networking"},
	"eks-pod-identity-agent": {kind: "DaemonSet", namespace: "kube-system", workload: "eks-pod-identity-agent",
		serviceAccount: "eks-pod-identity-agent", base: "v1.3.10", first: 12, typical: 20, high: 40, typ: "security"},
	"eks-node-monitoring-agent": {kind: "DaemonSet", namespace: "kube-system", workload: "eks-node-monitoring-agent",
		serviceAccount: "eks-node-monitoring-agent", base: "v1.4.2", first: 12, typical: 20, high: 40, typ: "observability"},
	"coredns": {kind: "Deployment", namespace: "kube-system", workload: "coredns", serviceAccount: "coredns", base: "v1.12.4",
		first: 14, typical: 15, high: 56, replicas: 2, typ: "networking"},
	"metrics-server": {kind: "Deployment", namespace: "kube-system", workload: "metrics-server", serviceAccount: "metrics-server",
		base: "v0.8.0", first: 14, typical: 20, high: 45, replicas: 2, typ: "observability"},
	"aws-ebs-csi-driver": {kind: "Deployment", namespace: "kube-system", workload: "ebs-csi-controller", serviceAccount: "ebs-csi-controller-sa",
		policies: []string{"service-role/AmazonEBSCSIDriverPolicy"}, podIdentity: true, base: "v1.52.1", first: 36, typical: 40, high: 45, replicas: 2,
		typ: "storage"},
	"aws-efs-csi-driver": {kind: "Deployment", namespace: "kube-system", workload: "efs-csi-controller", serviceAccount: "efs-csi-controller-sa",
		policies: []string{"service-role/AmazonEFSCSIDriverPolicy"}, podIdentity: true, base: "v2.1.13", first: 36, typical: 40, high: 45, replicas: 2,
		typ: "storage"},
	"aws-mountpoint-s3-csi-driver": {kind: "DaemonSet", namespace: "kube-system", workload: "s3-csi-node", serviceAccount: "s3-csi-driver-sa",
		policies: []string{"AmazonS3FullAccess"}, podIdentity: true, base: "v2.1.0", first: 20, typical: 30, high: 45, typ: "storage"},
	"snapshot-controller": {kind: "Deployment", namespace: "kube-system", workload: "snapshot-controller", serviceAccount: "snapshot-controller",
		base: "v8.3.0", first: 11, typical: 15, high: 30, replicas: 2, typ: "storage"},
	"amazon-cloudwatch-observability": {kind: "Deployment", namespace: "amazon-cloudwatch", workload: "amazon-cloudwatch-observability-controller-manager",
		serviceAccount: "cloudwatch-agent", policies: []string{"CloudWatchAgentServerPolicy", "AWSXrayWriteOnlyAccess"}, podIdentity: true, base: "v4.7.0",
		first: 20, typical: 35, high: 60, replicas: 1, typ: "observability"},
	"adot": {kind: "Deployment", namespace: "opentelemetry-operator-system", workload: "opentelemetry-operator",
		serviceAccount: "opentelemetry-operator", base: "v0.131.0", first: 20, typical: 30, high: 60, replicas: 1, typ: "observability"},
	"cert-manager": {kind: "Deployment", namespace: "cert-manager", workload: "cert-manager", serviceAccount: "cert-manager",
		base: "v1.18.2", first: 20, typical: 30, high: 60, replicas: 1, typ: "security"},
	"external-dns": {kind: "Deployment", namespace: "external-dns", workload: "external-dns", serviceAccount: "external-dns",
		policies: []string{"AmazonRoute53FullAccess"}, podIdentity: true, base: "v0.19.0", first: 20, typical: 25, high: 45, replicas: 1, typ: "networking"},
	"kube-state-metrics": {kind: "Deployment", namespace: "kube-state-metrics", workload: "kube-state-metrics",
		serviceAccount: "kube-state-metrics", base: "v2.17.0", first: 15, typical: 20, high: 40, replicas: 1, typ: "observability"},
	"prometheus-node-exporter": {kind: "DaemonSet", namespace: "prometheus-node-exporter", workload: "prometheus-node-exporter",
		serviceAccount: "prometheus-node-exporter", base: "v1.9.1", first: 15, typical: 20, high: 40, typ: "observability"},
}

// versionsOf lists an add-on's versions for a minor, newest first; the second is
// the default, as EKS trails its newest.
func versionsOf(name, minor string) []string {
	i, ok := catalogue[name]
	if !ok || !Offered(minor) {
		return nil
	}
	base := i.base
	if name == "kube-proxy" {
		for _, v := range Versions {
			if v.Minor == minor {
				base = "v" + v.Patch
			}
		}
	}
	out := []string{base + "-eksbuild.3", base + "-eksbuild.1"}
	if p := strings.Split(base, "."); len(p) == 3 && name != "kube-proxy" {
		n := 0
		fmt.Sscan(p[1], &n)
		out = append(out, fmt.Sprintf("%s.%d.0-eksbuild.1", p[0], n-1))
	}
	for _, v := range older[name] {
		if minorNumber(minor) <= v.last {
			out = append(out, v.version)
		}
	}
	if name == "kube-proxy" { // it may trail the API server, and EKS offers it so
		for _, v := range Versions {
			if behind := minorNumber(minor) - minorNumber(v.Minor); behind > 0 && behind <= skew {
				out = append(out, "v"+v.Patch+"-eksbuild.3", "v"+v.Patch+"-eksbuild.1")
			}
		}
	}
	return out
}

// older are further versions of add-ons, the newest first, with the last minor that each is
// offered for: EKS drops old ones with new minors. The numbers are those of 2024 and 2025,
// the last minors assumed.
var older = map[string][]struct {
	version string
	last    int
}{
	"vpc-cni": {{"v1.19.6-eksbuild.7", 35}, {"v1.19.2-eksbuild.5", 35}, {"v1.18.6-eksbuild.1", 35}},
	"coredns": {{"v1.11.4-eksbuild.24", 33}, {"v1.11.4-eksbuild.2", 33}, {"v1.11.3-eksbuild.2", 32}},
}

func defaultVersion(name, minor string) string {
	if v := versionsOf(name, minor); len(v) > 1 {
		return v[1]
	}
	return ""
}
