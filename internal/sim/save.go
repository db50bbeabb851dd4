package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-eks/slipway/internal/sim/issuer"
)

// service is a service's state in a region, or an account's in a partition: res.Registry
// has both methods.
type service interface {
	Save() (json.RawMessage, error)
	Load(json.RawMessage) error
}

// format is the version of saved accounts. A change that older programs cannot read
// raises it.
const format = 1

// saved is an account at rest.
type saved struct {
	Format     int                        `json:"format"`
	World      json.RawMessage            `json:"world"`
	Partitions map[string]json.RawMessage `json:"partitions"` // IAM
	Trails     map[string]json.RawMessage `json:"trails,omitempty"`
	Regions    map[string]savedRegion     `json:"regions"`
	SigningKey []byte                     `json:"signingKey,omitempty"` // of the clusters' issuers, if any has signed
}

type savedRegion struct {
	Services map[string]json.RawMessage `json:"services"`
	Faults   []*trouble                 `json:"faults,omitempty"`
}

// services are the region's own, in the order in which they are loaded.
func (r *Region) services() []struct {
	name string
	s    service
} {
	return []struct {
		name string
		s    service
	}{{"ec2", r.EC2}, {"kms", r.KMS}, {"logs", r.Logs}, {"ssm", r.SSM}, {"sqs", r.SQS}, {"events", r.Events}, {"autoscaling", r.ASG},
		{"elasticloadbalancing", r.ELB}, {"eks", r.EKS}, {"cloudformation", r.CFN}}
}

// Save is the account as JSON: every resource, Kubernetes' objects, and what is to
// happen when. What clients hold open, such as watches, is not in it.
func (s *Sim) Save() (json.RawMessage, error) {
	s.World.Lock()
	defer s.World.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := saved{Format: format, Partitions: map[string]json.RawMessage{}, Trails: map[string]json.RawMessage{}, Regions: map[string]savedRegion{}}
	var err error
	for p, t := range s.trails {
		if out.Trails[p], err = t.Save(); err != nil {
			return nil, fmt.Errorf("cloudtrail of %s: %w", p, err)
		}
	}
	for p, i := range s.iams {
		if out.Partitions[p], err = i.Save(); err != nil {
			return nil, fmt.Errorf("iam of %s: %w", p, err)
		}
	}
	for n, r := range s.regions {
		x := savedRegion{Services: map[string]json.RawMessage{}, Faults: r.troubles}
		for _, v := range r.services() {
			if x.Services[v.name], err = v.s.Save(); err != nil {
				return nil, fmt.Errorf("%s in %s: %w", v.name, n, err)
			}
		}
		out.Regions[n] = x
	}
	s.keys.mu.Lock()
	if s.keys.key != nil {
		out.SigningKey = s.keys.key.DER()
	}
	s.keys.mu.Unlock()
	if out.World, err = s.World.Save(); err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// Load goes on from a saved account, in one that has nothing yet.
func (s *Sim) Load(b json.RawMessage) error {
	var in saved
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	if in.Format != format {
		return fmt.Errorf("the account was saved in format %d, and this program reads %d", in.Format, format)
	}
	if in.SigningKey != nil {
		key, err := issuer.LoadKey(in.SigningKey)
		if err != nil {
			return fmt.Errorf("the issuers' key: %w", err)
		}
		s.keys.key = key
	}
	names := slices.Sorted(maps.Keys(in.Regions))
	for _, n := range names {
		s.Region(n) // says what happens at the events of its world
	}
	s.World.Lock()
	defer s.World.Unlock()
	if err := s.World.Load(in.World); err != nil {
		return err
	}
	for p, state := range in.Partitions {
		if s.iams[p] == nil {
			return fmt.Errorf("the saved account has IAM in %s, and no region there", p)
		}
		if err := s.iams[p].Load(state); err != nil {
			return fmt.Errorf("iam of %s: %w", p, err)
		}
	}
	for p, state := range in.Trails {
		if t := s.trails[p]; t != nil {
			if err := t.Load(state); err != nil {
				return fmt.Errorf("cloudtrail of %s: %w", p, err)
			}
		}
	}
	for _, n := range names {
		if err := s.regions[n].load(in.Regions[n]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Region) load(in savedRegion) error {
	r.troubles = in.Faults
	for _, t := range r.troubles {
		if t.On && t.Pages != nil {
			r.server.PageSize = t.Pages.Size
		}
	}
	for _, v := range r.services() {
		if in.Services[v.name] == nil {
			continue // an older program did not have the service
		}
		if err := v.s.Load(in.Services[v.name]); err != nil {
			return fmt.Errorf("%s in %s: %w", v.name, r.EC2.Region, err)
		}
	}
	return nil
}

// LoadFile goes on from the account in a file; one that is not there is a new account.
func (s *Sim) LoadFile(path string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = s.Load(b)
	}
	if err != nil {
		return fmt.Errorf("the saved account %s: %w", path, err)
	}
	return nil
}

// SaveFile writes the account to a file, whole or not at all.
func (s *Sim) SaveFile(path string) error {
	b, err := s.Save()
	if err != nil {
		return fmt.Errorf("the account cannot be saved to %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("the account cannot be saved to %s: %w", path, err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it was renamed
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("the account cannot be saved to %s: %w", path, err)
	}
	return nil
}
