// Package blame finds out who changed what drifted, and when: from CloudTrail's event
// history, joined with the updates that EKS remembers. It only reads. It must not know why
// anybody asks, and it never says more than the events do.
package blame

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/drift"
)

// The bounds of a search: LookupEvents answers twice a second, and a page of it has taken
// half a minute (facts/repair.md §2).
const (
	mostQuestions = 24 // a report with more of them names who did the first
	mostPages     = 2  // of 50 events, newest first
	mostUpdates   = 10 // of EKS's, each of which costs a request
)

// search is one report's, so that the same question is asked once.
type search struct {
	c       *awsc.Clients
	cluster string
	asked   map[string][]event
	updates []drift.Change // EKS's, newest first; nil: not asked yet
	types   []string       // of them
	looked  bool
	left    int // questions that were not asked any more
}

// event is a call as CloudTrail writes it (CloudTrail user guide, "Record contents").
type event struct {
	ID           string    `json:"eventID"`
	Name         string    `json:"eventName"`
	Time         time.Time `json:"eventTime"`
	Source       string    `json:"eventSource"`
	IP           string    `json:"sourceIPAddress"`
	Agent        string    `json:"userAgent"`
	Error        string    `json:"errorCode"`
	UserIdentity struct {
		Type, ARN, UserName, InvokedBy string
		OnBehalfOf                     *struct{ UserID string }
		SessionContext                 struct{ SessionIssuer struct{ UserName string } }
	} `json:"userIdentity"`
	Request  json.RawMessage `json:"requestParameters"`
	Response json.RawMessage `json:"responseElements"`
}

// Find says of each difference who made it, where it can be known. The answer is why
// nobody could be asked, or not of all; "": CloudTrail answered.
func Find(ctx context.Context, c *awsc.Clients, cluster string, ds []drift.Difference) (why string, err error) {
	s := &search{c: c, cluster: cluster, asked: map[string][]event{}}
	for i := range ds {
		d := &ds[i]
		if d.Ignored != nil || d.About.Resource == "" && len(d.About.Calls) == 0 {
			continue
		}
		found, err := s.event(ctx, d.About)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil && why == "":
			why = "CloudTrail's event history cannot be read: " + awsc.Message(err)
		case err == nil && found != nil:
			if d.By, err = s.change(ctx, found); err != nil {
				return "", err
			}
			continue
		}
		d.By = s.update(ctx, d.About.EKS)
	}
	if why == "" && s.left > 0 {
		why = fmt.Sprintf("CloudTrail was asked %d questions, and not who made the others of these differences (%d questions more); "+
			"slipway drift %s --only PATH asks of one field", mostQuestions, s.left, cluster)
	}
	return why, nil
}

// event is the newest call that may have made a change; nil: none is told of.
func (s *search) event(ctx context.Context, about drift.About) (*event, error) {
	type question struct {
		key   types.LookupAttributeKey
		value string
	}
	var questions []question
	if about.Resource != "" {
		questions = append(questions, question{types.LookupAttributeKeyResourceName, about.Resource})
	}
	for _, call := range about.Calls {
		if about.Resource == "" {
			questions = append(questions, question{types.LookupAttributeKeyEventName, call})
		}
	}
	var newest *event
	for _, q := range questions {
		events, err := s.ask(ctx, q.key, q.value, slices.ContainsFunc(about.Calls, global))
		if err != nil {
			return nil, err
		}
		for i := range events {
			e := &events[i]
			fits := slices.Contains(about.Calls, e.Name) && (about.Mentions == "" || strings.Contains(string(e.Request), about.Mentions)) &&
				(len(about.Members) == 0 || slices.ContainsFunc(about.Members, func(m string) bool { return strings.Contains(string(e.Request), strconv.Quote(m)) }))
			if fits && e.Error == "" && (newest == nil || e.Time.After(newest.Time)) { // an errorCode: it changed nothing
				newest = e
			}
		}
	}
	return newest, nil
}

// global tells the calls of IAM, whose events are kept in one region.
func global(call string) bool {
	ofEC2 := strings.HasSuffix(call, "IamInstanceProfile") || strings.HasSuffix(call, "IamInstanceProfileAssociation")
	return !ofEC2 && slices.ContainsFunc([]string{"Role", "OpenIDConnect", "InstanceProfile"}, func(s string) bool { return strings.Contains(call, s) })
}

// ask asks one question, once.
func (s *search) ask(ctx context.Context, key types.LookupAttributeKey, value string, global bool) ([]event, error) {
	name := fmt.Sprint(key, " ", value, " ", global)
	if have, ok := s.asked[name]; ok {
		return have, nil
	}
	if len(s.asked) >= mostQuestions {
		s.left++
		return nil, nil
	}
	client := s.c.Trail
	if global {
		client = s.c.GlobalTrail
	}
	in := &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}}
	pages := cloudtrail.NewLookupEventsPaginator(client, in)
	var out []event
	for n := 0; pages.HasMorePages() && n < mostPages; n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, x := range page.Events {
			var e event
			if json.Unmarshal([]byte(aws.ToString(x.CloudTrailEvent)), &e) == nil { // what cannot be read says nothing
				out = append(out, e)
			}
		}
	}
	s.asked[name] = out
	return out, nil
}

