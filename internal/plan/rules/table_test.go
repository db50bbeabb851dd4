package rules

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/graph"
)

// step reads a step of a test: its identifier, then its labels.
func step(text string) Step {
	f := strings.Fields(text)
	kind, name, _ := strings.Cut(f[0], "/")
	return Step{Kind: kind, Name: name, Labels: f[1:]}
}

// cases are what each rule does alone: of these steps, "after < before", and never that.
var cases = []struct {
	rule        string
	steps       []string
	want, never []string
}{
	{"control-plane-active",
		[]string{"cluster-stack", "control-plane", "nodegroup/g managed", "addon/a", "fargate-profile/f", "access-entry/e", "pod-identity/p", "service-account/sa", "oidc-provider", "log-retention", "addon-role/r"},
		[]string{"control-plane < cluster-stack", "nodegroup/g < control-plane", "addon/a < control-plane", "fargate-profile/f < control-plane", "access-entry/e < control-plane",
			"pod-identity/p < control-plane", "service-account/sa < control-plane", "oidc-provider < control-plane", "log-retention < control-plane"},
		[]string{"addon-role/r < control-plane"}},
	{"cluster-stack-complete",
		[]string{"cluster-stack", "cluster-stack-complete", "nodegroup/g", "fargate-profile/f", "addon/vpc-cni"},
		[]string{"cluster-stack-complete < cluster-stack", "nodegroup/g < cluster-stack-complete", "fargate-profile/f < cluster-stack-complete"},
		[]string{"addon/vpc-cni < cluster-stack-complete"}},
	{"oidc-before-irsa",
		[]string{"oidc-provider", "addon-role/a needs-issuer", "service-account-role/s needs-issuer", "addon-role/b", "pod-identity-role/p"},
		[]string{"addon-role/a < oidc-provider", "service-account-role/s < oidc-provider"},
		[]string{"addon-role/b < oidc-provider", "pod-identity-role/p < oidc-provider"}},
	{"roles-before-use",
		[]string{"addon-role/vpc-cni/aws-node for=vpc-cni", "addon/vpc-cni", "addon-update/vpc-cni", "addon/coredns", "service-account-role/ns/sa", "service-account/ns/sa",
			"pod-identity-role/ns/sa", "pod-identity/ns/sa", "fargate-role", "fargate-profile/f", "key-pair/g", "nodegroup/g", "nodegroup/h"},
		[]string{"addon/vpc-cni < addon-role/vpc-cni/aws-node", "addon-update/vpc-cni < addon-role/vpc-cni/aws-node", "service-account/ns/sa < service-account-role/ns/sa",
			"pod-identity/ns/sa < pod-identity-role/ns/sa", "pod-identity/ns/sa < service-account/ns/sa", "fargate-profile/f < fargate-role", "nodegroup/g < key-pair/g"},
		[]string{"addon/coredns < addon-role/vpc-cni/aws-node", "nodegroup/h < key-pair/g"}},
	{"roles-early",
		[]string{"cluster-stack", "control-plane", "nodegroup-role/g", "nodegroup/g", "nodegroup/h"},
		[]string{"nodegroup-role/g < cluster-stack", "nodegroup/g < nodegroup-role/g"},
		[]string{"nodegroup-role/g < control-plane", "nodegroup/h < nodegroup-role/g"}},
	{"network-addons-first",
		[]string{"addon/vpc-cni", "addon/kube-proxy", "addon/coredns", "addon/eks-pod-identity-agent cni-permission", "nodegroup/g", "pod-identity/kube-system/aws-node", "pod-identity/a/b"},
		[]string{"nodegroup/g < addon/vpc-cni", "nodegroup/g < addon/kube-proxy", "nodegroup/g < addon/eks-pod-identity-agent", "nodegroup/g < pod-identity/kube-system/aws-node"},
		[]string{"nodegroup/g < addon/coredns", "nodegroup/g < pod-identity/a/b"}},
	{"network-addons-first",
		[]string{"addon/eks-pod-identity-agent", "service-account/kube-system/aws-node", "nodegroup/g"},
		[]string{"nodegroup/g < service-account/kube-system/aws-node"},
		[]string{"nodegroup/g < addon/eks-pod-identity-agent"}},
	{"drain-first",
		[]string{"drain/g for=g of=s", "delete-stack/s for=g", "delete-nodegroup/g for=g", "end-instances/g for=g", "nodegroup-minimum/g for=g of=s", "nodegroup-update/g",
			"nodegroup-live/h", "nodegroup-settled/g", "stack-settled/s of=s", "drain/h for=h"},
		[]string{"delete-stack/s < drain/g", "delete-nodegroup/g < drain/g", "end-instances/g < drain/g", "end-instances/g < nodegroup-minimum/g", "drain/g < nodegroup-settled/g",
			"drain/g < stack-settled/s", "nodegroup-update/g < end-instances/g", "nodegroup-update/g < nodegroup-minimum/g"},
		[]string{"delete-stack/s < drain/h", "nodegroup-live/h < end-instances/g"}},
	{"drain-first",
		[]string{"evacuate/g/z for=g replaces=g", "delete-stack/s for=g"},
		[]string{"delete-stack/s < evacuate/g/z"}, nil},
	{"green-beside-blue",
		[]string{"replacement-begun/g replaces=g", "key-pair/g2 replaces=g", "nodegroup/g2 replaces=g", "nodes/g2 replaces=g", "nodes-proven/g2 replaces=g",
			"hold-scale-down/g2 replaces=g", "cordon/g replaces=g", "gate/g/1 replaces=g stage=after-green", "gate-command/g/1 replaces=g stage=after-green",
			"evacuate/g/a replaces=g for=g", "evacuate/g/b replaces=g for=g", "gate/g/2 replaces=g stage=after-drain", "gate-command/g/2 replaces=g stage=after-drain",
			"soak/g replaces=g", "delete-stack/s for=g replaces=g", "delete-stack/failed of=g2 replaces=g", "let-scale-down/g2 replaces=g", "replacement-ended/g replaces=g",
			"pause/g replaces=g", "restore-nodes/g2 replaces=g", "delete-stack/o for=h", "nodegroup/h2 replaces=h"},
		[]string{"nodegroup/g2 < replacement-begun/g", "key-pair/g2 < replacement-begun/g", "nodes-proven/g2 < nodes/g2", "hold-scale-down/g2 < nodes/g2",
			"cordon/g < nodes-proven/g2", "cordon/g < hold-scale-down/g2", "cordon/g < restore-nodes/g2", "gate/g/1 < cordon/g", "gate-command/g/1 < gate/g/1",
			"evacuate/g/a < cordon/g", "evacuate/g/a < gate/g/1", "evacuate/g/a < gate-command/g/1", "evacuate/g/b < evacuate/g/a", "gate/g/2 < evacuate/g/b",
			"gate-command/g/2 < gate/g/2", "soak/g < gate-command/g/2", "delete-stack/s < soak/g", "delete-stack/s < gate/g/2", "let-scale-down/g2 < delete-stack/s",
			"replacement-ended/g < delete-stack/s", "replacement-ended/g < let-scale-down/g2", "pause/g < gate/g/2"},
		[]string{"delete-stack/failed < gate/g/2", "delete-stack/o < gate/g/2", "nodegroup/h2 < replacement-begun/g", "gate/g/1 < gate/g/2", "cordon/g < gate/g/1"}},
	{"green-beside-blue",
		[]string{"replacement-ended/a replaces=a", "replacement-begun/b replaces=b follows=a", "nodegroup/b2 replaces=b follows=a", "cordon/b replaces=b follows=a",
			"replacement-begun/c replaces=c", "delete-stack/x for=a replaces=a"},
		[]string{"replacement-begun/b < replacement-ended/a", "nodegroup/b2 < replacement-ended/a", "cordon/b < replacement-ended/a"},
		[]string{"replacement-begun/c < replacement-ended/a", "delete-stack/x < replacement-ended/a"}},
	{"green-beside-blue",
		[]string{"restore-nodes/g replaces=g", "hold-scaling/g2 replaces=g", "evacuate/g2/a replaces=g for=g2", "free-scaling/h2 replaces=h", "nodes/h2 replaces=h",
			"nodes-proven/h2 replaces=h"},
		[]string{"evacuate/g2/a < hold-scaling/g2", "hold-scaling/g2 < restore-nodes/g", "nodes/h2 < free-scaling/h2", "nodes-proven/h2 < free-scaling/h2"},
		[]string{"hold-scaling/g2 < free-scaling/h2"}},
	{"slice-by-slice",
		[]string{"nodes/g2 replaces=g", "nodes-proven/g2 replaces=g", "gate/g/1 replaces=g stage=after-green", "nodegroup-minimum/g for=g replaces=g",
			"evacuate-slice/g/1 for=g replaces=g slice=g/1", "gate-slice/g/1 for=g replaces=g slice=g/1", "end-instances/g/1 for=g replaces=g slice=g/1",
			"grow/g2/2 replaces=g slice=g/2 past-it=g/1", "grown/g2/2 replaces=g slice=g/2 past-it=g/1", "grown-proven/g2/2 replaces=g slice=g/2 past-it=g/1",
			"evacuate-slice/g/2 for=g replaces=g slice=g/2 past-it=g/1", "end-instances/g/2 for=g replaces=g slice=g/2 past-it=g/1",
			"evacuate/g for=g replaces=g", "sizes-recorded/g2 replaces=g", "replacement-ended/g replaces=g", "evacuate-slice/h/1 for=h replaces=h slice=h/1",
			"free-scaling/b replaces=b", "sizes-back/b replaces=b slice=b/back", "grown/b replaces=b slice=b/back", "evacuate/b2 replaces=b for=b2", "cordon/g replaces=g",
			"delete-stack/s for=g"},
		[]string{"evacuate-slice/g/1 < gate/g/1", "nodegroup-minimum/g < gate/g/1", "gate-slice/g/1 < evacuate-slice/g/1", "end-instances/g/1 < gate-slice/g/1",
			"grow/g2/2 < end-instances/g/1", "grow/g2/2 < nodes-proven/g2", "grown/g2/2 < grow/g2/2", "grown-proven/g2/2 < grown/g2/2",
			"evacuate-slice/g/2 < grown-proven/g2/2", "evacuate-slice/g/2 < end-instances/g/1", "evacuate/g < end-instances/g/2", "sizes-recorded/g2 < evacuate/g",
			"replacement-ended/g < sizes-recorded/g2", "evacuate-slice/g/1 < cordon/g", "delete-stack/s < end-instances/g/2", "grown/b < sizes-back/b", "sizes-back/b < free-scaling/b", "evacuate/b2 < grown/b"},
		[]string{"evacuate-slice/g/1 < grow/g2/2", "evacuate-slice/h/1 < gate/g/1", "grow/g2/2 < evacuate-slice/g/2"}},
	{"nodes-after-group",
		[]string{"launch-template-version/g of=s", "nodegroup-version/g of=s", "nodegroup-update/g of=s", "nodes/g of=s", "stack-settled/s of=s", "nodes/h"},
		[]string{"nodegroup-version/g < launch-template-version/g", "nodegroup-update/g < nodegroup-version/g", "nodes/g < nodegroup-version/g"},
		[]string{"nodes/h < nodegroup-version/g"}},
	{"delete-before-create",
		[]string{"nodegroup-version/g of=s", "stack-settled/s of=s", "nodegroup-version/h of=t"},
		[]string{"nodegroup-version/g < stack-settled/s"},
		[]string{"nodegroup-version/h < stack-settled/s"}},
	{"one-minor-at-a-time",
		[]string{"addon-version/a/2 first round=1.34 turn=a/2", "nodegroup-version/o/1.33 first round=1.34", "upgrade-ready/1.34 round=1.34", "cluster-version/1.34 round=1.34",
			"upgrade-verified/1.34 round=1.34", "cluster-version/1.35 round=1.35 after=1.34", "addon-version/a/3 round=1.35 turn=a/3 for=a", "addon-version/a/4 round=1.35 after=a/3",
			"nodegroup-version/g/1.35 round=1.35 turn=g for=g", "nodegroup-version/h/1.35 round=1.35 after=g", "replacement-begun/s round=1.35", "replacement-ended/s round=1.35",
			"upgrade-verified/1.35 round=1.35", "addon-update/a", "nodegroup-update/g", "nodes-followed/1.35 round=1.35", "nodegroup-rolled/g/1.35 round=1.35"},
		[]string{"upgrade-ready/1.34 < addon-version/a/2", "cluster-version/1.34 < addon-version/a/2", "cluster-version/1.34 < nodegroup-version/o/1.33",
			"cluster-version/1.34 < upgrade-ready/1.34", "upgrade-verified/1.34 < cluster-version/1.34", "cluster-version/1.35 < upgrade-verified/1.34",
			"addon-version/a/3 < cluster-version/1.35", "addon-version/a/4 < addon-version/a/3", "nodegroup-version/g/1.35 < cluster-version/1.35",
			"nodegroup-version/g/1.35 < addon-version/a/4", "nodegroup-version/h/1.35 < nodegroup-version/g/1.35", "replacement-begun/s < cluster-version/1.35",
			"replacement-begun/s < addon-version/a/4", "upgrade-verified/1.35 < nodegroup-version/h/1.35", "upgrade-verified/1.35 < replacement-ended/s",
			"addon-update/a < addon-version/a/3", "nodegroup-update/g < nodegroup-version/g/1.35",
			"nodes-followed/1.35 < cluster-version/1.35", "nodes-followed/1.35 < upgrade-verified/1.35", "upgrade-verified/1.35 < nodegroup-rolled/g/1.35"},
		[]string{"nodegroup-version/o/1.33 < addon-version/a/2", "addon-version/a/2 < cluster-version/1.34", "nodegroup-version/g/1.35 < nodegroup-version/h/1.35"}},
	{"way-back-in-reverse",
		[]string{"nodegroup-version/g/1.34 back-to=1.34", "addon-version/kube-proxy/1 first back-to=1.34", "upgrade-ready/1.34 back-to=1.34", "cluster-version/1.34 back-to=1.34",
			"addon-version/b/1 back-to=1.34", "upgrade-verified/1.34 back-to=1.34"},
		[]string{"addon-version/kube-proxy/1 < nodegroup-version/g/1.34", "cluster-version/1.34 < nodegroup-version/g/1.34", "cluster-version/1.34 < addon-version/kube-proxy/1",
			"cluster-version/1.34 < upgrade-ready/1.34", "addon-version/b/1 < cluster-version/1.34", "upgrade-verified/1.34 < addon-version/b/1"},
		[]string{"addon-version/kube-proxy/1 < cluster-version/1.34"}},
	{"addon-between-gates",
		[]string{"addon-begun/a around=a", "addon-role/a/sa around=a", "addon-update/a around=a", "addon-version/a/2 around=a", "tags/a around=a", "gate/a around=a",
			"gate-command/a/1 around=a", "soak/a around=a", "addon-ended/a around=a", "gate/g/1 replaces=g", "addon-update/b around=b"},
		[]string{"addon-role/a/sa < addon-begun/a", "addon-update/a < addon-begun/a", "gate/a < addon-update/a", "gate/a < addon-version/a/2", "gate/a < tags/a",
			"gate-command/a/1 < gate/a", "gate-command/a/1 < addon-update/a", "soak/a < gate-command/a/1", "soak/a < gate/a", "addon-ended/a < soak/a",
			"addon-ended/a < gate/a", "addon-ended/a < gate-command/a/1"},
		[]string{"gate/g/1 < addon-update/a", "addon-update/b < addon-begun/a", "addon-begun/a < addon-update/a"}},
	{"access-follows-groups",
		[]string{"delete-stack/s for=g", "identity-mapping/nodes/g for=g", "node-access/g for=g", "identity-unmapping/r for=g", "delete-access-entry/r for=g", "delete-access-entry/o for=h",
			"delete-stack/x of=x", "delete-access-entry/q of=x"},
		[]string{"delete-access-entry/q < delete-stack/x", "identity-mapping/nodes/g < delete-stack/s", "node-access/g < delete-stack/s", "identity-unmapping/r < delete-stack/s", "delete-access-entry/r < delete-stack/s"},
		[]string{"delete-access-entry/o < delete-stack/s", "delete-access-entry/q < delete-stack/s"}},
	{"cni-declared",
		[]string{"cni-gate", "nodegroup/g", "fargate-profile/f"},
		[]string{"nodegroup/g < cni-gate"},
		[]string{"fargate-profile/f < cni-gate"}},
	{"deployments-after-nodes",
		[]string{"addon/coredns", "addon-update/coredns", "addon-health/coredns", "addon-health/vpc-cni daemon", "nodes/g", "nodes/w windows", "fargate-profile/f"},
		[]string{"addon-health/coredns < addon/coredns", "addon-health/coredns < addon-update/coredns", "addon-health/coredns < nodes/g", "addon-health/coredns < fargate-profile/f"},
		[]string{"addon-health/coredns < nodes/w", "addon/coredns < nodes/g", "addon-health/vpc-cni < nodes/g", "addon-health/vpc-cni < addon/coredns"}},
	{"fargate-one-at-a-time",
		[]string{"delete-fargate-profile/a", "fargate-profile/a", "fargate-profile/b"},
		[]string{"fargate-profile/a < delete-fargate-profile/a", "fargate-profile/b < fargate-profile/a"},
		[]string{"fargate-profile/a < fargate-profile/b"}},
	{"windows-support-first",
		[]string{"addon/vpc-cni", "windows-support", "nodegroup/w windows", "nodegroup/g"},
		[]string{"nodegroup/w < windows-support", "windows-support < addon/vpc-cni"},
		[]string{"nodegroup/g < windows-support"}},
	{"no-overlap-with-updates",
		[]string{"cluster-update/authentication-mode", "cluster-update/logging", "identity-provider/p", "nodegroup/g", "fargate-profile/f", "access-entry/e", "addon/a", "nodegroup/b3 back-to=1.34"},
		[]string{"cluster-update/logging < cluster-update/authentication-mode", "identity-provider/p < cluster-update/logging", "nodegroup/g < identity-provider/p",
			"fargate-profile/f < identity-provider/p", "access-entry/e < cluster-update/authentication-mode"},
		[]string{"addon/a < identity-provider/p", "access-entry/e < cluster-update/logging", "nodegroup/b3 < identity-provider/p"}},
	{"nodes-let-in",
		[]string{"access-entry/arn for=s", "identity-mapping/nodes/s for=s", "nodegroup/s", "nodegroup/g managed", "nodegroup/t"},
		[]string{"nodegroup/s < access-entry/arn", "nodegroup/s < identity-mapping/nodes/s"},
		[]string{"nodegroup/g < access-entry/arn", "nodegroup/t < access-entry/arn"}},
	{"nodes-after-group",
		[]string{"nodegroup/g", "nodes/g", "nodegroup-scaling/g", "tags/t for=g", "nodegroup-settled/h", "nodegroup-update/h", "nodegroup-live/h", "nodes/h", "nodegroup-update/g", "nodegroup-update/h/1.35 for=h"},
		[]string{"nodes/g < nodegroup/g", "nodegroup-scaling/g < nodegroup/g", "tags/t < nodegroup/g", "nodes/h < nodegroup-update/h", "nodes/h < nodegroup-live/h", "nodes/h < nodegroup-settled/h",
			"nodegroup-update/h < nodegroup-settled/h", "nodegroup-live/h < nodegroup-settled/h", "nodegroup-live/h < nodegroup-update/h", "nodegroup-update/g < nodegroup/g", "nodegroup-update/h < nodegroup-update/h/1.35"},
		[]string{"nodegroup-update/g < nodegroup-update/h/1.35", "nodes/h < nodegroup/g", "nodegroup-update/h < nodegroup/g"}},
	{"delete-before-create",
		[]string{"delete-nodegroup/g of=s", "delete-stack/s of=s", "nodegroup/g of=s", "stack-settled/t of=t", "nodegroup-update/h of=t", "delete-addon/a of=addon/a", "addon/a of=addon/a", "nodegroup/i of=u", "delete-access-entry/r of=s"},
		[]string{"nodegroup/g < delete-access-entry/r", "nodegroup/g < delete-stack/s", "nodegroup/g < delete-nodegroup/g", "delete-stack/s < delete-nodegroup/g", "nodegroup-update/h < stack-settled/t", "addon/a < delete-addon/a"},
		[]string{"nodegroup/i < delete-access-entry/r", "nodegroup/i < delete-stack/s", "addon/a < delete-stack/s", "delete-nodegroup/g < delete-stack/s"}},
	{"before-compute",
		[]string{"addon/eks-node-monitoring-agent before-compute daemon", "addon/vpc-cni", "nodegroup/g", "nodegroup/h"},
		[]string{"nodegroup/g < addon/eks-node-monitoring-agent", "nodegroup/h < addon/eks-node-monitoring-agent"},
		[]string{"nodegroup/g < addon/vpc-cni"}},
	{"depends-on",
		[]string{"addon/cert-manager needs=addon/coredns", "addon/coredns is=addon/coredns", "addon-health/coredns is=addon/coredns", "nodegroup/a is=nodegroup/a", "nodes/a is=nodegroup/a", "nodegroup/b needs=nodegroup/a"},
		[]string{"addon/cert-manager < addon/coredns", "addon/cert-manager < addon-health/coredns", "nodegroup/b < nodegroup/a", "nodegroup/b < nodes/a"},
		[]string{"addon/coredns < addon/cert-manager", "nodegroup/b < addon/coredns"}},
	{"cluster-goes-last",
		[]string{"delete-fargate-profile/f", "delete-nodegroup/g", "delete-stack/role", "delete-stack/root whole-cluster", "delete-oidc-provider", "delete-security-group/sg"},
		[]string{"delete-stack/root < delete-security-group/sg", "delete-stack/root < delete-fargate-profile/f", "delete-stack/root < delete-nodegroup/g", "delete-stack/root < delete-stack/role"},
		[]string{"delete-stack/role < delete-fargate-profile/f", "delete-stack/root < delete-oidc-provider"}},
	{"load-balancers-go-first",
		[]string{"delete-published/service/a/b", "delete-fargate-profile/f", "delete-nodegroup/g", "delete-stack/root whole-cluster", "delete-oidc-provider", "delete-key-pair/k"},
		[]string{"delete-fargate-profile/f < delete-published/service/a/b", "delete-nodegroup/g < delete-published/service/a/b",
			"delete-stack/root < delete-published/service/a/b", "delete-oidc-provider < delete-published/service/a/b"},
		[]string{"delete-key-pair/k < delete-published/service/a/b"}},
	{"logs-go-last",
		[]string{"delete-log-group", "delete-stack/root whole-cluster", "delete-stack/role"},
		[]string{"delete-log-group < delete-stack/root"},
		[]string{"delete-log-group < delete-stack/role"}},
	{"subnets-before-use",
		[]string{"subnet/a", "subnet/b", "subnet-attributes/a", "subnet-routes/a", "subnet-acl/a", "nat-gateway/n for=a", "route/0.0.0.0 for=n",
			"security-group-rules/g", "cluster-update/control-plane-network", "cluster-update/logging"},
		[]string{"subnet-attributes/a < subnet/a", "subnet-routes/a < subnet/a", "nat-gateway/n < subnet/a", "nat-gateway/n < subnet-routes/a",
			"route/0.0.0.0 < nat-gateway/n", "cluster-update/control-plane-network < subnet/a", "cluster-update/control-plane-network < security-group-rules/g"},
		[]string{"subnet-attributes/a < subnet/b", "nat-gateway/n < subnet/b", "cluster-update/logging < subnet/a"}},
	{"additions-before-removals",
		[]string{"security-group-rules/g", "delete-security-group-rules/g", "route/r", "delete-route/r", "subnet-tags/a", "delete-subnet-tags/a"},
		[]string{"delete-security-group-rules/g < security-group-rules/g", "delete-route/r < route/r", "delete-subnet-tags/a < subnet-tags/a"},
		[]string{"security-group-rules/g < delete-route/r"}},
}

