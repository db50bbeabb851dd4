package launch_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
)

// paths lists every property of the config file, lists and pointers looked through.
func paths(t reflect.Type, at string, depth int) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || depth > 6 {
		return nil
	}
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		k, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if k == "" || k == "-" || f.Anonymous {
			continue
		}
		p := strings.TrimPrefix(at+"."+k, ".")
		out = append(out, p)
		out = append(out, paths(f.Type, p, depth+1)...)
	}
	return out
}

// tried elsewhere, or nothing to see in a region; a prefix covers what is below it.
var elsewhere = map[string]string{
	"apiVersion": "one value only", "kind": "one value only", "metadata.name": "every test", "metadata.region": "TestPartitions",
	"metadata.annotations": "eksctl keeps them to itself", "metadata.forceUpdateVersion": "belongs to upgrades",
	"addons.publishers": "filters of eksctl's listing commands", "addons.types": "filters of eksctl's listing commands", "addons.owners": "filters of eksctl's listing commands",
	"addons.beforeCompute": "TestEachRule", "addons.dependsOn": "TestEachRule", "addons.timeout": "engine's TestTimeoutLeavesTheRestStanding", "managedNodeGroups.dependsOn": "TestEachRule", "cni": "TestThirdPartyCNIIsGated",
	"iam.serviceAccounts.status": "written by eksctl, ignored on input", "iamIdentityMappings.noDuplicateARNs": "a mapping is never written twice",
	"managedNodeGroups.ssh.enableSsm": "the node role always allows Session Manager", "nodeGroups.ssh.enableSsm": "the node role always allows Session Manager",
	"nodeGroups.containerRuntime": "containerd is the only one", "nodeGroups.updateConfig": "EKS's, for managed groups only",
	"privateCluster": "refused when enabled", "nodeGroups.localZones": "refused (config's TestProblemsSayWhereAndWhatElse)",
	"addons.resolveConflicts": "TestConflictsAreResolvedAsTheFileSays",
	"managedNodeGroups.name":  "every test", "nodeGroups.name": "every test",
}

// untried are launchable properties that no test changes alone yet. The list may
// only shrink.
var untried = []string{}

// Every property of the config is tried alone, refused by name, or accounted for.
func TestEveryPropertyIsAccountedFor(t *testing.T) {
	covered := map[string]bool{}
	for _, p := range properties {
		covered[p.path] = true
	}
	for p := range nested {
		covered[p] = true
	}
	for _, x := range config.NotLaunched {
		covered[x.Path] = true
	}
	for _, x := range config.GroupNotLaunched {
		covered["nodeGroups."+x.Path], covered["managedNodeGroups."+x.Path] = true, true
	}
	for p := range elsewhere {
		covered[p] = true
	}
	under := func(p string) bool {
		for q := p; q != ""; {
			if covered[q] {
				return true
			}
			i := strings.LastIndex(q, ".")
			if i < 0 {
				return false
			}
			q = q[:i]
		}
		return false
	}
	above := func(p string) bool {
		for q := range covered {
			if strings.HasPrefix(q, p+".") {
				return true
			}
		}
		return false
	}
	for _, p := range paths(reflect.TypeFor[config.ClusterConfig](), "", 0) {
		// What both kinds of group share is tried on one of them.
		twin := strings.Replace(p, "nodeGroups.", "managedNodeGroups.", 1)
		if strings.HasPrefix(p, "managedNodeGroups.") {
			twin = strings.Replace(p, "managedNodeGroups.", "nodeGroups.", 1)
		}
		done := under(p) || above(p) || under(twin) || above(twin)
		switch listed := slices.Contains(untried, p); {
		case !done && !listed:
			t.Errorf("%s: no test changes it alone, nothing refuses it, and it is not listed as untried", p)
		case done && listed:
			t.Errorf("%s is tried: take it off the list", p)
		}
	}
}
