package cfn

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// noValue stands for AWS::NoValue: the property is left out.
type noValue struct{}

// eval resolves a template value in a stack.
func (s *stack) eval(v any) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		if len(x) == 1 {
			for k, arg := range x {
				if k == "Ref" || strings.HasPrefix(k, "Fn::") {
					return s.call(k, arg)
				}
				if k == "Condition" {
					if n, ok := arg.(string); ok {
						if _, ok := s.t.Conditions[n]; ok {
							return s.condition(n)
						}
					}
				}
			}
		}
		out := map[string]any{}
		for k, y := range x {
			z, err := s.eval(y)
			if err != nil {
				return nil, err
			}
			if _, gone := z.(noValue); !gone {
				out[k] = z
			}
		}
		return out, nil
	case []any:
		out := []any{}
		for _, y := range x {
			z, err := s.eval(y)
			if err != nil {
				return nil, err
			}
			if _, gone := z.(noValue); !gone {
				out = append(out, z)
			}
		}
		return out, nil
	}
	return v, nil
}

func (s *stack) list(v any, n int) ([]any, error) {
	x, err := s.eval(v)
	if err != nil {
		return nil, err
	}
	l, ok := x.([]any)
	if !ok || len(l) < n {
		return nil, said("Template error: every Fn object must have a list of at least %d members", n)
	}
	return l, nil
}

func (s *stack) call(fn string, arg any) (any, error) {
	switch fn {
	case "Ref":
		return s.ref(fmt.Sprint(arg))
	case "Fn::GetAtt":
		return s.getAtt(arg)
	case "Fn::Sub":
		return s.sub(arg)
	case "Fn::If":
		return s.ifElse(arg)
	case "Fn::Join":
		return s.join(arg)
	case "Fn::Split":
		l, err := s.list(arg, 2)
		if err != nil {
			return nil, err
		}
		out := []any{}
		for _, p := range strings.Split(fmt.Sprint(l[1]), fmt.Sprint(l[0])) {
			out = append(out, p)
		}
		return out, nil
	case "Fn::Select":
		return s.pick(arg)
	case "Fn::FindInMap":
		return s.find(arg)
	case "Fn::ImportValue":
		n, err := s.eval(arg)
		if err != nil {
			return nil, err
		}
		return s.c.importValue(s, fmt.Sprint(n))
	case "Fn::Base64":
		x, err := s.eval(arg)
		return base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(x))), err
	case "Fn::GetAZs":
		out := []any{}
		for _, z := range s.c.env.EC2.Zones {
			if z.Type == "availability-zone" {
				out = append(out, z.Name)
			}
		}
		return out, nil
	case "Fn::Cidr":
		return s.cidr(arg)
	case "Fn::Equals":
		l, err := s.list(arg, 2)
		return err == nil && fmt.Sprint(l[0]) == fmt.Sprint(l[1]), err
	case "Fn::Not":
		l, err := s.list(arg, 1)
		return err == nil && l[0] != true, err
	case "Fn::And", "Fn::Or":
		l, err := s.list(arg, 2)
		if err != nil {
			return nil, err
		}
		all, some := true, false
		for _, x := range l {
			all, some = all && x == true, some || x == true
		}
		if fn == "Fn::And" {
			return all, nil
		}
		return some, nil
	}
	return nil, said("Template error: %s is not supported", fn)
}

func (s *stack) condition(n string) (any, error) { return s.eval(s.t.Conditions[n]) }

func (s *stack) ifElse(arg any) (any, error) {
	l, ok := arg.([]any)
	if !ok || len(l) != 3 {
		return nil, said("Template error: Fn::If requires a list argument with 3 elements")
	}
	c, err := s.condition(fmt.Sprint(l[0]))
	if err != nil {
		return nil, err
	}
	if c == true {
		return s.eval(l[1])
	}
	return s.eval(l[2])
}

func (s *stack) ref(n string) (any, error) {
	e := s.c.env
	switch n {
	case "AWS::NoValue":
		return noValue{}, nil
	case "AWS::StackName":
		return s.name, nil
	case "AWS::StackId":
		return s.id, nil
	case "AWS::Region":
		return e.EC2.Region, nil
	case "AWS::AccountId":
		return e.EC2.Account, nil
	case "AWS::Partition":
		return e.EC2.Partition, nil
	case "AWS::URLSuffix":
		if e.EC2.Partition == "aws-cn" {
			return "amazonaws.com.cn", nil
		}
		return "amazonaws.com", nil
	}
	if p := s.t.Parameters[n]; p != nil {
		if v, ok := s.params[n]; ok {
			return v, nil
		}
		if d, ok := p["Default"]; ok {
			return d, nil
		}
		return nil, said("Parameters: [%s] must have values", n)
	}
	if r := s.res[n]; r != nil && r.phys != "" {
		return r.phys, nil
	}
	return nil, said("Template error: instance of Ref references undefined resource %s", n)
}

