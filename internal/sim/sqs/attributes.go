package sqs

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// numbers are the attributes that are numbers, with what they may be and what they are
// where nobody sets them (SetQueueAttributes in the API reference, November 2026).
var numbers = map[string]struct{ least, most, usual int }{
	"DelaySeconds":                  {0, 900, 0},
	"MaximumMessageSize":            {1024, 1048576, 1048576},
	"MessageRetentionPeriod":        {60, 1209600, 345600},
	"ReceiveMessageWaitTimeSeconds": {0, 20, 0},
	"VisibilityTimeout":             {0, 43200, 30},
	"KmsDataKeyReusePeriodSeconds":  {60, 86400, 300},
}

// Usual is an attribute of a queue for which nobody set it.
func Usual(name string) string {
	if n, numeric := numbers[name]; numeric {
		return strconv.Itoa(n.usual)
	}
	if name == "SqsManagedSseEnabled" {
		return "true"
	}
	return ""
}

// others are those that are not.
var others = []string{"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "SqsManagedSseEnabled", "FifoQueue"}

func checkAttributes(set map[string]string) error {
	for _, k := range slices.Sorted(maps.Keys(set)) {
		n, numeric := numbers[k]
		v, err := strconv.Atoi(set[k])
		bad := false
		switch {
		case numeric:
			bad = err != nil || v < n.least || v > n.most
		case !slices.Contains(others, k):
			return wire.Errorf("InvalidAttributeName", "Unknown Attribute %s.", k)
		case k == "Policy" && set[k] != "":
			_, err := eval.Parse(set[k])
			bad = err != nil
		case k == "SqsManagedSseEnabled":
			bad = set[k] != "true" && set[k] != "false"
		}
		if bad {
			return wire.Errorf("InvalidAttributeValue", "Invalid value for the parameter %s.", k)
		}
	}
	return nil
}

// set changes attributes; an empty policy or key takes it away.
func (q *queue) set(attributes map[string]string) {
	q.Attributes = maps.Clone(q.Attributes)
	for k, v := range attributes {
		if q.Attributes[k] = v; v == "" {
			delete(q.Attributes, k)
		}
		if k == "KmsMasterKeyId" && v != "" {
			q.Attributes["SqsManagedSseEnabled"] = "false" // it is one or the other
		}
	}
}

// number is an attribute that is a number.
func (q *queue) number(name string) int {
	if n, err := strconv.Atoi(q.Attributes[name]); err == nil {
		return n
	}
	return numbers[name].usual
}

func (q *queue) seconds(name string) time.Duration {
	return time.Duration(q.number(name)) * time.Second
}

// attributes are all that a queue has, set or not.
func (s *SQS) attributes(q *queue) map[string]string {
	out := map[string]string{"QueueArn": s.arn(q.Name), "CreatedTimestamp": fmt.Sprint(q.Born.Unix()), "LastModifiedTimestamp": fmt.Sprint(q.Changed.Unix()),
		"SqsManagedSseEnabled": "true"}
	for k, n := range numbers {
		if k != "KmsDataKeyReusePeriodSeconds" {
			out[k] = fmt.Sprint(n.usual)
		}
	}
	maps.Copy(out, q.Attributes)
	visible, flying, late := 0, 0, 0
	for _, m := range s.kept(q) {
		switch {
		case m.Visible <= s.w.Elapsed():
			visible++
		case m.Received > 0:
			flying++
		default:
			late++
		}
	}
	out["ApproximateNumberOfMessages"], out["ApproximateNumberOfMessagesNotVisible"] = fmt.Sprint(visible), fmt.Sprint(flying)
	out["ApproximateNumberOfMessagesDelayed"] = fmt.Sprint(late)
	return out
}

type (
	// GetQueueAttributesInput asks for attributes by name, or for All.
	GetQueueAttributesInput struct {
		QueueUrl       *string
		AttributeNames []string
	}
	// GetQueueAttributesOutput is what they are.
	GetQueueAttributesOutput struct{ Attributes map[string]string }
	// SetQueueAttributesInput is what they are to be.
	SetQueueAttributesInput struct {
		QueueUrl   *string
		Attributes map[string]string
	}
	// SetQueueAttributesOutput is empty.
	SetQueueAttributesOutput struct{}
)

// GetQueueAttributes reads the attributes that are asked for; none where none is.
func (s *SQS) GetQueueAttributes(_ *wire.Caller, in *GetQueueAttributesInput) (*GetQueueAttributesOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all, out := s.attributes(q), map[string]string{}
	for _, n := range in.AttributeNames {
		if n == "All" {
			return &GetQueueAttributesOutput{all}, nil
		}
		if v, ok := all[n]; ok {
			out[n] = v
		}
	}
	if len(out) == 0 {
		return &GetQueueAttributesOutput{}, nil
	}
	return &GetQueueAttributesOutput{out}, nil
}

// SetQueueAttributes changes attributes.
func (s *SQS) SetQueueAttributes(_ *wire.Caller, in *SetQueueAttributesInput) (*SetQueueAttributesOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err == nil {
		err = checkAttributes(in.Attributes)
	}
	if err != nil {
		return nil, err
	}
	q.set(in.Attributes)
	q.Changed = s.w.Date()
	return &SetQueueAttributesOutput{}, nil
}
