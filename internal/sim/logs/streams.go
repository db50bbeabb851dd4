package logs

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// stream is a log stream with its events, the oldest first.
type stream struct {
	types.LogStream
	Group  string
	Events []event
}

type event struct {
	At, In  int64 // milliseconds: the event's own time, and when it came in
	Message string
}

func (l *Logs) registerStreams(s *wire.Service) {
	wire.Handle(s, "CreateLogStream", l.CreateLogStream)
	wire.Handle(s, "DeleteLogStream", l.DeleteLogStream)
	wire.Handle(s, "DescribeLogStreams", l.DescribeLogStreams)
	wire.Handle(s, "PutLogEvents", l.PutLogEvents)
	wire.Handle(s, "GetLogEvents", l.GetLogEvents)
	wire.Handle(s, "FilterLogEvents", l.FilterLogEvents)
}

// maxEvents is how many events a stream keeps here; older ones go.
const maxEvents = 10000

// EnsureStream makes a group's stream unless it exists.
func (l *Logs) EnsureStream(group, name string) {
	l.Ensure(group)
	if of := l.streams.Of(group); of.Get(name) == nil {
		of.Put(name, &stream{Group: group, LogStream: types.LogStream{LogStreamName: new(name), CreationTime: new(l.w.Date().UnixMilli()),
			//lint:ignore SA1019 CloudWatch Logs answers it still: 0
			Arn: new(l.prefix + group + ":log-stream:" + name), StoredBytes: new(int64(0))}})
	}
}

func (l *Logs) stream(group, name *string) (*stream, error) {
	g, err := l.named(group)
	if err != nil {
		return nil, err
	}
	if s := l.streams.Of(*g.LogGroupName).Get(aws.ToString(name)); s != nil {
		return s, nil
	}
	return nil, wire.Errorf("ResourceNotFoundException", "The specified log stream does not exist.")
}

