package read

import (
	"encoding/json"
	"fmt"
	"net/url"
)

// like copies what AWS answered into a plain type of ours, by field name: the names
// in our JSON are the SDK's, in lower camel case, and encoding/json pays no heed to
// case. TestEveryFieldHasASource holds the names to the SDK's types.
func like[T any](answer any) *T {
	b, err := json.Marshal(answer)
	out := new(T)
	if err == nil {
		err = json.Unmarshal(b, out)
	}
	if err != nil {
		panic(fmt.Sprintf("observe: %T is no %T: %v", answer, out, err)) // a type of ours disagrees with the SDK's
	}
	return out
}

func text(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("observe: %v", err)) // plain data
	}
	return b
}

// tree is an answer of AWS as plain JSON, without what is not set.
func tree(answer any) any {
	var v any
	if err := json.Unmarshal(text(answer), &v); err != nil {
		panic(fmt.Sprintf("observe: %v", err)) // it was JSON a moment ago
	}
	return prune(v)
}

func prune(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, y := range x {
			if y = prune(y); y != nil && y != "" {
				out[k] = y
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		out := []any{}
		for _, y := range x {
			if y = prune(y); y != nil {
				out = append(out, y)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	}
	return v
}

// document is a policy as JSON: IAM answers with it URL-encoded. What is no JSON is
// kept as a string.
func document(s string) any {
	if u, err := url.QueryUnescape(s); err == nil && json.Valid([]byte(u)) {
		s = u
	}
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	return v
}

// byKey makes a map of a listing.
func byKey[A, T any](answers []A, key func(A) *string) map[string]*T {
	out := map[string]*T{}
	for _, a := range answers {
		if k := key(a); k != nil {
			out[*k] = like[T](a)
		}
	}
	return out
}
