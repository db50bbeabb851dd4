package config

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

// kubeletLabels are the labels of Kubernetes' own domains that a kubelet may set on
// its node (kubernetes/pkg/kubelet/apis/well_known_labels.go).
var kubeletLabels = []string{
	"kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch",
	"node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type", "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
	"failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
}

// within tells whether a label's prefix is a domain or below it.
func within(prefix, domain string) bool {
	return prefix == domain || strings.HasSuffix(prefix, "."+domain)
}

// reserved tells whose label this is, where a node may not claim it; "" otherwise.
func reserved(key string) string {
	prefix, _, found := strings.Cut(key, "/")
	switch {
	case !found:
		return ""
	case within(prefix, "eks.amazonaws.com"):
		return "eks.amazonaws.com"
	case within(prefix, "kubelet.kubernetes.io"), within(prefix, "node.kubernetes.io"), slices.Contains(kubeletLabels, key):
		return ""
	case within(prefix, "kubernetes.io"):
		return "kubernetes.io"
	case within(prefix, "k8s.io"):
		return "k8s.io"
	}
	return ""
}

// rule is the first of Kubernetes' complaints, without its examples and expressions.
func rule(errs []string) string {
	s, _, _ := strings.Cut(errs[0], " (e.g.")
	return s
}

// labels: what Kubernetes takes on nodes.
func labels(f *File) finding.Findings {
	var ps finding.Findings
	f.Cluster.EachGroup(func(g Group) {
		for _, k := range sorted(g.Labels) {
			path := g.Path + ".labels." + k
			if errs := validation.IsQualifiedName(k); len(errs) > 0 {
				ps = append(ps, f.At("label-invalid", path, "%q cannot be a label's key: %s", k, rule(errs)))
			} else if domain := reserved(k); domain != "" {
				ps = append(ps, f.At("label-reserved", path, "labels under %s are reserved; a node that claims this one is not let in", domain).
					With("use a prefix of your own, or node.kubernetes.io/"))
			}
			if errs := validation.IsValidLabelValue(g.Labels[k]); len(errs) > 0 {
				ps = append(ps, f.At("label-invalid", path, "%q cannot be a label's value: %s", g.Labels[k], rule(errs)))
			}
		}
	})
	return ps
}

// taints: what Kubernetes takes on nodes.
func taints(f *File) finding.Findings {
	var ps finding.Findings
	f.Cluster.EachGroup(func(g Group) {
		seen := map[string]bool{}
		for i, t := range g.Taints() {
			at := func(code, field, format string, a ...any) {
				path := fmt.Sprintf("%s.taints[%d].%s", g.Path, i, field)
				if _, asMap := f.where[g.Path+".taints."+t.Key]; asMap {
					path = g.Path + ".taints." + t.Key
				}
				ps = append(ps, f.At(code, path, format, a...))
			}
			if errs := validation.IsQualifiedName(t.Key); len(errs) > 0 {
				at("taint-invalid", "key", "%q cannot be a taint's key: %s", t.Key, rule(errs))
			}
			if errs := validation.IsValidLabelValue(t.Value); len(errs) > 0 {
				at("taint-invalid", "value", "%q cannot be a taint's value: %s", t.Value, rule(errs))
			}
			if !slices.Contains(eksfacts.TaintEffects(), t.Effect) {
				at("taint-invalid", "effect", "%q is no effect: %s", t.Effect, strings.Join(eksfacts.TaintEffects(), ", "))
			}
			if id := t.Key + ":" + t.Effect; seen[id] {
				at("taint-twice", "key", "the taint %s is listed twice", id)
			} else {
				seen[id] = true
			}
		}
	})
	return ps
}
