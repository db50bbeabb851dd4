package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// atMinor is a cluster of a managed and a self-managed group, whose add-ons have versions for
// the minors around.
func atMinor(minor string) *observe.Observed {
	both := observe.Set{"1.32", "1.33", "1.34", "1.35"}
	node := func(name, group string) *observe.Node {
		return &observe.Node{Name: name, Ready: true, Nodegroup: group, Version: "v" + minor + ".2-eks-1", OSImage: "Amazon Linux 2023",
			Labels: map[string]string{"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": "a"}}
	}
	return &observe.Observed{Name: "c", Parts: []observe.Part{observe.Inside, observe.Pods, observe.Networking, observe.Versions},
		Cluster: &observe.Cluster{Version: minor, Status: "ACTIVE", ResourcesVPCConfig: &observe.VPCConfig{SubnetIDs: observe.Set{"subnet-a", "subnet-b"}}},
		Network: &observe.Network{Subnets: map[string]*observe.Subnet{
			"subnet-a": {ID: "subnet-a", Zone: "a", FreeAddresses: 100}, "subnet-b": {ID: "subnet-b", Zone: "b", FreeAddresses: 100}}},
		Addons: map[string]*observe.Addon{"coredns": {Name: "coredns", Version: "v1.12.4", Status: "ACTIVE"}, "kube-proxy": {Name: "kube-proxy", Version: "v" + minor + ".0", Status: "ACTIVE"}},
		Groups: map[string]*observe.Nodegroup{"w": {Name: "w", Status: "ACTIVE", Version: minor, AMIType: "AL2023_x86_64_STANDARD",
			ScalingConfig: &observe.Sizes{MinSize: 1, MaxSize: 4, DesiredSize: 2}}},
		ScalingGroups: map[string]*observe.ScalingGroup{
			"asg-w": {Name: "asg-w", Nodegroup: "w", Managed: true, MinSize: 1, MaxSize: 4, DesiredCapacity: 2, AvailabilityZones: observe.Set{"a", "b"}},
			"asg-s": {Name: "asg-s", Nodegroup: "s", MinSize: 1, MaxSize: 2, DesiredCapacity: 1, AvailabilityZones: observe.Set{"a"}}},
		Kubernetes: &observe.Kubernetes{Nodes: map[string]*observe.Node{"w1": node("w1", "w"), "w2": node("w2", "w"), "s1": node("s1", "s")},
			Pods: map[string]*observe.Pod{}, Budgets: map[string]*observe.Budget{}, DaemonSets: map[string]*observe.Workload{}},
		Upgrades: &observe.Upgrades{Offered: []string{"1.35", "1.34", "1.33", "1.32"}, Webhooks: map[string]*observe.Webhook{}, AddonVersions: map[string][]observe.AddonVersion{
			"coredns": {{Version: "v1.12.4", Fits: both, Default: both}},
			"kube-proxy": {{Version: "v1.35.0", Fits: observe.Set{"1.35"}, Default: observe.Set{"1.35"}}, {Version: "v1.34.0", Fits: observe.Set{"1.34"}, Default: observe.Set{"1.34"}},
				{Version: "v1.33.0", Fits: observe.Set{"1.33"}, Default: observe.Set{"1.33"}}, {Version: "v1.32.0", Fits: observe.Set{"1.32"}, Default: observe.Set{"1.32"}},
				{Version: "v1.31.0", Fits: observe.Set{"1.31"}, Default: observe.Set{"1.31"}}}}}}
}

// insight is an error of EKS's.
func insight(name, version string, of ...observe.InsightResource) observe.Insight {
	return observe.Insight{Name: name, Category: "UPGRADE_READINESS", Version: version, Status: observe.InsightStatus{Status: "ERROR", Reason: "It is bad."},
		Recommendation: "Mend it.", Refreshed: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), Resources: of}
}

