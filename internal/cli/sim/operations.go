package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/sim"
)

// operations is slipway sim operations.
func operations(a *cmdutil.App) *cobra.Command {
	c := &cobra.Command{
		Use: "operations [SERVICE…]", Short: "List the AWS operations that the simulated region answers",
		Long: `Lists, for each service, the operations that the region answers, with how many AWS has. Every other operation is refused in
the caller's own protocol, and the refusal names those that are answered.`,
		Example: "  slipway sim operations\n  slipway sim operations eks -o json",
		RunE:    func(_ *cobra.Command, args []string) error { return list(a, args) },
	}
	a.Formats(c, "text or json", "text", "json")
	return c
}

func list(a *cmdutil.App, services []string) error {
	all := sim.New(sim.Options{Seed: a.Seed}).Region("us-west-2").Operations()
	wanted := all[:0:0]
	for _, o := range all {
		if len(services) == 0 || slices.Contains(services, o.Service) {
			wanted = append(wanted, o)
		}
	}
	if len(wanted) < len(services) {
		var known []string
		for _, o := range all {
			known = append(known, o.Service)
		}
		return cmdutil.Input("%s: the region serves %s", strings.Join(services, ", "), strings.Join(known, ", "))
	}
	if a.Format == "json" {
		return a.JSON(wanted)
	}
	for i, o := range wanted {
		if i > 0 {
			fmt.Fprintln(a.Out)
		}
		fmt.Fprintf(a.Out, "%s: %d of %d\n", o.Service, len(o.Served), o.All)
		for _, name := range o.Served {
			fmt.Fprintln(a.Out, "  "+name)
		}
	}
	return nil
}
