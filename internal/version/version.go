// Package version says which Slipway this is. It must import next to nothing: it is
// ready before anything else is.
package version

import (
	"runtime"
	"runtime/debug"
)

// Eksctl is the eksctl release whose templates and defaults are followed.
const Eksctl = "0.230.0"

// Version is set when a release is built.
var Version = ""

// Text is the line that `slipway version` prints.
func Text() string {
	v := Version
	if i, ok := debug.ReadBuildInfo(); ok && v == "" {
		v = i.Main.Version
	}
	if v == "" {
		v = "(devel)"
	}
	return "slipway " + v + " (" + runtime.Version() + ", follows eksctl " + Eksctl + ")\n"
}
