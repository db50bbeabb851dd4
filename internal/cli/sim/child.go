package sim

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/sim/iam"
)

// environment is what points AWS clients and slipway at the region.
func environment(url, region, secret string, speed float64) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + url,
		"AWS_ACCESS_KEY_ID=" + iam.Key,
		"AWS_SECRET_ACCESS_KEY=" + secret,
		"AWS_REGION=" + region,
		"AWS_DEFAULT_REGION=" + region,
		fmt.Sprintf("%s=%g", clock.SpeedVar, speed),
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// cleared are variables of the user's environment that would lead a client out of the
// region, or to the user's own files.
var cleared = []string{
	"AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_CA_BUNDLE",
	"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
}

// endpoints is how the variables begin that name one service's endpoint.
const endpoints = "AWS_ENDPOINT_URL_"

// loopback never goes through a proxy.
const loopback = "127.0.0.1,localhost,::1"

// childEnvironment is a command's environment: the user's without what would lead it
// away, a home of its own, and the region.
func childEnvironment(user []string, home string, region []string) []string {
	var out []string
	for _, e := range user {
		key, _, _ := strings.Cut(e, "=")
		if !slices.Contains(cleared, key) && !strings.HasPrefix(key, endpoints) {
			out = append(out, e)
		}
	}
	out = append(out, "HOME="+home, "KUBECONFIG="+filepath.Join(home, ".kube", "config"))
	return append(out, region...) // of two with one name the last counts
}

// child runs a command inside the region, passes signals on to it and exits as it did.
func child(a *cmdutil.App, command, region []string) error {
	home, err := os.MkdirTemp("", "slipway-sim-")
	if err != nil {
		return fmt.Errorf("the command's home folder cannot be made: %w", err)
	}
	defer os.RemoveAll(home) //nolint:errcheck // what is left is in the temporary folder
	if err := os.Mkdir(filepath.Join(home, ".kube"), 0o700); err != nil {
		return err
	}
	c := exec.Command(command[0], command[1:]...)
	c.Env = childEnvironment(os.Environ(), home, region)
	c.Stdin, c.Stdout, c.Stderr = a.In, a.Out.W, a.Err
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, passed(a)...)
	defer signal.Stop(signals)
	if err := c.Start(); err != nil {
		return outcome.Exit(127, fmt.Errorf("%s: %w", command[0], err))
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case s := <-signals:
				_ = c.Process.Signal(s) // it may have ended by itself
			case <-ended:
				return
			}
		}
	}()
	return status(command[0], c.Wait())
}

// passed are the signals that are passed on. A terminal sends its own to the command
// too, which would get them twice.
func passed(a *cmdutil.App) []os.Signal {
	if f, ok := a.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return []os.Signal{syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2}
	}
	return []os.Signal{syscall.SIGTERM, os.Interrupt, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}
}

// status is the exit code of a command, as shells count: 128 and the signal's number
// where a signal ended it.
func status(name string, err error) error {
	var e *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e):
		return outcome.Exit(127, fmt.Errorf("%s: %w", name, err))
	}
	if w, ok := e.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return outcome.Exit(128+int(w.Signal()), nil)
	}
	return outcome.Exit(e.ExitCode(), nil)
}
