package cfn

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
)

// functions is CloudFormation's intrinsic functions: nil for one that is not known.
func (s *scope) functions(name string) func(any) (any, error) {
	switch name {
	case "Ref":
		return s.ref
	case "Fn::GetAtt":
		return s.getAtt
	case "Fn::Sub":
		return s.sub
	case "Fn::If":
		return s.ifElse
	case "Fn::Join":
		return s.join
	case "Fn::Split":
		return s.split
	case "Fn::Select":
		return s.pick
	case "Fn::FindInMap":
		return s.find
	case "Fn::ImportValue":
		return s.importValue
	case "Fn::Base64":
		return s.base64
	case "Fn::GetAZs":
		return s.availabilityZones
	case "Fn::Cidr":
		return s.cidr
	case "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or":
		return func(arg any) (any, error) { return s.truth(map[string]any{name: arg}) }
	}
	return nil
}

// list resolves an argument that must be a list of least to most members.
func (s *scope) list(arg any, least, most int, bad string) ([]any, error) {
	x, err := s.eval(arg)
	if err != nil {
		return nil, err
	}
	l, ok := x.([]any)
	if !ok || len(l) < least || len(l) > most {
		return nil, said("%s", bad)
	}
	return l, nil
}

func (s *scope) ifElse(arg any) (any, error) {
	l, _ := arg.([]any)
	if len(l) != 3 {
		return nil, said("Template error: Fn::If requires a list argument with three elements")
	}
	n, ok := l[0].(string)
	if !ok {
		return nil, said("Template error: Fn::If requires a list argument with the first element being a condition")
	}
	c, err := s.condition(n)
	if err != nil {
		return nil, err
	}
	if c {
		return s.eval(l[1])
	}
	return s.eval(l[2])
}

const subForm = "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. " +
	"Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string"

func (s *scope) sub(arg any) (any, error) {
	l, isList := arg.([]any)
	if !isList {
		l = []any{arg}
	}
	if len(l) < 1 || len(l) > 2 {
		return nil, said(subForm)
	}
	text, ok := l[0].(string)
	if !ok {
		return nil, said(subForm)
	}
	vars := map[string]any{}
	if len(l) == 2 {
		v, err := s.eval(l[1])
		if err != nil {
			return nil, err
		}
		if vars, ok = v.(map[string]any); !ok {
			return nil, said(subForm)
		}
	}
	var out strings.Builder
	for {
		at := subRE.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		out.WriteString(text[:at[0]])
		v, err := s.variable(text[at[2]:at[3]], vars)
		if err != nil {
			return nil, err
		}
		if out.WriteString(v); out.Len() > s.left {
			break // call refuses it
		}
		text = text[at[1]:]
	}
	out.WriteString(text)
	return strings.ReplaceAll(out.String(), "${!", "${"), nil
}

// variable is what ${name} stands for in an Fn::Sub.
func (s *scope) variable(name string, vars map[string]any) (string, error) {
	v, own := vars[name]
	var err error
	switch {
	case own:
	case strings.Contains(name, "."):
		v, err = s.getAtt(name)
	default:
		v, err = s.ref(name)
	}
	if err != nil {
		return "", err
	}
	t, ok := scalarText(v)
	if !ok {
		return "", said("Template error: variable %s in Fn::Sub expression does not resolve to a string", name)
	}
	return t, nil
}

const joinForm = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined " +
	"or a function that returns a list of strings (such as Fn::GetAZs) to be joined."

func (s *scope) join(arg any) (any, error) {
	l, err := s.list(arg, 2, 2, joinForm)
	if err != nil {
		return nil, err
	}
	by, ok := l[0].(string)
	parts, isList := l[1].([]any)
	if !ok || !isList {
		return nil, said(joinForm)
	}
	var out []string
	for _, p := range parts {
		t, ok := scalarText(p)
		if !ok {
			return nil, said(joinForm)
		}
		out = append(out, t)
	}
	if len(by)*len(out) > s.left {
		return nil, said("Template error: the template with its functions resolved is larger than maximum allowed, %d", maxExpandedBytes)
	}
	return strings.Join(out, by), nil
}

const splitForm = "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and " +
	"(2) a string to be split or a function that returns a string to be split."

