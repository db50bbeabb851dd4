package steps_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/pace"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// standing is a cluster that stands, with the network it was made in.
func standing(t *testing.T) (*testregion.Region, *run.Session) {
	t.Helper()
	r := testregion.New(t, testregion.Load(t, live), 1)
	s, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, live))
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := s.Run(t.Context(), r.Clock, 1, nil); err != nil || !rep.OK() {
		t.Fatal(rep.FirstFailure, err)
	}
	return r, s
}

// wire is the way from a step to its region, on which things go wrong.
type wire struct {
	next http.RoundTripper
	// fails says what becomes of a call that is made for the first time: "" nothing,
	// "error" and "throttled" before it takes effect, "lost" after.
	fails string
	seen  map[string]bool
	hit   bool // something went wrong since it was last false
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	key := fmt.Sprintf("%s %s %s %x", r.Method, r.URL, r.Header.Get("X-Amz-Target"), sha256.Sum256(body))
	if w.fails == "" || w.seen[key] {
		return w.next.RoundTrip(r)
	}
	w.seen[key], w.hit = true, true
	switch w.fails {
	case "lost":
		if res, err := w.next.RoundTrip(r); err == nil {
			res.Body.Close() //nolint:errcheck // the answer is lost
		}
		return nil, io.ErrUnexpectedEOF
	case "throttled":
		return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
	}
	return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// stage is one region with one step to take in it.
type stage struct {
	t    *testing.T
	r    *testregion.Region
	wire *wire
	env  *steps.Env
	spec steps.Spec
}

func newStage(t *testing.T, c contract) *stage {
	t.Helper()
	r, s := standing(t)
	w := &wire{next: r.Sim, seen: map[string]bool{}}
	clients, err := aws.New(t.Context(), aws.Options{Region: "us-west-2", Transport: w, Key: iam.Key, Secret: iam.Secret, Clock: r.Clock})
	if err == nil {
		err = clients.Identify(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	st := &stage{t: t, r: r, wire: w, env: &steps.Env{AWS: clients, Name: "test", Net: s.Env.Net, Reachable: true}}
	if c.before != nil {
		c.before(st)
	}
	spec := c.spec(st)
	b, err := steps.Encode(spec)
	if err != nil {
		t.Fatal(err)
	}
	if st.spec, err = steps.Decode(steps.Kind(spec), b); err != nil {
		t.Fatal(err)
	}
	if again, err := steps.Encode(st.spec); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%s is written as %s and read back as %s (%v)", steps.Kind(spec), b, again, err)
	}
	return st
}

// turn takes one turn; it must come back at once.
func (s *stage) turn(memo json.RawMessage) (engine.Result, json.RawMessage, error) {
	s.t.Helper()
	run, err := steps.NewRunner(s.env, s.spec, memo)
	if err != nil {
		s.t.Fatal(err)
	}
	before := s.r.Sim.World.Elapsed()
	s.wire.hit = false
	ctx, _ := pace.Begin(s.t.Context(), "") // a call that fails fails its turn: the engine has patience, no layer below
	res, err := run.Run(ctx)
	if s.r.Sim.World.Elapsed() != before {
		s.t.Fatal("the step waited inside its turn")
	}
	return res, run.Memo(), err
}

// end takes turns until the step is done. keep: the memo goes from turn to turn.
func (s *stage) end(memo json.RawMessage, keep bool) (changed bool) {
	s.t.Helper()
	for range 1000 {
		if !keep {
			memo = nil
		}
		res, left, err := s.turn(memo)
		memo = left
		changed = changed || res.Changed
		switch {
		case err != nil && !s.wire.hit:
			s.t.Fatal(err)
		case err == nil && res.State == engine.Done:
			return changed
		case err == nil && res.Reason == "":
			s.t.Fatal("the step waits and does not say for what")
		}
		s.r.Sim.World.Advance(5 * time.Second)
	}
	s.t.Fatal("the step never ends")
	return false
}

// Every kind of step keeps one contract: it never waits inside a turn, says what it
// waits for, and ends done; and whatever becomes of its calls and of its memo, the
// region ends as after an undisturbed run. No kind can be left out.
func TestEveryStepKeepsTheContract(t *testing.T) {
	tried := map[string]bool{}
	for _, c := range contracts {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clean := newStage(t, c)
			before := fingerprint(clean)
			if changed := clean.end(nil, true); changed == c.still {
				t.Errorf("the first one changed something: %t", changed)
			}
			want := fingerprint(clean)
			if !c.still && slices.Equal(before, want) {
				t.Error("the step changed something that the test does not see")
			}
			if clean.end(nil, true) {
				t.Error("a second one changes something again")
			}
			same(t, "a second one", want, fingerprint(clean))
			for _, d := range disturbances {
				if testing.Short() && !d.short {
					continue
				}
				t.Run(d.name, func(t *testing.T) {
					s := newStage(t, c)
					s.wire.fails = d.fails
					d.end(s)
					s.wire.fails = ""
					same(t, d.name, want, fingerprint(s))
				})
			}
		})
		s := c.spec(nil)
		tried[steps.Kind(s)] = true
		if d, ok := s.(*steps.Delete); ok {
			tried["delete "+d.Resource] = true
		}
	}
	for _, k := range steps.Kinds() {
		if !tried[k] {
			t.Errorf("no contract tries steps of kind %s", k)
		}
	}
	for _, k := range steps.Deletable() {
		if !tried["delete "+k] {
			t.Errorf("no contract tries the deletion of a %s", k)
		}
	}
}

