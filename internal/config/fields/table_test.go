package fields_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// The page shows the catalogue as it is.
func TestThePageIsTheCatalogue(t *testing.T) {
	page := filepath.Join(testregion.Root(t), "docs/fields.md")
	want := fields.Table()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/fields.md is not what the catalogue says; UPDATE=1 go test ./internal/config/fields writes it")
	}
}
