package run_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/document"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A saved plan is run as it was made, and refused by name where reality has moved.
func TestASavedPlanIsRunAsItWasMade(t *testing.T) {
	text := workers + "addons: [{name: aws-ebs-csi-driver}]\niam: {withOIDC: true}\nnodeGroups: [{name: own, desiredCapacity: 1}]\n"
	r := testregion.New(t, testregion.Load(t, text), 1)
	s := prepare(t, r, text)
	var saved bytes.Buffer
	if err := render.PlanJSON(&saved, asDocument(t, s.Plan)); err != nil {
		t.Fatal(err)
	}
	written := saved.String()
	p, err := plan.Read(&saved)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := render.PlanJSON(&again, asDocument(t, p)); err != nil || again.String() != written {
		t.Fatalf("the plan read back is another (%v)", err)
	}
	back, err := run.PrepareSaved(t.Context(), r.AWS, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rep := drive(t, r, back); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if left := prepare(t, r, text); !left.Plan.Empty() {
		t.Errorf("the saved plan left %v", left.Plan.Entries)
	}
	_, err = run.PrepareSaved(t.Context(), r.AWS, p, nil)
	if err == nil || !strings.Contains(err.Error(), "the control plane is new") || !strings.Contains(err.Error(), "more (make the plan again") {
		t.Errorf("run again: %v", err)
	}
	p.Account = "222233334444"
	if _, err := run.PrepareSaved(t.Context(), r.AWS, p, nil); err == nil || !strings.Contains(err.Error(), "222233334444") {
		t.Errorf("in another account: %v", err)
	}
}

// With --gate active node groups wait for EKS's word, as where the API server cannot
// be reached.
func TestGateActiveKeepsTheOldEdge(t *testing.T) {
	f := testregion.Load(t, workers)
	for _, active := range []bool{false, true} {
		s, err := run.PrepareWith(t.Context(), testregion.New(t, f, 1).AWS, f, run.Wish{GateActive: active})
		if err != nil {
			t.Fatal(err)
		}
		if beside := s.Plan.Entry("addon-health/vpc-cni") != nil; beside == active {
			t.Errorf("active %t: ACTIVE is awaited beside the groups: %t", active, beside)
		}
	}
}

func asDocument(t *testing.T, p *plan.Plan) *document.Plan {
	t.Helper()
	d, err := p.Document()
	if err != nil {
		t.Fatal(err)
	}
	return d
}
