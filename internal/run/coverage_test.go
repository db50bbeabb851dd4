package run_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/config/fields"
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

// elsewhere are properties that the catalogue says are launched, and that other tests
// try; a prefix covers what is below it.
var elsewhere = map[string]string{
	"privateCluster": "refused when enabled", "metadata.region": "TestPartitions", "cni": "TestThirdPartyCNIIsGated", "addons.resolveConflicts": "TestConflictsAreResolvedAsTheFileSays",
	"addons.beforeCompute": "plan/rules", "addons.dependsOn": "plan/rules", "managedNodeGroups.dependsOn": "plan/rules",
	"addons.timeout": "engine's TestTimeoutLeavesTheRestStanding", "iamIdentityMappings.serviceName": "one value only",
	"managedNodeGroups.ssh.enableSsm": "the node role always allows Session Manager", "nodeGroups.ssh.enableSsm": "the node role always allows Session Manager",
}

// refusedAtLoading are properties that a file may not set where they stand (config's
// TestProblemsSayWhereAndWhatElse).
var refusedAtLoading = []string{
	"managedNodeGroups.securityGroups.withLocal", "managedNodeGroups.securityGroups.withShared", "managedNodeGroups.iam.instanceProfileARN",
	"addons.podIdentityAssociations.createServiceAccount", "addons.podIdentityAssociations.disableSessionTags", "addons.podIdentityAssociations.namespace",
	"addons.podIdentityAssociations.policy", "addons.podIdentityAssociations.tags", "addons.podIdentityAssociations.targetRoleARN",
}

// alone is the one property by which two configs differ; "" when they differ in
// several, or in none.
func alone(t *testing.T, known []string, base, now string) string {
	t.Helper()
	a, b := values(t, base), values(t, now)
	changed := map[string]bool{}
	for _, p := range slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))) {
		if !slices.Equal(a[p], b[p]) {
			for !slices.Contains(known, p) && p != "" { // below a property that holds free keys
				p = p[:max(0, strings.LastIndex(p, "."))]
			}
			changed[p] = true
		}
	}
	if len(changed) != 1 {
		return ""
	}
	return slices.Collect(maps.Keys(changed))[0]
}

// values lists the values of each property of a config, through all lists.
func values(t *testing.T, text string) map[string][]string {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	var walk func(string, any)
	walk = func(p string, v any) {
		switch x := v.(type) {
		case map[string]any:
			for k, y := range x {
				walk(strings.TrimPrefix(p+"."+k, "."), y)
			}
		case []any:
			for _, y := range x {
				walk(p, y)
			}
		default:
			out[p] = append(out[p], fmt.Sprint(x))
		}
	}
	walk("", v)
	return out
}

// Every leaf of the config is changed alone by a test, refused by name, or
// accounted for; on both kinds of node group where both have it.
func TestEveryPropertyIsAccountedFor(t *testing.T) {
	all := paths(reflect.TypeFor[config.ClusterConfig](), "", 0)
	done := map[string]bool{}
	for _, p := range properties {
		if n, ok := nested[p.path]; ok {
			p.to = "desiredCapacity: 1, " + n[0]
		}
		now := p.base + p.to
		if p.from != "" {
			now = strings.Replace(p.base, p.from, p.to, 1)
		}
		done[alone(t, all, p.base, now)] = true
	}
	for _, l := range leaves() {
		if got := alone(t, all, l.base, l.now); got != l.path {
			t.Errorf("the leaf %s changes %q", l.path, got)
		}
		done[l.path] = true
	}
	except := maps.Clone(elsewhere)
	for _, p := range refusedAtLoading {
		except[p] = "refused"
	}
	for _, row := range fields.All() {
		switch {
		case row.NotLaunched != "":
			except[row.Path] = row.NotLaunched
		case row.Change == fields.Ignore && len(fields.Below(row.Path)) == 0:
			except[row.Path] = "nothing of a cluster depends on it: " + row.Doc
		case row.Change == fields.Identity && row.Name() == "name":
			except[row.Path] = "names what every test makes"
		}
	}
	for i, p := range all {
		if i+1 < len(all) && strings.HasPrefix(all[i+1], p+".") || done[p] || excepted(except, p) {
			continue
		}
		t.Errorf("%s: no test changes it alone, nothing refuses it, and it is not accounted for", p)
	}
}

// excepted tells whether a property, or one above it, is accounted for.
func excepted(except map[string]string, p string) bool {
	for q := p; q != ""; q = q[:max(0, strings.LastIndex(q, "."))] {
		if except[q] != "" {
			return true
		}
	}
	return false
}
