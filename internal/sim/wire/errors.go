package wire

import "fmt"

// Error is an AWS API error: the code a client matches on, the message a person
// reads, the HTTP status, and the modelled members besides the message.
type Error struct {
	Code, Message string
	Status        int
	Members       map[string]any
	older         string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes a client error (HTTP 400).
func Errorf(code, format string, a ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, a...), Status: 400}
}

// With sets the HTTP status.
func (e *Error) With(status int) *Error { e.Status = status; return e }

// Older sets the code by which clients know the error that spoke to the service in XML
// before it spoke JSON: SQS's.
func (e *Error) Older(code string) *Error { e.older = code; return e }

// Member sets a modelled member, such as clusterName.
func (e *Error) Member(k string, v any) *Error {
	if e.Members == nil {
		e.Members = map[string]any{}
	}
	e.Members[k] = v
	return e
}
