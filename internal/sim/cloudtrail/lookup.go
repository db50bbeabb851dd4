package cloudtrail

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// The structs carry the names of the service's model.
type (
	// LookupEventsInput asks for the events of a time, by one attribute.
	LookupEventsInput struct {
		LookupAttributes         []LookupAttribute
		StartTime, EndTime       *time.Time
		EventCategory, NextToken *string
		MaxResults               *int32
	}
	// LookupAttribute is what an event must have.
	LookupAttribute struct{ AttributeKey, AttributeValue *string }
	// LookupEventsOutput are the events, newest first.
	LookupEventsOutput struct {
		Events    []Event
		NextToken *string
	}
	// Event is one call.
	Event struct {
		EventId, EventName, ReadOnly, AccessKeyId, EventSource, Username, CloudTrailEvent *string
		EventTime                                                                         *time.Time
		Resources                                                                         []Resource
	}
	// Resource is what a call named.
	Resource struct{ ResourceType, ResourceName *string }
)

// Register adds the operations.
func (t *Trail) Register(s *wire.Service) { wire.Handle(s, "LookupEvents", t.LookupEvents) }

// perSecond is how often an account may look in a region.
const perSecond = 2

// LookupEvents tells what was called in the caller's region.
func (t *Trail) LookupEvents(c *wire.Caller, in *LookupEventsInput) (*LookupEventsOutput, error) {
	if err := t.throttle(c.Region); err != nil {
		return nil, err
	}
	switch {
	case len(in.LookupAttributes) > 1:
		return nil, wire.Errorf("InvalidLookupAttributesException", "You may specify only one lookup attribute.")
	case in.StartTime != nil && in.EndTime != nil && in.EndTime.Before(*in.StartTime):
		return nil, wire.Errorf("InvalidTimeRangeException", "Start time must be before end time.")
	case in.EventCategory != nil && *in.EventCategory != "insight":
		return nil, wire.Errorf("InvalidEventCategoryException", "Event category %s is invalid.", *in.EventCategory)
	}
	out, now := &LookupEventsOutput{Events: []Event{}}, t.w.Elapsed()
	if in.EventCategory != nil {
		return out, nil // the region has no Insights events
	}
	for _, r := range slices.Backward(t.records) {
		if r.Region != c.Region || r.Told > now || in.StartTime != nil && r.At.Before(*in.StartTime) || in.EndTime != nil && r.At.After(*in.EndTime) {
			continue
		}
		r.render()
		if len(in.LookupAttributes) == 0 || r.has(aws.ToString(in.LookupAttributes[0].AttributeKey), aws.ToString(in.LookupAttributes[0].AttributeValue)) {
			out.Events = append(out.Events, t.view(r))
		}
	}
	return out, nil
}

// throttle refuses what comes faster than the account may look.
func (t *Trail) throttle(region string) error {
	now := t.w.Elapsed()
	last := slices.DeleteFunc(t.tokens[region], func(at time.Duration) bool { return now-at >= time.Second })
	if len(last) >= perSecond {
		return wire.Errorf("ThrottlingException", "Rate exceeded")
	}
	t.tokens[region] = append(last, now)
	return nil
}

// has tells whether an event has an attribute.
func (r *record) has(key, value string) bool {
	switch key {
	case "EventId":
		return r.ID == value
	case "EventName":
		return r.Op == value
	case "ReadOnly":
		return (value == "true") == r.Read
	case "Username":
		return username(r.ARN) == value
	case "ResourceType":
		return slices.ContainsFunc(r.Resources, func(x resource) bool { return x.Type == value })
	case "ResourceName":
		return slices.ContainsFunc(r.Resources, func(x resource) bool { return x.Name == value })
	case "EventSource":
		return source(r.Service) == value
	case "AccessKeyId":
		return r.Key == value
	}
	return false
}

func source(service string) string { return service + ".amazonaws.com" }

// username is a user's name, or a session's.
func username(arn string) string { return arn[strings.LastIndexAny(arn, ":/")+1:] }

func (t *Trail) view(r *record) Event {
	readOnly := "false"
	if r.Read {
		readOnly = "true"
	}
	e := Event{EventId: new(r.ID), EventName: new(r.Op), ReadOnly: &readOnly, EventSource: new(source(r.Service)), Username: new(username(r.ARN)),
		EventTime: new(r.At), CloudTrailEvent: new(t.text(r)), Resources: []Resource{}}
	if r.Key != "" && r.Via == "" {
		e.AccessKeyId = new(r.Key)
	}
	for _, x := range r.Resources {
		e.Resources = append(e.Resources, Resource{new(x.Type), new(x.Name)})
	}
	return e
}

// text is the whole event as CloudTrail writes it ("CloudTrail record contents").
func (t *Trail) text(r *record) string {
	e := map[string]any{
		"eventVersion": "1.11", "userIdentity": t.identity(r), "eventTime": r.At.Format(time.RFC3339), "eventSource": source(r.Service), "eventName": r.Op,
		"awsRegion": r.Region, "sourceIPAddress": r.IP, "userAgent": r.Agent, "requestParameters": r.Request, "responseElements": r.Response,
		"requestID": t.requestID(r), "eventID": r.ID, "readOnly": r.Read, "eventType": "AwsApiCall", "managementEvent": true,
		"recipientAccountId": t.Account, "eventCategory": "Management",
	}
	if r.Request == nil {
		e["requestParameters"] = nil
	}
	if r.Response == nil {
		e["responseElements"] = nil
	}
	if r.Code != "" {
		e["errorCode"], e["errorMessage"] = r.Code, r.Message
	}
	b, _ := json.Marshal(e) // strings and valid JSON
	return string(b)
}

// requestID is the event's own: the region does not keep the requests' IDs.
func (t *Trail) requestID(r *record) string { return r.ID[:18] + "-4000" + r.ID[23:] }

// identity is who called.
func (t *Trail) identity(r *record) map[string]any {
	id := map[string]any{"type": "IAMUser", "accountId": t.Account, "arn": r.ARN}
	role, session, assumed := strings.Cut(strings.TrimPrefix(r.ARN, "arn:"+t.Partition+":sts::"+t.Account+":assumed-role/"), "/")
	switch {
	case strings.HasSuffix(r.ARN, ":root"):
		id["type"], id["principalId"] = "Root", t.Account
	case strings.Contains(r.ARN, ":assumed-role/") && assumed:
		issuer := t.RoleID(role)
		id["type"], id["principalId"] = "AssumedRole", issuer+":"+session
		id["sessionContext"] = map[string]any{
			"sessionIssuer": map[string]any{"type": "Role", "principalId": issuer, "arn": "arn:" + t.Partition + ":iam::" + t.Account + ":role/" + role,
				"accountId": t.Account, "userName": role},
			"attributes": map[string]any{"creationDate": r.At.Format(time.RFC3339), "mfaAuthenticated": "false"},
		}
	default:
		id["principalId"], id["userName"] = "AIDASIMULATEDREGION00", username(r.ARN)
	}
	if r.Key != "" {
		id["accessKeyId"] = r.Key
	}
	if r.Via != "" {
		id["invokedBy"] = r.Via
	}
	return id
}
