package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) (store.Store, store.Store) {
		m := store.NewMemory()
		return m, m
	})
}

func TestFiles(t *testing.T) {
	for name, durable := range map[string]bool{"durable": true, "quick": false} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) (store.Store, store.Store) {
				dir := filepath.Join(t.TempDir(), "not", "there", "yet")
				return store.NewFiles(dir, durable), store.NewFiles(dir, durable)
			})
		})
	}
}

// A process that died while it wrote leaves nothing that is listed, read, or in the way.
func TestWhatADeadWriterLeftIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	s := store.NewFiles(dir, false)
	if err := os.MkdirAll(filepath.Join(dir, "a"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a", ".slipway-write"), []byte("half of an obj"), 0o600); err != nil {
		t.Fatal(err)
	}
	if keys, err := s.List(t.Context(), ""); err != nil || len(keys) != 0 {
		t.Errorf("listed %v: %v", keys, err)
	}
	if _, err := s.Put(t.Context(), "a/b", []byte("x")); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "a", ".*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// A disk that is full, or a folder that is another's, is said with what to do, and
// leaves no half of an object.
func TestAStoreThatCannotBeWrittenSaysSo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.NewFiles(filepath.Join(dir, "file"), false).Put(t.Context(), "a", nil)
	var u *store.Unusable
	if !errors.As(err, &u) || !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a file in the folder's place: %v", err)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	s := store.NewFiles(dir, false)
	if err := os.Symlink("/dev/full", filepath.Join(dir, ".slipway-write")); err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), "b", []byte("x"))
	if !errors.As(err, &u) || !errors.Is(err, syscall.ENOSPC) || u.Remedy == "" {
		t.Errorf("a full disk: %v", err)
	}
	if keys, _ := s.List(t.Context(), ""); len(keys) != 1 {
		t.Errorf("after a write that failed there is %v", keys)
	}
}
