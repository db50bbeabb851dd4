package eksfacts

import "strings"

// Who keeps nodes that no node group has, as people say it to --wait-nodes.
const (
	KeptByKarpenter = "karpenter"
	KeptByAuto      = "auto"
	KeptByFargate   = "fargate"
)

// KeeperOf is who keeps a node of no node group, by its name and labels; "": nobody that is
// known. Auto Mode's nodes are of Karpenter's kind, too, and labelled so (EKS user guide, "Auto
// Mode"; Karpenter, well-known labels).
func KeeperOf(name string, labels map[string]string) string {
	switch {
	case labels[ComputeType] == "auto":
		return KeptByAuto
	case labels["karpenter.sh/nodepool"] != "":
		return KeptByKarpenter
	case labels[ComputeType] == "fargate" || strings.HasPrefix(name, "fargate-"):
		return KeptByFargate
	}
	return ""
}
