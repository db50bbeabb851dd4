package cmdutil

import (
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/sim"
)

// Keep makes a simulated region outlast the command, where --state names a file: it is
// loaded from there now, if the file is there, and saved when the command ends. A file
// that cannot be written is told at once.
func (a *App) Keep(s *sim.Sim) error {
	if a.State == "" {
		return nil
	}
	if err := s.LoadFile(a.State); err != nil {
		return outcome.Exit(outcome.ExitInput, err)
	}
	if err := s.SaveFile(a.State); err != nil {
		return outcome.Exit(outcome.ExitInput, err)
	}
	a.kept = s
	return nil
}

// save saves the region that outlasts the command, if one does.
func (a *App) save() error {
	if a.kept == nil {
		return nil
	}
	return a.kept.SaveFile(a.State)
}
