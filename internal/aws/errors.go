package aws

import (
	"errors"
	"slices"

	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/pace"
)

// Code is an API error's code, or "".
func Code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

// Message is an API error's own message, or the whole error's.
func Message(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorMessage()
	}
	return err.Error()
}

// NotFound tells whether an error says that the resource does not exist.
func NotFound(err error) bool { return pace.Missing(err) }

// Credentials tells whether an error is about who is calling: a person must sign in.
func Credentials(err error) bool { return pace.Classify(err).Class == pace.Blocked }

// Denied tells whether an error is a missing permission.
func Denied(err error) bool {
	return slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}, Code(err))
}
