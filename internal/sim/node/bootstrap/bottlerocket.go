package bootstrap

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// readBottlerocket follows Bottlerocket's early-boot-config: the user data is one TOML
// document with a table settings; pluto and the kubelet need settings.kubernetes.
// Settings of wrong types are refused as a whole, and nothing starts.
func readBottlerocket(data []byte) (*Config, error) {
	data, err := unpack(data)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := toml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("early-boot-config: Error parsing TOML user data: %w", err)
	}
	settings, ok := doc["settings"].(map[string]any)
	if !ok {
		return nil, errors.New("early-boot-config: TOML data did not contain 'settings' section")
	}
	k, _ := settings["kubernetes"].(map[string]any)
	out := &Config{}
	for _, f := range []struct {
		key string
		to  *string
	}{{"cluster-name", &out.Cluster}, {"api-server", &out.Endpoint}, {"cluster-certificate", &out.CA}} {
		if *f.to, err = text(k, f.key); err != nil {
			return nil, err
		}
	}
	if err := out.bottlerocketNode(k); err != nil {
		return nil, err
	}
	for _, missing := range []struct{ key, value string }{{"cluster-name", out.Cluster}, {"api-server", out.Endpoint}, {"cluster-certificate", out.CA}} {
		if missing.value == "" {
			return nil, errors.New("kubelet: settings.kubernetes." + missing.key + " is not set")
		}
	}
	return out, nil
}

func (c *Config) bottlerocketNode(k map[string]any) error {
	switch n := k["max-pods"].(type) {
	case nil:
	case int64:
		c.MaxPods = int(n)
	case string: // the API takes numbers as strings too
		i, err := strconv.Atoi(n)
		if err != nil {
			return badSetting("max-pods", n)
		}
		c.MaxPods = i
	default:
		return badSetting("max-pods", n)
	}
	labels, ok := k["node-labels"].(map[string]any)
	if !ok && k["node-labels"] != nil {
		return badSetting("node-labels", k["node-labels"])
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		v, ok := labels[key].(string)
		if !ok {
			return badSetting("node-labels."+key, labels[key])
		}
		c.label(key, v)
	}
	taints, ok := k["node-taints"].(map[string]any)
	if !ok && k["node-taints"] != nil {
		return badSetting("node-taints", k["node-taints"])
	}
	for _, key := range slices.Sorted(maps.Keys(taints)) {
		if err := c.bottlerocketTaint(key, taints[key]); err != nil {
			return err
		}
	}
	return nil
}

// bottlerocketTaint takes "value:effect", or a list of them (since 1.12).
func (c *Config) bottlerocketTaint(key string, v any) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, x := range list {
		s, _ := x.(string)
		i := strings.LastIndex(s, ":")
		if i < 0 {
			return badSetting("node-taints."+key, v)
		}
		if err := c.taint(key, s[:i], s[i+1:]); err != nil {
			return err
		}
	}
	return nil
}

func text(k map[string]any, key string) (string, error) {
	s, ok := k[key].(string)
	if !ok && k[key] != nil {
		return "", badSetting(key, k[key])
	}
	return s, nil
}

func badSetting(key string, v any) error {
	return fmt.Errorf("apiserver: Unable to deserialize settings.kubernetes.%s: %v is of the wrong type", key, v)
}