// change is an event in words; what a service called is traced to who made it.
func (s *search) change(ctx context.Context, e *event) (*drift.Change, error) {
	out := &drift.Change{Call: strings.TrimSuffix(e.Source, ".amazonaws.com") + ":" + e.Name, At: e.Time, Who: who(e), From: e.IP, Event: e.ID}
	var answer struct{ Update struct{ ID string } }
	if json.Unmarshal(e.Response, &answer) == nil {
		out.Update = answer.Update.ID
	}
	service, isService := strings.CutSuffix(firstOf(e.UserIdentity.InvokedBy, e.IP), ".amazonaws.com")
	if !isService {
		out.Via = program(e.Agent)
		return out, nil
	}
	out.Via, out.From = service, ""
	if service != "cloudformation" {
		return out, nil
	}
	var behind *event
	for _, call := range []string{"ExecuteChangeSet", "UpdateStack", "CreateStack", "DeleteStack", "ContinueUpdateRollback"} {
		events, err := s.ask(ctx, types.LookupAttributeKeyEventName, call, false)
		if err != nil {
			return out, nil // what did it is known, who executed it is not
		}
		for i := range events {
			x := &events[i]
			if x.Error == "" && !x.Time.After(e.Time) && strings.Contains(string(x.Request), s.cluster) && (behind == nil || x.Time.After(behind.Time)) {
				behind = x
			}
		}
	}
	if behind != nil {
		out.Who, out.From = who(behind), behind.IP
		out.Via = fmt.Sprintf("CloudFormation (%s at %s)", behind.Name, behind.Time.UTC().Format(time.RFC3339))
	}
	return out, nil
}

// who is the principal that called: a user, a role with its session, or the root user.
func who(e *event) string {
	u := e.UserIdentity
	switch {
	case u.Type == "Root":
		return "the root user"
	case u.OnBehalfOf != nil:
		return "Identity Center user " + u.OnBehalfOf.UserID
	case u.Type == "AWSService":
		return u.InvokedBy
	}
	if role := u.SessionContext.SessionIssuer.UserName; role != "" {
		session := u.ARN[strings.LastIndex(u.ARN, "/")+1:]
		return session + " (role " + role + ")"
	}
	return firstOf(u.UserName, u.ARN)
}

// program is the first word of a user agent: aws-cli/2.31.38, Terraform, Boto3.
func program(agent string) string {
	word, _, _ := strings.Cut(agent, " ")
	return word
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// update is the newest of EKS's own updates of a type: it has a date and no caller, and
// reaches further back than CloudTrail may.
func (s *search) update(ctx context.Context, kind string) *drift.Change {
	if kind == "" {
		return nil
	}
	if !s.looked {
		s.looked = true
		s.list(ctx)
	}
	for i := range s.updates {
		if s.types[i] == kind {
			return &s.updates[i]
		}
	}
	return nil
}

// list reads EKS's last updates of the cluster. What cannot be read is nobody's loss: the
// difference stands without a date.
func (s *search) list(ctx context.Context) {
	ids, err := awsc.Collect(ctx, eks.NewListUpdatesPaginator(s.c.EKS, &eks.ListUpdatesInput{Name: &s.cluster}),
		func(p *eks.ListUpdatesOutput) []string { return p.UpdateIds })
	if err != nil {
		return
	}
	for i := len(ids) - 1; i >= 0 && i >= len(ids)-mostUpdates; i-- {
		d, err := s.c.EKS.DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: &s.cluster, UpdateId: &ids[i]})
		if err != nil || d.Update == nil || d.Update.Status != "Successful" {
			continue
		}
		s.types = append(s.types, string(d.Update.Type))
		s.updates = append(s.updates, drift.Change{Call: "an update of EKS's (" + string(d.Update.Type) + ")", At: aws.ToTime(d.Update.CreatedAt), Update: ids[i],
			Uncertain: "EKS keeps the date and not the caller; CloudTrail tells of 90 days, and of a call after some minutes"})
	}
	newest(s.updates, s.types)
}

// newest sorts updates with their types, the newest first: EKS lists them in no order.
func newest(updates []drift.Change, kinds []string) {
	type both struct {
		u drift.Change
		k string
	}
	all := make([]both, len(updates))
	for i := range updates {
		all[i] = both{updates[i], kinds[i]}
	}
	slices.SortStableFunc(all, func(a, b both) int { return b.u.At.Compare(a.u.At) })
	for i := range all {
		updates[i], kinds[i] = all[i].u, all[i].k
	}
}