// CreateLogStream makes an empty stream.
func (l *Logs) CreateLogStream(_ *wire.Caller, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	g, err := l.named(in.LogGroupName)
	name := aws.ToString(in.LogStreamName)
	switch {
	case err != nil:
		return nil, err
	case name == "" || len(name) > 512 || strings.ContainsAny(name, ":*"):
		return nil, invalid("1 validation error detected: Value '%s' at 'logStreamName' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: [^:*]*", name)
	case l.streams.Of(*g.LogGroupName).Get(name) != nil:
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	l.EnsureStream(*g.LogGroupName, name)
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

// DeleteLogStream removes a stream with its events.
func (l *Logs) DeleteLogStream(_ *wire.Caller, in *cloudwatchlogs.DeleteLogStreamInput) (*cloudwatchlogs.DeleteLogStreamOutput, error) {
	s, err := l.stream(in.LogGroupName, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	l.streams.Of(s.Group).Delete(*s.LogStreamName)
	return &cloudwatchlogs.DeleteLogStreamOutput{}, nil
}

// DescribeLogStreams lists a group's streams, by name or by their last event.
func (l *Logs) DescribeLogStreams(_ *wire.Caller, in *cloudwatchlogs.DescribeLogStreamsInput) (*cloudwatchlogs.DescribeLogStreamsOutput, error) {
	g, err := l.named(either(in.LogGroupName, in.LogGroupIdentifier))
	if err != nil {
		return nil, err
	}
	byTime := in.OrderBy == types.OrderByLastEventTime
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	out := &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: []types.LogStream{}}
	for _, s := range l.streams.Of(*g.LogGroupName).All() {
		if strings.HasPrefix(*s.LogStreamName, aws.ToString(in.LogStreamNamePrefix)) {
			out.LogStreams = append(out.LogStreams, s.LogStream)
		}
	}
	slices.SortFunc(out.LogStreams, func(a, b types.LogStream) int {
		n := strings.Compare(*a.LogStreamName, *b.LogStreamName)
		if byTime {
			n = cmp.Or(cmp.Compare(aws.ToInt64(a.LastEventTimestamp), aws.ToInt64(b.LastEventTimestamp)), n)
		}
		if aws.ToBool(in.Descending) {
			n = -n
		}
		return n
	})
	return out, nil
}

// PutLogEvents adds events to a stream.
func (l *Logs) PutLogEvents(_ *wire.Caller, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	s, err := l.stream(in.LogGroupName, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	last := int64(0)
	for _, e := range in.LogEvents {
		if *e.Timestamp < last {
			return nil, invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
		last = *e.Timestamp
	}
	now := l.w.Date().UnixMilli()
	for _, e := range in.LogEvents {
		s.Events = append(s.Events, event{*e.Timestamp, now, *e.Message})
	}
	slices.SortStableFunc(s.Events, func(a, b event) int { return cmp.Compare(a.At, b.At) })
	if n := len(s.Events) - maxEvents; n > 0 {
		s.Events = slices.Clone(s.Events[n:])
	}
	if len(s.Events) > 0 {
		s.FirstEventTimestamp, s.LastEventTimestamp = new(s.Events[0].At), new(s.Events[len(s.Events)-1].At)
		s.LastIngestionTime = new(now)
	}
	token := fmt.Sprintf("%056d", now)
	s.UploadSequenceToken = new(token)
	return &cloudwatchlogs.PutLogEventsOutput{NextSequenceToken: new(token)}, nil
}

// within are the events of a span of time: from start on, before end.
func (s *stream) within(start, end *int64) []event {
	out := []event{}
	for _, e := range s.Events {
		if (start == nil || e.At >= *start) && (end == nil || e.At < *end) {
			out = append(out, e)
		}
	}
	return out
}

// most is how many events one answer holds.
const most = 10000

// GetLogEvents reads a stream, the latest events unless from its head. Both tokens are
// always answered: the end of a stream is where the next token is the one that was sent.
func (l *Logs) GetLogEvents(_ *wire.Caller, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	s, err := l.stream(either(in.LogGroupName, in.LogGroupIdentifier), in.LogStreamName)
	if err != nil {
		return nil, err
	}
	all, limit := s.within(in.StartTime, in.EndTime), most
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if limit < 1 || limit > most {
		return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and %d", limit, most)
	}
	from, to := max(0, len(all)-limit), len(all)
	if aws.ToBool(in.StartFromHead) {
		from, to = 0, min(limit, len(all))
	}
	if in.NextToken != nil {
		way, at, ok := opened(*in.NextToken)
		switch {
		case !ok || at > len(all):
			return nil, invalid("The specified nextToken is invalid.")
		case way == "f":
			from, to = at, min(at+limit, len(all))
		default:
			from, to = max(0, at-limit), at
		}
	}
	out := &cloudwatchlogs.GetLogEventsOutput{Events: []types.OutputLogEvent{}, NextForwardToken: sealed("f", to), NextBackwardToken: sealed("b", from)}
	for _, e := range all[from:to] {
		out.Events = append(out.Events, types.OutputLogEvent{Timestamp: new(e.At), IngestionTime: new(e.In), Message: new(e.Message)})
	}
	return out, nil
}

// sealed is a token for a way through a stream, forward or backward, from a place.
func sealed(way string, at int) *string {
	return new(way + "/" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%056d", at)) + "/s")
}

func opened(token string) (way string, at int, ok bool) {
	p := strings.Split(token, "/")
	if len(p) != 3 || p[0] != "f" && p[0] != "b" {
		return "", 0, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(p[1])
	if err != nil {
		return "", 0, false
	}
	n, err := fmt.Sscanf(string(raw), "%d", &at)
	return p[0], at, n == 1 && err == nil && at >= 0
}

// FilterLogEvents reads a group's streams together, in order of time. A pattern is a term
// or several, which all are in a message; quoted, it is a phrase; with - before, it is in
// none ("Filter pattern syntax", unstructured events). Patterns for JSON are refused.
func (l *Logs) FilterLogEvents(_ *wire.Caller, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	g, err := l.named(either(in.LogGroupName, in.LogGroupIdentifier))
	if err != nil {
		return nil, err
	}
	if in.LogStreamNamePrefix != nil && len(in.LogStreamNames) > 0 {
		return nil, invalid("logStreamNamePrefix and logStreamNames are mutually exclusive.")
	}
	terms, err := terms(aws.ToString(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}}
	for _, s := range l.streams.Of(*g.LogGroupName).All() {
		name := *s.LogStreamName
		if !strings.HasPrefix(name, aws.ToString(in.LogStreamNamePrefix)) || len(in.LogStreamNames) > 0 && !slices.Contains(in.LogStreamNames, name) {
			continue
		}
		for n, e := range s.within(in.StartTime, in.EndTime) {
			if matches(terms, e.Message) {
				out.Events = append(out.Events, types.FilteredLogEvent{LogStreamName: new(name), Timestamp: new(e.At), IngestionTime: new(e.In),
					Message: new(e.Message), EventId: new(fmt.Sprintf("%038d%018d", e.At, n))})
			}
		}
	}
	slices.SortStableFunc(out.Events, func(a, b types.FilteredLogEvent) int { return cmp.Compare(*a.Timestamp, *b.Timestamp) })
	return out, nil
}

func terms(pattern string) ([]string, error) {
	if strings.HasPrefix(pattern, "{") || strings.HasPrefix(pattern, "[") || strings.HasPrefix(pattern, "%") {
		return nil, invalid("The simulated region reads filter patterns of terms and phrases alone: %s", pattern)
	}
	var out []string
	for pattern = strings.TrimSpace(pattern); pattern != ""; pattern = strings.TrimSpace(pattern) {
		not := ""
		if strings.HasPrefix(pattern, "-") {
			not, pattern = "-", pattern[1:]
		}
		var term string
		if strings.HasPrefix(pattern, `"`) {
			var closed bool
			if term, pattern, closed = strings.Cut(pattern[1:], `"`); !closed {
				return nil, invalid("Invalid character(s) in term '%s'", term)
			}
		} else {
			term, pattern, _ = strings.Cut(pattern, " ")
		}
		out = append(out, not+term)
	}
	return out, nil
}

func matches(terms []string, message string) bool {
	for _, t := range terms {
		if word, not := strings.CutPrefix(t, "-"); strings.Contains(message, word) == not {
			return false
		}
	}
	return true
}
