package eks

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// As whom EKS writes: what it installs before there are add-ons is as kubectl applied it
// (terraform-provider-aws#20440, eksctl#3414: conflicts with "kubectl-client-side-apply"), and
// the fields of add-ons are its own, by server-side apply (EKS user guide, "Determine fields
// you can customize for Amazon EKS add-ons").
var (
	bootstrapper = kubeapi.NewWriter("eks:cluster-bootstrap", "kubectl", "kubectl-client-side-apply")
	addonManager = kubeapi.NewWriter("eks:addon-manager", "eks-addon-manager", "eks")
)

// trouble is why an add-on's objects could not be applied, as EKS says it of an add-on's
// health and of an update.
type trouble struct {
	Code, Message string
}

func (t *trouble) issue() types.AddonIssue {
	return types.AddonIssue{Code: types.AddonIssueCode(t.Code), Message: &t.Message}
}

func (t *trouble) detail() types.ErrorDetail {
	return types.ErrorDetail{ErrorCode: types.ErrorCode(t.Code), ErrorMessage: &t.Message}
}

// selfInstall is what EKS puts into a cluster by itself, if it is to: nobody's add-on.
func (c *cluster) selfInstall(name string) {
	for _, o := range c.manifest(name, defaultVersion(name, *c.Version), nil) {
		_ = c.kube.CreateBy(bootstrapper, o) // the cluster is empty
	}
}

// install brings an add-on's objects to its version and configuration. Where somebody else
// set a field that they set, another value in it, mode says what becomes of it, updating
// that there is something to preserve: to preserve in a creation is to do nothing (API
// reference of CreateAddon).
func (c *cluster) install(a *addon, mode types.ResolveConflicts, updating bool) *trouble {
	ns := a.Namespace
	if kubeapi.Get[corev1.Namespace](c.kube, "", ns) == nil {
		c.kube.Save(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
	}
	var all []kubeapi.Manifest
	for _, o := range c.manifest(*a.AddonName, *a.AddonVersion, a) {
		m, err := kubeapi.ManifestOf(o)
		if err != nil {
			return &trouble{string(types.AddonIssueCodeInternalFailure), err.Error()}
		}
		all = append(all, m)
	}
	how := kubeapi.Applying{Force: strings.EqualFold(string(mode), string(types.ResolveConflictsOverwrite))}
	if !how.Force {
		if t := c.agree(all, strings.EqualFold(string(mode), string(types.ResolveConflictsPreserve)) && updating); t != nil {
			return t
		}
	}
	for _, m := range all {
		if err := c.apply(m, how); err != nil {
			return refusal(err)
		}
	}
	c.unlimit(a, all)
	return nil
}

// agree asks of every object whether it could be applied as it is, and names all conflicts,
// or takes what is in conflict out of what is to be applied.
func (c *cluster) agree(all []kubeapi.Manifest, preserve bool) *trouble {
	var conflicts []string
	for _, m := range all {
		err := c.apply(m, kubeapi.Applying{Dry: true})
		fields := kubeapi.Conflicts(err)
		switch {
		case err == nil:
		case len(fields) == 0:
			return refusal(err)
		case preserve:
			if err := c.kube.Yield(m, fields); err != nil {
				return refusal(err)
			}
		}
		for _, f := range fields {
			conflicts = append(conflicts, m.Name()+" - "+f)
		}
	}
	if len(conflicts) == 0 || preserve {
		return nil
	}
	return &trouble{string(types.AddonIssueCodeConfigurationConflict),
		"Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts:\n" + strings.Join(conflicts, "\n")}
}

// apply lets the region's lock go where a webhook outside of this program is asked, which may
// ask the region.
func (c *cluster) apply(m kubeapi.Manifest, how kubeapi.Applying) (err error) {
	if !c.kube.CallsOut() {
		return c.kube.Apply(addonManager, m, how)
	}
	c.e.w.Aside(func() { err = c.kube.Apply(addonManager, m, how) })
	return err
}

// refusal is how EKS tells of what the API server said. Of what is no valid object it says
// UnsupportedAddonModification (aws-ebs-csi-driver#2871).
func refusal(err error) *trouble {
	code := types.AddonIssueCodeInternalFailure
	switch {
	case len(kubeapi.Conflicts(err)) > 0:
		code = types.AddonIssueCodeConfigurationConflict
	case apierrors.IsInvalid(err):
		code = types.AddonIssueCodeUnsupportedAddonModification
	case strings.Contains(err.Error(), "admission webhook") || strings.Contains(err.Error(), "failed calling webhook"):
		code = types.AddonIssueCodeAdmissionRequestDenied
	case apierrors.IsForbidden(err):
		code = types.AddonIssueCodeAccessDenied
	}
	return &trouble{string(code), err.Error()}
}

// unlimit takes away the budget of a Deployment that has one no longer: the other objects of an
// add-on are always the same.
func (c *cluster) unlimit(a *addon, all []kubeapi.Manifest) {
	i := catalogue[*a.AddonName]
	if slices.ContainsFunc(all, func(m kubeapi.Manifest) bool { return m["kind"] == "PodDisruptionBudget" }) {
		return
	}
	if p := kubeapi.Get[policyv1.PodDisruptionBudget](c.kube, a.Namespace, i.workload); p != nil && i.kind == "Deployment" {
		c.kube.Remove(p)
	}
}
