package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

var podIdentityAgent = Check{
	Name:   "pod-identity-agent",
	Title:  "Where pods take permissions by pod identity, the agent that hands them out is there",
	Source: "eks:DescribeAddon; the DaemonSets of a cluster that exists",
	Codes:  []string{"needs-pod-identity-agent", "not-checked"},
	When:   Preflight | Doctor,
	Run: func(_ context.Context, in *Input) finding.Findings {
		uses := in.podIdentities()
		k := in.Live.Kubernetes
		if len(uses) == 0 || in.hasAddon(eksfacts.PodIdentityAgent) || k != nil && k.DaemonSets["kube-system/"+eksfacts.PodIdentityAgent] != nil {
			return nil
		}
		if why := in.insideUnread("the DaemonSets"); why != "" {
			f := unchecked(
				"whether the pod identity agent is in the cluster: the file does not list it, and "+why,
				"add {name: eks-pod-identity-agent} to addons",
			)
			f.Breaks = "without it pods get no permissions by pod identity"
			return finding.Findings{f}
		}
		var out finding.Findings
		for _, u := range uses {
			f := in.at(
				"needs-pod-identity-agent",
				u.path,
				u.remedy,
				"%s",
				u.what+" by pod identity, and the agent that hands them out, the add-on eks-pod-identity-agent, is missing",
			)
			f.Breaks = u.breaks
			out = append(out, f)
		}
		return out
	},
}

// podIdentityUse is one place of the file that pod identity follows from.
type podIdentityUse struct{ path, what, breaks, remedy string }

// podIdentities are the places of the file whose pods need the agent. On nodes that EKS
// runs (Auto Mode) it is there; the VPC CNI's pods run on other nodes only.
func (in *Input) podIdentities() []podIdentityUse {
	c := in.Config
	const remedy, breaks = "add {name: eks-pod-identity-agent} to addons", "they would get none"
	var out []podIdentityUse
	for i, a := range c.IAM.PodIdentityAssociations {
		if cni := a.Namespace == "kube-system" && a.ServiceAccountName == "aws-node"; !c.AutoMode() || cni {
			out = append(out, podIdentityUse{fmt.Sprintf("iam.podIdentityAssociations[%d]", i),
				"pods of " + a.Namespace + "/" + a.ServiceAccountName + " are to get permissions", breaks, remedy})
		}
	}
	for i := range c.Addons {
		a := &c.Addons[i]
		if c.Permissions(a) != config.FromPodIdentity || c.AutoMode() && a.Name != eksfacts.VPCCNI {
			continue
		}
		u := podIdentityUse{fmt.Sprintf("addons[%d]", i), "the add-on " + a.Name + " takes its permissions", breaks, remedy}
		switch {
		case len(a.PodIdentityAssociations) > 0:
			u.path += ".podIdentityAssociations"
		case config.On(a.UseDefaultPodIdentityAssociations, false):
			u.path += ".useDefaultPodIdentityAssociations"
		case c.AutoPodIdentity(a):
			u.path = "addonsConfig.autoApplyPodIdentityAssociations"
		default: // policies, and no OIDC provider
			u.remedy += ", or set iam.withOIDC: true for a role by service account"
		}
		if slices.ContainsFunc(out, func(x podIdentityUse) bool { return x.path == u.path }) {
			continue // one place, however many add-ons
		}
		if a.Name == eksfacts.VPCCNI {
			u.breaks = "the network plugin would get none, and the nodes would stay NotReady"
		}
		out = append(out, u)
	}
	return out
}
