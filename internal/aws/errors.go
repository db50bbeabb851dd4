package aws

import (
	"errors"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
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
func NotFound(err error) bool {
	c := Code(err)
	return strings.HasSuffix(c, "NotFound") || c == "ResourceNotFoundException" || c == "NoSuchEntity" || c == "NoSuchEntityException" || c == "NotFoundException" ||
		c == "ValidationError" && strings.Contains(Message(err), "does not exist")
}

// Credentials tells whether an error is about who is calling.
func Credentials(err error) bool {
	return slices.Contains([]string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "SignatureDoesNotMatch"}, Code(err)) ||
		strings.Contains(err.Error(), "failed to refresh cached credentials") || strings.Contains(err.Error(), "get identity: get credentials")
}

// Denied tells whether an error is a missing permission.
func Denied(err error) bool {
	return slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}, Code(err))
}
