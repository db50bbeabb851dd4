package rules

var controlPlaneActive = Rule{
	Name:    "control-plane-active",
	Reason:  "EKS refuses every sub-resource, and there is no Kubernetes API, before the control plane is ACTIVE",
	Source:  "EKS API: CreateNodegroup and CreateAddon in a cluster that is not ACTIVE (facts/eks.md §4)",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		d.Wait(ControlPlane, ClusterStack, "the cluster stack creates the control plane")
		for _, id := range d.Of(Addon, NodeGroup, Fargate, Provider, AccessEntry, PodIdentity, ClusterUpdate) {
			d.Wait(id, ControlPlane, "EKS takes nothing inside a cluster before it is ACTIVE")
		}
		for _, id := range d.Of(Account, Mapping, Windows, CNIGate) {
			d.Wait(id, ControlPlane, "there is no Kubernetes API before the control plane is ACTIVE")
		}
		d.Wait(OIDC, ControlPlane, "the issuer is known once the control plane is ACTIVE")
		for _, id := range d.Of(Retention) {
			d.Wait(id, ControlPlane, "EKS makes the log group with the control plane")
		}
	},
}
