package cmdutil

import "github.com/spf13/cobra"

// Gate adds the flag that says what node groups wait for.
func Gate(c *cobra.Command, gate *string) {
	c.Flags().StringVar(gate, "gate", "daemonset",
		"what node groups wait for of the network add-ons: daemonset, as wanted at the API server, or active, as EKS says later")
}

// GateActive reads the flag.
func GateActive(gate string) (bool, error) {
	switch gate {
	case "daemonset", "active":
		return gate == "active", nil
	}
	return false, Input("--gate %s: daemonset or active", gate)
}
