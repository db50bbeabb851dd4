// Command slipway brings Amazon EKS clusters up in the right order.
package main

import (
	"os"

	"github.com/slipway-eks/slipway/cmd/slipway/internal/startup"
	"github.com/slipway-eks/slipway/internal/cli"
)

func main() {
	startup.Done()
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
