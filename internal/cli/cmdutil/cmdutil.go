// Package cmdutil is what the commands share: flags for all, output and its formats,
// opening AWS or a simulated region, asking, running a plan, and how a command ends.
// It must not know any one command.
package cmdutil

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/sim"
)

// App is what every command shares.
type App struct {
	In    io.Reader
	Out   *Output // data
	Err   io.Writer
	Style render.Style // of Err

	Region, Profile string
	Sim             bool
	Seed            uint64
	State           string   // the file that the simulated region is kept in, or ""
	kept            *sim.Sim // the region that is saved there at the end
	Store           string   // where --store says that snapshots, journals and locks are; "": as SLIPWAY_STORE says

	running *cobra.Command   // the command that runs; nil: none yet
	Format  string           // what -o says, "" for a command without it
	Cluster string           // the cluster that the command is about, once it is known
	Ended   *outcome.Outcome // what the command's run came to; nil: it has run none
}

// New is an App on these streams.
func New(in io.Reader, out, errOut io.Writer) *App {
	return &App{In: in, Out: &Output{W: out}, Err: errOut, Style: render.StyleFor(errOut)}
}

// Flags adds the flags that every command has.
func (a *App) Flags(c *cobra.Command) {
	f := c.PersistentFlags()
	f.StringVar(&a.Region, "region", "", "AWS region; default: the config file's, then the AWS configuration's")
	f.StringVar(&a.Profile, "profile", "", "profile in the AWS configuration")
	f.BoolVar(&a.Sim, "sim", false, "run against an embedded simulated region, on a virtual clock")
	f.Uint64Var(&a.Seed, "seed", 1, "with --sim: the seed of the simulated region; the same seed gives the same run")
	f.StringVar(&a.State, "state", "", "with --sim: file that the simulated region is loaded from, if it is there, and saved to at the end")
	f.StringVar(&a.Store, "store", "",
		"where snapshots, journals and locks are: a folder, or s3://BUCKET/PREFIX for a team (or "+StoreVar+"); default: your XDG state folder")
	c.PersistentPreRun = func(running *cobra.Command, _ []string) { a.running = running }
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return outcome.Exit(outcome.ExitInput, err) })
}

// Say writes a line of talk.
func (a *App) Say(format string, args ...any) { fmt.Fprintf(a.Err, format+"\n", args...) }

// NoArgs refuses arguments, as invalid input.
func NoArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Input("unexpected argument %q", args[0])
	}
	return nil
}

// OneArg wants one argument: what it is, in words.
func OneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return Input("%s takes one argument, the %s", c.Name(), what)
		}
		return nil
	}
}

// OneArgAtMost is OneArg for an argument that a file can stand for.
func OneArgAtMost(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return OneArg(what)(c, args)
	}
}

// Args wants arguments: what each is, in words.
func Args(what ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != len(what) {
			return Input("%s takes %d arguments: the %s", c.Name(), len(what), strings.Join(what, " and the "))
		}
		return nil
	}
}

// ArgsAndMore wants at least so many arguments, of which the last may be repeated.
func ArgsAndMore(what ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < len(what) {
			return Input("%s takes the %s, and more of the latter", c.Name(), strings.Join(what, " and the "))
		}
		return nil
	}
}

// Input is an error of invalid input.
func Input(format string, args ...any) error {
	return outcome.Exit(outcome.ExitInput, fmt.Errorf(format, args...))
}

// Load reads the config file that -f names.
func (a *App) Load(file string) (*config.File, error) {
	if file == "" {
		return nil, Input("name the config file: -f FILE (- for standard input)")
	}
	f, err := config.LoadFile(file, a.In)
	if err == nil {
		a.Cluster = f.Cluster.Metadata.Name
	}
	return f, err
}

// Terminal tells whether somebody can be asked.
func (a *App) Terminal() bool {
	f, ok := a.In.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Choose asks for one of some words; the one in capitals is meant by silence, and by
// anything else.
func (a *App) Choose(question string, words ...string) (string, error) {
	fmt.Fprintf(a.Err, "\n%s [%s] ", question, strings.Join(words, "/"))
	line, err := bufio.NewReader(a.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	said := strings.ToLower(strings.TrimSpace(line))
	for _, w := range words {
		if said == strings.ToLower(w) && said != "" {
			return said, nil
		}
	}
	return "", nil
}

// Confirm asks before anything is changed.
func (a *App) Confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.Terminal() {
		return errors.New("nothing was changed: confirm with --yes")
	}
	fmt.Fprintf(a.Err, "\n%s [y/N] ", question)
	line, err := bufio.NewReader(a.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if s := strings.ToLower(strings.TrimSpace(line)); s != "y" && s != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}
