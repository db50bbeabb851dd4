package run_test

import (
	"strings"
	"testing"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// deny makes the region refuse an operation for good, which no patience outlasts.
func deny(r *testregion.Region, operation string) {
	r.Region.Fault(func(_, op string) error {
		if op == operation {
			return wire.Errorf("AccessDeniedException", "User is not authorized to perform %s", operation)
		}
		return nil
	})
}

func TestALaunchThatSucceededStaysOneWhenTheLastLookFails(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, workers), 1)
	s := prepare(t, r, workers)
	rep := drive(t, r, s)
	if o := s.Conclude(t.Context(), rep); o.Code != outcome.ExitDone || o.Verdict.NodesReady != 2 || o.Verdict.Uncounted != "" || o.Verdict.Endpoint == "" {
		t.Errorf("%+v %+v", o, o.Verdict)
	}
	deny(r, "DescribeCluster")
	o := s.Conclude(t.Context(), rep)
	if o.Result != outcome.Done || o.Code != outcome.ExitDone || o.Verdict != nil || !strings.Contains(o.Unseen, "not authorized") {
		t.Errorf("%+v", o)
	}
	rep.Failed, rep.Changed = 1, true
	if o := s.Conclude(t.Context(), rep); o.Result != outcome.Partial || o.Code != outcome.ExitPartial {
		t.Errorf("a failure is forgotten: %+v", o)
	}
}

func TestHowARunEnds(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, workers), 1)
	s := prepare(t, r, workers)
	for _, c := range []struct {
		rep    *engine.Report
		result string
		code   int
	}{
		{nil, outcome.Nothing, outcome.ExitDone},
		{&engine.Report{Done: 1}, outcome.Done, outcome.ExitDone},
		{&engine.Report{Failed: 1}, outcome.Failed, outcome.ExitFailed},
		{&engine.Report{TimedOut: 1, Changed: true}, outcome.Partial, outcome.ExitPartial},
		{&engine.Report{Interrupted: true}, outcome.Partial, outcome.ExitInterrupted},
	} {
		o := s.Conclude(t.Context(), c.rep)
		if o.Result != c.result || o.Code != c.code || o.Verdict.Status != "absent" || o.Verdict.Uncounted == "" {
			t.Errorf("%+v: %+v", c.rep, o)
		}
	}
}

func TestStatusNamesTheRegionOfACluster(t *testing.T) {
	f := testregion.Load(t, strings.Replace(workers, "us-west-2", "eu-west-1", 1))
	r := testregion.New(t, f, 1)
	s, err := run.Prepare(t.Context(), r.AWS, f)
	if err != nil {
		t.Fatal(err)
	}
	drive(t, r, s)
	here, err := awsc.New(t.Context(), awsc.Options{Region: "us-west-2", Transport: r.Sim, Key: iam.Key, Secret: iam.Secret, Clock: r.Clock})
	if err != nil {
		t.Fatal(err)
	}
	_, err = run.Look(t.Context(), here, "test", nil)
	if err == nil || !strings.Contains(err.Error(), "there is no cluster test in us-west-2; there is one in eu-west-1") {
		t.Error(err)
	}
	if _, err := run.Look(t.Context(), here, "nobody", nil); err == nil || strings.Contains(err.Error(), "there is one") {
		t.Error(err)
	}
}
