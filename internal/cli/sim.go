package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
)

type simFlags struct {
	listen, world, faults string
	speed                 float64
}

func (a *app) simCommand() *cobra.Command {
	var f simFlags
	c := &cobra.Command{Use: "sim [-- COMMAND…]", Short: "Serve a simulated AWS region on loopback",
		Long:    "Serves EKS, EC2, IAM, STS, CloudFormation, SSM, Auto Scaling, KMS, CloudWatch Logs and Service Quotas, and a Kubernetes API\nfor each cluster. Prints export lines on standard output; any AWS client and kubectl work with them.\nWith a COMMAND, runs it with that environment in a fresh region, then stops and exits as it did.",
		Example: "  slipway sim --speed 60\n  slipway sim --speed 60 -- aws eks list-clusters",
		RunE:    func(c *cobra.Command, args []string) error { return a.serve(c.Context(), f, args) }}
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:0", "loopback address to listen on")
	c.Flags().Float64Var(&f.speed, "speed", 1, "simulated seconds in a wall second")
	c.Flags().StringVar(&f.world, "world", "", "JSON file of resources that exist already")
	c.Flags().StringVar(&f.faults, "faults", "", "YAML file of what goes wrong, and when (docs/guide.md, Faults)")
	return c
}

func (a *app) serve(ctx context.Context, f simFlags, command []string) error {
	if f.speed <= 0 {
		return exit(exitInput, fmt.Errorf("--speed %v: must be more than 0", f.speed))
	}
	if h, _, ok := strings.Cut(f.listen, ":"); !ok || h != "127.0.0.1" && h != "localhost" && !strings.HasPrefix(f.listen, "[::1]") {
		return exit(exitInput, fmt.Errorf("--listen %s: a loopback address, such as 127.0.0.1:4510", f.listen))
	}
	region := a.region
	if region == "" {
		region = "us-west-2"
	}
	s := sim.New(sim.Options{Seed: a.seed, Speed: f.speed, Start: time.Now()})
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
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan string, 1)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, f.listen, func(url string) { ready <- url }) }()
	select {
	case err := <-ended:
		return err
	case url := <-ready:
		env := environment(url, region, f.speed)
		if len(command) > 0 {
			return a.child(ctx, command, env)
		}
		for _, e := range env {
			fmt.Fprintln(a.out, "export "+e)
		}
		fmt.Fprintf(a.err, "The simulated region %s runs at %gx; set the lines above in another terminal. Ctrl-C ends it, and everything in it.\n", region, f.speed)
		return <-ended
	}
}

// environment is what points AWS clients and slipway at the region.
func environment(url, region string, speed float64) []string {
	return []string{"AWS_ENDPOINT_URL=" + url, "AWS_ACCESS_KEY_ID=" + iam.Key, "AWS_SECRET_ACCESS_KEY=" + iam.Secret, "AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region, fmt.Sprintf("%s=%g", clock.SpeedVar, speed), "AWS_EC2_METADATA_DISABLED=true"}
}

func adoptFile(r *sim.Region, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return exit(exitInput, fmt.Errorf("the world file cannot be read: %w", err))
	}
	var x sim.Existing
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		return exit(exitInput, fmt.Errorf("the world file %s: %w", path, err))
	}
	if err := r.Adopt(x); err != nil {
		return exit(exitInput, err)
	}
	return nil
}

func injectFile(r *sim.Region, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return exit(exitInput, fmt.Errorf("the fault file cannot be read: %w", err))
	}
	faults, err := sim.ParseFaults(b)
	if err != nil {
		return exit(exitInput, fmt.Errorf("the fault file %s: %w", path, err))
	}
	r.Inject(faults...)
	return nil
}

// child runs a command inside the region and exits as it did.
func (a *app) child(ctx context.Context, command, env []string) error {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Env = os.Environ()
	for _, k := range []string{"AWS_SESSION_TOKEN", "AWS_PROFILE"} {
		c.Env = without(c.Env, k)
	}
	c.Env = append(c.Env, env...)
	c.Stdin, c.Stdout, c.Stderr = a.in, a.out, a.err
	err := c.Run()
	var e *exec.ExitError
	if errors.As(err, &e) {
		return exit(e.ExitCode(), nil)
	}
	if err != nil {
		return exit(127, fmt.Errorf("%s: %w", command[0], err))
	}
	return nil
}

func without(env []string, key string) []string {
	var out []string
	for _, e := range env {
		if !strings.HasPrefix(e, key+"=") {
			out = append(out, e)
		}
	}
	return out
}
