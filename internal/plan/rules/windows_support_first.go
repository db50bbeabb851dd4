package rules

var windowsSupportFirst = Rule{
	Name:    "windows-support-first",
	Reason:  "Windows pods get their addresses from the control plane, which must be told to before Windows nodes start",
	Source:  "EKS user guide, Windows support; eksctl create cluster (facts/eksctl.md §3)",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, id := range d.Of(NodeGroup) {
			if d.Steps[id].Windows {
				d.Wait(id, Windows, "Windows IP address management is turned on first")
			}
		}
		d.Wait(Windows, ID(Addon, "vpc-cni"), "the setting belongs to the VPC CNI's configuration")
	},
}
