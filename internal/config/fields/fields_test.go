package fields_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// paths lists every property of the config file, lists, maps and pointers looked through.
func paths(t reflect.Type, at string) []string {
	for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, t.Kind()) {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
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
		out = append(out, paths(f.Type, p)...)
	}
	return out
}

// Every property has a row, and every row is a property, once.
func TestEveryPropertyHasARow(t *testing.T) {
	rows := map[string]int{}
	for _, f := range fields.All() {
		rows[f.Path]++
	}
	all := paths(reflect.TypeFor[config.ClusterConfig](), "")
	for _, p := range all {
		if rows[p] == 0 {
			t.Errorf("%s has no row", p)
		}
	}
	for p, n := range rows {
		if !slices.Contains(all, p) {
			t.Errorf("the row %s is no property", p)
		}
		if n > 1 {
			t.Errorf("%s has %d rows", p, n)
		}
	}
}

// A row says what it means, what its change does, by which step, and what a person
// does where it is refused.
func TestARowIsWhole(t *testing.T) {
	kinds := []string{rules.OIDC, rules.AddonUpdate, rules.AccountRole, rules.Account, rules.PodRole, rules.PodIdentity, rules.AccessEntry, rules.Mapping,
		rules.Retention, rules.ClusterUpdate, rules.GroupScaling, rules.GroupUpdate, rules.Tags}
	for _, f := range fields.All() {
		switch {
		case !strings.HasSuffix(f.Doc, "."):
			t.Errorf("%s: its documentation %q is no sentence", f.Path, f.Doc)
		case f.Change == "":
			t.Errorf("%s: nothing says what a change does", f.Path)
		case (f.Change == fields.InPlace) != (f.Via != ""):
			t.Errorf("%s: a change is followed %q by %q", f.Path, f.Change, f.Via)
		case f.Via != "" && !slices.Contains(kinds, f.Via):
			t.Errorf("%s: there is no kind of step %q", f.Path, f.Via)
		case f.Refused() && f.Remedy == "" && !launchedNever(f.Path):
			t.Errorf("%s: a change is refused without a remedy", f.Path)
		}
	}
}

// launchedNever tells whether a row, or one above it, is not launched at all.
func launchedNever(path string) bool {
	for p := path; p != ""; p = p[:max(0, strings.LastIndex(p, "."))] {
		if f := fields.At(p); f.Path == p && f.NotLaunched != "" {
			return true
		}
	}
	return strings.HasPrefix(path, "gitops") || strings.HasPrefix(path, "privateCluster") // the one below says it
}

func TestAKeyIsMadeOfIdentities(t *testing.T) {
	for _, f := range fields.All() {
		for _, k := range f.Key {
			if at := fields.At(f.Path + "." + k); at.Path != f.Path+"."+k || at.Change != fields.Identity {
				t.Errorf("%s: its key %s is no identity", f.Path, k)
			}
		}
	}
}

// Values cover every property once: no row is compared together with one below it.
func TestValuesDoNotOverlap(t *testing.T) {
	values := map[string]bool{}
	for _, f := range fields.Values() {
		values[f.Path] = true
	}
	for p := range values {
		for q := p[:max(0, strings.LastIndex(p, "."))]; q != ""; q = q[:max(0, strings.LastIndex(q, "."))] {
			if values[q] {
				t.Errorf("%s is compared twice, with %s", p, q)
			}
		}
	}
	for _, f := range fields.All() {
		covered := len(f.Key) > 0 || len(fields.Below(f.Path)) > 0
		for p := f.Path; p != "" && !covered; p = p[:max(0, strings.LastIndex(p, "."))] {
			covered = values[p]
		}
		if !covered {
			t.Errorf("%s is compared nowhere", f.Path)
		}
	}
}

func TestNearestRowAnswersBelowAMap(t *testing.T) {
	for path, want := range map[string]string{"managedNodeGroups.labels.tier": "managedNodeGroups.labels", "vpc.cidr": "vpc.cidr", "nonsense": ""} {
		got := ""
		if f := fields.At(path); f != nil {
			got = f.Path
		}
		if got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}
