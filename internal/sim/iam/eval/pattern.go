package eval

import (
	"maps"
	"slices"
	"strings"
)

// In a pattern that is made ready, wildcards are these private code points, so that a
// star that comes from a policy variable stands for itself.
const (
	anyRun = '\uE000' // *
	anyOne = '\uE001' // ?
)

// wildcards makes a pattern's own * and ? wildcards.
var wildcards = strings.NewReplacer("*", string(anyRun), "?", string(anyOne))

// Match tells whether the whole text matches a pattern with * and ?, without variables.
func Match(pattern, text string) bool { return match(wildcards.Replace(pattern), text) }

// match tells whether the whole text matches a pattern that is made ready. It takes
// no longer than the product of their lengths.
func match(pattern, text string) bool {
	p, s := []rune(pattern), []rune(text)
	i, star, mark := 0, -1, 0
	for j := 0; j < len(s); {
		switch {
		case i < len(p) && p[i] == anyRun:
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == anyOne || p[i] == s[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyRun {
		i++
	}
	return i == len(p)
}

// matchARN matches segment by segment: a wildcard does not reach over a colon, but in
// the last of the six. Missing segments of the pattern match everything.
func matchARN(pattern, arn string) bool {
	if pattern == string(anyRun) {
		return true
	}
	if !strings.HasPrefix(pattern, "arn:") {
		return match(pattern, arn)
	}
	p, a := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(a) < len(p) {
		return false
	}
	for i, x := range p {
		if !match(x, a[i]) {
			return false
		}
	}
	return true
}

// ready makes a pattern of a policy's text: wildcards when wild, and policy variables
// (${aws:username}, ${aws:PrincipalTag/team, 'none'}, ${*}) when the policy's version
// has them. false: a variable has no value, so the text matches nothing.
func (r *Request) ready(text string, wild, variables bool) (string, bool) {
	var out strings.Builder
	literal := func(s string) {
		if wild {
			s = wildcards.Replace(s)
		}
		out.WriteString(s)
	}
	for variables {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			break
		}
		literal(before)
		v, ok := r.variable(name)
		if !ok {
			return "", false
		}
		out.WriteString(v)
		text = after
	}
	literal(text)
	return out.String(), true
}

func (r *Request) variable(name string) (string, bool) {
	switch name {
	case "*", "?", "$":
		return name, true
	}
	key, other, hasDefault := strings.Cut(name, ",")
	if v := r.Context[strings.ToLower(strings.TrimSpace(key))]; len(v) == 1 {
		return v[0], true
	}
	other = strings.TrimSpace(other)
	if hasDefault && len(other) >= 2 && strings.HasPrefix(other, "'") && strings.HasSuffix(other, "'") {
		return other[1 : len(other)-1], true
	}
	return "", false
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