// disturbances are what a step meets on its way.
var disturbances = []struct {
	name, fails string
	short       bool
	end         func(*stage)
}{
	{"every call is answered 503 first", "error", false, func(s *stage) { s.end(nil, true) }},
	{"every call is throttled first", "throttled", false, func(s *stage) { s.end(nil, true) }},
	{"every answer is lost first, and so is the memo", "lost", true, func(s *stage) { s.end(nil, false) }},
	{"every answer is lost first", "lost", false, func(s *stage) { s.end(nil, true) }},
	{"the memo is lost in every turn", "", false, func(s *stage) { s.end(nil, false) }},
	{"another run takes over once it has begun", "", false, func(s *stage) {
		for range 50 {
			res, _, err := s.turn(nil)
			if err != nil {
				s.t.Fatal(err)
			}
			if res.Changed || res.State == engine.Done {
				break
			}
			s.r.Sim.World.Advance(5 * time.Second)
		}
		s.end(nil, true)
	}},
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	for _, l := range got {
		if !slices.Contains(want, l) {
			t.Errorf("%s: the region has %s, which an undisturbed run does not leave", what, l)
		}
	}
	for _, l := range want {
		if !slices.Contains(got, l) {
			t.Errorf("%s: the region lacks %s, which an undisturbed run leaves", what, l)
		}
	}
}

// A spec is data: exported fields with JSON names, nothing that cannot be written.
func TestSpecsAreData(t *testing.T) {
	for _, k := range steps.Kinds() {
		s, err := steps.Decode(k, json.RawMessage("{}"))
		if err != nil {
			t.Fatal(err)
		}
		typ := reflect.TypeOf(s).Elem()
		for i := range typ.NumField() {
			f := typ.Field(i)
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); !f.IsExported() || name == "" || name == "-" {
				t.Errorf("%s: the field %s has no JSON name", k, f.Name)
			}
		}
		if steps.Kind(s) != k {
			t.Errorf("a step of kind %s says that it is of kind %s", k, steps.Kind(s))
		}
	}
	if _, err := steps.Decode("stack", json.RawMessage(`{"name": "x", "nam": "y"}`)); err == nil || !strings.Contains(err.Error(), "nam") {
		t.Errorf("a field that no stack has: %v", err)
	}
	if _, err := steps.Decode("staple", json.RawMessage(`{}`)); err == nil {
		t.Error("an unknown kind is read")
	}
}

// What cannot end says why: a gate that is shut says who must act; a stack that
// fails says what failed and stands; one that somebody else made is not taken over.
func TestStepsThatCannotEndSayWhy(t *testing.T) {
	r, s := standing(t)
	res, err := (&steps.CNIGate{DaemonSet: "kube-system/calico"}).Run(t.Context(), s.Env, &steps.Memo{})
	if err != nil || res.State != engine.Blocked || !strings.Contains(res.Reason, "install the network plugin: DaemonSet") {
		t.Errorf("%+v %v", res, err)
	}
	ends := func(spec steps.Spec) error {
		m := &steps.Memo{}
		for range 60 {
			if _, err := spec.Run(t.Context(), s.Env, m); err != nil {
				return err
			}
			r.Sim.World.Advance(10 * time.Second)
		}
		return nil
	}
	bad := steps.Template{Body: `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "nonsense"}}}}`}
	for _, c := range []struct {
		spec steps.Spec
		want []string
	}{
		{&steps.Stack{Name: "eksctl-test-bad", Template: bad}, []string{"VPC (AWS::EC2::VPC)", "nonsense", "left standing"}},
		{&steps.StackUpdate{Name: "eksctl-test-nodegroup-m", Template: bad}, []string{"nonsense", "put back what was before"}},
		{&steps.Stack{Name: "eksctl-test-nodegroup-m", Template: role("AmazonS3ReadOnlyAccess")}, []string{"eksctl-test-nodegroup-m", "another run, or another tool"}},
		{&steps.StackWait{Name: "eksctl-test-gone"}, []string{"eksctl-test-gone is gone"}},
	} {
		err := ends(c.spec)
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%T says %v, expected %q", c.spec, err, w)
			}
		}
	}
}

