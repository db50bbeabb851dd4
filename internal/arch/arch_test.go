// Package arch holds the arrows between the packages: who may import whom, each with its
// sentence. An import that is not listed fails, and so does a row that nothing uses: a
// new arrow is a decision, taken here. It has tests only.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

const module = "github.com/slipway-eks/slipway/"

// groups are folders that count as one package, with all that is below them: what is
// generated, commands, and the simulator, whose inner arrows are its own.
var groups = []string{"aws/ec2", "sim/twin", "sim", "cli", "cmd/slipway"}

// Leafs import nothing of ours, and so have no row: clock, eksfacts, finding, graph,
// interrupt, marks, mutate, observe, sim/table, store, upheld, veil, version, vpc, aws/ec2.
var arrows = map[string]map[string]string{
	"aws": {
		"aws/ec2":  "EC2's client is generated from the operations that are called",
		"clock":    "what waits between calls is injected",
		"eksfacts": "a region's partition",
		"pace":     "every call goes through it",
	},
	"blame": {
		"aws":     "CloudTrail's history, and EKS's updates",
		"drift":   "what is to be explained",
		"observe": "a subnet that is gone, as events tell",
	},
	"bench": {"sim": "the bound is computed from a region's log"},
	"check": {
		"aws":      "a check asks AWS",
		"aws/ec2":  "and EC2 of images, routes and types",
		"config":   "a finding names the line of the file",
		"eksfacts": "what is true of EKS whoever asks",
		"finding":  "the form in which it says what it found",
		"observe":  "what stands",
		"pace":     "what an error means",
		"sshkey":   "whether the named keys can be read",
		"stack":    "what was made already, and how long user data is",
		"vpc":      "where the cluster is to live",
	},
	"cli": {
		"aws":        "opening an account",
		"check":      "the words for an account that cannot be reached",
		"clock":      "the wall's, or the region's",
		"config":     "loading the file",
		"drift":      "a report, and the rules of what is ignored",
		"engine":     "events, for rendering",
		"finding":    "exit code 4, and findings as JSON",
		"interrupt":  "signals",
		"journal":    "slipway history",
		"kube":       "tokens",
		"kubecfg":    "the user's kubeconfig",
		"lease":      "who holds a lock, and slipway unlock",
		"observe":    "snapshots in files",
		"outcome":    "how a command ends",
		"plan":       "a plan, for rendering and saving",
		"plan/rules": "slipway rules",
		"render":     "all that is shown",
		"run":        "the façade that does the work",
		"sim":        "--sim and slipway sim",
		"sim/twin":   "what the file names exists in the embedded region",
		"snapshot":   "slipway snapshot",
		"store":      "where snapshots, journals and locks are",
		"version":    "slipway version, and which wrote a journal",

		"store/bucket": "a team's store",
	},
	"cmd/slipway": {
		"cli":     "the program is the command line",
		"version": "printed before anything else is set up",
	},
	"config": {
		"config/fields": "descriptions, and what is not launched, come from the rows",
		"eksfacts":      "default add-ons, partitions, limits",
		"finding":       "the form in which it says what is wrong",
		"veil":          "a record holds no secret of settings that the file does not know by name",
	},
	"config/fields": {
		"eksfacts": "names by which a live value is found",
		"observe":  "a row says how its field reads from an observation",
	},
	"diff": {
		"config":        "records hold secrets veiled, so both sides are",
		"config/fields": "it compares by the rows",
		"observe":       "live is one of the three truths",
	},
	"drift": {
		"config/fields": "the fields of the file are not repeated",
		"diff":          "they are compared there",
		"eksfacts":      "add-ons' workloads",
		"finding":       "how much a difference weighs",
		"observe":       "what is live",
		"owner":         "what a stack may take in is nobody's",
		"record":        "what stacks claim",
		"stack":         "names of stacks",
	},
	"export": {
		"config":        "a file is completed, to leave out what its defaults say",
		"config/fields": "each field reads itself from what is live",
		"diff":          "whether the record says the same",
		"eksfacts":      "names of add-ons",
		"observe":       "what is live",
		"owner":         "what a stack makes by itself needs no ID",
		"record":        "what AWS does not answer",
		"stack":         "roles and AMI families, read back",
		"vpc":           "where it is",
	},
	"engine": {
		"clock": "it waits on an injected clock",
		"graph": "it turns one",
		"pace":  "what an error means for a step, and when there is room for a call",
	},
	"journal": {
		"store": "an entry is an object of one",
		"veil":  "what may be a secret is not written down",
	},
	"kube": {
		"aws":      "tokens are signed with the account's credentials",
		"eksfacts": "the labels of a group's nodes",
		"marks":    "what a replacement leaves on nodes",
		"pace":     "calls to API servers are paced too",
	},
	"kubecfg": {
		"clock":   "waiting for another writer",
		"finding": "a file that cannot be written is found before the run",
	},
	"lease": {
		"clock": "waits between refreshes are injected",
		"store": "a lock is an object of one",
	},
	"observe/read": {
		"aws":      "it asks AWS",
		"aws/ec2":  "and EC2",
		"eksfacts": "the tags by which the cluster's things are found",
		"kube":     "and the API server",
		"observe":  "the document that it fills",
	},
	"outcome": {"finding": "a run that was refused says what was found"},
	"owner": {
		"eksfacts": "names of what AWS makes by itself",
		"finding":  "the form of a refusal",
		"observe":  "what stands",
		"stack":    "which tool signed a stack",
	},
	"pace": {"clock": "buckets fill on an injected clock"},
	"plan": {
		"config":        "what is wanted",
		"config/fields": "what a change does, breaks and needs",
		"diff":          "the differences that it follows",
		"eksfacts":      "add-ons, their pods and durations",
		"engine":        "tasks are what an engine turns",
		"finding":       "refusals name line and remedy",
		"graph":         "a plan is one",
		"marks":         "a stack says whose place it takes",
		"observe":       "what stands",
		"plan/document": "the plan, written down",
		"owner":         "whose parts it writes",
		"plan/rules":    "who waits for whom",
		"record":        "what stacks claim",
		"sshkey":        "the names of imported keys",
		"stack":         "names and templates of stacks",
		"steps":         "what a step does is the step's",
		"veil":          "what a snapshot has by its hash alone is not brought back",
		"vpc":           "where the cluster is to live",
	},
	"plan/document": {
		"graph": "its order, read back",
		"vpc":   "where the cluster is to live",
	},
	"plan/rules": {
		"graph": "a rule adds edges",
	},
	"record": {
		"config":   "our stacks record the part of the file that made them",
		"eksfacts": "tags of stacks, and how EKS spells effects",
		"observe":  "stacks as they were read",
		"stack":    "where in a template the record is",
	},
	"render": {
		"diff":     "a value of a difference",
		"drift":    "what differs",
		"engine":   "events as they happen",
		"finding":  "how much it weighs",
		"journal":  "what was done",
		"outcome":  "how it ended",
		"snapshot": "what changed",

		"plan/document": "what would be done, as data",
	},
	"resolve": {
		"aws":      "zones, types and versions are asked for",
		"aws/ec2":  "and subnets",
		"config":   "what is to be resolved",
		"eksfacts": "zones that take no control plane",
		"finding":  "what the account does not have is a finding at its line",
		"observe":  "a cluster that stands says its version",
		"vpc":      "what comes out",
	},
	"run": {
		"aws":          "the account that it works in",
		"aws/ec2":      "the other regions, where a cluster may be",
		"blame":        "who made what differs",
		"check":        "what is checked before the first create",
		"clock":        "the run's",
		"config":       "the file",
		"drift":        "what differs, as data",
		"eksfacts":     "the label that tells Fargate's nodes",
		"engine":       "turns the plan",
		"export":       "what a file would say of a live cluster",
		"finding":      "the form of a refusal",
		"journal":      "what is done is written down",
		"kube":         "the nodes, counted at the end",
		"lease":        "nobody else changes the cluster meanwhile",
		"marks":        "which group takes another's place",
		"observe":      "what stood",
		"observe/read": "looks",
		"outcome":      "what the run came to",
		"owner":        "who keeps what, and what is refused for it",
		"pace":         "every call that changes something passes there",
		"plan":         "what is to be done",
		"plan/rules":   "where a replacement pauses",
		"resolve":      "what the file means here",
		"snapshot":     "a copy of everything comes first",
		"sshkey":       "keys that groups import",
		"stack":        "the record of what was made",
		"steps":        "the environment that steps act in",
		"store":        "where books are kept",
		"veil":         "long texts are written down by their hash",
		"tfstate":      "a Terraform state, read",
	},
	"sim": {"aws/ec2": "EC2 is served in the shapes of its own client"},
	"sim/twin": {
		"config":   "what a file names by ID is made to exist",
		"eksfacts": "roles that exist have the policies that their add-ons need",
		"sim":      "the region that takes it in",
	},
	"snapshot": {
		"observe": "the document that is kept",
		"store":   "where",
		"veil":    "without what may be a secret",
	},
	"sshkey": {"config": "the keys that a file names"},
	"stack": {
		"config":   "templates are made from the file",
		"eksfacts": "tags and names by eksctl's contract",
		"version":  "the version of eksctl that stacks are tagged with",
		"vpc":      "the subnets to make, or that exist",
	},
	"steps": {
		"aws":      "a step acts in AWS",
		"aws/ec2":  "and in EC2",
		"config":   "the part of the file that a group's template needs travels with its step",
		"eksfacts": "the DaemonSet that an add-on is awaited by",
		"engine":   "done, wait, blocked",
		"kube":     "and in Kubernetes",
		"marks":    "what a replacement leaves on Auto Scaling groups",
		"owner":    "the names of what it writes",
		"pace":     "what an answer means",
		"resolve":  "versions and types are resolved when their step runs",

		"observe/read": "when a cluster's version changed last",
		"stack":        "templates from live values",
		"vpc":          "the subnets of the cluster",
	},
	"store/bucket": {
		"clock": "waits between tries are injected",
		"pace":  "what an error of S3 means",
		"store": "it is one",
	},
	"store/storetest": {"store": "the contract's"},
	"tfstate": {
		"owner":  "the parts that a state holds, by their names",
		"record": "a state claims what stacks do",
	},
	"testregion": {
		"aws":      "Slipway's own clients",
		"clock":    "on the region's clock",
		"config":   "for a file",
		"sim":      "against a region",
		"sim/twin": "that holds what the file names",
	},
}