// Each rule does what its cases say, and no row is without a case that it decides.
func TestTheTable(t *testing.T) {
	type row struct {
		rule string
		n    int
	}
	tried := map[row]bool{}
	for _, c := range cases {
		i := slices.IndexFunc(All, func(r Rule) bool { return r.Name == c.rule })
		if i < 0 {
			t.Fatalf("there is no rule %s", c.rule)
		}
		var steps []Step
		for _, s := range c.steps {
			steps = append(steps, step(s))
		}
		var got []string
		for _, w := range All[i].edges(steps) {
			got = append(got, w.After+" < "+w.Before)
			if w.Why == "" || strings.Contains(w.Why, "{") {
				t.Errorf("%s: %s waits for %s: %q", c.rule, w.After, w.Before, w.Why)
			}
		}
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s does not ask for %s, only %v", c.rule, w, got)
			}
		}
		for _, w := range c.never {
			if slices.Contains(got, w) {
				t.Errorf("%s asks for %s", c.rule, w)
			}
		}
		for n, e := range All[i].Edges {
			alone := Rule{Edges: []Edge{e}}
			for _, w := range alone.edges(steps) {
				tried[row{c.rule, n}] = tried[row{c.rule, n}] || slices.Contains(c.want, w.After+" < "+w.Before)
			}
		}
		for n, ch := range All[i].Chains {
			alone := Rule{Chains: []Chain{ch}}
			tried[row{c.rule, -1 - n}] = tried[row{c.rule, -1 - n}] || len(alone.edges(steps)) > 0
		}
	}
	for _, r := range All {
		for n := range r.Edges {
			if !tried[row{r.Name, n}] {
				t.Errorf("row %d of %s has no case: %q", n, r.Name, r.Edges[n].Why)
			}
		}
		for n := range r.Chains {
			if !tried[row{r.Name, -1 - n}] {
				t.Errorf("chain %d of %s has no case", n, r.Name)
			}
		}
	}
}

