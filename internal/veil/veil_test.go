package veil_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/veil"
)

func TestSecretsAreVeiledAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct{ in, hidden, shown string }{
		"user data":                {`{"LaunchTemplateData":{"UserData":"aGVsbG8=","ImageId":"ami-1"}}`, "aGVsbG8=", "ami-1"},
		"JSON in a text":           {`{"configurationValues":"{\"env\":{\"API_TOKEN\":\"abc123\",\"LEVEL\":\"info\"}}"}`, "abc123", "info"},
		"YAML in a text":           {`{"configurationValues":"env:\n  api-token: abc123\n","version":"v1"}`, "abc123", "v1"},
		"a pair":                   {`{"env":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"LEVEL","value":"info"}]}`, "hunter2", "info"},
		"a parameter":              {`{"Parameters":[{"ParameterKey":"DbPassword","ParameterValue":"hunter2"}],"StackName":"s"}`, "hunter2", `"s"`},
		"all below":                {`{"credentials":{"registry":[{"user":"ann"}]},"name":"x"}`, "ann", `"x"`},
		"a Kubernetes Secret":      {`{"kind":"Secret","data":{"a":"c2VjcmV0"},"metadata":{"name":"n"}}`, "c2VjcmV0", `"n"`},
		"a key by its form":        {`{"note":"AKIAIOSFODNN7EXAMPLE","other":"AKIA"}`, "AKIAIOSFODNN7EXAMPLE", `"AKIA"`},
		"a password in a URL":      {`{"url":"https://ann:hunter2@example.com/","host":"https://example.com/"}`, "hunter2", `"https://example.com/"`},
		"a private key":            {`{"x":"-----BEGIN RSA PRIVATE KEY-----\nMIIE"}`, "MIIE", `"x"`},
		"a script":                 {`{"x":"#!/bin/sh\nexport TOKEN=abc123\n"}`, "abc123", `"x"`},
		"what only sounds like it": {`{"clientRequestToken":"t-1","metadataOptions":{"httpTokens":"required"},"secretName":"n"}`, "sha256", "required"},
		"an ARN of a secret":       {`{"role":"arn:aws:secretsmanager:us-west-2:1:secret:x=y"}`, "sha256", "secretsmanager"},
		"a Kubernetes ConfigMap":   {`{"kind":"ConfigMap","data":{"mapRoles":"- rolearn: x"}}`, "sha256", "rolearn"},
	} {
		var v any
		if err := json.Unmarshal([]byte(c.in), &v); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(veil.Tree(v))
		if err != nil || strings.Contains(string(out), c.hidden) || !strings.Contains(string(out), c.shown) {
			t.Errorf("%s: %s %v", name, out, err)
		}
		var twice any
		if err := json.Unmarshal(out, &twice); err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(veil.Tree(twice)); string(again) != string(out) {
			t.Errorf("%s: veiled twice it is another: %s", name, again)
		}
		if unchanged, _ := json.Marshal(v); string(unchanged) != reencoded(t, c.in) {
			t.Errorf("%s: the tree itself was changed", name)
		}
	}
}

func reencoded(t *testing.T, s string) string {
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func TestAVeiledTextIsComparedByItsHash(t *testing.T) {
	a := veil.Text("a")
	if a == veil.Text("b") || a != veil.Text("a") || veil.Text("") != "" || veil.Text(a) != a {
		t.Error("a hash must tell texts apart, and stand for itself")
	}
}

// A text in which nothing is veiled stays as it was, to the byte.
func TestWhatHidesNothingStaysAsItWas(t *testing.T) {
	text := `{ "b": 1,  "a": "x" }`
	if got := veil.Tree(map[string]any{"template": text}).(map[string]any)["template"]; got != text {
		t.Errorf("got %q", got)
	}
}

// Words of an error or a person stay words, without the secrets that stand in them.
func TestWordsStayWords(t *testing.T) {
	for in, want := range map[string][2]string{
		"proxy http://ann:hunter2@proxy.example:3128 refused":                       {"hunter2", "@proxy.example:3128 refused"},
		`value "token=abc123" of add-on x is not valid`:                             {"abc123", "of add-on x is not valid"},
		"bad settings: api-token: abcd-12345 (line 3)":                              {"abcd-12345", "(line 3)"},
		"AKIAIOSFODNN7EXAMPLE is no key here":                                       {"AKIAIOSFODNN7EXAMPLE", "is no key here"},
		"get credentials: failed to refresh cached credentials":                     {"sha256", "credentials: failed to refresh"},
		"(RequestToken: 5f0c0f6e-0000-4000-8000-000000000000, HandlerErrorCode: X)": {"sha256", "5f0c0f6e-0000-4000-8000-000000000000"},
	} {
		if got := veil.Words(in); strings.Contains(got, want[0]) || !strings.Contains(got, want[1]) || veil.Words(got) != got {
			t.Errorf("%s: %s, and again %s", in, got, veil.Words(got))
		}
	}
}
