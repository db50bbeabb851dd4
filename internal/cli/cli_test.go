package cli_test

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-eks/slipway/internal/cli"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"slipway": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }})
}

func TestScripts(t *testing.T) {
	root := testregion.Root(t)
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(e *testscript.Env) error { return setup(e, root) },
	})
}

// setup gives a script a kubeconfig of its own and the example of the README.
func setup(e *testscript.Env, root string) error {
	e.Setenv("NO_COLOR", "1")
	e.Setenv("KUBECONFIG", filepath.Join(e.WorkDir, "kubeconfig"))
	b, err := os.ReadFile(filepath.Join(root, "examples/quickstart.yaml"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.WorkDir, "quickstart.yaml"), b, 0o600)
}

// What only the program may do, such as start without a garbage collector, does not
// come with the command line's packages.
func TestTheGarbageCollectorRuns(t *testing.T) {
	if percent := debug.SetGCPercent(100); percent < 0 {
		t.Error("importing the command line turned the garbage collector off")
	}
}
