// Package veil puts a hash in place of what may be a secret, so that what is written
// down shows that it changed and not what it was: user data, tokens and passwords in
// configuration values, keys. It looks at names and at forms, and rather veils too much.
// It must not know what it goes through.
package veil

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Mark begins what stands for a veiled text. Two texts have one hash if they are equal.
const Mark = "sha256:"

// Text is a text's hash; "" and what is veiled already stay.
func Text(s string) string {
	if s == "" || strings.HasPrefix(s, Mark) {
		return s
	}
	return fmt.Sprintf("%s%x", Mark, sha256.Sum256([]byte(s)))
}

// Tree is a JSON tree with what may be a secret veiled. The tree itself is not changed.
func Tree(v any) any { return tree(v, false) }

func tree(v any, all bool) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, y := range x {
			out[k] = tree(y, all || Secret(k) || k == "data" && x["kind"] == "Secret")
		}
		if k, ok := named(x); ok && Secret(k) { // {name: TOKEN, value: …}
			for _, value := range []string{"value", "Value", "ParameterValue"} {
				if s, ok := x[value].(string); ok {
					out[value] = Text(s)
				}
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, y := range x {
			out[i] = tree(y, all)
		}
		return out
	case string:
		if all {
			return Text(x)
		}
		return inside(x)
	}
	return v
}

// named is the name in a pair of name and value.
func named(x map[string]any) (string, bool) {
	for _, k := range []string{"name", "Name", "key", "Key", "ParameterKey"} {
		if s, ok := x[k].(string); ok {
			return s, true
		}
	}
	return "", false
}

// inside veils what a text holds: JSON is gone through, anything else is veiled whole
// where a secret shows in it.
func inside(s string) string {
	if t := strings.TrimSpace(s); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
		var v any
		if json.Unmarshal([]byte(t), &v) == nil {
			return again(s, v)
		}
	}
	if shows(s) {
		return Text(s)
	}
	return s
}

// again is a JSON text with its tree veiled, byte for byte the same where nothing was.
func again(s string, v any) string {
	before, err := json.Marshal(v)
	if err != nil {
		return Text(s)
	}
	after, err := json.Marshal(Tree(v))
	switch {
	case err != nil:
		return Text(s)
	case string(before) == string(after):
		return s
	}
	return string(after)
}

// words are what the names of secrets have in them, in lower case and without
// separators; not lists names that have them and hold none.
var (
	words = []string{"password", "passwd", "passphrase", "token", "secret", "apikey", "accesskey", "privatekey", "credential",
		"userdata", "bootstrapcommand", "clientkey", "authorization", "licensekey", "connectionstring", "dsn"}
	not = []string{
		"clientrequesttoken", "nexttoken", "idempotencytoken", "continuationtoken", "httptokens", "secretname", "secretref", "secretsmanager", "secretarn",
		"encryptionconfig", "secretkeyref", "tokenpath", "tokenfile", "passwordfile", "serviceaccounttoken", "automountserviceaccounttoken", "imagepullsecrets",
		"accesskeyid", "requesttoken",
	}
)

// Secret tells whether a field's name says that it holds a secret.
func Secret(name string) bool {
	n := strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(strings.ToLower(name))
	for _, w := range not {
		if strings.Contains(n, w) {
			return false
		}
	}
	for _, w := range words {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}

// forms are secrets by how they look.
var forms = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----` +
	`|\bA(KIA|SIA)[A-Z0-9]{16}\b` + // AWS access keys
	`|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.` + // JSON web tokens
	`|\bgh[pousr]_[A-Za-z0-9]{30,}\b|\bgithub_pat_[A-Za-z0-9_]{30,}\b|\bglpat-[A-Za-z0-9_-]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}` +
	`|://[^/\s:@]+:[^/\s:@]+@` + // a password in a URL
	`|(?i)\b(bearer|basic) [A-Za-z0-9+/=._-]{16,}`)

// assigned is a name of a secret that a text gives a value, as YAML and scripts do.
var assigned = regexp.MustCompile(`(?m)([A-Za-z0-9_.-]+)["']?[ \t]*[:=][ \t]*["']?[^\s"'{}$]`)

// shows tells whether a text shows a secret.
func shows(s string) bool {
	if strings.HasPrefix(s, "arn:") {
		return false
	}
	if forms.MatchString(s) {
		return true
	}
	for _, m := range assigned.FindAllStringSubmatch(s, -1) {
		if Secret(m[1]) {
			return true
		}
	}
	return false
}

// Value is a text that a setting has, with what may be a secret veiled: as Tree has it.
func Value(s string) string { return inside(s) }

// given is a name in words that is given a value.
var given = regexp.MustCompile(`([A-Za-z0-9_.-]+)(["']?[ \t]*[:=][ \t]*["']?)([^\s"'{},;$)]+)`)

// Words are words of a person or of a service, such as an error or a reason, with a hash for
// each secret that stands in them: they stay words. Only what looks like a secret is veiled
// after a colon, as "credentials: refused" is none.
func Words(s string) string {
	if strings.Contains(s, "PRIVATE KEY-----") {
		return Text(s)
	}
	s = forms.ReplaceAllStringFunc(s, func(x string) string {
		if strings.HasPrefix(x, "://") {
			return "://" + Text(strings.Trim(x, ":/@")) + "@"
		}
		return Text(x)
	})
	var out strings.Builder
	for {
		m := given.FindStringSubmatchIndex(s)
		if m == nil {
			return out.String() + s
		}
		name, between, value := s[m[2]:m[3]], s[m[4]:m[5]], s[m[6]:m[7]]
		out.WriteString(s[:m[6]])
		if s = s[m[6]:]; Secret(name) && (strings.Contains(between, "=") || len(value) >= 8 && strings.ContainsAny(value, "0123456789")) {
			out.WriteString(Text(value))
			s = s[len(value):]
		} // else the value may be a name itself
	}
}

// JSON is a value's JSON with what may be a secret veiled.
func JSON(v any) (json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var t any
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, err
	}
	return json.Marshal(Tree(t))
}