// Where the Kubernetes API cannot be reached, no more is said than what was seen.
func TestOnlyWhatWasSeenIsSaid(t *testing.T) {
	r, s := standing(t)
	env := &steps.Env{AWS: r.AWS, Name: "test", Net: s.Env.Net}
	res, err := (&steps.Nodes{Group: "m", Want: 1, Managed: true}).Run(t.Context(), env, &steps.Memo{})
	if err != nil || res.State != engine.Done || !strings.Contains(res.Reason, "EKS says that the group is ACTIVE") {
		t.Errorf("a managed group: %+v %v", res, err)
	}
	res, err = (&steps.Nodes{Group: "ghost", Want: 1}).Run(t.Context(), env, &steps.Memo{})
	if err != nil || res.State != engine.Wait || strings.Contains(res.Reason, "EKS says") || !strings.Contains(res.Reason, "0 of 1 instances in service") {
		t.Errorf("a self-managed group: %+v %v", res, err)
	}
}

// refuses answers as CloudFormation does where it takes no change of outputs alone: the
// set has failed, as it contains no changes.
type refuses struct{ next http.RoundTripper }

func (w refuses) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	res, err := w.next.RoundTrip(r)
	if err != nil || !strings.Contains(string(body), "Action=DescribeChangeSet") {
		return res, err
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if text := string(b); !strings.Contains(text, "<ResourceChange>") {
		b = []byte(strings.NewReplacer("<Status>CREATE_COMPLETE</Status>", "<Status>FAILED</Status><StatusReason>The submitted information didn't contain changes.</StatusReason>",
			"<ExecutionStatus>AVAILABLE</ExecutionStatus>", "<ExecutionStatus>UNAVAILABLE</ExecutionStatus>").Replace(text))
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return res, nil
}

// Where CloudFormation takes no change of outputs alone, the metadata of one resource is
// touched, and nothing else; a set that would touch another resource is deleted.
func TestARecordIsSyncedByTouchingMetadata(t *testing.T) {
	r, _ := standing(t)
	clients, err := aws.New(t.Context(), aws.Options{Region: "us-west-2", Transport: refuses{r.Sim}, Key: iam.Key, Secret: iam.Secret, Clock: r.Clock})
	if err != nil {
		t.Fatal(err)
	}
	run := func(spec steps.Spec) error {
		m := &steps.Memo{}
		for range 100 {
			res, err := spec.Run(t.Context(), &steps.Env{AWS: clients, Name: "test"}, m)
			if err != nil || res.State == engine.Done {
				return err
			}
			r.Sim.World.Advance(5 * time.Second)
		}
		return errors.New("it never ends")
	}
	sync := &steps.RecordSync{Stack: "eksctl-test-cluster", Edit: stack.Edit{Outputs: map[string]string{"SubnetsPublic": "subnet-1"}}}
	if err := run(sync); err != nil {
		t.Fatal(err)
	}
	body, err := clients.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: new("eksctl-test-cluster")})
	if err != nil || !strings.Contains(*body.TemplateBody, "SlipwaySync") || !strings.Contains(*body.TemplateBody, `"Value":"subnet-1"`) {
		t.Errorf("%v %v", body, err)
	}
	sync.Edit = stack.Edit{Outputs: map[string]string{"VPC": "vpc-1"}, Texts: map[string]string{"Resources/SubnetPublicUSWEST2A/Properties/MapPublicIpOnLaunch": "false"}}
	if err := run(sync); err == nil || !strings.Contains(err.Error(), "Modify SubnetPublicUSWEST2A (AWS::EC2::Subnet)") {
		t.Errorf("%v", err)
	}
	sets, err := clients.CFN.ListChangeSets(t.Context(), &cloudformation.ListChangeSetsInput{StackName: new("eksctl-test-cluster")})
	if err != nil || slices.ContainsFunc(sets.Summaries, func(s cfntypes.ChangeSetSummary) bool { return s.ExecutionStatus == cfntypes.ExecutionStatusAvailable }) {
		t.Errorf("%+v %v", sets, err)
	}
}
