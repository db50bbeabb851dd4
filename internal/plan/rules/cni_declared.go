package rules

var cniDeclared = Rule{
	Name:    "cni-declared",
	Reason:  "a third-party network plugin is installed from outside; nodes started before it would stay NotReady",
	Source:  "facts/eks.md §2, Cilium and Calico; terraform-aws-eks #3106, #3139",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, group := range d.Of(NodeGroup) {
			d.Wait(group, CNIGate, "the network plugin that the config declares must be installed first")
		}
		if d.Graph.Has(CNIGate) {
			d.Note("The run waits for you to install the network plugin " + d.Config.CNI.DaemonSet + " once the control plane is up.")
		}
	},
}
