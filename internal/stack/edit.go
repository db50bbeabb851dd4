package stack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// Edit is a change of a stored template: of some of its bytes, so that everything else
// stays as it was written. It takes JSON, which eksctl and Slipway write.
type Edit struct {
	// Outputs are outputs' values, which become literal. One that is not there is put in, and
	// exported as eksctl's are.
	Outputs map[string]string `json:"outputs,omitempty"`
	// Drop are outputs that are taken out: a topology that is missing is an output that is
	// missing.
	Drop []string `json:"drop,omitempty"`
	// Gone are resources that do not exist, by logical ID. They are taken out with what
	// cannot be without them.
	Gone []string `json:"gone,omitempty"`
	// Subnets are the control plane's, in place of those that the template gives it.
	Subnets []string `json:"subnets,omitempty"`
	// Import are resources that exist, and are no stack's: they are put into the template for
	// an import, by logical ID. Such an edit holds nothing else: an import changes nothing.
	Import map[string]Imported `json:"import,omitempty"`
	// Texts are texts of the template that CloudFormation's answer has lost characters of,
	// by path, such as Description.
	Texts map[string]string `json:"texts,omitempty"`
	// Touch is put into the metadata of a resource: CloudFormation does not always take a
	// change of outputs alone for an update (facts/repair.md §1.1).
	Touch string `json:"touch,omitempty"`
}

// Imported is a resource that a stack is to take in as it is.
type Imported struct {
	Type       string            `json:"type"`
	Identifier map[string]string `json:"identifier"` // as CloudFormation names it: SubnetId, Id
	Properties map[string]any    `json:"properties"`
}

// touched is the key of a resource's metadata by which an update is one.
const touched = "SlipwaySync"

// Apply makes the changed template.
func (e Edit) Apply(body string) (string, error) {
	b := []byte(body)
	if !json.Valid(b) {
		return "", fmt.Errorf("the template is no JSON, as eksctl and slipway write it; a template in YAML is edited by whoever keeps it")
	}
	var err error
	set := func(value any, path ...string) {
		if err == nil {
			b, err = replace(b, path, ascii(value))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(e.Texts)) {
		set(e.Texts[path], strings.Split(path, "/")...)
	}
	for _, k := range slices.Sorted(maps.Keys(e.Outputs)) {
		b, err = output(b, err, k, e.Outputs[k])
	}
	if len(e.Subnets) > 0 {
		set(e.Subnets, "Resources", "ControlPlane", "Properties", "ResourcesVpcConfig", "SubnetIds")
	}
	for _, id := range slices.Sorted(maps.Keys(e.Import)) {
		b, err = imported(b, err, id, e.Import[id])
	}
	for _, k := range e.Drop {
		b, err = removed(b, err, "Outputs", k)
	}
	for _, k := range e.Gone {
		b, err = removed(b, err, "Resources", k)
	}
	if err == nil && e.Touch != "" {
		b, err = touch(b, e.Touch)
	}
	if err == nil && len(e.Gone) > 0 {
		err = unreferenced(b, e.Gone)
	}
	return string(b), err
}

// member is one member of a JSON object: where its key, and its value, stand.
type member struct {
	key             string
	begin, from, to int // the key's first byte; the value's first, and the one behind it
}

// members reads an object that begins at an offset.
func members(b []byte, at int) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(b[at:]))
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("the template has something else than an object at byte %d", at)
	}
	var out []member
	for d.More() {
		begin := at + int(d.InputOffset())
		for b[begin] != '"' {
			begin++ // white space and the comma
		}
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, err
		}
		end := at + int(d.InputOffset())
		out = append(out, member{k.(string), begin, end - len(raw), end})
	}
	return out, nil
}

