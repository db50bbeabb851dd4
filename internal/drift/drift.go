// Package drift compares what was wanted of a cluster, and what its record claims, with
// what AWS and Kubernetes answer, beyond the fields of the config file: outputs of stacks,
// subnets, routes, rules, Auto Scaling groups, roles, access. Each compared field is an
// entry of the catalogue (catalogue.go), one file for each kind of thing; the file's own
// fields come from package config/fields through package diff, and are not repeated here.
// It decides what a difference breaks and which repairs there are. It must not call
// anything, change anything, or render.
package drift

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

// Truths are what is compared.
type Truths struct {
	// Desired is the file, or nil; Declared, Resolved and File go with it.
	Desired  any
	Declared func(path string) bool
	Resolved map[string]map[string]string
	File     string // its name, for the commands that repair

	Record    *record.Record
	Resources []*record.Resource // what the stacks' templates say
	Claims    any                // the same of the file's fields (record.Claims)
	State     string             // the Terraform state that is a record, too, in words; "": none
	Live      *observe.Observed

	byType map[string][]*record.Resource
	lists  map[string][]string // what the file lists, by the list; nil: not read yet
	known  derived
}

// derived are what several fields are of, worked out once in a comparison; nil: not yet.
type derived struct {
	roles, nodeRoles []Thing
}

// once is a list that is worked out the first time; its caller may take things out of it.
func once(list *[]Thing, of func() []Thing) []Thing {
	if *list == nil {
		*list = append([]Thing{}, of()...)
	}
	return slices.Clone(*list)
}

// Of are the truths of an observation, with the record that its stacks hold.
func Of(live *observe.Observed) *Truths {
	t := &Truths{Record: record.FromStacks(live), Live: live}
	t.claim(record.Resources(live))
	return t
}

// AddState adds what a Terraform state claims, beside what stacks do; from is the state in
// words.
func (t *Truths) AddState(from string, resources []*record.Resource) {
	t.State = from
	t.claim(append(t.Resources, resources...))
}

func (t *Truths) claim(resources []*record.Resource) {
	t.Resources, t.byType, t.known = resources, map[string][]*record.Resource{}, derived{}
	t.Claims = record.Claims(t.Live, t.Record, t.Resources)
	for _, r := range t.Resources {
		t.byType[r.Type] = append(t.byType[r.Type], r)
	}
}

// Kind says what a difference is. The words are a contract of JSON output; the four of
// subnets are those of facts/eks.md §8.
type Kind string

// Kinds of differences.
const (
	Changed  Kind = "changed"           // another value
	Missing  Kind = "missing"           // a part of it is not there
	Gone     Kind = "gone"              // the thing does not exist
	Foreign  Kind = "foreign"           // somebody added to it; nothing that was wanted lacks
	Unwell   Kind = "unwell"            // it is there, and AWS says that it does not work
	Dangling Kind = "dangling output"   // recorded, and does not exist
	Detached Kind = "detached"          // recorded as the control plane's, exists, and is not its any more
	Added    Kind = "added out of band" // the control plane's, exists, and is not recorded
	Listed   Kind = "listed but gone"   // the control plane's, and does not exist
)

// Difference is one field of one thing about which the truths do not agree.
type Difference struct {
	Path string `json:"path"`          // in the catalogue
	Key  string `json:"key,omitempty"` // of the thing, where the field is of one of several
	What string `json:"what"`          // one sentence
	Kind Kind   `json:"kind"`
	// Severity is error where something is blocked, warning where something does not work
	// as wanted, info where it is only untidy.
	Severity finding.Severity `json:"severity"`
	Breaks   []string         `json:"breaks,omitempty"` // what fails, each by name

	Desired  *diff.Value `json:"desired,omitempty"`  // nil: the file does not say, or there is none
	Recorded *diff.Value `json:"recorded,omitempty"` // nil: no record says
	Live     *diff.Value `json:"live,omitempty"`     // nil: it cannot be known

	Lacks []string `json:"lacks,omitempty"` // of a set: what is wanted and not there
	Extra []string `json:"extra,omitempty"` // of a set: what is there and nobody recorded
	// Sets are the subnets of an output or of the control plane, by the kind of difference.
	Sets map[Kind][]string `json:"sets,omitempty"`

	Repairs []Repair `json:"repairs,omitempty"` // the safest first
	By      *Change  `json:"by,omitempty"`
	Ignored *Ignore  `json:"ignored,omitempty"`
	Again   *Again   `json:"again,omitempty"`

	// About says where to ask who did it: resources that were touched, and the calls.
	About About `json:"-"`
}

