// Package marks names what a replacement of a node group, or a change of an add-on, leaves in
// the cluster, so that whoever comes next, on another machine too, knows how far it is and what
// to put back: tags of stacks, annotations of nodes, and one ConfigMap. It must not know how any of it
// is read or written.
package marks

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const domain = "slipway-eks.github.io/"

// Slipway's own marks.
const (
	// Replaces is a tag of a node group's stack: the group that it takes the place of.
	Replaces = domain + "replaces"
	// Cordoned is an annotation of a node that a replacement of the named group cordoned;
	// one that somebody else cordoned has none, and stays so.
	Cordoned = domain + "cordoned-for"
	// Excluded is likewise of the label ExcludeLabel.
	Excluded = domain + "excluded-for"
	// Held is likewise of the annotation ScaleDownDisabled.
	Held = domain + "scale-down-disabled-for"
	// Suspended is a tag of an Auto Scaling group: the processes of it that a replacement
	// suspended, with spaces between them.
	Suspended = domain + "suspended-for-replacement"
	// State is a label of the ConfigMap that keeps what was there before the start.
	State = domain + "replacement"
	// AddonState is likewise of an add-on's change.
	AddonState = domain + "addon-change"
)

// Marks that others read.
const (
	// ExcludeLabel keeps a node out of load balancers (Kubernetes' service controller, and
	// the AWS Load Balancer Controller).
	ExcludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers"
	// ScaleDownDisabled is an annotation of a node that the cluster autoscaler leaves alone.
	ScaleDownDisabled = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
	// SafeToEvict is an annotation of a pod that the cluster autoscaler moves, or not.
	SafeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict"
	// DoNotDisrupt is an annotation of a pod that Karpenter does not move.
	DoNotDisrupt = "karpenter.sh/do-not-disrupt"
)

// nameLimit is how long EKS lets a node group's name be (EKS API: CreateNodegroup).
const nameLimit = 63

var generation = regexp.MustCompile(`^(.+)-b(\d+)$`)

// Successor is the name of the group that takes another's place: web, web-b2, web-b3. made
// tells that the other is a replacement itself, so that the end of its name is its number.
// taken tells of names that are not free.
func Successor(name string, made bool, taken func(string) bool) string {
	n := 2
	if m := generation.FindStringSubmatch(name); made && m != nil {
		name = m[1]
		n, _ = strconv.Atoi(m[2])
		n++
	}
	for ; ; n++ {
		end := fmt.Sprintf("-b%d", n)
		if next := name[:min(len(name), nameLimit-len(end))] + end; !taken(next) {
			return next
		}
	}
}

// Root is the name of a group's first generation; its own, if it is no replacement's.
func Root(name string) string {
	if m := generation.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return name
}

var odd = regexp.MustCompile(`[^a-z0-9.-]+`)

// StateName is the name of the ConfigMap, in kube-system, of a group's replacement.
func StateName(group string) string { return "slipway-replacement-" + plain(group) }

// AddonStateName is the name of the ConfigMap, in kube-system, of an add-on's change.
func AddonStateName(addon string) string { return "slipway-addon-" + plain(addon) }

// plain is a name as the end of a ConfigMap's.
func plain(of string) string {
	name := strings.Trim(odd.ReplaceAllString(strings.ToLower(of), "-"), "-.")
	if name != of { // two may differ in what a ConfigMap's name cannot say
		name = strings.TrimPrefix(fmt.Sprintf("%s-%x", name, sha256.Sum256([]byte(of))), "-")[:len(name)+8]
	}
	return name
}
