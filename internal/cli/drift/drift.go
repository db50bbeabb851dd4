// Package drift is slipway drift: what differs between what was wanted, what is recorded
// and what is live.
package drift

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	drifts "github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

type flags struct {
	file, edits, list string
	only, ignore      []string
	noBlame, code     bool
}

// ignoreList is the ignore list's name, beside the config file.
const ignoreList = "drift-ignore.yaml"

const long = `Compares what the file wants (without one: what the record says was wanted), what the record claims (CloudFormation
stacks by eksctl's contract) and what EKS, EC2, IAM, Auto Scaling and Kubernetes answer now, and shows what differs:
first what blocks something, by the name of what fails, then the rest; who changed it and when, by CloudTrail; and the
command that repairs it. What could not be read is listed, never taken for equal. It changes nothing. docs/drift.md.`

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "drift [NAME] [-f FILE]", Short: "Show what differs between what was wanted, what is recorded and what is live", Long: long,
		Example: "  slipway drift prod --region eu-west-1\n  slipway drift -f cluster.yaml --exit-code\n" +
			"  slipway drift --sim -f examples/drift/cluster.yaml --edits examples/drift/edits.yaml",
		Args: cmdutil.OneArgAtMost("cluster's name"),
		RunE: func(c *cobra.Command, args []string) error { return drift(c.Context(), a, f, args) },
	}
	c.Flags().StringVarP(&f.file, "file", "f", "", "ClusterConfig file, or - for standard input; none: the record says what was wanted")
	cmdutil.TerraformState(c)
	c.Flags().StringSliceVar(&f.only, "only", nil, "only the fields at and below these paths; * stands for one part")
	c.Flags().StringSliceVar(&f.ignore, "ignore", nil, "fields at and below these paths are shown and not counted")
	c.Flags().StringVar(&f.list, "ignore-list", "",
		"YAML file of what is ignored, with reasons and expiry; default: "+ignoreList+" beside the config file, if it is there")
	c.Flags().BoolVar(&f.noBlame, "no-blame", false, "do not ask CloudTrail who changed what")
	c.Flags().BoolVar(&f.code, "exit-code", false, "exit with 2 when there is drift")
	cmdutil.Edits(c, &f.edits)
	a.Formats(c, "text, json or yaml", "text", "json", "yaml")
	return c
}

// drift is the whole of the command, in its order.
func drift(ctx context.Context, a *cmdutil.App, f flags, args []string) error {
	file, name, err := a.Subject(f.file, args)
	if err != nil {
		return err
	}
	ignores, err := ignored(f)
	if err != nil {
		return err
	}
	state, err := a.Terraform()
	if err != nil {
		return err
	}
	t, err := a.Open(ctx, file)
	if err != nil {
		return err
	}
	if err := t.Identify(ctx); err != nil {
		return err
	}
	if err := a.Rehearse(ctx, t, file, f.edits); err != nil {
		return err
	}
	o := run.DriftOptions{File: file, State: state, Blame: !f.noBlame, Only: f.only, Ignores: ignores, Now: time.Now(), Date: t.Date()}
	if o.Journal, err = a.Journal(ctx, t, name); err != nil {
		a.Say("%s the journal was not asked what was repaired lately: %v", a.Style.Yellow("note:"), err)
	}
	r, err := run.Drift(ctx, t.AWS, name, o)
	if err != nil {
		return err
	}
	if err := show(a, r); err != nil {
		return err
	}
	if f.code && len(r.Drifted()) > 0 {
		return outcome.Exit(outcome.ExitChanges, nil)
	}
	return nil
}

// ignored are the rules of the list and of the flags.
func ignored(f flags) ([]drifts.Ignore, error) {
	path := f.list
	if path == "" && f.file != "" && f.file != "-" {
		path = filepath.Join(filepath.Dir(f.file), ignoreList)
	}
	var out []drifts.Ignore
	if path != "" {
		b, err := os.ReadFile(path)
		switch {
		case err != nil && (f.list != "" || !errors.Is(err, fs.ErrNotExist)):
			return nil, cmdutil.Input("the ignore list cannot be read: %v", err)
		case err == nil:
			if out, err = drifts.ParseIgnores(b); err != nil {
				return nil, cmdutil.Input("the ignore list %s: %v", path, err)
			}
		}
	}
	for _, p := range f.ignore {
		out = append(out, drifts.Ignore{Path: p, Reason: "--ignore"})
	}
	return out, nil
}

func show(a *cmdutil.App, r *drifts.Report) error {
	return a.Document(r, func() error { return render.Drift(a.Out, render.StyleFor(a.Out), r) })
}