// Change is who changed a thing, and when.
type Change struct {
	Call      string    `json:"call"` // eks:UpdateClusterConfig
	Who       string    `json:"who,omitempty"`
	At        time.Time `json:"at"`
	Via       string    `json:"via,omitempty"` // the service, or the program, that called for them
	From      string    `json:"from,omitempty"`
	Event     string    `json:"event,omitempty"`  // CloudTrail's ID of it
	Update    string    `json:"update,omitempty"` // EKS's ID of it
	Uncertain string    `json:"uncertain,omitempty"`
}

// Again is a repair of ours after which a field drifted again: another owner sets it, and a
// repair that is repeated by itself goes on without end.
type Again struct {
	Operation int       `json:"operation"` // of the journal
	Command   string    `json:"command"`
	At        time.Time `json:"at"`
}

// About is what CloudTrail is asked of.
type About struct {
	Resource string   // an ID that events list; "": they list none, and Calls are asked for
	Calls    []string // names of events that may have done it
	Mentions string   // what the event's request names beside them: the cluster, a group
	Members  []string // of which the event's request has one, where a call changes many things
	EKS      string   // the type of EKS's update that did it, such as VpcConfigUpdate
}

// NotChecked is a part of the comparison that could not be made.
type NotChecked struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// Report is what a comparison came to. Its JSON is a contract.
type Report struct {
	Cluster     string       `json:"cluster"`
	Region      string       `json:"region"`
	Record      string       `json:"record,omitempty"`        // where it is, in words; "": there is none
	Unrecorded  string       `json:"recordNotRead,omitempty"` // why nobody knows whether there is one
	Owners      []string     `json:"owners,omitempty"`        // who keeps what of the cluster, a line each
	File        string       `json:"file,omitempty"`
	Differences []Difference `json:"differences"` // the heaviest first
	NotChecked  []NotChecked `json:"notChecked,omitempty"`
	NotCompared []string     `json:"notCompared"` // what the catalogue has no live value of
	Fields      int          `json:"fieldsCompared"`
	Blame       string       `json:"blame,omitempty"` // why nobody is named
	Expired     []Ignore     `json:"expiredIgnores,omitempty"`
	Calls       int          `json:"apiCalls"`
}

// Drifted are the differences that are not ignored.
func (r *Report) Drifted() []Difference {
	return slices.DeleteFunc(slices.Clone(r.Differences), func(d Difference) bool { return d.Ignored != nil })
}

// Thing is what a field is of.
type Thing struct {
	Key  string
	Data any // as the field's file takes it
}

// Reading is what one truth says of a field.
type Reading struct {
	Is      any    // nil: known not to be, or not to be set
	Silent  bool   // the truth says nothing of it
	Unknown string // why it could not be read
}

var silent = Reading{Silent: true}

func says(v any) Reading { return Reading{Is: plainly(v)} }

func (r Reading) value() *diff.Value {
	if r.Silent || r.Unknown != "" {
		return nil
	}
	return &diff.Value{Is: r.Is}
}