func (s *scope) split(arg any) (any, error) {
	l, err := s.list(arg, 2, 2, splitForm)
	if err != nil {
		return nil, err
	}
	by, ok := scalarText(l[0])
	from, isText := scalarText(l[1])
	if !ok || !isText || by == "" {
		return nil, said(splitForm)
	}
	out := []any{}
	for p := range strings.SplitSeq(from, by) {
		out = append(out, p)
	}
	return out, nil
}

func (s *scope) pick(arg any) (any, error) {
	const form = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
	l, err := s.list(arg, 2, 2, form)
	if err != nil {
		return nil, err
	}
	at, _ := scalarText(l[0])
	i, err := strconv.Atoi(at)
	from, ok := l[1].([]any)
	if err != nil || !ok {
		return nil, said(form)
	}
	if i < 0 || i >= len(from) {
		return nil, said("Template error: Fn::Select cannot select nonexistent value at index %d", i)
	}
	return from[i], nil
}

func (s *scope) find(arg any) (any, error) {
	const form = "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"
	l, err := s.list(arg, 3, 4, form)
	if err != nil {
		return nil, err
	}
	var key [3]string
	for i := range key {
		var ok bool
		if key[i], ok = scalarText(l[i]); !ok {
			return nil, said(form)
		}
	}
	if v, ok := s.t.Mappings[key[0]][key[1]][key[2]]; ok {
		return v, nil
	}
	if len(l) == 4 { // {DefaultValue: …}, of the AWS::LanguageExtensions transform
		if m, ok := l[3].(map[string]any); ok && m["DefaultValue"] != nil {
			return m["DefaultValue"], nil
		}
	}
	if s.t.Mappings[key[0]] == nil {
		return nil, said("Template error: Mapping named '%s' is not present in the 'Mappings' section of template.", key[0])
	}
	return nil, said("Template error: Unable to get mapping for %s::%s::%s", key[0], key[1], key[2])
}

func (s *scope) importValue(arg any) (any, error) {
	n, err := s.text(arg, "Template error: the attribute in Fn::ImportValue must be a string or a function that returns a string")
	if err != nil {
		return nil, err
	}
	if v, ok := s.export(n); ok {
		return v, nil
	}
	return nil, said("No export named %s found.", n)
}

func (s *scope) base64(arg any) (any, error) {
	x, err := s.text(arg, "Template error: every Fn::Base64 object must have a String-typed value.")
	return base64.StdEncoding.EncodeToString([]byte(x)), err
}

func (s *scope) availabilityZones(arg any) (any, error) {
	if _, err := s.text(arg, "Template error: every Fn::GetAZs object must have a String-typed value."); err != nil {
		return nil, err
	}
	out := []any{}
	for _, z := range s.zones {
		out = append(out, z)
	}
	return out, nil
}

// cidr splits a block: Fn::Cidr [ipBlock, count, cidrBits].
func (s *scope) cidr(arg any) (any, error) {
	const form = "Template error: every Fn::Cidr object requires three parameters, the IP block, the count (1 to 256) and the number of subnet bits"
	l, err := s.list(arg, 2, 3, form)
	if err != nil {
		return nil, err
	}
	var text [3]string
	text[2] = "8"
	for i, x := range l {
		text[i], _ = scalarText(x)
	}
	p, err := netip.ParsePrefix(text[0])
	if err != nil {
		return nil, said("Template error: Fn::Cidr: %s is not a valid CIDR block", text[0])
	}
	count, notCount := strconv.Atoi(text[1])
	bits, notBits := strconv.Atoi(text[2])
	if notCount != nil || notBits != nil || count < 1 || count > maxCidrs {
		return nil, said(form)
	}
	room := p.Addr().BitLen() - p.Bits()
	if bits < 1 || bits > room || room-bits < 8 && count > 1<<(room-bits) {
		return nil, said("Template error: Fn::Cidr cannot make %d blocks with %d subnet bits of %s", count, bits, text[0])
	}
	base, step := new(big.Int).SetBytes(p.Masked().Addr().AsSlice()), new(big.Int).Lsh(big.NewInt(1), uint(bits))
	out := []any{}
	for range count {
		a, _ := netip.AddrFromSlice(base.FillBytes(make([]byte, p.Addr().BitLen()/8)))
		out = append(out, netip.PrefixFrom(a, p.Addr().BitLen()-bits).String())
		base.Add(base, step)
	}
	return out, nil
}