// What would stop an upgrade, or what of it a person must know, is named before anything is
// changed: each entry is an edit of a cluster that could go, and what is found of it then.
func TestWhatStandsInTheWayOfAnUpgrade(t *testing.T) {
	type edit = func(o *observe.Observed, in *Upgrading)
	for what, c := range map[string]struct {
		from, to string // "": 1.34 to 1.35
		edit     edit
		code     string   // of a finding; "": the plan goes
		says     []string // the finding, resource and remedy with it; or the plan's notes
		has      []string // steps of the plan
		not      []string
	}{
		"nothing": {edit: func(*observe.Observed, *Upgrading) {}, says: []string{"EKS adds up to 4 nodes to w"}, has: []string{"nodegroup-version/w/1.35", "cluster-version/1.35"}},
		"an error of EKS's": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Upgrades.Insights = []observe.Insight{insight("Deprecated APIs", "1.35")}
			o.Upgrades.Insights[0].Summary = &observe.InsightSummary{Deprecations: []observe.Deprecation{{Usage: "/apis/flowcontrol.apiserver.k8s.io/v1beta3", ReplacedBy: "v1",
				Clients: []observe.APIClients{{UserAgent: "helm/3", Requests: 7}}}}}
		}, code: "upgrade-insight", says: []string{"insight Deprecated APIs", "v1beta3, which v1 replaces, used by helm/3 (7 requests in 30 days)", "Mend it", "2026-11-30 09:00",
			"start-insights-refresh --cluster-name c", "--force"}},
		"the same, forced": {edit: func(o *observe.Observed, in *Upgrading) {
			o.Upgrades.Insights, in.Force = []observe.Insight{insight("Deprecated APIs", "1.35")}, true
		}, says: []string{"EKS finds in the way of 1.35: It is bad; --force goes on"}, has: []string{"cluster-version/1.35"}},
		"a warning": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Upgrades.Insights = []observe.Insight{insight("Health", "1.35")}
			o.Upgrades.Insights[0].Status.Status = "WARNING"
		}, says: []string{"EKS finds in the way of 1.35: It is bad."}, has: []string{"cluster-version/1.35"}},
		"an error of the minor after": {from: "1.33", edit: func(o *observe.Observed, _ *Upgrading) {
			o.Upgrades.Insights = []observe.Insight{insight("Health", "1.35")}
		}, says: []string{"EKS finds in the way of 1.35"}, has: []string{"upgrade-ready/1.35"}},
		"an error about an add-on that goes first": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Addons["coredns"].Version = "v1.11.0"
			o.Upgrades.AddonVersions["coredns"] = append(o.Upgrades.AddonVersions["coredns"], observe.AddonVersion{Version: "v1.11.0", Fits: observe.Set{"1.34"}})
			o.Upgrades.Insights = []observe.Insight{insight("EKS add-on version compatibility", "1.35", observe.InsightResource{ARN: "arn:aws:eks:us-west-2:1:addon/c/coredns/1"})}
		}, has: []string{"addon-version/coredns/v1.12.4", "upgrade-ready/1.35", "cluster-version/1.35"}},
		"an error about nodes that go first": {from: "1.34", to: "1.35", edit: func(o *observe.Observed, _ *Upgrading) {
			o.Groups["w"].Version = "1.31"
			o.Kubernetes.Nodes["w1"].Version, o.Kubernetes.Nodes["w2"].Version = "v1.31.9-eks-1", "v1.31.9-eks-1"
			o.Upgrades.Insights = []observe.Insight{insight("Kubelet version skew", "1.35", observe.InsightResource{URI: "/api/v1/nodes/w1"})}
		}, has: []string{"nodegroup-version/w/1.34", "upgrade-ready/1.35", "nodegroup-version/w/1.35"}},
		"an add-on that has none": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Upgrades.AddonVersions["coredns"][0].Fits, o.Upgrades.AddonVersions["coredns"][0].Default = observe.Set{"1.34"}, nil
		}, code: "addon-version-not-offered", says: []string{"add-on coredns", "has no version for Kubernetes 1.35", "slipway addon remove c coredns"}},
		"a version that does not fit": {edit: func(_ *observe.Observed, in *Upgrading) { in.Versions = map[string]string{"kube-proxy": "v1.34.0"} },
			code: "addon-version-not-offered", says: []string{"add-on kube-proxy", "has no version v1.34.0 for Kubernetes 1.35", "name one of: v1.35.0"}},
		"an add-on that failed": {edit: func(o *observe.Observed, _ *Upgrading) { o.Addons["coredns"].Status = "CREATE_FAILED" },
			code: "addon-unwell", says: []string{"add-on coredns", "is CREATE_FAILED", "slipway addon remove c coredns"}},
		"an add-on whose update failed": {edit: func(o *observe.Observed, _ *Upgrading) { o.Addons["coredns"].Status = "UPDATE_FAILED" },
			code: "addon-unwell", says: []string{"add-on coredns", "is UPDATE_FAILED, and nothing in the plan changes it", "slipway addon update c coredns"}},
		"an add-on that is ailing": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Addons["coredns"].Status = "DEGRADED"
			o.Addons["coredns"].Health = &observe.Health{Issues: []observe.Issue{{Code: "InsufficientNumberOfReplicas", Message: "The add-on is unhealthy."}}}
		}, code: "addon-unwell", says: []string{"is DEGRADED", "InsufficientNumberOfReplicas: The add-on is unhealthy", "--force goes on"}},
		"an ailing add-on, forced": {edit: func(o *observe.Observed, in *Upgrading) { o.Addons["coredns"].Status, in.Force = "DEGRADED", true },
			says: []string{"The add-on coredns is DEGRADED; --force goes on, and does not wait for it"}, has: []string{"cluster-version/1.35"}},
		"an ailing add-on that is raised": {edit: func(o *observe.Observed, _ *Upgrading) { o.Addons["kube-proxy"].Status = "UPDATE_FAILED" },
			has: []string{"addon-version/kube-proxy/v1.35.0"}},
		"a kubelet too old": {from: "1.34", edit: func(o *observe.Observed, _ *Upgrading) { o.Kubernetes.Nodes["s1"].Version = "v1.31.2-eks-1" },
			code: "kubelet-too-old", says: []string{"node s1", "runs kubelet 1.31, more than 3 minors behind 1.35", "slipway nodegroup upgrade"}},
		"a group too old on the way": {from: "1.34", edit: func(o *observe.Observed, _ *Upgrading) {
			o.Groups["w"].Version = "1.31"
			o.Kubernetes.Nodes["w1"].Version, o.Kubernetes.Nodes["w2"].Version = "v1.31.9-eks-1", "v1.31.9-eks-1"
		}, has: []string{"nodegroup-version/w/1.34", "cluster-version/1.35", "nodegroup-version/w/1.35"}},
		"a kube-proxy too old": {edit: func(o *observe.Observed, _ *Upgrading) {
			delete(o.Addons, "kube-proxy")
			o.Kubernetes.DaemonSets["kube-system/kube-proxy"] = &observe.Workload{Images: []string{"602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/kube-proxy:v1.30.0-eksbuild.1"}}
		}, code: "kube-proxy-too-old", says: []string{"DaemonSet kube-system/kube-proxy", "is of 1.30", "slipway addon add c kube-proxy"}},
		"a kube-proxy of nobody's": {edit: func(o *observe.Observed, _ *Upgrading) {
			delete(o.Addons, "kube-proxy")
			o.Kubernetes.DaemonSets["kube-system/kube-proxy"] = &observe.Workload{Images: []string{"eks/kube-proxy:v1.34.0-eksbuild.1"}}
		}, says: []string{"kube-proxy is of 1.34, and no add-on: it stays as it is"}},
		"Amazon Linux 2": {edit: func(o *observe.Observed, _ *Upgrading) { o.Groups["w"].AMIType = "AL2_x86_64" },
			code: "no-al2", says: []string{"node group w", "runs Amazon Linux 2, which EKS has for Kubernetes 1.32 and older", "slipway nodegroup upgrade c w --ami-family AmazonLinux2023"}},
		"Amazon Linux 2 of a group that EKS does not manage": {edit: func(o *observe.Observed, _ *Upgrading) { o.Kubernetes.Nodes["s1"].OSImage = "Amazon Linux 2" },
			code: "no-al2", says: []string{"node group s"}},
		"a group with a grave issue": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Groups["w"].Health = &observe.Health{Issues: []observe.Issue{{Code: "Ec2SubnetNotFound", Message: "gone"}}}
		}, code: "group-unwell", says: []string{"node group w", "Ec2SubnetNotFound: gone", "slipway nodegroup upgrade c w"}},
		"a group with a mild one": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Groups["w"].Health = &observe.Health{Issues: []observe.Issue{{Code: "AsgInstanceLaunchFailures", Message: "no capacity"}}}
		}, has: []string{"nodegroup-version/w/1.35"}},
		"no addresses for the control plane": {edit: func(o *observe.Observed, _ *Upgrading) { o.Network.Subnets["subnet-b"].FreeAddresses = 3 },
			code: "too-few-addresses", says: []string{"control plane", "subnet-b (b, 3)", "vpc.controlPlaneSubnetIDs"}},
		"few addresses in one of three zones": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Network.Subnets["subnet-c"] = &observe.Subnet{ID: "subnet-c", Zone: "c", FreeAddresses: 1}
			o.Cluster.ResourcesVPCConfig.SubnetIDs = append(o.Cluster.ResourcesVPCConfig.SubnetIDs, "subnet-c")
		}, says: []string{"these have fewer: subnet-c (c, 1)"}, has: []string{"cluster-version/1.35"}},
		"no way": {from: "1.32", edit: func(o *observe.Observed, _ *Upgrading) { o.Upgrades.Offered = []string{"1.35", "1.34"} },
			code: "version-no-way", says: []string{"cluster c", "the way leads by 1.33, which EKS does not offer any more", "make a new cluster"}},
		"a control plane that failed": {edit: func(o *observe.Observed, _ *Upgrading) { o.Cluster.Status = "FAILED" },
			code: "cluster-not-active", says: []string{"cluster c", "is FAILED", "slipway status c"}},
		"a webhook that is silent": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Upgrades.Webhooks["ValidatingWebhookConfiguration policy"] = &observe.Webhook{Service: "policy/hook", Asked: observe.Set{"pods"}}
		}, code: "webhook-silent", says: []string{"ValidatingWebhookConfiguration policy", "refuses every change of pods", "Service policy/hook", "failurePolicy to Ignore"}},
		"a webhook that leaves kube-system alone": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Upgrades.Webhooks["w"] = &observe.Webhook{Service: "policy/hook", Asked: observe.Set{"pods"}, Excludes: observe.Set{"kube-system"}}
		}, has: []string{"cluster-version/1.35"}},
		"a webhook that is asked about nodes, too": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Upgrades.Webhooks["w"] = &observe.Webhook{Service: "policy/hook", Asked: observe.Set{"nodes"}, Excludes: observe.Set{"kube-system"}}
		}, code: "webhook-silent", says: []string{"refuses every change of nodes"}},
		"a webhook about something else": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Upgrades.Webhooks["w"] = &observe.Webhook{Service: "policy/hook", Asked: observe.Set{"ingresses"}}
		}, has: []string{"cluster-version/1.35"}},
		"a budget that allows nothing": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Kubernetes.Budgets["d/web"] = &observe.Budget{MinAvailable: "2", CurrentHealthy: 2, DesiredHealthy: 2, ExpectedPods: 2}
			o.Kubernetes.Pods["d/web-1"] = &observe.Pod{Node: "w1", Owner: "ReplicaSet/web-1", Ready: true, Budgets: observe.Set{"d/web"}}
		}, code: "budget-never-allows", says: []string{"PodDisruptionBudget d/web", "pod d/web-1 is on these nodes", "--force"}},
		"a pod that nothing makes again": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Kubernetes.Pods["d/alone"] = &observe.Pod{Node: "w1", Ready: true}
		},
			code: "pod-unmanaged", says: []string{"pod d/alone", "is made again by nothing"}},
		"a pod that must not be moved, forced": {edit: func(o *observe.Observed, in *Upgrading) {
			o.Kubernetes.Pods["d/x"], in.Force = &observe.Pod{Node: "w1", Owner: "StatefulSet/x", Held: "karpenter.sh/do-not-disrupt"}, true
		}, says: []string{"StatefulSet d/x must not be moved, as its annotation says: karpenter.sh/do-not-disrupt; --force goes on"}, has: []string{"cluster-version/1.35"}},
		"content of a node's disk": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.Kubernetes.Pods["d/x"] = &observe.Pod{Node: "w1", Owner: "StatefulSet/x", Local: observe.Set{"scratch"}}
		}, says: []string{"does not move with them: StatefulSet d/x"}},
		"pods that were not read": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.NotRead = append(o.NotRead, observe.NotRead{Part: observe.Pods, What: "pods", Why: "pods is forbidden"})
			o.Kubernetes.Pods = nil
		}, says: []string{"Not checked: which pods and disruption budgets would hold the nodes up (pods is forbidden)"}, has: []string{"nodegroup-version/w/1.35"}},
		"a Kubernetes API that was not reached": {edit: func(o *observe.Observed, _ *Upgrading) {
			o.NotRead = append(o.NotRead, observe.NotRead{Part: observe.Inside, What: "kubernetes", Why: "its endpoint is private"}, observe.NotRead{Part: observe.Pods, What: "pods", Why: "its endpoint is private"})
			o.Kubernetes = nil
		}, says: []string{"Not checked: whether kubelets and kube-proxy are too old", "its endpoint is private"}, has: []string{"cluster-version/1.35"}},
		"nodes of others": {edit: func(o *observe.Observed, _ *Upgrading) {
			for name, labels := range map[string]map[string]string{"k": {"karpenter.sh/nodepool": "default"}, "auto": {"eks.amazonaws.com/compute-type": "auto", "karpenter.sh/nodepool": "system"},
				"fargate-1": {"eks.amazonaws.com/compute-type": "fargate"}, "metal": {}} {
				o.Kubernetes.Nodes[name] = &observe.Node{Name: name, Ready: true, Version: "v1.34.1-eks-1", Labels: labels}
			}
		}, says: []string{"Nodes of Karpenter follow by its own drift", ": k.", "Nodes of Auto Mode follow by themselves, as their disruption settings let (--wait-nodes auto waits for them): auto.",
			"Fargate gives a pod the new version when it is made again (kubectl rollout restart): fargate-1.", "Nodes of no node group stay as they are: metal."}},
		"nodes of others, waited for": {edit: func(o *observe.Observed, in *Upgrading) {
			o.Kubernetes.Nodes["k"] = &observe.Node{Name: "k", Ready: true, Version: "v1.34.1-eks-1", Labels: map[string]string{"karpenter.sh/nodepool": "default"}}
			in.Wait = []string{"karpenter"}
		}, has: []string{"nodes-followed/1.35"}},
		"nodes of others that are there already, waited for": {from: "1.35", edit: func(o *observe.Observed, in *Upgrading) {
			o.Kubernetes.Nodes["k"] = &observe.Node{Name: "k", Ready: true, Version: "v1.34.1-eks-1", Labels: map[string]string{"karpenter.sh/nodepool": "default"}}
			in.Wait = []string{"auto"}
		}, not: []string{"nodes-followed/1.35"}},
		"a group whose nodes are of two minors, though EKS says that it is done": {from: "1.35", edit: func(o *observe.Observed, _ *Upgrading) {
			o.Kubernetes.Nodes["w2"].Version = "v1.34.1-eks-1"
		}, has: []string{"nodegroup-version/w/1.35"}},
	} {
		t.Run(what, func(t *testing.T) {
			from, to := c.from, c.to
			if from == "" {
				from = "1.34"
			}
			if to == "" {
				to = "1.35"
			}
			o := atMinor(from)
			in := Upgrading{Live: o, To: to}
			c.edit(o, &in)
			p, err := Upgrade(in)
			found(t, p, err, c.code, c.says)
			if p == nil {
				return
			}
			for _, id := range c.has {
				if p.Entry(id) == nil {
					t.Errorf("no step %s", id)
				}
			}
			for _, id := range c.not {
				if p.Entry(id) != nil {
					t.Errorf("a step %s", id)
				}
			}
		})
	}
}