func draft(steps ...string) *Draft {
	d := NewDraft()
	for _, s := range steps {
		d.Add(step(s))
	}
	return d
}

func TestBeforeComputeOfADeploymentIsRefused(t *testing.T) {
	err := Apply(draft("addon/coredns before-compute", "nodegroup/g"))
	if err == nil || !strings.Contains(err.Error(), "coredns waits for the nodes") {
		t.Errorf("got %v", err)
	}
}

func TestStepsThatWaitForEachOtherAreRefusedInWords(t *testing.T) {
	err := Apply(draft("nodegroup/a managed is=nodegroup/a needs=nodegroup/b", "nodegroup/b managed is=nodegroup/b needs=nodegroup/a"))
	var circle *graph.CycleError
	if !errors.As(err, &circle) || !strings.Contains(err.Error(), "the config says that it depends on nodegroup/a") {
		t.Errorf("got %v", err)
	}
}

// A graph that another tool made is asked what of it is missing: the module's add-on
// beside its node group (facts/lint.md, H1), Fargate profiles in any order.
func TestMissingEdgesOfAnotherGraph(t *testing.T) {
	steps := []Step{step("control-plane"), step("addon/vpc-cni"), step("nodegroup/g managed"), step("fargate-profile/a"), step("fargate-profile/b")}
	paths := map[string]bool{"addon/vpc-cni < control-plane": true, "nodegroup/g < control-plane": true, "fargate-profile/a < control-plane": true, "fargate-profile/b < control-plane": true}
	missing := func() (out []string) {
		for _, w := range Missing(steps, func(after, before string) bool { return paths[after+" < "+before] }) {
			out = append(out, w.After+" < "+w.Before+": "+w.Rule)
		}
		return out
	}
	if got := missing(); !slices.Equal(got, []string{"nodegroup/g < addon/vpc-cni: network-addons-first", "fargate-profile/b < fargate-profile/a: fargate-one-at-a-time"}) {
		t.Errorf("missing: %v", got)
	}
	paths["nodegroup/g < addon/vpc-cni"], paths["fargate-profile/a < fargate-profile/b"] = true, true
	if got := missing(); len(got) > 0 {
		t.Errorf("missing: %v", got)
	}
}

// A rule is listed with everything that `slipway rules` shows.
func TestRulesSaySourceAndDate(t *testing.T) {
	names := map[string]bool{}
	for _, r := range All {
		if r.Reason == "" || r.Source == "" || len(r.Checked) != len("2026-11-22") || names[r.Name] || len(r.Edges)+len(r.Chains) == 0 {
			t.Errorf("%+v", r)
		}
		names[r.Name] = true
	}
}

// A step that is in a plan twice would be run once: the plan is refused.
func TestAStepThatIsThereTwiceIsRefused(t *testing.T) {
	d := NewDraft()
	d.Add(Step{Kind: Cordon, Name: "w"})
	d.Add(Step{Kind: Cordon, Name: "w"})
	if err := Apply(d); err == nil || !strings.Contains(err.Error(), "cordon/w twice") {
		t.Errorf("%v", err)
	}
}
