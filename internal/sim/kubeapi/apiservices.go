package kubeapi

import (
	"cmp"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	aggregationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// registerAPIs keeps one APIService for each group and version that is served, as
// kube-aggregator does: those that the API server answers itself are Available.
func (c *Cluster) registerAPIs() {
	s := served(serverOf(c.Version()).minor)
	all := slices.SortedFunc(maps.Keys(ranks), func(a, b schema.GroupVersion) int { return cmp.Compare(a.String(), b.String()) })
	for _, gv := range all {
		if gv != aggregationv1.SchemeGroupVersion && s.ResourceEnabled(gv.WithResource("any")) {
			c.registerAPI(gv, ranks[gv].group, ranks[gv].version, "onstart")
		}
	}
}

// automanaged marks the APIServices that are kept here: "onstart" those of built-in
// groups, "true" those that come and go with definitions.
const automanaged = "kube-aggregator.kubernetes.io/automanaged"

func (c *Cluster) registerAPI(gv schema.GroupVersion, group, version int32, managed string) {
	name := gv.Version + "." + gv.Group
	if Get[aggregationv1.APIService](c, "", name) != nil {
		return
	}
	c.Save(&aggregationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{automanaged: managed}},
		Spec:       aggregationv1.APIServiceSpec{Group: gv.Group, Version: gv.Version, GroupPriorityMinimum: group, VersionPriority: version},
		Status: aggregationv1.APIServiceStatus{Conditions: []aggregationv1.APIServiceCondition{{Type: aggregationv1.Available,
			Status: aggregationv1.ConditionTrue, LastTransitionTime: metav1.NewTime(c.objects.date()), Reason: "Local",
			Message: "Local APIServices are always available"}}}})
}
