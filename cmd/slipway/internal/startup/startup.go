// Package startup makes the program start fast. Initialising the packages of the
// Kubernetes and AWS libraries takes 30 ms and more and allocates some 15 MB that all
// stay: `slipway version` is answered before that, and the garbage collector keeps
// out of it, which the token command feels that kubectl runs before its calls.
//
// It must import next to nothing: Go initialises a package as soon as what it
// imports is ready.
package startup

import (
	"os"
	"runtime/debug"

	"github.com/slipway-eks/slipway/internal/version"
)

var collect = 100

func init() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		if _, err := os.Stdout.WriteString(version.Text()); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	collect = debug.SetGCPercent(-1)
}

// Done lets the garbage collector run as usual.
func Done() { debug.SetGCPercent(collect) }
