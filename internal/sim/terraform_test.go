package sim_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Terraform makes a cluster in the region, sees no difference afterwards, and
// destroys it. It runs where SLIPWAY_TF_MIRROR names a filesystem mirror of
// providers: nothing is fetched from the network.
func TestTerraform(t *testing.T) {
	testregion.Need(t, "terraform")
	mirror := os.Getenv("SLIPWAY_TF_MIRROR")
	if mirror == "" {
		t.Skip("SLIPWAY_TF_MIRROR names no filesystem mirror with the AWS provider")
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	s := sim.New(sim.Options{Seed: 1, Speed: 600})
	url := make(chan string, 1)
	go s.Serve(ctx, "127.0.0.1:0", func(u string) { url <- u }) //nolint:errcheck // ends with the test
	dir := t.TempDir()
	body, err := os.ReadFile(filepath.Join(testregion.Root(t), "test/terraform/main.tf"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "main.tf"), body, 0o600)
	}
	rc := filepath.Join(dir, "terraformrc")
	if err == nil {
		err = os.WriteFile(rc, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "AWS_ENDPOINT_URL="+<-url, "AWS_ACCESS_KEY_ID="+iam.Key, "AWS_SECRET_ACCESS_KEY="+iam.Secret, "AWS_REGION=us-west-2",
		"AWS_EC2_METADATA_DISABLED=true", "TF_CLI_CONFIG_FILE="+rc, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	for _, args := range [][]string{{"init"}, {"apply", "-auto-approve"}, {"plan", "-detailed-exitcode"}, {"destroy", "-auto-approve"}} {
		c := exec.CommandContext(ctx, "terraform", append(args, "-no-color")...)
		c.Dir, c.Env = dir, env
		if out, err := c.CombinedOutput(); err != nil {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			t.Fatalf("terraform %s: %v\n%s", args[0], err, strings.Join(lines[max(0, len(lines)-30):], "\n"))
		}
	}
}
