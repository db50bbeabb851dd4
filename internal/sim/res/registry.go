package res

import (
	"encoding/json"
	"fmt"
	"maps"
)

// Registry is the kinds of one service in one region, with what else the service
// must remember. The zero value is empty.
type Registry struct {
	kinds []kind
	state map[string]any // pointers
}

// Add registers a kind, and returns it.
func Add[T any](r *Registry, k *Kind[T]) *Kind[T] {
	if r.find(k.Name) != nil {
		panic("the kind " + k.Name + " is registered twice")
	}
	r.kinds = append(r.kinds, k)
	return k
}

// Keep saves and loads what a pointer points at, under a name, beside the kinds.
func (r *Registry) Keep(name string, p any) {
	if r.state == nil {
		r.state = map[string]any{}
	}
	r.state[name] = p
}

func (r *Registry) find(name string) kind {
	for _, k := range r.kinds {
		if k.name() == name {
			return k
		}
	}
	return nil
}

// saved is a service at rest.
type saved struct {
	Kinds map[string]json.RawMessage `json:"kinds"`
	State map[string]json.RawMessage `json:"state,omitempty"`
}

// Save is every resource as JSON.
func (r *Registry) Save() (json.RawMessage, error) {
	s := saved{Kinds: map[string]json.RawMessage{}, State: map[string]json.RawMessage{}}
	for _, k := range r.kinds {
		b, err := k.save()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name(), err)
		}
		s.Kinds[k.name()] = b
	}
	for n, p := range r.state {
		b, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n, err)
		}
		s.State[n] = b
	}
	return json.Marshal(s)
}

// Load replaces every resource by the saved ones.
func (r *Registry) Load(b json.RawMessage) error {
	var s saved
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	for _, k := range r.kinds {
		if rows := s.Kinds[k.name()]; rows != nil {
			if err := k.load(rows); err != nil {
				return fmt.Errorf("%s: %w", k.name(), err)
			}
		}
	}
	for n, p := range r.state {
		if v := s.State[n]; v != nil {
			if err := json.Unmarshal(v, p); err != nil {
				return fmt.Errorf("%s: %w", n, err)
			}
		}
	}
	return nil
}

// Adopt adds a resource that existed before anybody called: AWS's own JSON of it. One
// that is there already is left alone.
func (r *Registry) Adopt(kind string, resource json.RawMessage) error {
	k := r.find(kind)
	if k == nil {
		return fmt.Errorf("there is no kind of resource %q", kind)
	}
	return k.adopt(resource)
}

// Tags are the tags of any resource by ARN; false when there is none of that ARN.
func (r *Registry) Tags(arn string) (map[string]string, bool) {
	for _, k := range r.kinds {
		if get, _ := k.tagged(arn); get != nil {
			return get(), true
		}
	}
	return nil, false
}

// Tag adds tags to a resource and takes others away; false when there is none of that
// ARN.
func (r *Registry) Tag(arn string, add map[string]string, remove ...string) bool {
	for _, k := range r.kinds {
		get, set := k.tagged(arn)
		if get == nil {
			continue
		}
		tags := maps.Clone(get())
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, add)
		for _, n := range remove {
			delete(tags, n)
		}
		set(tags)
		return true
	}
	return false
}
