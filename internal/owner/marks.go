package owner

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
)

// generated is how Terraform's provider ends a name that it makes from a prefix: the time
// in eighteen digits, and a counter in eight of base 16 (its SDK's id.PrefixedUniqueId).
var generated = regexp.MustCompile(`(^|-|_|[A-Za-z])20\d{16}[0-9a-f]{8}$`)

// marks are tags by which tools, or who uses them, mark what they make; the first that
// fits decides. None is proof: anybody can set a tag.
var marks = []struct {
	key, value string // parts of them, in lower case; a value "" fits all but false
	owner      Owner
}{
	{"terraform", "", Owner{Kind: Terraform}}, // Terraform=true, terraform-aws-modules=eks
	{"opentofu", "", Owner{Kind: Terraform}},
	{"terragrunt", "", Owner{Kind: Terraform}},
	{"", "terraform", Owner{Kind: Terraform}}, // ManagedBy=terraform, provisioner=Terraform
	{"", "opentofu", Owner{Kind: Terraform}},
	{"", "terragrunt", Owner{Kind: Terraform}},
	{"karpenter.sh/nodepool", "", Owner{Kind: Karpenter}},
	{"karpenter.sh/managed-by", "", Owner{Kind: Karpenter}},
	{"crossplane-", "", Owner{Kind: Tool, Tool: "Crossplane"}},
	{"sigs.k8s.io/cluster-api-provider-aws/", "owned", Owner{Kind: Tool, Tool: "Cluster API"}},
	{"services.k8s.aws/controller-version", "", Owner{Kind: Tool, Tool: "AWS Controllers for Kubernetes"}},
	{"pulumi", "", Owner{Kind: Tool, Tool: "Pulumi"}},
	{"elbv2.k8s.aws/cluster", "", Owner{Kind: Tool, Tool: "AWS Load Balancer Controller"}},
}

// keeps are words in keys whose values name a tool; elsewhere a value is a text like any.
var keeps = []string{"managed", "manager", "provision", "created", "creator", "iac", "tool", "source", "origin", "automation", "deploy", "owner"}

// marked is the owner that a part's marks tell of; tags that are the config file's own say
// nothing.
func marked(e evidence, files map[string]string) (Owner, bool) {
	for _, m := range marks {
		for _, k := range slices.Sorted(maps.Keys(e.tags)) {
			key, value := strings.ToLower(k), strings.ToLower(e.tags[k])
			if !strings.Contains(key, m.key) || !strings.Contains(value, m.value) || value == "false" || value == "no" || files[k] == e.tags[k] {
				continue
			}
			if m.key == "" && !slices.ContainsFunc(keeps, func(w string) bool { return strings.Contains(key, w) }) {
				continue
			}
			own := m.owner
			own.Unsure, own.Why = true, fmt.Sprintf("its tag %s=%s says so", k, e.tags[k])
			return own, true
		}
	}
	if generated.MatchString(e.name) {
		return Owner{Kind: Terraform, Unsure: true, Why: "its name " + e.name + " ends as those that Terraform makes"}, true
	}
	return Owner{}, false
}

// managed is the owner that an object's field managers tell of: Terraform's providers
// write as themselves.
func managed(by observe.Set) (Owner, bool) {
	for _, m := range by {
		if strings.HasPrefix(strings.ToLower(m), "terraform") {
			return Owner{Kind: Terraform, Unsure: true, Why: "field manager " + m + " set fields of it"}, true
		}
	}
	return Owner{}, false
}
