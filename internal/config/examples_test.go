package config

import (
	"os"
	"path/filepath"
	"testing"
)

// sharedExamples are eksctl's published examples, beside the checkout.
const sharedExamples = "../../../shared/eksctl/examples"

func TestEksctlExamplesParse(t *testing.T) {
	files, err := filepath.Glob(sharedExamples + "/*.yaml")
	if err != nil || len(files) == 0 {
		t.Skip("eksctl's examples are not beside this checkout (../shared/eksctl/examples)")
	}
	if len(files) != 49 {
		t.Errorf("found %d examples, expected 49", len(files))
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(filepath.Base(f), b); err != nil {
			t.Errorf("%v", err)
		}
		if _, err := Load(filepath.Base(f), b); err != nil {
			t.Logf("not launched as it stands:\n%v", err)
		}
	}
}
