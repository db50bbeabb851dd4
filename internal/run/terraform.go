package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/tfstate"
)

// State is a Terraform state in a file.
type State struct {
	*tfstate.State
	Path   string
	Locked string // who is writing it just now, in words; "": nobody is known to
}

// ReadState reads a Terraform state. What is none is invalid input.
func ReadState(path string) (*State, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, outcome.Exit(outcome.ExitInput, fmt.Errorf("the Terraform state cannot be read: %w", err))
	}
	s, err := tfstate.Parse(b)
	if err != nil {
		return nil, outcome.Exit(outcome.ExitInput, fmt.Errorf("%s: %w", path, err))
	}
	return &State{State: s, Path: path, Locked: locking(path)}, nil
}

// locking says who holds the lock that Terraform puts beside a state in a file while it
// plans or applies: .NAME.lock.info (facts/repair.md §6).
func locking(path string) string {
	lock := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock.info")
	b, err := os.ReadFile(lock)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	said := "Terraform is at work on " + path + " just now, or was cut short: there is " + lock
	var by struct{ Who, Operation, Created string }
	if err == nil && json.Unmarshal(b, &by) == nil && by.Who != "" {
		said += fmt.Sprintf(" (%s of %s, since %s)", by.Operation, by.Who, by.Created)
	}
	return said + "; what the state says may be changing"
}

// silent is that a state says nothing of a cluster.
func (s *State) silent(cluster string) error {
	return outcome.Exit(outcome.ExitInput, fmt.Errorf("%s says nothing of cluster %s, nor of its VPC: another state, or another workspace", s.Path, cluster))
}

// owned are the parts of a cluster that the state holds; none where there is no state.
func (s *State) owned(cluster string) map[owner.Ref]string {
	if s == nil {
		return nil
	}
	return s.Owned(cluster)
}

// claims are the parts of a cluster that Terraform holds, as a command's books know.
func (b *Books) claims(cluster string) map[owner.Ref]string {
	if b == nil {
		return nil
	}
	return b.State.owned(cluster)
}

// Owners says who keeps what of an observed cluster, a line each; s is nil where no state
// was given.
func Owners(doc *observe.Observed, s *State) []string {
	return owner.Of(doc, s.owned(doc.Name)).Summary()
}

// owned refuses a plan that would write what Terraform keeps. A plan that is only shown, and
// one whose caller adopts, says it among its notes.
func owned(live *observe.Observed, p *plan.Plan, b *Books) error {
	return ownedBy(live, p, b.claims(live.Name), b)
}

// ownedBy is owned by what a state claims.
func ownedBy(live *observe.Observed, p *plan.Plan, claims map[owner.Ref]string, b *Books) error {
	refused := owner.Of(live, claims).Refused(p.Writes())
	if len(refused) == 0 || b != nil && !b.Adopt {
		return refused.Err()
	}
	for _, f := range refused {
		f.Breaks, f.Remedy = "the next terraform apply takes back what is written here, unless its code says the same", ""
		words := f.Sentence()
		note := f.Where.Resource + " " + strings.ToLower(words[:1]) + words[1:]
		if b == nil {
			note += " Without --adopt, nothing of this is done."
		}
		if !slices.Contains(p.Notes, note) {
			p.Notes = append(p.Notes, note)
		}
	}
	return nil
}
