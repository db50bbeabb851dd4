// Package snapshot keeps observations of clusters in a store: whole, versioned, and with
// what may be a secret veiled. It must not know how a cluster is observed.
package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/veil"
)

// Shelf is where one cluster's snapshots are: objects below a prefix of a store.
type Shelf struct {
	Store  store.Store
	Prefix string // such as clusters/111122223333/us-west-2/prod
}

// layout of an ID: the time of the observation, in UTC.
const layout = "20060102T150405Z"

func (s Shelf) folder() string { return path.Join(s.Prefix, "snapshots") + "/" }

func (s Shelf) key(id string) string { return s.folder() + id + ".json" }

// Veiled is an observation without what may be a secret: of that, its hash.
func Veiled(o *observe.Observed) (*observe.Observed, error) {
	b, err := veil.JSON(o)
	if err != nil {
		return nil, fmt.Errorf("writing what was observed of cluster %s: %w", o.Name, err)
	}
	return observe.Read(bytes.NewReader(b))
}

// Save keeps an observation, veiled, and returns its ID.
func (s Shelf) Save(ctx context.Context, o *observe.Observed) (id string, err error) {
	v, err := Veiled(o)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := v.Write(&b); err != nil {
		return "", err
	}
	base := o.At.UTC().Format(layout)
	for n := 1; ; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s_%d", base, n)
		}
		_, err := s.Store.Put(ctx, s.key(id), b.Bytes())
		if !errors.Is(err, store.ErrExists) {
			return id, err
		}
	}
}

// Load reads a snapshot; store.ErrAbsent where there is none of that ID.
func (s Shelf) Load(ctx context.Context, id string) (*observe.Observed, error) {
	b, _, err := s.Store.Get(ctx, s.key(id))
	if err != nil {
		return nil, err
	}
	o, err := observe.Read(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", id, err)
	}
	return o, nil
}

// Kept is a snapshot, as a list shows it. The JSON names are a contract.
type Kept struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// List are the cluster's snapshots, the newest first.
func (s Shelf) List(ctx context.Context) ([]Kept, error) {
	keys, err := s.Store.List(ctx, s.folder())
	if err != nil {
		return nil, err
	}
	out := []Kept{}
	for _, k := range slices.Backward(keys) {
		id := strings.TrimSuffix(strings.TrimPrefix(k, s.folder()), ".json")
		stamp, _, _ := strings.Cut(id, "_")
		if at, err := time.Parse(layout, stamp); err == nil {
			out = append(out, Kept{id, at})
		}
	}
	return out, nil
}

// Find looks in all of a store for a snapshot of that ID, which may begin with the
// cluster's name: NAME/ID.
func Find(ctx context.Context, s store.Store, ref string) (*observe.Observed, error) {
	keys, err := s.List(ctx, "clusters/")
	if err != nil {
		return nil, err
	}
	name, id, both := strings.Cut(ref, "/")
	if !both {
		name, id = "", ref
	}
	var found []Shelf
	for _, k := range keys {
		p := strings.Split(k, "/") // clusters/ACCOUNT/REGION/NAME/snapshots/ID.json
		if len(p) == 6 && p[4] == "snapshots" && p[5] == id+".json" && (name == "" || p[3] == name) {
			found = append(found, Shelf{s, strings.Join(p[:4], "/")})
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("%s is no file, and the store %s has no such snapshot (slipway snapshot list NAME shows a cluster's)", ref, s)
	case 1:
		return found[0].Load(ctx, id)
	}
	return nil, fmt.Errorf("more than one cluster has a snapshot %s: write %s/%s", ref, path.Base(found[0].Prefix), id)
}
