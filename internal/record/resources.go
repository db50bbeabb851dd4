package record

import (
	"encoding/json"
	"maps"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/observe"
)

// Resource is what a stack's template says of one resource, with what it refers to put
// in: what was wanted when the stack was last updated.
type Resource struct {
	Stack      string         `json:"stack"`
	LogicalID  string         `json:"logicalId"`
	Type       string         `json:"type"`
	PhysicalID string         `json:"physicalId,omitempty"` // "": the stack has none, or its resources were not read
	Properties map[string]any `json:"properties,omitempty"` // what cannot be known stands as Unknown
}

// Owner is who keeps the resource, with its name there.
func (r *Resource) Owner() string {
	if r.Stack == Terraform {
		return "Terraform (" + r.LogicalID + ")"
	}
	return "stack " + r.Stack + " (" + r.LogicalID + ")"
}

// Unknown stands in a resource's properties for what only CloudFormation could say: a
// condition, an attribute that is in no output.
const Unknown = "\x00unknown"

// Text is a property that is a text; ok is false where it is not set, or not known.
func (r *Resource) Text(property string) (text string, ok bool) {
	s, is := r.Properties[property].(string)
	return s, is && s != Unknown && !strings.Contains(s, Unknown)
}

// Known is a property as plain data; ok is false where it is not set, or a part of it is
// not known.
func (r *Resource) Known(path ...string) (value any, ok bool) {
	var v any = r.Properties
	for _, k := range path {
		m, _ := v.(map[string]any)
		if v, ok = m[k]; !ok {
			return nil, false
		}
	}
	return v, Known(v)
}

// Known tells whether all of a value is known.
func Known(v any) bool {
	switch x := v.(type) {
	case string:
		return !strings.Contains(x, Unknown)
	case []any:
		return !slices.ContainsFunc(x, func(y any) bool { return !Known(y) })
	case map[string]any:
		for _, y := range x {
			if !Known(y) {
				return false
			}
		}
	}
	return true
}

// Resources reads what the templates of a cluster's stacks say of their resources, in the
// order of stacks and logical IDs. A template that is no JSON or YAML says nothing.
func Resources(o *observe.Observed) []*Resource {
	var out []*Resource
	for _, name := range slices.Sorted(maps.Keys(o.Stacks)) {
		s := o.Stacks[name]
		if s.Template == "" || s.Phase() == observe.Failed || s.Phase() == observe.Going {
			continue
		}
		e := newEvaluation(o, s)
		for _, id := range slices.Sorted(maps.Keys(e.resources)) {
			r, _ := e.resources[id].(map[string]any)
			typ, _ := r["Type"].(string)
			if typ == "" {
				continue
			}
			p, _ := r["Properties"].(map[string]any)
			made, _ := e.value(map[string]any(p)).(map[string]any)
			out = append(out, &Resource{Stack: name, LogicalID: id, Type: typ, PhysicalID: e.physical[id], Properties: made})
		}
	}
	return out
}

// evaluation is one template with what its references mean.
type evaluation struct {
	o         *observe.Observed
	stack     *observe.Stack
	resources map[string]any
	mappings  map[string]any
	physical  map[string]string // by logical ID
	types     map[string]string
	outputs   map[string]string // values of outputs by what they are made from
}

func newEvaluation(o *observe.Observed, s *observe.Stack) *evaluation {
	e := &evaluation{o: o, stack: s, physical: map[string]string{}, types: map[string]string{}, outputs: map[string]string{}}
	var t struct {
		Resources, Mappings map[string]any
		Outputs             map[string]struct{ Value any }
	}
	if b := []byte(s.Template); json.Unmarshal(b, &t) != nil && yaml.Unmarshal(b, &t) != nil {
		return e
	}
	e.resources, e.mappings = t.Resources, t.Mappings
	for _, r := range s.Resources {
		if r.Status != "DELETE_COMPLETE" {
			e.physical[r.LogicalID] = r.PhysicalID
		}
	}
	for id, r := range t.Resources {
		m, _ := r.(map[string]any)
		e.types[id], _ = m["Type"].(string)
	}
	for k, out := range t.Outputs {
		if v, ok := s.Outputs[k]; ok {
			e.outputs[canonical(out.Value)] = v
		}
	}
	return e
}

// value is a template's value with its functions done. A property that is
// AWS::NoValue is left out.
func (e *evaluation) value(v any) any {
	switch x := v.(type) {
	case map[string]any:
		if len(x) == 1 {
			for name, arg := range x {
				if name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::") {
					return e.function(name, arg, x)
				}
			}
		}
		out := map[string]any{}
		for k, y := range x {
			if y = e.value(y); y != nil {
				out[k] = y
			}
		}
		return out
	case []any:
		out := []any{}
		for _, y := range x {
			if y = e.value(y); y != nil {
				out = append(out, y)
			}
		}
		return out
	}
	return v
}

// function does one of CloudFormation's functions; what an output is made from is what
// the output says.
func (e *evaluation) function(name string, arg any, whole map[string]any) any {
	list, _ := e.value(arg).([]any)
	switch {
	case name == "Ref":
		return e.ref(arg)
	case name == "Fn::GetAtt":
		if v, ok := e.outputs[canonical(whole)]; ok {
			return v
		}
		return e.attribute(arg)
	case name == "Fn::Sub":
		return e.sub(arg)
	case name == "Fn::Join" && len(list) == 2:
		return join(list[0], list[1])
	case name == "Fn::Split" && len(list) == 2:
		sep, _ := list[0].(string)
		s, ok := list[1].(string)
		if !ok || !Known(s) {
			return Unknown
		}
		out := []any{}
		for _, p := range strings.Split(s, sep) {
			out = append(out, p)
		}
		return out
	case name == "Fn::Select" && len(list) == 2:
		if of, ok := list[1].([]any); ok {
			if i := index(list[0]); i >= 0 && i < len(of) {
				return of[i]
			}
		}
	case name == "Fn::Cidr" && len(list) == 3:
		return split(list)
	case name == "Fn::FindInMap" && len(list) == 3:
		return e.mapped(list)
	case name == "Fn::ImportValue":
		return e.imported(e.value(arg))
	}
	return Unknown
}

