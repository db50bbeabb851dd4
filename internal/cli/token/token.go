// Package token is slipway token: what kubectl runs to be let in.
package token

import (
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/kube"
)

type status struct {
	Token   string `json:"token"`
	Expires string `json:"expirationTimestamp"`
}

// credential is client.authentication.k8s.io's ExecCredential.
type credential struct {
	Kind       string   `json:"kind"`
	APIVersion string   `json:"apiVersion"`
	Spec       struct{} `json:"spec"`
	Status     status   `json:"status"`
}

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	return &cobra.Command{
		Use: "token NAME", Short: "Print a Kubernetes bearer token, as an exec credential", Args: cmdutil.OneArg("cluster's name"),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := a.Open(c.Context(), nil)
			if err != nil {
				return err
			}
			token, until, err := kube.Token(c.Context(), t.AWS, args[0])
			if err != nil {
				return err
			}
			return json.NewEncoder(a.Out).Encode(credential{
				Kind: "ExecCredential", APIVersion: "client.authentication.k8s.io/v1",
				Status: status{token, until.UTC().Format(time.RFC3339)},
			})
		},
	}
}
