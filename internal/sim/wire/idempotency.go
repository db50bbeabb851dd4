package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
)

// mostTokens is how many a service remembers. AWS forgets them after a day or so; a client
// that comes back to an earlier request does so at once.
const mostTokens = 10_000

// Tokens are the idempotency tokens of the requests that were done. A service keeps them
// with its resources, so that a saved one remembers them.
type Tokens struct {
	Done  map[string]Done `json:",omitempty"` // by operation and token
	Order []string        `json:",omitempty"` // the oldest first
}

// Done is a request that was done.
type Done struct {
	Digest string // of the request
	Answer string `json:",omitempty"` // what the handler noted: the name of what it made or began
}

// idempotency is what a service says of its tokens.
type idempotency struct {
	member   string
	kept     *Tokens
	mismatch func(token string) error
}

// Idempotent says that requests have a member with their idempotency token, where done
// ones are kept, and what a request is told that comes with the token of another one.
func (s *Service) Idempotent(member string, kept *Tokens, mismatch func(token string) error) {
	s.tokens = idempotency{member, kept, mismatch}
}

// Before is what a handler noted when the same request, by its token, was done before; ""
// if it was not. Whether that is still there is the handler's to look up.
func (c *Caller) Before() string {
	if c == nil {
		return ""
	}
	return c.before
}

// Note says what came of a request, for the same one that may follow.
func (c *Caller) Note(answer string) {
	if c != nil {
		c.noted = answer
	}
}

// once wraps an operation so that its token is one request's.
func (s *Service) once(name string, in reflect.Type, call func(*Caller, any) (any, error)) func(*Caller, any) (any, error) {
	f, ok := in.FieldByName(s.tokens.member)
	if !ok || f.Type != reflect.TypeFor[*string]() {
		return call
	}
	return func(c *Caller, in any) (any, error) {
		token, _ := reflect.ValueOf(in).Elem().FieldByIndex(f.Index).Interface().(*string)
		if c == nil || token == nil || *token == "" {
			return call(c, in)
		}
		b, err := json.Marshal(in) // an SDK's input is plain data
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		key, digest := name+":"+*token, hex.EncodeToString(sum[:16])
		was, done := s.tokens.kept.Done[key]
		if done && was.Digest != digest {
			return nil, s.tokens.mismatch(*token)
		}
		c.before, c.noted = was.Answer, was.Answer
		out, err := call(c, in)
		if err == nil {
			s.tokens.kept.note(key, Done{digest, c.noted})
		}
		return out, err
	}
}

func (t *Tokens) note(key string, d Done) {
	if t.Done == nil {
		t.Done = map[string]Done{}
	}
	if _, there := t.Done[key]; !there {
		t.Order = append(t.Order, key)
	}
	t.Done[key] = d
	for len(t.Order) > mostTokens {
		delete(t.Done, t.Order[0])
		t.Order = t.Order[1:]
	}
}