// found holds what came of a plan against a finding's code, or its notes.
func found(t *testing.T, p *Plan, err error, code string, says []string) {
	t.Helper()
	text := ""
	if fs, ok := finding.Of(err); ok {
		for _, f := range fs {
			if f.Code == code {
				text += f.Where.Resource + ": " + f.What + "; " + f.Breaks + "; " + f.Remedy + "\n"
			} else {
				t.Errorf("found besides: %v", f)
			}
			if f.Remedy == "" || f.Breaks == "" || f.Where.Resource == "" {
				t.Errorf("%s does not say of what, what it breaks and what to do: %+v", f.Code, f)
			}
		}
	} else if err != nil {
		t.Fatal(err)
	} else {
		text = strings.Join(p.Notes, "\n")
	}
	if (err != nil) != (code != "") {
		t.Fatalf("found %v, expected %q", err, code)
	}
	for _, want := range says {
		if !strings.Contains(text, want) {
			t.Errorf("it says\n%s\nand not %q", text, want)
		}
	}
}

// The way back has its own.
func TestWhatStandsInTheWayBack(t *testing.T) {
	for what, c := range map[string]struct {
		edit func(o *observe.Observed, in *Upgrading)
		code string
		says []string
	}{
		"nothing": {func(*observe.Observed, *Upgrading) {}, "", nil},
		"no way": {func(o *observe.Observed, _ *Upgrading) { o.Upgrades.Back = nil }, "no-way-back",
			[]string{"cluster c", "for seven days, and knows of no such upgrade", "mended forward"}},
		"kubelets of an AMI of somebody's own": {func(o *observe.Observed, _ *Upgrading) { o.Groups["w"].AMIType = "CUSTOM" }, "kubelet-too-new",
			[]string{"node group w", "runs kubelets of 1.35", "with an AMI of 1.34", "slipway nodegroup upgrade c w -f FILE"}},
		"an add-on that has none any more": {func(o *observe.Observed, _ *Upgrading) {
			o.Upgrades.AddonVersions["coredns"] = []observe.AddonVersion{{Version: "v1.12.4", Fits: observe.Set{"1.35"}}}
		}, "addon-version-not-offered", []string{"add-on coredns", "no version for Kubernetes 1.34 any more", "slipway addon remove c coredns"}},
		"a pod that nothing makes again": {func(o *observe.Observed, _ *Upgrading) {
			o.Kubernetes.Pods["d/alone"] = &observe.Pod{Node: "w1", Ready: true}
		},
			"pod-unmanaged", []string{"pod d/alone"}},
	} {
		t.Run(what, func(t *testing.T) {
			o := atMinor("1.35")
			delete(o.ScalingGroups, "asg-s")
			delete(o.Kubernetes.Nodes, "s1")
			o.Upgrades.Back = &observe.WayBack{Version: "1.34", Until: time.Date(2026, 12, 7, 0, 0, 0, 0, time.UTC)}
			in := Upgrading{Live: o}
			c.edit(o, &in)
			p, err := UpgradeBack(in)
			found(t, p, err, c.code, c.says)
			if c.code == "" && (p.Entry(rules.ID(rules.ClusterVersion, "1.34")) == nil || p.Entry("nodegroup-version/w/1.34") == nil) {
				t.Errorf("%v", p.Entries)
			}
		})
	}
}
