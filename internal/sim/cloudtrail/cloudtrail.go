// Package cloudtrail simulates CloudTrail's event history: who called what, when and with
// which outcome, for 90 days, as LookupEvents tells it. It must not know what a call is
// about: requests and answers are rendered by the names of their fields.
package cloudtrail

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// The bounds of the history. CloudTrail keeps 90 days; what only reads is many times what
// writes, and goes first here.
const (
	kept      = 90 * 24 * time.Hour
	mostReads = 5000
)

// Trail is an account's event history in every region.
type Trail struct {
	w                  *world.World
	Account, Partition string
	// RoleID is a role's unique ID, by its name.
	RoleID func(role string) string

	records []*record // oldest first
	reads   int
	tokens  map[string][]time.Duration // when LookupEvents was called last, by region
}

// record is one call. What it asked for and got is rendered when somebody looks, and when
// the region is saved.
type record struct {
	ID, Region, Service, Op string
	Key, ARN, Via           string
	Agent, IP               string
	At                      time.Time
	// Since and Told are when it was called, and when LookupEvents tells of it, by the
	// world's clock: dates are the wall's where the world is faster.
	Since, Told       time.Duration
	Code, Message     string `json:",omitempty"`
	Read              bool   `json:",omitempty"`
	Request, Response json.RawMessage
	Resources         []resource

	in, out any
}

type resource struct{ Type, Name string }

// New is an empty history.
func New(w *world.World, account, partition string) *Trail {
	return &Trail{w: w, Account: account, Partition: partition, RoleID: func(string) string { return "" }, tokens: map[string][]time.Duration{}}
}

// data are operations on what resources hold, which the history has not.
var data = []string{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "events:PutEvents",
	"eks-auth:AssumeRoleForPodIdentity", "logs:PutLogEvents"}

// reading are the beginnings of the names of what changes nothing.
var reading = []string{"Describe", "List", "Get", "Lookup", "Search", "AssumeRole", "Head", "Validate", "Test", "Estimate", "Simulate"}

// global are the services whose events are in us-east-1, whatever the region.
var global = map[string]bool{"iam": true}

// Record notes a call that was answered.
func (t *Trail) Record(c *wire.Caller, op string, in, out any, err error) {
	if op == "" || slices.ContainsFunc(data, func(d string) bool { return strings.HasPrefix(c.Service+":"+op, d) }) {
		return
	}
	now := t.w.Elapsed()
	r := &record{Region: c.Region, Service: c.Service, Op: op, Key: c.AccessKey, ARN: c.ARN, Via: c.Via, At: t.w.Date(), Since: now, in: in, out: out,
		Read: slices.ContainsFunc(reading, func(p string) bool { return strings.HasPrefix(op, p) })}
	if global[c.Service] {
		r.Region = "us-east-1"
	}
	if r.ID = t.w.UUID("cloudtrail", r.Service, op); c.HTTP != nil {
		r.Agent, r.IP = c.HTTP.UserAgent(), "198.51.100.7" // RFC 5737's: loopback is nobody's address at AWS
	}
	if r.Via != "" {
		r.Agent, r.IP = r.Via, r.Via
	}
	r.Told = now + t.w.Draw("cloudtrail:delay", r.ID, 3*time.Minute, 90*time.Second, 5*time.Minute)
	if err != nil {
		r.Code, r.Message, r.out = code(c.Service, err), err.Error(), nil
	}
	if r.Read {
		t.reads++
		r.out = nil // the history has no answers of what only reads
	} else {
		r.render()
	}
	t.records = append(t.records, r)
	t.trim(now)
}

// trim forgets what is too old, and reads beyond their number.
func (t *Trail) trim(now time.Duration) {
	if t.reads <= 2*mostReads && (len(t.records) == 0 || now-t.records[0].Since < kept+24*time.Hour) {
		return
	}
	drop := t.reads - mostReads
	t.records = slices.DeleteFunc(t.records, func(r *record) bool {
		gone := now-r.Since >= kept
		if r.Read && (gone || drop > 0) {
			t.reads, drop, gone = t.reads-1, drop-1, true
		}
		return gone
	})
}

// render writes what was asked and answered, for good.
func (r *record) render() {
	if r.in == nil && r.out == nil {
		return
	}
	r.Request = asJSON(r.Service, r.in)
	if !r.Read {
		r.Response = asJSON(r.Service, r.out)
	}
	r.Resources = named(r.in, r.out)
	r.in, r.out = nil, nil
}

// code is an error as the history has it: EC2's with the side that is to blame.
func code(service string, err error) string {
	e, ok := err.(*wire.Error)
	if !ok {
		return "InternalFailure"
	}
	if service == "ec2" {
		return "Client." + e.Code
	}
	return e.Code
}

// Save is the history as JSON.
func (t *Trail) Save() (json.RawMessage, error) {
	for _, r := range t.records {
		r.render()
	}
	return json.Marshal(t.records)
}

// Load replaces the history by a saved one.
func (t *Trail) Load(b json.RawMessage) error {
	t.records, t.reads = nil, 0
	if err := json.Unmarshal(b, &t.records); err != nil {
		return err
	}
	for _, r := range t.records {
		if r.Read {
			t.reads++
		}
	}
	return nil
}
