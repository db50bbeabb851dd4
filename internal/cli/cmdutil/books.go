package cmdutil

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/lease"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/store/bucket"
	"github.com/slipway-eks/slipway/internal/version"
)

// StoreVar names the variable that names the store.
const StoreVar = "SLIPWAY_STORE"

// The flags by which a command learns what Terraform keeps, and writes that all the same.
const (
	stateFlag = "terraform-state"
	adoptFlag = "adopt"
)

// TerraformState adds the flag that names a state.
func TerraformState(c *cobra.Command) {
	c.Flags().String(stateFlag, "", "a Terraform or OpenTofu state that says what it keeps: the state file, or what terraform show -json prints")
}

// Terraform reads the Terraform state that the running command's flag names; nil: none was
// given. That somebody is writing it is said.
func (a *App) Terraform() (*run.State, error) {
	if a.running == nil {
		return nil, nil
	}
	path, err := a.running.Flags().GetString(stateFlag)
	if err != nil || path == "" {
		return nil, nil //nolint:nilerr // the command has no such flag
	}
	s, err := run.ReadState(path)
	if err == nil && s.Locked != "" {
		a.Say("%s %s", a.Style.Yellow("note:"), s.Locked)
	}
	return s, err
}

// Shelves opens the store in which snapshots, journals and locks are kept: the one that
// --store or SLIPWAY_STORE names, else this user's state folder. A simulated region's
// stays with it: beside the file of --state, or in memory.
func (a *App) Shelves(ctx context.Context) (store.Store, error) {
	switch named := a.Store; {
	case a.Sim && named != "":
		return nil, Input("--store %s: a simulated region keeps its own store beside --state", named)
	case a.Sim && a.State == "":
		return store.NewMemory(), nil
	case a.Sim:
		return store.NewFiles(StoreOf(a.State), false), nil
	}
	where := a.Store
	if where == "" {
		where = os.Getenv(StoreVar)
	}
	switch {
	case strings.HasPrefix(where, bucket.Scheme):
		b, err := bucket.Open(ctx, where, bucket.Options{Region: a.Region, Profile: a.Profile})
		if err != nil {
			return nil, Input("%w", err)
		}
		return b, b.Probe(ctx)
	case strings.Contains(where, "://"):
		return nil, Input("the store %s: name a folder, or s3://BUCKET/PREFIX", where)
	case where != "":
		return store.NewFiles(where, true), nil
	}
	home, err := store.Home()
	if err != nil {
		return nil, err
	}
	return store.NewFiles(home, true), nil
}

// StoreOf is the store of a simulated region that is kept in a file.
func StoreOf(state string) string { return state + ".store" }

// Locker takes locks in a store. It is processes that hold them, so their times are the
// machine's, in a simulated region too.
func Locker(s store.Store) *lease.Locker {
	return &lease.Locker{Store: s, Now: time.Now, Clock: &clock.Wall{Start: time.Now(), Speed: 1}, Alive: lease.Alive, Machine: lease.Here()}
}

// Books opens what a command that changes something keeps.
func (a *App) Books(ctx context.Context, t *Target, command, reason string) (*run.Books, error) {
	s, err := a.Shelves(ctx)
	if err != nil {
		return nil, err
	}
	var spare store.Store
	if home, err := store.Home(); err == nil && t.Sim == nil && s.String() != home {
		spare = store.NewFiles(home, true)
	}
	b := &run.Books{Store: s, Spare: spare, Locker: Locker(s), Now: t.Date, Actor: journal.Here(), Command: command, Reason: reason}
	b.Tool, _, _ = strings.Cut(version.Text(), " (go")
	if a.running != nil {
		b.Adopt, _ = a.running.Flags().GetBool(adoptFlag) // false where the command has no such flag
	}
	b.State, err = a.Terraform()
	return b, err
}

// Journal is a cluster's journal, for a command that only reads it.
func (a *App) Journal(ctx context.Context, t *Target, name string) (*journal.Book, error) {
	s, err := a.Shelves(ctx)
	if err != nil {
		return nil, err
	}
	return new(run.Journal(s, t.AWS, name)), nil
}

// Close gives back what a session holds. What cannot be given back is said, and changes
// nothing of how the command ended.
func (a *App) Close(ctx context.Context, s *run.Session) {
	if err := s.Close(ctx); err != nil {
		a.Say("%s %v", a.Style.Yellow("note:"), err)
	}
}