// find walks to a member; all are those of its object.
func find(b []byte, path []string) (all []member, i int, err error) {
	at := bytes.IndexByte(b, '{')
	for n, k := range path {
		if all, err = members(b, at); err != nil {
			return nil, 0, err
		}
		i = slices.IndexFunc(all, func(m member) bool { return m.key == k })
		if i < 0 {
			return nil, 0, fmt.Errorf("the template has no %s", strings.Join(path[:n+1], "."))
		}
		at = all[i].from
	}
	return all, i, nil
}

func replace(b []byte, path []string, value []byte) ([]byte, error) {
	all, i, err := find(b, path)
	if err != nil {
		return nil, err
	}
	return slices.Concat(b[:all[i].from], value, b[all[i].to:]), nil
}

// removed takes a member out, where it is there.
func removed(b []byte, err error, path ...string) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if _, _, missing := find(b, path); missing != nil {
		return b, nil
	}
	return remove(b, path)
}

func remove(b []byte, path []string) ([]byte, error) {
	all, i, err := find(b, path)
	switch {
	case err != nil:
		return nil, err
	case i+1 < len(all):
		return slices.Concat(b[:all[i].begin], b[all[i+1].begin:]), nil
	case i > 0:
		return slices.Concat(b[:all[i-1].to], b[all[i].to:]), nil
	}
	return slices.Concat(b[:all[i].begin], b[all[i].to:]), nil
}

// output makes the value of an output literal, and puts in an output that is not there.
func output(b []byte, err error, key, value string) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if _, _, missing := find(b, []string{"Outputs", key}); missing == nil {
		return replace(b, []string{"Outputs", key, "Value"}, ascii(value))
	}
	if _, _, missing := find(b, []string{"Outputs"}); missing != nil {
		if b, err = insert(b, nil, "Outputs", ascii(M{})); err != nil {
			return nil, err
		}
	}
	return insert(b, []string{"Outputs"}, key, ascii(M{"Value": value, "Export": exported(key)}))
}

// imported puts a resource into the template, where it is not there yet. It goes with the
// stack: what is in a VPC of the stack's would be in the way of its deletion.
func imported(b []byte, err error, id string, r Imported) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if _, _, missing := find(b, []string{"Resources", id}); missing == nil {
		return b, nil
	}
	return insert(b, []string{"Resources"}, id, ascii(M{"Type": r.Type, "DeletionPolicy": "Delete", "Properties": r.Properties}))
}

// touch puts a word into the metadata of the control plane, or of the first resource.
func touch(b []byte, word string) ([]byte, error) {
	resources, i, err := find(b, []string{"Resources"})
	if err != nil {
		return nil, err
	}
	all, err := members(b, resources[i].from)
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("the template has no resource")
	}
	id := all[0].key
	if slices.ContainsFunc(all, func(m member) bool { return m.key == "ControlPlane" }) {
		id = "ControlPlane"
	}
	if _, _, err := find(b, []string{"Resources", id, "Metadata", touched}); err == nil {
		return replace(b, []string{"Resources", id, "Metadata", touched}, ascii(word))
	}
	if _, _, err := find(b, []string{"Resources", id, "Metadata"}); err == nil {
		return insert(b, []string{"Resources", id, "Metadata"}, touched, ascii(word))
	}
	return insert(b, []string{"Resources", id}, "Metadata", ascii(M{touched: word}))
}

// insert puts a member at the beginning of an object; no path: the template's own.
func insert(b []byte, path []string, key string, value []byte) ([]byte, error) {
	from := bytes.IndexByte(b, '{')
	if len(path) > 0 {
		all, i, err := find(b, path)
		if err != nil {
			return nil, err
		}
		from = all[i].from
	}
	at := from + 1
	put := slices.Concat(ascii(key), []byte(":"), value)
	if inner, err := members(b, from); err == nil && len(inner) > 0 {
		put = append(put, ',')
	}
	return slices.Concat(b[:at], put, b[at:]), nil
}

// ascii is a value as JSON of ASCII alone: CloudFormation answers with a question mark for
// every other character of a template (facts/repair.md §1.1).
func ascii(v any) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // built of strings, numbers, maps and lists only
	}
	return escaped(bytes.TrimSpace(buf.Bytes()))
}