// heavy are modules that few may import: who may, and why.
var heavy = map[string]map[string]string{
	"github.com/aws/aws-sdk-go-v2": {
		"aws": "the clients", "aws/ec2": "EC2's", "blame": "asks", "check": "asks", "kube": "signs tokens", "observe/read": "asks", "plan": "requests are steps' data",
		"resolve": "asks", "run": "asks who else has the cluster", "sim": "serves its shapes", "steps": "act", "tools/leansdk": "generates from it",
		"store/bucket": "S3's client",
	},
	"github.com/aws/smithy-go": {"aws": "middleware and codes", "aws/ec2": "generated", "kube": "signing", "pace": "classifies its errors", "store/bucket": "reads its errors"},
	"k8s.io": {
		"config": "names and labels are validated by Kubernetes' own rules", "kube": "the client", "kubecfg": "clientcmd", "observe/read": "reads objects",
		"pace": "classifies its errors", "plan": "the scheduler's own predicates", "sim": "is an API server", "steps": "write objects", "upheld": "reads the events of an API",
	},
	"github.com/spf13/cobra": {"cli": "commands"},
}

// tree reads every package's imports, tests left out, as groups.
func tree(t *testing.T) map[string]map[string]bool {
	t.Helper()
	out := map[string]map[string]bool{}
	eachFile(t, parser.ImportsOnly, func(pkg string, f *ast.File) {
		if out[pkg] == nil {
			out[pkg] = map[string]bool{}
		}
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if to, ours := strings.CutPrefix(path, module); ours {
				path = group(to)
			}
			if path != pkg {
				out[pkg][path] = true
			}
		}
	})
	return out
}

