package store

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Memory is a store that ends with the program: of a simulated region that nobody keeps.
type Memory struct {
	mu      sync.Mutex
	objects map[string]object
	writes  int
}

type object struct {
	data []byte
	tag  string
}

// NewMemory is an empty one.
func NewMemory() *Memory { return &Memory{objects: map[string]object{}} }

// Get is as Store says.
func (m *Memory) Get(_ context.Context, key string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		return nil, "", ErrAbsent
	}
	return slices.Clone(o.data), o.tag, nil
}

// Put is as Store says.
func (m *Memory) Put(_ context.Context, key string, data []byte) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; ok {
		return "", ErrExists
	}
	return m.write(key, data)
}

// Replace is as Store says.
func (m *Memory) Replace(_ context.Context, key string, data []byte, tag string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o, ok := m.objects[key]; !ok || o.tag != tag {
		return "", ErrMoved
	}
	return m.write(key, data)
}

func (m *Memory) write(key string, data []byte) (string, error) {
	if err := Plain(key); err != nil {
		return "", err
	}
	m.writes++
	o := object{slices.Clone(data), strconv.Itoa(m.writes)}
	m.objects[key] = o
	return o.tag, nil
}

// Delete is as Store says.
func (m *Memory) Delete(_ context.Context, key, tag string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	switch {
	case !ok:
		return ErrAbsent
	case o.tag != tag:
		return ErrMoved
	}
	delete(m.objects, key)
	return nil
}

// List is as Store says.
func (m *Memory) List(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m.objects)) {
		if strings.HasPrefix(k, prefix) {
			out = append(out, k)
		}
	}
	return out, nil
}

func (m *Memory) String() string { return "memory" }
