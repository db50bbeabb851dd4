package eksfacts

import (
	"slices"
	"strings"
	"time"
)

// Addon is what is known of one EKS add-on.
type Addon struct {
	Name string
	// DaemonSet ("namespace/name") is what its health follows: ACTIVE with no node at
	// all. Where it is empty the add-on runs Deployments and is DEGRADED until their
	// pods find a node (facts/eks.md §1).
	DaemonSet  string
	Deployment string // "namespace/name" of the one its health follows
	// ConfigMap ("namespace/name") is what its pods read that people change by hand; "": none.
	ConfigMap string
	// Labels that its Deployment's pods carry, by which Fargate profiles choose them.
	Labels map[string]string
	// Tolerations is where configurationValues hold its Deployment's tolerations.
	Tolerations string
	// Critical: its Deployment's pods bear the taint CriticalAddonsOnly by default.
	Critical bool
	// Account ("namespace/name") is the service account that acts in AWS, and Policies
	// the AWS managed policies that EKS recommends for it, below arn:…:iam::aws:policy/
	// (DescribeAddonConfiguration, 2026-11-22). Empty: it needs no permissions.
	Account  string
	Policies []string
	// Network: a node cannot be Ready, or reach the API server, without it.
	Network bool
	// Default: eksctl gives it to every cluster, and with AutoMode also to one whose
	// nodes EKS runs (facts/eksctl.md §3).
	Default, AutoMode bool
	// Typical is how long its creation takes (facts/eks.md §7).
	Typical time.Duration
}

// typicalAddon is for add-ons that nobody has measured.
const typicalAddon = 25 * time.Second

// Names that the launch's order turns on.
const (
	VPCCNI           = "vpc-cni"
	KubeProxy        = "kube-proxy"
	CoreDNS          = "coredns"
	PodIdentityAgent = "eks-pod-identity-agent"
)

// addons in the order in which eksctl creates its default ones.
var addons = []Addon{
	{Name: VPCCNI, DaemonSet: "kube-system/aws-node", Account: "kube-system/aws-node",
		Policies: []string{"AmazonEKS_CNI_Policy"}, Network: true, Default: true, Typical: 45 * time.Second},
	{Name: KubeProxy, DaemonSet: "kube-system/kube-proxy", Network: true, Default: true, Typical: 25 * time.Second},
	{Name: CoreDNS, Deployment: "kube-system/coredns", ConfigMap: "kube-system/coredns", Tolerations: "tolerations", Critical: true,
		Default: true, Typical: 15 * time.Second, Labels: map[string]string{"k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns"}},
	{Name: "metrics-server", Deployment: "kube-system/metrics-server", Tolerations: "tolerations", Critical: true, Default: true, AutoMode: true,
		Labels: map[string]string{"app.kubernetes.io/name": "metrics-server", "app.kubernetes.io/instance": "metrics-server"}},
	{Name: PodIdentityAgent, DaemonSet: "kube-system/eks-pod-identity-agent"},
	{Name: "eks-node-monitoring-agent", DaemonSet: "kube-system/eks-node-monitoring-agent"},
	{Name: "aws-ebs-csi-driver", Deployment: "kube-system/ebs-csi-controller", Tolerations: "controller.tolerations", Critical: true,
		Account: "kube-system/ebs-csi-controller-sa", Policies: []string{"service-role/AmazonEBSCSIDriverPolicy"}, Typical: 40 * time.Second,
		Labels: map[string]string{"app": "ebs-csi-controller"}},
	{Name: "aws-efs-csi-driver", Deployment: "kube-system/efs-csi-controller", Tolerations: "controller.tolerations", Critical: true,
		Account: "kube-system/efs-csi-controller-sa", Policies: []string{"service-role/AmazonEFSCSIDriverPolicy"}, Typical: 40 * time.Second,
		Labels: map[string]string{"app": "efs-csi-controller"}},
	{Name: "aws-mountpoint-s3-csi-driver", DaemonSet: "kube-system/s3-csi-node",
		Account: "kube-system/s3-csi-driver-sa", Policies: []string{"AmazonS3FullAccess"}},
	{Name: "snapshot-controller", Deployment: "kube-system/snapshot-controller", Tolerations: "tolerations"},
	{Name: "amazon-cloudwatch-observability", Deployment: "amazon-cloudwatch/amazon-cloudwatch-observability-controller-manager",
		Tolerations: "tolerations", Account: "amazon-cloudwatch/cloudwatch-agent", Policies: []string{"CloudWatchAgentServerPolicy"}},
	{Name: "external-dns", Deployment: "external-dns/external-dns", Tolerations: "tolerations",
		Account: "external-dns/external-dns", Policies: []string{"AmazonRoute53FullAccess"}},
	{Name: "prometheus-node-exporter", DaemonSet: "prometheus-node-exporter/prometheus-node-exporter"},
}

// Addons lists the add-ons that are known, eksctl's default ones first.
func Addons() []Addon { return slices.Clone(addons) }

// AddonNamed is what is known of an add-on. One that is not known runs Deployments,
// for all that can be said, and needs no permissions.
func AddonNamed(name string) Addon {
	for _, a := range addons {
		if a.Name == name {
			if a.Typical == 0 {
				a.Typical = typicalAddon
			}
			return a
		}
	}
	return Addon{Name: name, Typical: typicalAddon}
}

// DefaultAddons are the names that eksctl adds to a cluster; autoMode: EKS runs the
// nodes, and what they need.
func DefaultAddons(autoMode bool) []string {
	return names(func(a Addon) bool { return a.Default && (!autoMode || a.AutoMode) })
}

// NetworkAddons are the names of those that every node needs before it can be Ready.
func NetworkAddons() []string { return names(func(a Addon) bool { return a.Network }) }

func names(fits func(Addon) bool) []string {
	var out []string
	for _, a := range addons {
		if fits(a) {
			out = append(out, a.Name)
		}
	}
	return out
}

// SplitAccount takes "namespace/name" apart; one without a namespace is in
// kube-system.
func SplitAccount(s string) (namespace, name string) {
	if ns, n, ok := strings.Cut(s, "/"); ok {
		return ns, n
	}
	return "kube-system", s
}
