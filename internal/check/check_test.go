package check_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/resolve"
	"github.com/slipway-eks/slipway/internal/testregion"
)

var update = flag.Bool("update", false, "write docs/checks.md anew")

// look runs the preflight checks for a file against a region that holds what the file
// names; prepare changes the region first.
func look(t *testing.T, text string, prepare func(*testregion.Region)) finding.Findings {
	t.Helper()
	f := testregion.Load(t, text)
	r := testregion.New(t, f, 1)
	if prepare != nil {
		prepare(r)
	}
	return lookAt(t, r, f)
}

// lookAt runs the preflight checks for a file against a region as it is.
func lookAt(t *testing.T, r *testregion.Region, f *config.File) finding.Findings {
	t.Helper()
	net, err := resolve.Network(t.Context(), r.AWS, f)
	if err != nil {
		t.Fatal(err)
	}
	live, err := read.Cluster(t.Context(), r.AWS, f.Cluster.Metadata.Name, read.Planning())
	if err != nil {
		t.Fatal(err)
	}
	before := fmt.Sprint(config.Differences(config.ClusterConfig{}, *f.Cluster))
	out := check.Run(t.Context(), check.Preflight, check.NewInput(r.AWS, f, net, live))
	if after := fmt.Sprint(config.Differences(config.ClusterConfig{}, *f.Cluster)); after != before {
		t.Error("a check changed the file")
	}
	if len(r.Sim.World.Log()) > 0 {
		t.Error("a check changed the region")
	}
	return out
}

// finds expects one finding of a code, at a line, that says something and how to
// mend it.
func finds(t *testing.T, fs finding.Findings, code string, says ...string) {
	t.Helper()
	if len(fs) != 1 || fs[0].Code != code || fs[0].Remedy == "" || fs[0].Severity != finding.Error {
		t.Fatalf("expected one finding %s with a remedy: %v", code, fs)
	}
	for _, s := range says {
		if !strings.Contains(fs[0].Error(), s) {
			t.Errorf("%q does not say %q", fs[0].Error(), s)
		}
	}
}

func TestAnOrdinaryFilePasses(t *testing.T) {
	for _, text := range []string{
		testregion.Cluster,
		testregion.Cluster + "managedNodeGroups: [{name: g, desiredCapacity: 1}]\nnodeGroups: [{name: o, desiredCapacity: 1, privateNetworking: true}]\n",
		testregion.Cluster + existing + "managedNodeGroups: [{name: g, desiredCapacity: 1}, {name: p, desiredCapacity: 1, privateNetworking: true}]\nnodeGroups: [{name: o, desiredCapacity: 1}]\n",
	} {
		if fs := look(t, text, nil); len(fs) > 0 {
			t.Errorf("%v", fs)
		}
	}
}

const existing = `vpc:
  id: vpc-mine
  subnets:
    public: {us-west-2a: {id: subnet-pa}, us-west-2b: {id: subnet-pb}}
    private: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}
`

// Every check has a test beside it, a row in docs/checks.md, and lists every code that
// it makes.
func TestChecksAreWhole(t *testing.T) {
	names := map[string]bool{}
	for _, c := range check.All() {
		if c.Name == "" || c.Title == "" || c.Source == "" || len(c.Codes) == 0 || c.When == 0 || c.Run == nil || names[c.Name] {
			t.Errorf("%+v is not whole", c)
		}
		names[c.Name] = true
		file := strings.ReplaceAll(c.Name, "-", "_")
		if _, err := os.Stat(file + "_test.go"); err != nil {
			t.Errorf("%s has no test beside it (%s_test.go)", c.Name, file)
		}
		made := codesIn(t, file+".go")
		for _, code := range made {
			if !slices.Contains(c.Codes, code) {
				t.Errorf("%s makes %s and does not list it", c.Name, code)
			}
		}
		for _, code := range c.Codes {
			if code != "cannot-read" && code != "not-checked" && !slices.Contains(made, code) {
				t.Errorf("%s lists %s and does not make it", c.Name, code)
			}
		}
	}
}

// codesIn are the codes that a file's source makes.
func codesIn(t *testing.T, file string) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		if l, ok := call.Args[0].(*ast.BasicLit); ok && (name == "at" || name == "failed") {
			out = append(out, strings.Trim(l.Value, `"`))
		}
		return true
	})
	return out
}

// docs/checks.md says what the registries say.
func TestTheTableOfChecks(t *testing.T) {
	var b strings.Builder
	b.WriteString("# What is checked, when, and from which source\n\nThis table is written from the registries (`internal/config/validate.go`, `internal/check/catalogue.go`) by\n`go test ./internal/check -update`. Codes are stable: `-o json` carries them, and later commands look them up.\n\n## From the file alone, in one round\n\n| what | codes | whose rule |\n| --- | --- | --- |\n")
	row := func(cells ...string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	ticked := func(codes []string) string { return "`" + strings.Join(codes, "`, `") + "`" }
	for _, r := range config.Rules() {
		row(r.Title, ticked(r.Codes), r.Source)
	}
	b.WriteString("\nWhile zones and subnets are resolved (`internal/resolve/resolve.go`; ec2:DescribeAvailabilityZones, ec2:DescribeSubnets):\n`zone-not-offered`, `too-few-zones`, `subnet-not-found`, `subnet-elsewhere`, `subnet-differs`. What a live cluster cannot\nfollow is `cannot-change` (`internal/plan`).\n\n## Against the account, before the first create\n\n| check | what | codes | when | source |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range check.All() {
		var when []string
		for w, name := range map[check.When]string{check.Preflight: "preflight", check.Doctor: "doctor", check.Lint: "lint"} {
			if c.When&w != 0 {
				when = append(when, name)
			}
		}
		slices.Sort(when)
		slices.Reverse(when)
		row("`"+c.Name+"`", c.Title, ticked(c.Codes), strings.Join(when, ", "), c.Source)
	}
	b.WriteString("\nBefore any of them, the caller is identified (sts:GetCallerIdentity): `credentials-missing`, `credentials-expired`,\n`credentials-refused`, `endpoint-unreachable`, `permission-missing`. `cannot-read` says that a source could not be asked: what was not\nlooked at may be wrong, so nothing is created. Quotas and permissions that cannot be read stop nothing.\n")
	path := filepath.Join(testregion.Root(t), "docs/checks.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != b.String() {
		t.Errorf("docs/checks.md is not what the registries say: go test ./internal/check -update (%v)", err)
	}
}
