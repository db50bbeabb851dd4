package wire

import (
	"maps"
	"slices"
)

// Operations are what one service of a server answers, by name, and how many operations
// its model has in all.
type Operations struct {
	Service string   `json:"service"` // its signing name
	Served  []string `json:"served"`
	All     int      `json:"all"`
}

// Serves tells whether a service is served, by its signing name.
func (s *Server) Serves(signing string) bool { return s.loaders[signing] != nil }

// Operations lists what every service answers.
func (s *Server) Operations() []Operations {
	var out []Operations
	for _, name := range slices.Sorted(maps.Keys(s.loaders)) {
		svc := s.service(name)
		out = append(out, Operations{name, svc.served(), len(svc.Ops)})
	}
	return out
}

func (s *Service) served() []string { return slices.Sorted(maps.Keys(s.handlers)) }