// eachFile parses every Go file that is in the program.
func eachFile(t *testing.T, mode parser.Mode, visit func(pkg string, f *ast.File)) {
	t.Helper()
	root := testregion.Root(t)
	for _, top := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, b, mode)
			if err != nil {
				return err
			}
			dir, err := filepath.Rel(root, filepath.Dir(path))
			visit(group(filepath.ToSlash(dir)), f)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func group(dir string) string {
	dir = strings.TrimPrefix(dir, "internal/")
	for _, g := range groups {
		if dir == g || strings.HasPrefix(dir, g+"/") {
			return g
		}
	}
	return dir
}

func TestArrows(t *testing.T) {
	have := tree(t)
	for _, from := range slices.Sorted(maps.Keys(have)) {
		for _, to := range slices.Sorted(maps.Keys(have[from])) {
			if have[to] != nil && arrows[from][to] == "" {
				t.Errorf("%s imports %s: no arrow is listed; turn it round, or give it a sentence here", from, to)
			}
		}
	}
	for from, tos := range arrows {
		for to := range tos {
			if !have[from][to] {
				t.Errorf("the arrow from %s to %s is listed, and nothing uses it: take it out", from, to)
			}
		}
	}
}

func TestHeavyModules(t *testing.T) {
	have := tree(t)
	used := map[string]bool{}
	for from, tos := range have {
		for to := range tos {
			for m, who := range heavy {
				if to != m && !strings.HasPrefix(to, m+"/") {
					continue
				}
				used[m+" "+from] = true
				if who[from] == "" {
					t.Errorf("%s imports %s, and is not listed for %s", from, to, m)
				}
			}
		}
	}
	for m, who := range heavy {
		for from := range who {
			if !used[m+" "+from] {
				t.Errorf("%s is listed for %s, and does not import it", from, m)
			}
		}
	}
}