func (e *evaluation) ref(arg any) any {
	id, _ := arg.(string)
	switch id {
	case "AWS::NoValue":
		return nil
	case "AWS::StackName":
		return e.stack.Name
	case "AWS::StackId":
		return e.stack.ID
	case "AWS::Region":
		return e.o.Region
	case "AWS::AccountId":
		return e.o.Account
	case "AWS::Partition":
		return e.o.Partition
	}
	if v, ok := e.stack.Parameters[id]; ok {
		return v
	}
	if p := e.physical[id]; p != "" {
		return p
	}
	return Unknown
}

// attribute is one that follows from what the resource is called.
func (e *evaluation) attribute(arg any) any {
	var id, name string
	switch x := arg.(type) {
	case string:
		id, name, _ = strings.Cut(x, ".")
	case []any:
		if len(x) == 2 {
			id, _ = x[0].(string)
			name, _ = x[1].(string)
		}
	}
	p := e.physical[id]
	if p == "" {
		return Unknown
	}
	switch {
	case e.types[id] == "AWS::IAM::Role" && name == "Arn":
		r, _ := e.resources[id].(map[string]any)
		props, _ := r["Properties"].(map[string]any)
		path, _ := props["Path"].(string)
		if path == "" {
			path = "/"
		}
		return "arn:" + e.o.Partition + ":iam::" + e.o.Account + ":role" + path + p
	case e.types[id] == "AWS::EKS::Cluster" && name == "ClusterSecurityGroupId":
		if c := e.o.Cluster; c != nil && c.Name == p && c.ResourcesVPCConfig != nil {
			return c.ResourcesVPCConfig.ClusterSecurityGroupID // EKS's own, which never changes
		}
	case e.types[id] == "AWS::EC2::VPC" && name == "Ipv6CidrBlocks":
		// AWS gives one, which never changes; of several, nothing tells which was first.
		if n := e.o.Network; n != nil && n.VPC != nil && n.VPC.ID == p && len(n.VPC.IPv6CIDRs) == 1 {
			return []any{n.VPC.IPv6CIDRs[0].Block}
		}
	case e.types[id] == "AWS::EC2::SecurityGroup" && (name == "GroupId" || name == "Id"), name == e.types[id][strings.LastIndex(e.types[id], ":")+1:]+"Id":
		return p
	}
	return Unknown
}

func (e *evaluation) sub(arg any) any {
	text, own := "", map[string]any{}
	switch x := arg.(type) {
	case string:
		text = x
	case []any:
		if len(x) == 2 {
			text, _ = x[0].(string)
			own, _ = x[1].(map[string]any)
		}
	}
	var out strings.Builder
	for text != "" {
		before, rest, found := strings.Cut(text, "${")
		out.WriteString(before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		text = after
		var v any
		switch given, is := own[name]; {
		case strings.HasPrefix(name, "!"):
			v = "${" + name[1:] + "}"
		case is:
			v = e.value(given)
		case strings.Contains(name, ".") && !strings.HasPrefix(name, "AWS::"):
			v = e.attribute(name)
		default:
			v = e.ref(name)
		}
		s, ok := v.(string)
		if !ok {
			s = Unknown
		}
		out.WriteString(s)
	}
	return out.String()
}

// split is Fn::Cidr: blocks of so many bits for hosts, one after the other from a block's start.
func split(list []any) any {
	text, _ := list[0].(string)
	count, bits := index(list[1]), index(list[2])
	block, err := netip.ParsePrefix(text)
	if err != nil || count < 1 || count > 256 || bits < 1 || bits > block.Addr().BitLen()-block.Bits() {
		return Unknown
	}
	at, step := new(big.Int).SetBytes(block.Masked().Addr().AsSlice()), new(big.Int).Lsh(big.NewInt(1), uint(bits))
	out := []any{}
	for range count {
		addr, ok := netip.AddrFromSlice(at.FillBytes(make([]byte, block.Addr().BitLen()/8)))
		part := netip.PrefixFrom(addr, block.Addr().BitLen()-bits)
		if !ok || !block.Contains(addr) {
			return Unknown
		}
		out, at = append(out, part.String()), at.Add(at, step)
	}
	return out
}

func (e *evaluation) mapped(keys []any) any {
	var v any = e.mappings
	for _, k := range keys {
		m, _ := v.(map[string]any)
		s, _ := k.(string)
		if v = m[s]; v == nil {
			return Unknown
		}
	}
	return v
}

// imported is what another stack of the cluster exports.
func (e *evaluation) imported(name any) any {
	for _, s := range e.o.Stacks {
		for k, export := range s.Exports {
			if export == name {
				return s.Outputs[k]
			}
		}
	}
	return Unknown
}

func join(sep, of any) any {
	s, _ := sep.(string)
	l, ok := of.([]any)
	if !ok {
		return Unknown
	}
	var parts []string
	for _, x := range l {
		p, ok := x.(string)
		if !ok {
			return Unknown
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, s)
}

func index(v any) int {
	switch x := v.(type) {
	case float64:
		return int(x)
	case string:
		if n, err := strconv.Atoi(x); err == nil {
			return n
		}
	}
	return -1
}
