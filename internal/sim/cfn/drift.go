package cfn

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// detection is one look at how a stack's resources differ from its template.
type detection struct {
	ID, Stack string
	Started   time.Time
	Done      bool
	Drifted   int
}

const driftEvent = "cfn:drift" // key: a detection's ID

// drift is what the last look found of one resource.
type drift struct {
	Status           sdk.StackResourceDriftStatus
	Expected, Actual string                   `json:",omitempty"` // JSON
	Differences      []sdk.PropertyDifference `json:",omitempty"`
	At               time.Time
}

// detectable are the states in which a stack's drift can be looked for.
var detectable = []sdk.StackStatus{sdk.StackStatusCreateComplete, sdk.StackStatusUpdateComplete, sdk.StackStatusUpdateRollbackComplete,
	sdk.StackStatusUpdateRollbackFailed, sdk.StackStatusImportComplete, sdk.StackStatusImportRollbackComplete}

// DetectStackDrift begins to look at every resource of a stack whose type tells drift.
func (c *CFN) DetectStackDrift(by *wire.Caller, in *cloudformation.DetectStackDriftInput) (*cloudformation.DetectStackDriftOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(detectable, s.Status) {
		return nil, validation("Stack:%s is in %s state and drift can not be detected.", s.ID, s.Status)
	}
	if d := c.drifts.Find(func(d *detection) bool { return d.Stack == s.ID && !d.Done }); d != nil {
		return nil, validation("Drift detection is already in progress for stack [%s]", s.ID)
	}
	s.calledBy(by)
	d := &detection{ID: c.w.UUID("drift", s.ID), Stack: s.ID, Started: c.w.Date()}
	c.drifts.Put(d.ID, d)
	c.w.Schedule(time.Duration(5+len(s.Res))*time.Second, driftEvent, d.ID, nil)
	return &cloudformation.DetectStackDriftOutput{StackDriftDetectionId: new(d.ID)}, nil
}

// detect ends a look.
func (c *CFN) detect(d *detection) {
	d.Done = true
	s := c.stacks.Get(d.Stack)
	if s == nil || s.Status == sdk.StackStatusDeleteComplete {
		return
	}
	for _, n := range sorted(s.Res) {
		r := s.Res[n]
		if r.Phys == "" || !readers[r.Type].drift {
			continue
		}
		if r.Drift = s.drift(r); r.Drift.Status != sdk.StackResourceDriftStatusInSync {
			d.Drifted++
		}
	}
	s.Drift, s.DriftAt = sdk.StackDriftStatusInSync, new(c.w.Date())
	if d.Drifted > 0 {
		s.Drift = sdk.StackDriftStatusDrifted
	}
}

// drift compares a resource with what the template says of it: only those properties, and
// the tags of the stack too.
func (s *stack) drift(r *instance) *drift {
	out := &drift{Status: sdk.StackResourceDriftStatusInSync, At: s.c.w.Date()}
	o := &op{work: &work{}, s: s, r: r, w: s.c.w, env: s.c.env, by: s.caller(), props: r.Props, phys: r.Phys}
	live, _, err := o.live()
	switch {
	case err != nil:
		out.Status = sdk.StackResourceDriftStatusUnknown
		return out
	case live == nil:
		out.Status = sdk.StackResourceDriftStatusDeleted
		return out
	}
	expected, actual := values{}, values{}
	for _, k := range sorted(r.Props) {
		want, have := r.Props[k], live[k]
		if k == "Tags" {
			want, have = anyMap(s.tagsOf(r, r.Props)), anyMap(pairs(live[k]))
		} else if _, known := live[k]; !known {
			continue // not among what the type's handler reads
		}
		expected[k], actual[k] = want, have
		if comparable(want) != comparable(have) {
			out.Status = sdk.StackResourceDriftStatusModified
			out.Differences = append(out.Differences, sdk.PropertyDifference{PropertyPath: new("/" + k), ExpectedValue: new(comparable(want)),
				ActualValue: new(comparable(have)), DifferenceType: sdk.DifferenceTypeNotEqual})
		}
	}
	out.Expected, out.Actual = asText(expected), asText(actual)
	return out
}

func anyMap(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

func asText(v values) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// DescribeStackDriftDetectionStatus tells how far a look is.
func (c *CFN) DescribeStackDriftDetectionStatus(_ *wire.Caller, in *cloudformation.DescribeStackDriftDetectionStatusInput) (
	*cloudformation.DescribeStackDriftDetectionStatusOutput, error) {
	d := c.drifts.Get(aws.ToString(in.StackDriftDetectionId))
	if d == nil {
		return nil, validation("Drift detection [%s] does not exist", aws.ToString(in.StackDriftDetectionId))
	}
	out := &cloudformation.DescribeStackDriftDetectionStatusOutput{StackId: new(d.Stack), StackDriftDetectionId: new(d.ID), Timestamp: new(d.Started),
		DetectionStatus: sdk.StackDriftDetectionStatusDetectionInProgress}
	if d.Done {
		out.DetectionStatus, out.DriftedStackResourceCount = sdk.StackDriftDetectionStatusDetectionComplete, new(int32(d.Drifted))
		if s := c.stacks.Get(d.Stack); s != nil {
			out.StackDriftStatus = s.Drift
		}
	}
	return out, nil
}

// DescribeStackResourceDrifts tells what the last look found.
func (c *CFN) DescribeStackResourceDrifts(_ *wire.Caller, in *cloudformation.DescribeStackResourceDriftsInput) (
	*cloudformation.DescribeStackResourceDriftsOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.DescribeStackResourceDriftsOutput{StackResourceDrifts: []sdk.StackResourceDrift{}}
	for _, n := range sorted(s.Res) {
		r := s.Res[n]
		if r.Drift == nil || len(in.StackResourceDriftStatusFilters) > 0 && !slices.Contains(in.StackResourceDriftStatusFilters, r.Drift.Status) {
			continue
		}
		out.StackResourceDrifts = append(out.StackResourceDrifts, s.viewDrift(r))
	}
	return out, nil
}

func (s *stack) viewDrift(r *instance) sdk.StackResourceDrift {
	v := sdk.StackResourceDrift{StackId: new(s.ID), LogicalResourceId: new(r.Logical), PhysicalResourceId: new(r.Phys), ResourceType: new(r.Type),
		StackResourceDriftStatus: r.Drift.Status, Timestamp: new(r.Drift.At), PropertyDifferences: r.Drift.Differences}
	if r.Drift.Expected != "" {
		v.ExpectedProperties, v.ActualProperties = new(r.Drift.Expected), new(r.Drift.Actual)
	}
	return v
}

// DetectStackResourceDrift looks at one resource, at once.
func (c *CFN) DetectStackResourceDrift(_ *wire.Caller, in *cloudformation.DetectStackResourceDriftInput) (
	*cloudformation.DetectStackResourceDriftOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	r := s.Res[aws.ToString(in.LogicalResourceId)]
	switch {
	case r == nil:
		return nil, validation("Resource %s does not exist for stack %s", aws.ToString(in.LogicalResourceId), s.Name)
	case !readers[r.Type].drift:
		return nil, validation("Drift detection is not supported for resource type: %s", r.Type)
	}
	r.Drift = s.drift(r)
	v := s.viewDrift(r)
	return &cloudformation.DetectStackResourceDriftOutput{StackResourceDrift: &v}, nil
}
