package kubeapi

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	aggregationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

type (
	crd       = apiextensionsv1.CustomResourceDefinition
	condition = apiextensionsv1.CustomResourceDefinitionCondition
)

// settleDefinitions does what the controllers inside Kubernetes' API server do with
// definitions (apiextensions-apiserver/pkg/controller: names, establishing, approval,
// finalizer; kube-aggregator's registration), at once instead of from queues, so that
// nothing depends on how fast they are.
func (c *Cluster) settleDefinitions() {
	for c.unsettled.CompareAndSwap(true, false) {
		for _, d := range List[crd](c) {
			n := d.DeepCopy()
			c.accept(n)
			if !reflect.DeepEqual(n.Status, d.Status) {
				c.Save(n)
			}
		}
		for _, d := range List[crd](c) {
			if d.DeletionTimestamp != nil && apihelpers.CRDHasFinalizer(d, apiextensionsv1.CustomResourceCleanupFinalizer) {
				c.finalize(d)
			}
		}
		c.registerCustom()
	}
}

// accept gives a definition the names that nobody else of its group has, and serves it.
func (c *Cluster) accept(d *crd) {
	var resources, kinds []string
	for _, o := range List[crd](c) {
		if o.Spec.Group == d.Spec.Group && o.Name != d.Name {
			n := o.Status.AcceptedNames
			resources = append(append(resources, n.Plural, n.Singular), n.ShortNames...)
			kinds = append(kinds, n.Kind, n.ListKind)
		}
	}
	ok := condition{Type: apiextensionsv1.NamesAccepted, Status: apiextensionsv1.ConditionTrue, Reason: "NoConflicts", Message: "no conflicts found"}
	want, have := d.Spec.Names, &d.Status.AcceptedNames
	claim := func(what, name string, is *string, taken []string) {
		if name != *is && slices.Contains(taken, name) {
			ok.Status, ok.Reason, ok.Message = apiextensionsv1.ConditionFalse, what+"Conflict", fmt.Sprintf("%q is already in use", name)
		} else {
			*is = name
		}
	}
	claim("Plural", want.Plural, &have.Plural, resources)
	claim("Singular", want.Singular, &have.Singular, resources)
	var clashes []string
	for _, s := range want.ShortNames {
		if !slices.Contains(have.ShortNames, s) && slices.Contains(resources, s) {
			clashes = append(clashes, fmt.Sprintf("%q is already in use", s))
		}
	}
	if len(clashes) == 0 {
		have.ShortNames = want.ShortNames
	} else {
		ok.Status, ok.Reason, ok.Message = apiextensionsv1.ConditionFalse, "ShortNamesConflict", strings.Join(clashes, ", ")
		if len(clashes) > 1 {
			ok.Message = "[" + ok.Message + "]"
		}
	}
	claim("Kind", want.Kind, &have.Kind, kinds)
	claim("ListKind", want.ListKind, &have.ListKind, kinds)
	have.Categories = want.Categories
	est := condition{Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionFalse, Reason: "NotAccepted", Message: "not all names are accepted"}
	if old := apihelpers.FindCRDCondition(d, apiextensionsv1.Established); old != nil {
		est = *old
	}
	if est.Status != apiextensionsv1.ConditionTrue && ok.Status == apiextensionsv1.ConditionTrue {
		est = condition{Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue, Reason: "InitialNamesAccepted",
			Message: "the initial names have been accepted"}
	}
	c.condition(d, ok)
	c.condition(d, est)
	c.approve(d)
}

// approve says whether a definition in a group of Kubernetes' own was agreed with it.
func (c *Cluster) approve(d *crd) {
	if !apihelpers.IsProtectedCommunityGroup(d.Spec.Group) {
		return
	}
	state, reason := apihelpers.GetAPIApprovalState(d.Annotations)
	x := condition{Type: apiextensionsv1.KubernetesAPIApprovalPolicyConformant, Message: reason}
	switch state {
	case apihelpers.APIApproved:
		x.Status, x.Reason = apiextensionsv1.ConditionTrue, "ApprovedAnnotation"
	case apihelpers.APIApprovalBypassed:
		x.Status, x.Reason = apiextensionsv1.ConditionFalse, "UnapprovedAnnotation"
	case apihelpers.APIApprovalInvalid:
		x.Status, x.Reason = apiextensionsv1.ConditionFalse, "InvalidAnnotation"
	case apihelpers.APIApprovalMissing:
		x.Status, x.Reason = apiextensionsv1.ConditionFalse, "MissingAnnotation"
	}
	c.condition(d, x)
}