// Field is one entry of the catalogue.
type Field struct {
	Path string
	Doc  string
	// From are the parts of an observation that the live value is read from: where one was
	// not read, the field is not checked.
	From []observe.Part
	// Needs are the parts of the network that it is read from, as the reader names them.
	Needs []string
	// Recorded says that the record alone tells what the field is of. Of any other field, a
	// part that was not read may hide things, so that not even their absence is known.
	Recorded bool
	// Cheap says that a brief look answers it (read.Brief): every command compares it.
	Cheap bool
	// Things are what the field is of, in order; nil: the cluster itself.
	Things func(*Truths) []Thing
	// Want is what was wanted, from the record; Live is what is there.
	Want, Live func(*Truths, Thing) Reading
	// Same tells whether what is live is what was wanted; nil: equal, lists as sets.
	Same func(want, live any) bool
	// Judge says what a difference is, breaks and needs. It may take the difference back
	// by leaving its sentence empty.
	Judge func(*Truths, Thing, *Difference)
}

// Compare lists where the truths do not agree.
func Compare(t *Truths) *Report {
	r := &Report{Cluster: t.Live.Name, Region: t.Live.Region, File: t.File, Differences: []Difference{}, NotCompared: notCompared()}
	t.known = derived{}
	if t.Record != nil && t.Record.Outputs != nil {
		r.Record = "CloudFormation stack " + clusterStack(t)
	}
	if t.State != "" {
		r.Record = strings.TrimPrefix(r.Record+" and "+t.State, " and ")
	}
	t.claims(r)
	for _, f := range Catalogue() {
		t.compare(f, r)
	}
	t.fields(r)
	slices.SortStableFunc(r.Differences, func(a, b Difference) int { return weight(a) - weight(b) })
	return r
}

// claims says what of the record was not read: nothing else tells, for what only the record
// knows of is nothing that fields could be of.
func (t *Truths) claims(r *Report) {
	said := map[observe.Part]string{observe.Stacks: "record", observe.Templates: "what the templates of stacks say", observe.Resources: "what stacks hold"}
	for _, n := range t.Live.NotRead {
		if path := said[n.Part]; path != "" {
			r.NotChecked = append(r.NotChecked, NotChecked{path, n.What + ": " + n.Why})
		}
		if n.Part == observe.Stacks && r.Record == "" {
			r.Unrecorded = n.Why
		}
	}
}

func weight(d Difference) int {
	return slices.Index([]finding.Severity{finding.Error, finding.Warning, finding.Info}, d.Severity)
}

func (t *Truths) compare(f *Field, r *Report) {
	things := []Thing{{}}
	if f.Things != nil {
		things = f.Things(t)
	}
	if len(things) == 0 && f.Recorded {
		return // the record, which was read, says that there is none
	}
	for _, p := range f.From { // where nothing is left, what was not read may be why
		if missed := t.Live.Missed(p); len(missed) > 0 && (len(things) == 0 || !t.partly(p)) {
			r.NotChecked = append(r.NotChecked, NotChecked{f.Path, missed[0].What + ": " + missed[0].Why})
			return
		}
	}
	for _, what := range f.Needs {
		if why := t.unanswered(what); why != "" {
			r.NotChecked = append(r.NotChecked, NotChecked{f.Path, what + ": " + why})
			return
		}
	}
	for _, x := range things {
		want, live := silent, f.Live(t, x)
		if f.Want != nil {
			want = f.Want(t, x)
		}
		switch {
		case live.Silent:
			continue
		case live.Unknown != "" || want.Unknown != "":
			r.NotChecked = append(r.NotChecked, NotChecked{named(f.Path, x.Key), live.Unknown + want.Unknown})
			continue
		}
		r.Fields++
		same := f.Same
		if same == nil {
			same = equal
		}
		if same(want.Is, live.Is) {
			continue
		}
		d := Difference{Path: f.Path, Key: x.Key, Kind: Changed, Severity: finding.Warning, Recorded: want.value(), Live: live.value()}
		d.Lacks, d.Extra = sets(want.Is, live.Is)
		if f.Judge(t, x, &d); d.What != "" {
			if w, ok := x.Data.(*record.Resource); ok {
				owned(&d, w)
			}
			r.Differences = append(r.Differences, d)
		}
	}
}

