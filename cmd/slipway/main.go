// Command slipway brings Amazon EKS clusters up in the right order.
package main

import (
	"os"

	"github.com/slipway-eks/slipway/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