// condition sets one; it has the world's time where its status is another.
func (c *Cluster) condition(d *crd, x condition) {
	x.LastTransitionTime = metav1.NewTime(c.objects.date()).Rfc3339Copy()
	if old := apihelpers.FindCRDCondition(d, x.Type); old != nil && old.Status == x.Status {
		x.LastTransitionTime = old.LastTransitionTime
	}
	apihelpers.SetCRDCondition(d, x)
}

// finalize removes what a definition that is deleted has made, and then the definition.
func (c *Cluster) finalize(d *crd) {
	resource := d.Spec.Group + "/" + d.Status.AcceptedNames.Plural
	left, err := c.removeAll(d)
	n := d.DeepCopy()
	if err == nil && left == 0 {
		c.objects.forget(resource)
		apihelpers.CRDRemoveFinalizer(n, apiextensionsv1.CustomResourceCleanupFinalizer)
		if len(n.Finalizers) == 0 {
			c.Remove(n)
		} else {
			c.condition(n, condition{Type: apiextensionsv1.Terminating, Status: apiextensionsv1.ConditionFalse, Reason: "InstanceDeletionCompleted",
				Message: "removed all instances"})
			c.Save(n)
		}
		return
	}
	c.objects.await(resource)
	c.condition(n, condition{Type: apiextensionsv1.Terminating, Status: apiextensionsv1.ConditionTrue, Reason: "InstanceDeletionInProgress",
		Message: "CustomResource deletion is in progress"})
	if !reflect.DeepEqual(n.Status, d.Status) {
		c.Save(n)
	}
}

// removeAll deletes every object of a definition, and says how many wait for finalizers.
func (c *Cluster) removeAll(d *crd) (left int, err error) {
	st, err := c.customs().storages.GetCustomResourceListerCollectionDeleter(d)
	if err != nil {
		return 0, err
	}
	prefix := prefixOf(schema.GroupResource{Group: d.Spec.Group, Resource: d.Status.AcceptedNames.Plural})
	c.objects.mu.Lock()
	keys := c.objects.keys(prefix)
	c.objects.mu.Unlock()
	spaces := map[string]bool{}
	for _, k := range keys {
		ns, _, namespaced := strings.Cut(strings.TrimPrefix(k, prefix+"/"), "/")
		if !namespaced {
			ns = ""
		}
		spaces[ns] = true
	}
	for ns := range sorted(spaces) {
		ctx := withCluster(apirequest.WithNamespace(context.Background(), ns), c)
		if _, e := st.DeleteCollection(ctx, rest.ValidateAllObjectFunc, &metav1.DeleteOptions{}, &internalversion.ListOptions{}); e != nil {
			err = cmp.Or(err, e)
		}
	}
	c.objects.mu.Lock()
	defer c.objects.mu.Unlock()
	return len(c.objects.keys(prefix)), err
}

// await has the going of the last object of a resource noticed; forget ends that.
func (o *objects) await(resource string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leaving[resource] = true
}

func (o *objects) forget(resource string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.leaving, resource)
}

// registerCustom keeps one APIService for each custom group and version.
func (c *Cluster) registerCustom() {
	want := map[string]bool{}
	for _, d := range List[crd](c) {
		if !apihelpers.IsCRDConditionTrue(d, apiextensionsv1.Established) {
			continue
		}
		for _, v := range d.Spec.Versions {
			if v.Served {
				gv := schema.GroupVersion{Group: d.Spec.Group, Version: v.Name}
				want[gv.Version+"."+gv.Group] = true
				c.registerAPI(gv, customGroupRank, customVersionRank, "true")
			}
		}
	}
	for _, s := range List[aggregationv1.APIService](c) {
		if s.Labels[automanaged] == "true" && !want[s.Name] {
			c.Remove(s)
		}
	}
}