// partly tells whether a part is known but for single things, each of which the readers
// tell by its absence: instances' templates and the roles.
func (t *Truths) partly(p observe.Part) bool {
	switch p {
	case observe.Machines, observe.Roles, observe.Networking:
		return slices.Contains(t.Live.Parts, p) && !slices.ContainsFunc(t.Live.NotRead, func(n observe.NotRead) bool {
			return n.Part == p && strings.HasPrefix(n.What, "the ") && p != observe.Networking
		})
	}
	return false
}

// unanswered is why a part of the network was not read, or "".
func (t *Truths) unanswered(what string) string {
	for _, n := range t.Live.NotRead {
		if n.Part == observe.Networking && strings.HasPrefix(n.What, what+" of ") {
			return n.Why
		}
	}
	return ""
}

func named(path, key string) string {
	if key == "" {
		return path
	}
	return path + " of " + key
}

// equal compares lists as sets, and takes what is not set for nothing.
func equal(a, b any) bool {
	x, xs := a.([]any)
	y, ys := b.([]any)
	if xs || ys {
		if slices.EqualFunc(x, y, sameText) { // nearly always, and in order
			return true
		}
		lacks, extra := sets(x, y)
		return len(lacks)+len(extra) == 0
	}
	return reflect.DeepEqual(a, b)
}

func sameText(a, b any) bool {
	x, is := a.(string)
	y, too := b.(string)
	return is && too && x == y
}

// holds tells whether a set has all that is wanted: others may add.
func holds(want, live any) bool {
	lacks, _ := sets(want, live)
	return len(lacks) == 0
}

// sets are what a list lacks of another, and what it has beyond it; nothing where they
// are no lists.
func sets(want, live any) (lacks, extra []string) {
	w, ws := want.([]any)
	l, ls := live.([]any)
	if !ws && !ls {
		return nil, nil
	}
	a, b := texts(w), texts(l)
	for _, x := range a {
		if !slices.Contains(b, x) {
			lacks = append(lacks, x)
		}
	}
	for _, x := range b {
		if !slices.Contains(a, x) {
			extra = append(extra, x)
		}
	}
	return lacks, extra
}

func texts(l []any) []string {
	out := make([]string, 0, len(l))
	for _, x := range l {
		if s, ok := x.(string); ok { // nearly all are, and Sprint is slow
			out = append(out, s)
		} else {
			out = append(out, fmt.Sprint(x))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// plainly is a value as JSON has it: lists of texts are lists of anything.
func plainly(v any) any {
	switch x := v.(type) {
	case nil:
		return nil
	case observe.Set:
		return anything(x)
	case []string:
		return anything(x)
	case int:
		return float64(x)
	}
	return v
}

func anything(l []string) any {
	out := []any{}
	for _, s := range l {
		out = append(out, s)
	}
	return out
}

// of are the recorded resources of a type, in order.
func (t *Truths) of(typ string) []*record.Resource {
	return t.byType[typ]
}

// made are those of which the stack has made one.
func (t *Truths) made(typ string) []Thing {
	var out []Thing
	for _, r := range t.of(typ) {
		if r.PhysicalID != "" {
			out = append(out, Thing{r.PhysicalID, r})
		}
	}
	return out
}

func text(v any) string { s, _ := v.(string); return s }

// keysBy are things by another name than the map has for them.
func keysBy[T any](m map[string]T, name func(T) string) []Thing {
	out := keys(m)
	for i := range out {
		out[i].Key = name(out[i].Data.(T))
	}
	return out
}

func keys[T any](m map[string]T) []Thing {
	var out []Thing
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, Thing{k, m[k]})
	}
	return out
}

// list joins names for a sentence, the first few of them.
func list(names []string) string {
	const most = 4
	if n := len(names) - most; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n)
	}
	return strings.Join(names, ", ")
}
