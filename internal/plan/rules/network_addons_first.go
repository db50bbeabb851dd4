package rules

var networkAddonsFirst = Rule{
	Name:    "network-addons-first",
	Reason:  "a node becomes Ready only once a network plugin has written its configuration; a node group without one ends CREATE_FAILED after 33 minutes",
	Source:  "terraform-aws-eks #3446, #3497, #2820; facts/eks.md §2",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		why := map[string]string{
			"vpc-cni":                "without a network plugin the nodes would stay NotReady (cni plugin not initialized)",
			"kube-proxy":             "the network plugin reaches the API server's service address through kube-proxy",
			"eks-pod-identity-agent": "the network plugin gets its permissions from the pod identity agent on its node",
		}
		for _, group := range d.Of(NodeGroup) {
			for _, a := range EarlyAddons(d.Config) {
				if reason := why[a]; reason != "" {
					d.Wait(group, ID(Addon, a), reason)
				}
			}
		}
		for _, group := range d.Of(NodeGroup) {
			for _, kind := range []string{PodIdentity, Account} {
				d.Wait(group, ID(kind, "kube-system/aws-node"), "the network plugin's permissions must stand before its pods start")
			}
		}
	},
}
