package kubeapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/slipway-eks/slipway/internal/sim/ca"
)

// saved is a cluster at rest: its certificate authority, so that kubeconfigs go on
// working, and its objects. Watches do not survive: they begin anew with a list.
type saved struct {
	Version  string        `json:"version"`
	CA       []byte        `json:"ca"`
	Key      []byte        `json:"key"` // of the certificate authority
	Down     string        `json:"down,omitempty"`
	Services netip.Prefix  `json:"services"` // the range of Services' addresses
	Revision uint64        `json:"revision"`
	Objects  []savedObject `json:"objects"`
	// Asked is who used deprecated APIs.
	Asked map[string]map[string]*asks `json:"asked,omitempty"`
}

type savedObject struct {
	Key    string          `json:"key"`
	Kind   string          `json:"kind,omitempty"` // none: a custom resource
	Object json.RawMessage `json:"object"`
}

// Snapshot is the cluster as JSON.
func (c *Cluster) Snapshot() (json.RawMessage, error) {
	key, err := c.authority.Key()
	if err != nil {
		return nil, err
	}
	s := saved{Version: c.Version(), CA: c.CA, Key: key, Down: c.Down(), Services: c.serviceRange()}
	c.objects.mu.Lock()
	rows := maps.Clone(c.objects.rows)
	s.Revision = c.objects.rv
	c.objects.mu.Unlock()
	c.asked.mu.Lock()
	defer c.asked.mu.Unlock()
	s.Asked = c.asked.all
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		b, err := json.Marshal(rows[k])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		s.Objects = append(s.Objects, savedObject{k, nameOf(rows[k]), b})
	}
	return json.Marshal(s)
}

// LoadCluster makes a cluster of a saved one; the arguments are NewCluster's.
func LoadCluster(b json.RawMessage, uid func(key string) string, date func() time.Time, changed func()) (*Cluster, error) {
	var s saved
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, err
	}
	c := &Cluster{CA: s.CA, objects: newObjects(uid, date, changed)}
	c.SetVersion(s.Version)
	c.SetDown(s.Down)
	c.SetServiceRange(s.Services)
	c.asked.all = s.Asked
	var err error
	if c.authority, err = ca.Load(s.CA, s.Key); err != nil {
		return nil, err
	}
	for _, o := range s.Objects {
		x, err := o.decode()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Key, err)
		}
		c.objects.put(o.Key, x)
	}
	c.objects.rv, c.objects.base = s.Revision, s.Revision
	serverOf(s.Version)
	return c.ready(), nil
}

func (o savedObject) decode() (runtime.Object, error) {
	if o.Kind == "" {
		x := &unstructured.Unstructured{}
		return x, x.UnmarshalJSON(o.Object)
	}
	for _, k := range kinds {
		if k.name == o.Kind {
			x := k.empty()
			return x, json.Unmarshal(o.Object, x)
		}
	}
	return nil, fmt.Errorf("unknown kind %s", o.Kind)
}
