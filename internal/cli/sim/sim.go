// Package sim is slipway sim: the simulated region, served on loopback or around one
// command.
package sim

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/sim"
)

type flags struct {
	listen, world, faults string
	speed                 float64
}

const long = `Serves what EKS clusters stand on (EKS, EC2, IAM, STS, CloudFormation, Auto Scaling, load balancers and more; "slipway sim
operations" lists them), and a Kubernetes API for each cluster. Prints export lines on standard output; any AWS client and
kubectl work with them.
With a COMMAND, runs it in the region, then stops and exits as it did. The command gets a home folder and a kubeconfig
of its own, which are gone afterwards: it does not touch yours. Signals are passed on to it.`

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "sim [-- COMMAND…]", Short: "Serve a simulated AWS region on loopback", Long: long,
		Example: "  slipway sim --speed 60\n  slipway sim --speed 60 -- aws eks list-clusters",
		RunE:    func(c *cobra.Command, args []string) error { return serve(c.Context(), a, f, args) },
	}
	c.AddCommand(operations(a))
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:0", "loopback address to listen on")
	c.Flags().Float64Var(&f.speed, "speed", 1, "simulated seconds in a wall second")
	c.Flags().StringVar(&f.world, "world", "", "JSON file of resources that exist already")
	c.Flags().StringVar(&f.faults, "faults", "", "YAML file of what goes wrong, and when (docs/guide.md, Faults)")
	return c
}

func serve(ctx context.Context, a *cmdutil.App, f flags, command []string) error {
	if f.speed <= 0 {
		return cmdutil.Input("--speed %v: must be more than 0", f.speed)
	}
	if h, _, ok := strings.Cut(f.listen, ":"); !ok || h != "127.0.0.1" && h != "localhost" && !strings.HasPrefix(f.listen, "[::1]") {
		return cmdutil.Input("--listen %s: a loopback address, such as 127.0.0.1:4510", f.listen)
	}
	region := a.Region
	if region == "" {
		region = "us-west-2"
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(sim.CollectAt)
	}
	secret := rand.Text() + rand.Text()[:14] // 40 characters, as AWS's
	s := sim.New(sim.Options{Seed: a.Seed, Speed: f.speed, Start: time.Now(), Secret: secret})
	if err := a.Keep(s); err != nil {
		return err
	}
	if f.world != "" {
		if err := adoptFile(s.Region(region), f.world); err != nil {
			return err
		}
	}
	if f.faults != "" {
		if err := injectFile(s.Region(region), f.faults); err != nil {
			return err
		}
	}
	serving, stop := context.WithCancel(ctx)
	if len(command) > 0 { // the region stands until the command has ended, as it does at a signal
		serving, stop = context.WithCancel(context.WithoutCancel(ctx))
	}
	defer stop()
	ready := make(chan string, 1)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(serving, f.listen, func(url string) { ready <- url }) }()
	select {
	case err := <-ended:
		return err
	case url := <-ready:
		trust, err := trustFiles(s.Authority())
		if err != nil {
			return err
		}
		defer os.RemoveAll(trust.dir) //nolint:errcheck // what is left is in the temporary folder
		env := append(environment(url, region, secret, f.speed), trust.environment(url)...)
		books, err := shelves(a.State, trust.dir)
		if err != nil {
			return err
		}
		env = append(env, books)
		if len(command) > 0 {
			return child(a, command, env)
		}
		for _, e := range env {
			fmt.Fprintln(a.Out, "export "+e)
		}
		end := "and everything in it"
		if a.State != "" {
			end = "and saves it to " + a.State
		}
		fmt.Fprintf(a.Err, "The simulated region %s runs at %gx; set the lines above in another terminal. Ctrl-C ends it, %s.\n", region, f.speed, end)
		return <-ended
	}
}

// shelves is the variable that keeps slipway's own store with the region: what happens in
// here is not written down where a team keeps what it does.
func shelves(state, dir string) (string, error) {
	where := filepath.Join(dir, "store")
	if state != "" {
		where = cmdutil.StoreOf(state)
	}
	where, err := filepath.Abs(where)
	return cmdutil.StoreVar + "=" + where, err
}

func adoptFile(r *sim.Region, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return cmdutil.Input("the world file cannot be read: %w", err)
	}
	var x sim.Existing
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		return cmdutil.Input("the world file %s: %w", path, err)
	}
	if err := r.Adopt(x); err != nil {
		return outcome.Exit(outcome.ExitInput, err)
	}
	return nil
}

func injectFile(r *sim.Region, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return cmdutil.Input("the fault file cannot be read: %w", err)
	}
	faults, err := sim.ParseFaults(b)
	if err != nil {
		return cmdutil.Input("the fault file %s: %w", path, err)
	}
	r.Inject(faults...)
	return nil
}
