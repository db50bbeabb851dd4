package cfn

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// values are properties or attributes. Numbers are json.Number, in templates and when
// they are loaded, so that what was saved compares equal.
type values map[string]any

// UnmarshalJSON keeps numbers as they are written.
func (v *values) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var m map[string]any
	err := d.Decode(&m)
	*v = m
	return err
}

// scalarOf reads a YAML scalar: a string, a boolean, a json.Number, or nil.
func scalarOf(n *yaml.Node) (any, error) {
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case int, int64, uint64:
		if b, err := json.Marshal(x); err == nil {
			return json.Number(b), nil
		}
	case float64:
		switch {
		case json.Valid([]byte(n.Value)):
			return json.Number(n.Value), nil
		case math.IsInf(x, 0) || math.IsNaN(x):
			return n.Value, nil
		}
		return json.Number(strconv.FormatFloat(x, 'f', -1, 64)), nil
	case string, bool, nil:
		return v, nil
	}
	return n.Value, nil
}
