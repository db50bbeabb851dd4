package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/interrupt"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

type upFlags struct {
	file, output, timeline, kubeconfig string
	yes                                bool
}

func (a *app) upCommand() *cobra.Command {
	var f upFlags
	c := &cobra.Command{Use: "up -f FILE", Short: "Plan, show, confirm, and run until every node is Ready", Args: noArgs,
		Long:    "Observes the cluster that the file names, shows what would change and why each thing waits, asks, and runs.\nRunning it again continues what was interrupted, and changes nothing where nothing differs.",
		Example: "  slipway up --sim -f examples/quickstart.yaml --yes\n  slipway up -f cluster.yaml --timeline launch.svg",
		RunE:    func(c *cobra.Command, _ []string) error { return a.up(c.Context(), f) }}
	c.Flags().StringVarP(&f.file, "file", "f", "", "ClusterConfig file, or - for standard input")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	c.Flags().StringVarP(&f.output, "output", "o", "text", "text, or jsonl: the typed stream of events, whose last is the summary")
	c.Flags().StringVar(&f.timeline, "timeline", "", "draw what ran when, as an SVG file")
	c.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig to add the cluster to; none to leave it alone (not under --sim)")
	return c
}

func (a *app) load(file string) (*config.File, error) {
	if file == "" {
		return nil, exit(exitInput, errors.New("name the config file: -f FILE (- for standard input)"))
	}
	return config.LoadFile(file, a.in)
}

func (a *app) up(ctx context.Context, f upFlags) error {
	if f.output != "text" && f.output != "jsonl" {
		return exit(exitInput, fmt.Errorf("-o %s: text or jsonl", f.output))
	}
	file, err := a.load(f.file)
	if err != nil {
		return err
	}
	w, err := a.open(ctx, file)
	if err != nil {
		return err
	}
	s, err := run.Prepare(ctx, w.aws, file)
	if err != nil {
		return err
	}
	render.PlanText(a.err, s.Plan, a.style)
	if s.Plan.Empty() {
		v, err := s.Verify(ctx)
		if err != nil {
			return err
		}
		a.summary(f.output, summaryEvent{Result: "nothing-to-do", Cluster: s.Plan.Cluster, NodesReady: v.NodesReady, APICalls: w.aws.Calls()})
		return a.kubeconfigAfter(ctx, w, s.Plan.Cluster, f.kubeconfig)
	}
	if err := a.confirm(f.yes, len(s.Plan.Deletions) > 0); err != nil {
		return err
	}
	fmt.Fprintln(a.err)
	rep, err := a.run(ctx, w, s, f.output)
	if err != nil {
		return err
	}
	if f.timeline != "" {
		if err := writeTimeline(f.timeline, s.Plan.Cluster, rep); err != nil {
			return exit(exitFailed, err)
		}
	}
	return a.verdict(ctx, w, s, rep, f)
}

func writeTimeline(path, cluster string, rep *engine.Report) error {
	o, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("the timeline cannot be written: %w", err)
	}
	render.Timeline(o, "Launch of cluster "+cluster, rep)
	return o.Close()
}

// run turns a plan and shows it: a live tree on a terminal, lines elsewhere, JSON
// lines on standard output when asked.
func (a *app) run(ctx context.Context, w *world, s *run.Session, output string) (*engine.Report, error) {
	o := engine.Options{Clock: w.clock, Workers: w.workers, AtOnce: interrupt.Hard(ctx).Done()}
	if output == "jsonl" {
		enc := json.NewEncoder(a.out)
		o.OnEvent = func(e engine.Event) { enc.Encode(e) } //nolint:errcheck // a closed pipe ends the stream
		return s.RunWith(ctx, o)
	}
	if f, ok := a.err.(*os.File); ok && render.Terminal(a.err) && os.Getenv("TERM") != "dumb" {
		cols, rows, err := term.GetSize(int(f.Fd()))
		if err == nil {
			t := &render.Tree{W: a.err, Style: a.style, Plan: s.Plan, Rows: rows, Cols: cols}
			o.OnEvent = t.On
			if w.sim == nil { // a virtual minute is over before anybody has seen it
				o.OnTick, o.Tick = t.Tick, time.Second
			}
			return s.RunWith(ctx, o)
		}
	}
	l := &render.Lines{W: a.err, Style: a.style}
	o.OnEvent, o.OnTick, o.Tick = l.On, l.Tick, 30*time.Second
	return s.RunWith(ctx, o)
}

// unknown names the steps whose call was in the air when the run was made to end at
// once.
func (a *app) unknown(rep *engine.Report) {
	for _, s := range rep.Unknown() {
		fmt.Fprintf(a.err, "%s %s: %s\n", a.style.Yellow("unknown:"), s.Title, s.Reason)
	}
}

