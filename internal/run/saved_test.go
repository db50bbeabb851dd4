package run_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan"
)

// What decides takes the observation as a document: a plan from one that was saved
// and read back is the plan from the live cluster.
func TestAPlanFromASavedObservationIsThePlan(t *testing.T) {
	r := up(t, workers)
	text := strings.Replace(workers, "privateNetworking: true", "privateNetworking: true, labels: {tier: gold}", 1) +
		"addons: [{name: coredns, version: latest, configurationValues: '{\"replicaCount\": 3}'}]\niam: {withOIDC: true}\n"
	s := prepare(t, r, text)
	if len(s.Plan.Entries) < 3 {
		t.Fatalf("the plan has too little to compare: %v", s.Plan.Entries)
	}
	var saved bytes.Buffer
	if err := s.Live.Write(&saved); err != nil {
		t.Fatal(err)
	}
	back, err := observe.Read(&saved)
	if err != nil {
		t.Fatal(err)
	}
	in := s.Input
	in.Live = back
	again, err := plan.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := entries(t, s.Plan), entries(t, again); a != b {
		t.Errorf("the plan from the live cluster:\n%s\nfrom the saved one:\n%s", a, b)
	}
}

func entries(t *testing.T, p *plan.Plan) string {
	t.Helper()
	b, err := json.MarshalIndent(struct {
		Entries []plan.Entry
		Notes   []string
	}{p.Entries, p.Notes}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
