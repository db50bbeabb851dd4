package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

func (a *app) statusCommand() *cobra.Command {
	var watch bool
	var output string
	c := &cobra.Command{Use: "status NAME", Short: "Show a cluster's parts, and what each waits for", Args: oneArg("cluster's name"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			w, err := a.open(ctx, nil)
			if err != nil {
				return err
			}
			if err := w.aws.Identify(ctx); err != nil {
				return check.Identity(err)
			}
			for {
				st, err := run.Look(ctx, w.aws, args[0])
				if err != nil {
					return err
				}
				if err := a.showStatus(st, output, watch); err != nil {
					return err
				}
				if !watch || st.Settled {
					return nil
				}
				if err := w.clock.Sleep(ctx, 10*time.Second); err != nil {
					return context.Canceled
				}
			}
		}}
	c.Flags().BoolVarP(&watch, "watch", "w", false, "go on until nothing is under way")
	c.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return c
}

func (a *app) showStatus(st *run.Status, output string, watch bool) error {
	if output == "json" {
		enc := json.NewEncoder(a.out)
		if !watch {
			enc.SetIndent("", "  ")
		}
		return enc.Encode(st)
	}
	style := render.StyleFor(a.out)
	if watch && render.Terminal(a.out) {
		fmt.Fprint(a.out, "\x1b[H\x1b[2J")
	}
	fmt.Fprintf(a.out, "%s in %s\n", style.Bold("Cluster "+st.Cluster), st.Region)
	t := a.table()
	for _, p := range st.Parts {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", p.Kind, p.Name, p.Status, strings.TrimSpace(p.Detail+"  "+p.Reason))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	ready := 0
	t = a.table()
	for _, n := range st.Nodes {
		state := "Ready"
		if n.Ready {
			ready++
		} else {
			state = "NotReady"
		}
		fmt.Fprintf(t, "  node\t%s\t%s\t%s\t%s\n", n.Name, state, n.Group, n.Reason)
	}
	fmt.Fprintf(a.out, "%d of %d nodes Ready\n", ready, len(st.Nodes))
	return t.Flush()
}
