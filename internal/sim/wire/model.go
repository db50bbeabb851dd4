// Package wire speaks the AWS wire protocols (restJson, awsJson, awsQuery and
// ec2Query) over the typed structs of aws-sdk-go-v2: it decodes a client's HTTP
// request into an SDK Input and encodes an SDK Output or error as AWS would. It
// must not know what any operation means, nor who is calling.
//
// The wire names come from models extracted, at development time, from the
// schemas inside the npm @aws-sdk clients (model/extract.mjs), and what values may be
// from the v1 SDK's (model/constraints.mjs); see NOTICE.
package wire

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:embed model/*.json.gz
var modelFS embed.FS

type ref struct {
	T            string          `json:"t"`
	M            *ref            `json:"m"`
	V            *ref            `json:"v"`
	XMLName      string          `json:"xmlName"`
	EC2Name      string          `json:"ec2QueryName"`
	JSONName     string          `json:"jsonName"`
	HTTPQuery    string          `json:"httpQuery"`
	HTTPHeader   string          `json:"httpHeader"`
	HTTPLabel    int             `json:"httpLabel"`
	HTTPPayload  int             `json:"httpPayload"`
	XMLFlattened json.RawMessage `json:"xmlFlattened"`

	Min     *float64 `json:"min"` // of a number; of anything else its length
	Max     *float64 `json:"max"`
	Pattern string   `json:"pattern"` // of the whole string, as Java reads it
}

type shape struct {
	K   string          `json:"k"`
	M   json.RawMessage `json:"m"`
	Key *ref            `json:"key"`
	V   *ref            `json:"v"`
	Req []string        `json:"req"`

	once   sync.Once // its members are read when it is first met
	fields map[string]*ref
	order  []string
	item   *ref
}

type op struct {
	HTTP    []any  `json:"http"`
	In, Out string `json:",omitempty"`
}

type model struct {
	Service, Protocol, Version, Xmlns, Target string
	Ops                                       map[string]*op
	Shapes                                    map[string]*shape
}

func loadModel(service string) (*model, error) {
	packed, err := modelFS.ReadFile("model/" + service + ".json.gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	m := &model{}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("model %s: %w", service, err)
	}
	return m, nil
}

// index reads the members of a shape, keeping their order.
func (s *shape) index() error {
	switch s.K {
	case "list":
		return json.Unmarshal(s.M, &s.item)
	case "map":
		return nil
	}
	s.fields = map[string]*ref{}
	d := json.NewDecoder(bytes.NewReader(s.M))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		r := &ref{}
		if err := d.Decode(r); err != nil {
			return err
		}
		s.order = append(s.order, t.(string))
		s.fields[t.(string)] = r
	}
	return nil
}

// norm resolves a reference to its kind and shape.
func (m *model) norm(r *ref) (string, *shape) {
	if id, ok := strings.CutPrefix(r.T, "#"); ok {
		s := m.Shapes[id]
		s.once.Do(func() {
			if err := s.index(); err != nil {
				panic(fmt.Sprintf("model %s, shape %s: %v", m.Service, id, err)) // ours, and a test walks all of it
			}
		})
		return s.K, s
	}
	return r.T, &shape{item: r.M, V: r.V, Key: &ref{T: "string"}}
}
