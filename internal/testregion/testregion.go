// Package testregion gives tests a fresh simulated region on a virtual clock, with
// Slipway's own clients pointed at it, and says when a foreign client is missing.
package testregion

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/twin"
)

// Region is a simulated region and the clients for it.
type Region struct {
	Sim    *sim.Sim
	Region *sim.Region
	AWS    *awsc.Clients
	Clock  clock.Clock
}

// start is when test worlds begin: the same day always.
var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// New makes a region that holds what the config names by ID.
func New(t testing.TB, f *config.File, seed uint64) *Region {
	t.Helper()
	s := sim.New(sim.Options{Seed: seed, Start: start})
	name := f.Cluster.Metadata.Region
	r := s.Region(name)
	x, _ := twin.Existing(f.Cluster, sim.Account)
	if err := r.Adopt(x); err != nil {
		t.Fatal(err)
	}
	return open(t, s, r, name)
}

// Again is a region of us-west-2 as it was when it was saved: a test that tries much on one
// cluster launches it once.
func Again(t testing.TB, saved json.RawMessage) *Region {
	t.Helper()
	s := sim.New(sim.Options{Seed: 1, Start: start})
	const name = "us-west-2"
	r := s.Region(name)
	if err := s.Load(saved); err != nil {
		t.Fatal(err)
	}
	return open(t, s, r, name)
}

func open(t testing.TB, s *sim.Sim, r *sim.Region, name string) *Region {
	t.Helper()
	clk := clock.Virtual{World: s.World}
	c, err := awsc.New(t.Context(), awsc.Options{Region: name, Transport: s, Key: iam.Key, Secret: iam.Secret, Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Identify(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &Region{Sim: s, Region: r, AWS: c, Clock: clk}
}

// Load reads a config from a string.
func Load(t testing.TB, text string) *config.File {
	t.Helper()
	f, err := config.Load("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Cluster is a config's head, to which tests add.
const Cluster = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: test, region: us-west-2, version: "1.34"}
`

// Need skips a test whose outside tool is missing, saying so, or fails it where
// SLIPWAY_REQUIRE names the tool: CI installed it.
func Need(t testing.TB, tool string) {
	t.Helper()
	found := false
	switch tool {
	case "node":
		_, err := exec.LookPath("node")
		_, missing := os.Stat(filepath.Join(Root(t), "test/node/node_modules/@aws-sdk/client-eks"))
		found = err == nil && missing == nil
	case "shared":
		_, err := os.Stat(filepath.Join(Root(t), "../shared/eksctl/schema.json"))
		found = err == nil
	default:
		_, err := exec.LookPath(tool)
		found = err == nil
	}
	if found {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("SLIPWAY_REQUIRE"), ","), tool) {
		t.Fatalf("%s is required here and missing", tool)
	}
	t.Skipf("%s is not on this machine (for the node client: npm install in test/node)", tool)
}

// Root is the repository's folder.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above this test")
	return ""
}
