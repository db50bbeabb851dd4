// Package snapshot is slipway snapshot: the whole observed state of a cluster as one
// document, and what changed between two.
package snapshot

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/snapshot"
)

const long = `Reads everything of a cluster and keeps it as one versioned JSON document: control plane, add-ons, node groups, access,
stacks with their templates, instances, launch templates, network, roles, and what is inside Kubernetes. Every command that
changes something takes one before. What could not be read is listed in it by name, and what may be a secret is in it by
its hash.`

// New is the command, with list and diff below it.
func New(a *cmdutil.App) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "snapshot NAME", Short: "Keep the whole observed state of a cluster as one document", Args: cmdutil.OneArg("cluster's name"), Long: long,
		Example: "  slipway snapshot prod\n  slipway snapshot prod -o - | jq .cluster.version\n  slipway snapshot list prod",
		RunE:    func(c *cobra.Command, args []string) error { return take(c.Context(), a, args[0], file) },
	}
	c.Flags().StringVarP(&file, "output", "o", "", "write it to this file, or - for standard output, instead of the store")
	cmdutil.TerraformState(c)
	c.AddCommand(list(a), diff(a))
	return c
}

func take(ctx context.Context, a *cmdutil.App, name, file string) error {
	t, err := a.OpenNamed(ctx, name)
	if err != nil {
		return err
	}
	state, err := a.Terraform()
	if err != nil {
		return err
	}
	doc, err := run.Snapshot(ctx, t.AWS, name, t.Date())
	if err != nil {
		return err
	}
	for _, n := range doc.NotRead {
		a.Say("%s %s could not be read: %s", a.Style.Yellow("note:"), n.What, n.Why)
	}
	render.Owners(a.Err, a.Style, run.Owners(doc, state))
	switch file {
	case "":
	default:
		return a.Write(file, doc.Write)
	}
	s, err := a.Shelves(ctx)
	if err != nil {
		return err
	}
	id, err := run.Shelf(s, t.AWS, name).Save(ctx, doc)
	if err != nil {
		return fmt.Errorf("the snapshot cannot be kept: %w", err)
	}
	_, err = fmt.Fprintln(a.Out, id)
	return err
}

func list(a *cmdutil.App) *cobra.Command {
	c := &cobra.Command{
		Use: "list NAME", Short: "List the snapshots of a cluster, the newest first", Args: cmdutil.OneArg("cluster's name"),
		RunE: func(c *cobra.Command, args []string) error { return kept(c.Context(), a, args[0]) },
	}
	a.Formats(c, "text, or json: one document", "text", "json")
	return c
}

func kept(ctx context.Context, a *cmdutil.App, name string) error {
	t, err := a.OpenNamed(ctx, name)
	if err != nil {
		return err
	}
	s, err := a.Shelves(ctx)
	if err != nil {
		return err
	}
	all, err := run.Shelf(s, t.AWS, name).List(ctx)
	if err != nil {
		return err
	}
	if a.Format == "json" {
		return a.JSON(all)
	}
	if len(all) == 0 {
		a.Say("There are no snapshots of a cluster %s in %s.", name, s)
	}
	for _, k := range all {
		fmt.Fprintln(a.Out, k.ID)
	}
	return a.Out.Failed
}

func diff(a *cmdutil.App) *cobra.Command {
	var code bool
	c := &cobra.Command{
		Use: "diff A B", Short: "Show what changed between two snapshots", Args: cmdutil.Args("older snapshot", "newer one"),
		Long: "A and B are files, or IDs of snapshots in the store; where two clusters have one of the same second, NAME/ID.\n" +
			"What was read in one of the two only is said, and not taken for a change.",
		Example: "  slipway snapshot diff 20261128T101500Z 20261129T233012Z\n  slipway snapshot diff before.json after.json -o json",
		RunE:    func(c *cobra.Command, args []string) error { return compare(c.Context(), a, args[0], args[1], code) },
	}
	c.Flags().BoolVar(&code, "exit-code", false, "exit with 2 when something changed")
	a.Formats(c, "text, or json: one document", "text", "json")
	return c
}

func compare(ctx context.Context, a *cmdutil.App, was, is string, code bool) error {
	x, err := a.Snapshot(ctx, was)
	if err != nil {
		return err
	}
	y, err := a.Snapshot(ctx, is)
	if err != nil {
		return err
	}
	d, err := snapshot.Compare(x, y)
	if err != nil {
		return err
	}
	if a.Format == "json" {
		err = a.JSON(d)
	} else {
		render.Difference(a.Out, render.StyleFor(a.Out), d)
		err = a.Out.Failed
	}
	if err == nil && code && d.Count() > 0 {
		return outcome.Exit(outcome.ExitChanges, nil)
	}
	return err
}
