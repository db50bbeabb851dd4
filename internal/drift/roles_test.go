package drift

import (
	"encoding/json"
	"testing"
)

// Two policies are one where IAM takes them for one: in whatever order lists are, and
// whether or not a list has brackets that has one thing in it.
func TestPoliciesAreComparedByWhatTheyMean(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"Statement":[{"Action":["a","b"]}]}`, `{"Statement":{"Action":["b","a"]}}`, true},
		{`{"Statement":[{"Action":"a"},{"Action":"b"}]}`, `{"Statement":[{"Action":["b"]},{"Action":["a"]}]}`, true},
		{`{"A":[[["x"]]]}`, `{"A":"x"}`, true},
		{`{"Statement":[{"Action":["a","a"]}]}`, `{"Statement":[{"Action":["a","b"]}]}`, false},
		{`{"Statement":[{"Action":"a"}]}`, `{"Statement":[{"Action":"a","Condition":{}}]}`, false},
		{`{"Statement":[]}`, `{"Statement":null}`, false},
		{`{"A":true}`, `{"A":"true"}`, false},
		{`{"A":1}`, `{"A":1}`, true},
		{`{"A":null}`, `{}`, false},
		{`null`, `{}`, false},
		{`null`, `null`, true},
	} {
		var a, b any
		for from, to := range map[string]*any{c.a: &a, c.b: &b} {
			if err := json.Unmarshal([]byte(from), to); err != nil {
				t.Fatal(err)
			}
		}
		if c.a == c.b {
			b = a
		}
		if got := sameDocument(a, b); got != c.same || sameDocument(b, a) != got {
			t.Errorf("%s and %s: same is %v", c.a, c.b, got)
		}
		if forms := document(a) == document(b); forms != c.same && a != nil && b != nil {
			t.Errorf("%s and %s: their forms say %v", c.a, c.b, forms)
		}
	}
}