// escaped writes what is not ASCII as \u escapes; in JSON it stands in texts only.
func escaped(b []byte) []byte {
	if bytes.IndexFunc(b, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return b
	}
	var out bytes.Buffer
	for _, r := range string(b) {
		switch {
		case r < utf8.RuneSelf:
			out.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}

// unreferenced refuses a template that still names a resource that was taken out.
func unreferenced(b []byte, gone []string) error {
	var t map[string]any
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	for _, at := range slices.Sorted(maps.Keys(t)) {
		if names := References(t[at]); at != "Metadata" {
			for _, id := range gone {
				if slices.Contains(names, id) {
					return fmt.Errorf("%s of the template still refers to %s, which is gone; nothing was changed", at, id)
				}
			}
		}
	}
	return nil
}

// References are the names of resources, and of others, that a part of a template refers
// to: by Ref, Fn::GetAtt, Fn::Sub and DependsOn. They are sorted.
func References(v any) []string {
	seen := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			for k, y := range x {
				switch s, text := y.(string); {
				case k == "Ref" && text, k == "DependsOn" && text:
					seen[s] = true
				case k == "DependsOn":
					l, _ := y.([]any)
					for _, d := range l {
						s, _ := d.(string)
						seen[s] = true
					}
				case k == "Fn::GetAtt" && text:
					name, _, _ := strings.Cut(s, ".")
					seen[name] = true
				case k == "Fn::GetAtt":
					if l, _ := y.([]any); len(l) > 0 {
						s, _ := l[0].(string)
						seen[s] = true
					}
				case k == "Fn::Sub":
					substituted(y, seen)
					walk(y)
				default:
					walk(y)
				}
			}
		case []any:
			for _, y := range x {
				walk(y)
			}
		}
	}
	walk(v)
	return slices.Sorted(maps.Keys(seen))
}

func substituted(v any, seen map[string]bool) {
	s, _ := v.(string)
	if l, ok := v.([]any); ok && len(l) > 0 {
		s, _ = l[0].(string)
	}
	for {
		_, rest, found := strings.Cut(s, "${")
		if !found {
			return
		}
		name, after, _ := strings.Cut(rest, "}")
		s = after
		name, _, _ = strings.Cut(strings.TrimPrefix(name, "!"), ".")
		seen[name] = true
	}
}

// ResourceReferences are the names that each resource of a template refers to.
func ResourceReferences(body string) map[string][]string { return referencesOf(body, "Resources") }

// OutputReferences are the names that each output refers to.
func OutputReferences(body string) map[string][]string { return referencesOf(body, "Outputs") }

func referencesOf(body, section string) map[string][]string {
	var t map[string]any
	if json.Unmarshal([]byte(body), &t) != nil {
		return nil
	}
	out := map[string][]string{}
	all, _ := t[section].(map[string]any)
	for id, r := range all {
		out[id] = References(r)
	}
	return out
}

// Alike tells whether two templates say the same.
func Alike(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// Question are the paths of a template's texts that hold a question mark where the service
// itself would not notice that another character stood there: outside of resources, whose
// every difference a change set shows. The record that Slipway keeps is written in ASCII.
func Question(body string) []string {
	var t map[string]any
	if json.Unmarshal([]byte(body), &t) != nil {
		return nil
	}
	var out []string
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch x := v.(type) {
		case string:
			if strings.Contains(x, "?") {
				out = append(out, at)
			}
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(x)) {
				walk(at+"/"+k, x[k])
			}
		case []any:
			for i, y := range x {
				walk(fmt.Sprintf("%s/%d", at, i), y)
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(t)) {
		if k != "Resources" {
			walk(k, t[k])
		}
	}
	return slices.DeleteFunc(out, func(p string) bool { return strings.HasPrefix(p, "Metadata/"+recordKey+"/") })
}