func (s *stack) getAtt(arg any) (any, error) {
	var n, a string
	switch x := arg.(type) {
	case []any:
		n, a = fmt.Sprint(x[0]), fmt.Sprint(x[1])
	case string:
		n, a, _ = strings.Cut(x, ".")
	}
	r := s.res[n]
	if r == nil {
		return nil, said("Template error: instance of Fn::GetAtt references undefined resource %s", n)
	}
	if v, ok := r.attrs[a]; ok {
		return v, nil
	}
	return nil, said("Template error: resource %s does not support attribute type %s in Fn::GetAtt", n, a)
}

func (s *stack) sub(arg any) (any, error) {
	text, vars := "", map[string]any{}
	switch x := arg.(type) {
	case string:
		text = x
	case []any:
		text = fmt.Sprint(x[0])
		if len(x) > 1 {
			v, err := s.eval(x[1])
			if err != nil {
				return nil, err
			}
			vars, _ = v.(map[string]any)
		}
	}
	var bad error
	out := subRE.ReplaceAllStringFunc(text, func(m string) string {
		n := m[2 : len(m)-1]
		if v, ok := vars[n]; ok {
			return fmt.Sprint(v)
		}
		var v any
		var err error
		if strings.Contains(n, ".") {
			v, err = s.getAtt(n)
		} else {
			v, err = s.ref(n)
		}
		if err != nil {
			bad = err
		}
		return fmt.Sprint(v)
	})
	return strings.ReplaceAll(out, "${!", "${"), bad
}

func (s *stack) join(arg any) (any, error) {
	l, err := s.list(arg, 2)
	if err != nil {
		return nil, err
	}
	parts, ok := l[1].([]any)
	if !ok {
		return fmt.Sprint(l[1]), nil
	}
	var out []string
	for _, p := range parts {
		out = append(out, fmt.Sprint(p))
	}
	return strings.Join(out, fmt.Sprint(l[0])), nil
}

func (s *stack) pick(arg any) (any, error) {
	l, err := s.list(arg, 2)
	if err != nil {
		return nil, err
	}
	i := 0
	fmt.Sscan(fmt.Sprint(l[0]), &i)
	from, ok := l[1].([]any)
	if !ok || i >= len(from) {
		return nil, said("Template error: Fn::Select cannot select nonexistent value at index %d", i)
	}
	return from[i], nil
}

func (s *stack) find(arg any) (any, error) {
	l, err := s.list(arg, 3)
	if err != nil {
		return nil, err
	}
	var v any = s.t.Mappings
	for _, k := range l {
		m, ok := v.(map[string]any)
		if !ok || m[fmt.Sprint(k)] == nil {
			return nil, said("Template error: Unable to get mapping for %v::%v::%v", l[0], l[1], l[2])
		}
		v = m[fmt.Sprint(k)]
	}
	return v, nil
}

// cidr splits a block: Fn::Cidr [ipBlock, count, cidrBits].
func (s *stack) cidr(arg any) (any, error) {
	l, err := s.list(arg, 2)
	if err != nil {
		return nil, err
	}
	p, err := netip.ParsePrefix(fmt.Sprint(l[0]))
	if err != nil {
		return nil, said("Template error: Fn::Cidr: %v", err)
	}
	count, bits := 0, 8
	fmt.Sscan(fmt.Sprint(l[1]), &count)
	if len(l) > 2 {
		fmt.Sscan(fmt.Sprint(l[2]), &bits)
	}
	out := []any{}
	for i := range count {
		if p.Addr().Is4() {
			a := p.Masked().Addr().As4()
			binary.BigEndian.PutUint32(a[:], binary.BigEndian.Uint32(a[:])+uint32(i)<<bits)
			out = append(out, netip.PrefixFrom(netip.AddrFrom4(a), 32-bits).String())
			continue
		}
		a := p.Masked().Addr().As16()
		hi := binary.BigEndian.Uint64(a[:8])
		binary.BigEndian.PutUint64(a[:8], hi+uint64(i)<<(bits-64))
		out = append(out, netip.PrefixFrom(netip.AddrFrom16(a), 128-bits).String())
	}
	return out, nil
}
