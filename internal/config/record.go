package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Difference is one field by which two versions of a config differ.
type Difference struct {
	Path     string // relative to what was compared: labels.tier, instanceType
	Was, Now string // as JSON; "" where the field is not set
}

// Differences compares two values of one config type field by field, in order of
// path. A list is one field. What may hold a secret is compared, and shown, by hash.
func Differences(was, now any) []Difference {
	a, b := map[string]string{}, map[string]string{}
	flatten(a, "", Veiled(tree(was)))
	flatten(b, "", Veiled(tree(now)))
	var out []Difference
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, p := range slices.Sorted(maps.Keys(all)) {
		if a[p] != b[p] {
			out = append(out, Difference{p, a[p], b[p]})
		}
	}
	return out
}

func tree(v any) any {
	b, err := json.Marshal(v)
	var out any
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("config: %v", err)) // config types are plain data
	}
	return out
}

func flatten(into map[string]string, path string, v any) {
	m, ok := v.(map[string]any)
	if !ok {
		b, _ := json.Marshal(v)
		into[path] = string(b)
		return
	}
	for k, x := range m {
		p := k
		if path != "" {
			p = path + "." + k
		}
		flatten(into, p, x)
	}
}

// Foundation is the part of a config that the cluster stack is made from: all but
// what has steps of its own.
func (c *ClusterConfig) Foundation() *ClusterConfig {
	f := *c
	f.ManagedNodeGroups, f.NodeGroups, f.Addons, f.FargateProfiles, f.IamIdentityMappings, f.IdentityProviders = nil, nil, nil, nil, nil, nil
	if c.IAM != nil {
		i := *c.IAM
		i.ServiceAccounts, i.PodIdentityAssociations = nil, nil
		f.IAM = &i
	}
	if c.AccessConfig != nil {
		a := *c.AccessConfig
		a.AccessEntries = nil
		f.AccessConfig = &a
	}
	return &f
}

// Recall reads back a part of a config that a record kept, and completes it with
// the defaults of today, so that a newer Slipway sees no change in an old record.
func Recall(record []byte) (*ClusterConfig, error) {
	c := &ClusterConfig{}
	if err := json.Unmarshal(record, c); err != nil {
		return nil, fmt.Errorf("the config that the stack records cannot be read: %w", err)
	}
	c.SetDefaults()
	return c, nil
}