// What decides from data reaches neither AWS's SDK nor a Kubernetes client, by any way.
func TestDataIsLight(t *testing.T) {
	have := tree(t)
	for _, from := range []string{"finding", "eksfacts", "vpc", "graph", "clock", "observe", "config", "config/fields", "diff", "drift", "record", "owner", "export", "stack", "sshkey", "outcome",
		"kubecfg", "plan/document", "plan/rules", "render"} {
		seen := map[string]bool{}
		var walk func(string, []string)
		walk = func(at string, way []string) {
			if seen[at] {
				return
			}
			seen[at] = true
			if strings.HasPrefix(at, "github.com/aws/aws-sdk-go-v2") || strings.HasPrefix(at, "k8s.io/client-go/kubernetes") {
				t.Errorf("%s reaches %s: %s", from, at, strings.Join(way, " → "))
			}
			for to := range have[at] {
				walk(to, append(slices.Clone(way), to))
			}
		}
		walk(from, []string{from})
	}
}

// What AWS's texts say is told in one place, pace's table: elsewhere no error is looked
// at by its words.
func TestErrorsAreNotReadByTheirWords(t *testing.T) {
	eachFile(t, parser.SkipObjectResolution, func(pkg string, f *ast.File) {
		if pkg == "pace" || pkg == "sim" || pkg == "aws/ec2" {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); !ok || !slices.Contains([]string{"Contains", "HasPrefix", "HasSuffix", "EqualFold"}, s.Sel.Name) {
				return true
			}
			ast.Inspect(call.Args[0], func(n ast.Node) bool {
				inner, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if s, ok := inner.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "Error" || s.Sel.Name == "Message" || s.Sel.Name == "ErrorMessage") {
					t.Errorf("%s: an error's words are looked at with %s; its meaning belongs into internal/pace/classify.go", pkg, s.Sel.Name)
				}
				return true
			})
			return true
		})
	})
}

// A reviewer reads a line in a diff: 160 characters. What is generated and
// tests, whose tables are lines of a file, are left out; so are struct tags.
func TestLinesAreReadable(t *testing.T) {
	root := testregion.Root(t)
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		if d.IsDir() && rel == "internal/aws/ec2" {
			return fs.SkipDir
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(b), "\n") {
			if n := len([]rune(line)); n > 160 && !strings.Contains(line, "`json:") && !strings.HasPrefix(line, "//go:generate") {
				t.Errorf("%s:%d has %d characters", rel, i+1, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