// confirm asks before anything is changed.
func (a *app) confirm(yes, deletes bool) error {
	if yes {
		return nil
	}
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return exit(exitFailed, errors.New("nothing was changed: confirm with --yes"))
	}
	q := "Go ahead?"
	if deletes {
		q = "Delete the failed stacks and go ahead?"
	}
	fmt.Fprintf(a.err, "\n%s [y/N] ", q)
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if s := strings.ToLower(strings.TrimSpace(line)); s != "y" && s != "yes" {
		return exit(exitFailed, errors.New("nothing was changed"))
	}
	return nil
}

// summaryEvent ends every run; its JSON is a contract.
type summaryEvent struct {
	Type    string `json:"type"`
	Result  string `json:"result"`
	Cluster string `json:"cluster"`
	Steps   struct {
		Done    int `json:"done"`
		Failed  int `json:"failed"`
		Skipped int `json:"skipped"`
		Blocked int `json:"blocked,omitempty"` // waited for a person when the run ended
	} `json:"steps"`
	NodesReady   int     `json:"nodesReady"`
	Elapsed      float64 `json:"elapsed"`
	CriticalPath float64 `json:"criticalPath"`
	APICalls     int     `json:"apiCalls"`
}

func (a *app) summary(output string, e summaryEvent) {
	e.Type = "summary"
	if output == "jsonl" {
		json.NewEncoder(a.out).Encode(e) //nolint:errcheck // a closed pipe ends the stream
	}
}

// verdict observes again, says how the run ended, and chooses the exit code.
func (a *app) verdict(ctx context.Context, w *world, s *run.Session, rep *engine.Report, f upFlags) error {
	a.unknown(rep)
	v, err := s.Verify(interrupt.Hard(ctx))
	if err != nil {
		return exit(exitPartial, fmt.Errorf("the run ended, and the cluster could not be observed again: %w", err))
	}
	e := summaryEvent{Result: "done", Cluster: s.Plan.Cluster, NodesReady: v.NodesReady, Elapsed: rep.Elapsed.Seconds(), CriticalPath: s.Plan.Critical.Total.Seconds(), APICalls: w.aws.Calls()}
	e.Steps.Done, e.Steps.Failed, e.Steps.Skipped, e.Steps.Blocked = rep.Done, rep.Failed+rep.TimedOut, rep.Skipped, rep.Blocked
	code := exitDone
	switch {
	case rep.Interrupted:
		e.Result, code = "partial", exitInterrupted
	case !rep.OK() && rep.Changed:
		e.Result, code = "partial", exitPartial
	case !rep.OK():
		e.Result, code = "failed", exitFailed
	}
	a.summary(f.output, e)
	fmt.Fprintln(a.err)
	for _, sp := range rep.Spans {
		if sp.State == "failed" || sp.State == "timeout" {
			fmt.Fprintf(a.err, "%s %s\n", a.style.Red(sp.Title+":"), sp.Reason)
		}
	}
	nodes := fmt.Sprintf("%d of %d nodes Ready", v.NodesReady, v.NodesWant)
	if v.Others > 0 {
		nodes += fmt.Sprintf(" and %d of Fargate or Auto Mode", v.Others)
	}
	if s.Env.Unreachable != "" {
		nodes = fmt.Sprintf("%d nodes wanted (not counted: %s)", v.NodesWant, s.Env.Unreachable)
	}
	switch code {
	case exitDone:
		fmt.Fprintf(a.err, "%s cluster %s is %s, %s, in %s (%d steps, %d AWS calls)\n", a.style.Green("done:"), s.Plan.Cluster, v.Status, nodes, render.Duration(rep.Elapsed), rep.Done, w.aws.Calls())
	case exitInterrupted:
		fmt.Fprintf(a.err, "%s what was begun goes on in AWS; run the same command again to continue\n", a.style.Yellow("interrupted:"))
	default:
		fmt.Fprintf(a.err, "%s cluster %s is %s, %s; %d steps done, %d failed, %d not begun. Everything is left standing; run the same command again to continue\n", a.style.Red(e.Result+":"), s.Plan.Cluster, v.Status, nodes, rep.Done, rep.Failed+rep.TimedOut, rep.Skipped)
	}
	if len(v.Degraded) > 0 {
		fmt.Fprintf(a.err, "%s add-ons not ACTIVE: %s\n", a.style.Yellow("note:"), strings.Join(v.Degraded, ", "))
	}
	if code != exitDone {
		return exit(code, nil)
	}
	return a.kubeconfigAfter(ctx, w, s.Plan.Cluster, f.kubeconfig)
}
