package eval

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operator is a condition operator, taken apart.
type operator struct {
	name     string // without quantifier and suffix
	every    bool   // ForAllValues:
	some     bool   // ForAnyValue:
	ifExists bool
	negated  bool
	wild     bool // * and ? of the policy's value are wildcards
	compare  func(want, have string) bool
}

// comparisons are the operators by name; a negated one holds when none of its values
// compares.
var comparisons = map[string]operator{
	"StringEquals":              {compare: equal},
	"StringNotEquals":           {compare: equal, negated: true},
	"StringEqualsIgnoreCase":    {compare: strings.EqualFold},
	"StringNotEqualsIgnoreCase": {compare: strings.EqualFold, negated: true},
	"StringLike":                {compare: match, wild: true},
	"StringNotLike":             {compare: match, wild: true, negated: true},
	"ArnEquals":                 {compare: matchARN, wild: true},
	"ArnLike":                   {compare: matchARN, wild: true},
	"ArnNotEquals":              {compare: matchARN, wild: true, negated: true},
	"ArnNotLike":                {compare: matchARN, wild: true, negated: true},
	"NumericEquals":             {compare: numbers(func(d float64) bool { return d == 0 })},
	"NumericNotEquals":          {compare: numbers(func(d float64) bool { return d == 0 }), negated: true},
	"NumericLessThan":           {compare: numbers(func(d float64) bool { return d < 0 })},
	"NumericLessThanEquals":     {compare: numbers(func(d float64) bool { return d <= 0 })},
	"NumericGreaterThan":        {compare: numbers(func(d float64) bool { return d > 0 })},
	"NumericGreaterThanEquals":  {compare: numbers(func(d float64) bool { return d >= 0 })},
	"DateEquals":                {compare: dates(func(d time.Duration) bool { return d == 0 })},
	"DateNotEquals":             {compare: dates(func(d time.Duration) bool { return d == 0 }), negated: true},
	"DateLessThan":              {compare: dates(func(d time.Duration) bool { return d < 0 })},
	"DateLessThanEquals":        {compare: dates(func(d time.Duration) bool { return d <= 0 })},
	"DateGreaterThan":           {compare: dates(func(d time.Duration) bool { return d > 0 })},
	"DateGreaterThanEquals":     {compare: dates(func(d time.Duration) bool { return d >= 0 })},
	"Bool":                      {compare: strings.EqualFold},
	"BinaryEquals":              {compare: binary},
	"IpAddress":                 {compare: within},
	"NotIpAddress":              {compare: within, negated: true},
	"Null":                      {},
}

func operatorOf(text string) (operator, error) {
	name, every := strings.CutPrefix(text, "ForAllValues:")
	name, some := strings.CutPrefix(name, "ForAnyValue:")
	name, ifExists := strings.CutSuffix(name, "IfExists")
	o, known := comparisons[name]
	if !known || every && some || name == "Null" && ifExists {
		return o, said("Invalid Condition type : %s", text)
	}
	o.name, o.every, o.some, o.ifExists = name, every, some, ifExists
	return o, nil
}

// holds tells whether a condition is met. A key that the request does not have meets
// negated operators, IfExists and ForAllValues, and no other.
func (c Condition) holds(r *Request, variables bool) bool {
	o, err := operatorOf(c.Operator)
	if err != nil {
		return false // Parse refuses it
	}
	have, there := r.Context[strings.ToLower(c.Key)]
	if o.name == "Null" {
		return len(c.Values) > 0 && strings.EqualFold(c.Values[0], "true") == !there
	}
	if !there || len(have) == 0 {
		return o.ifExists || o.every || o.negated && !o.some
	}
	met := func(v string) bool { return c.compares(o, r, v, variables) != o.negated }
	all := o.every || o.negated && !o.some
	for _, v := range have {
		if met(v) != all {
			return !all
		}
	}
	return all
}

// compares tells whether a value of the request compares with one of the condition's.
func (c Condition) compares(o operator, r *Request, have string, variables bool) bool {
	for _, v := range c.Values {
		if want, ok := r.ready(v, o.wild, variables); ok && o.compare(want, have) {
			return true
		}
	}
	return false
}

func equal(want, have string) bool { return want == have }

// numbers compares have minus want.
func numbers(holds func(difference float64) bool) func(want, have string) bool {
	return func(want, have string) bool {
		w, notW := strconv.ParseFloat(want, 64)
		h, notH := strconv.ParseFloat(have, 64)
		return notW == nil && notH == nil && holds(h-w)
	}
}

// dates compares have minus want: ISO 8601, or seconds since 1970.
func dates(holds func(difference time.Duration) bool) func(want, have string) bool {
	return func(want, have string) bool {
		w, okW := date(want)
		h, okH := date(have)
		return okW && okH && holds(h.Sub(w))
	}
}

func date(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}

func binary(want, have string) bool {
	w, err := base64.StdEncoding.DecodeString(want)
	return err == nil && string(w) == have
}

// within tells whether an address, or a block, is in a block.
func within(want, have string) bool {
	w, okW := block(want)
	h, okH := block(have)
	return okW && okH && w.Bits() <= h.Bits() && w.Contains(h.Addr())
}

func block(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}
