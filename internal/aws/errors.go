package aws

import (
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/slipway-eks/slipway/internal/engine"
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

var throttles = []string{"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "RequestThrottled", "Throttled", "SlowDown"}

// Policy decides, for every error in one place, whether a turn is tried again.
func Policy(err error) engine.Policy {
	code, msg := Code(err), Message(err)
	var status *smithyhttp.ResponseError
	var network net.Error
	switch {
	case slices.Contains(throttles, code) || strings.Contains(msg, "Rate exceeded"):
		return engine.Throttled
	case errors.As(err, &status) && status.HTTPStatusCode() >= 500 && code != "InsufficientInstanceCapacity":
		return engine.Retry
	case code == "ResourceInUseException" && (strings.Contains(msg, "in progress") || strings.Contains(msg, "currently")):
		return engine.Retry // another change is under way; ours comes after it
	case code == "InvalidRequestException" && strings.Contains(msg, "not in ACTIVE status"):
		return engine.Retry
	case propagating(msg):
		return engine.Retry
	case errors.As(err, &network) && code == "":
		return engine.Retry
	}
	return engine.Fail
}

// propagating recognises the errors that a role made a moment ago provokes
// (facts/eks.md §4).
func propagating(msg string) bool {
	for _, s := range []string{"could not be assumed because it does not exist", "invalid principal", "Misconfigured PodExecutionRole Trust Policy", "does not have the Amazon EKS Managed Policies", "were not found in the trust relationships", "Role provided in the request does not exist"} {
		if strings.Contains(msg, s) {
			return true
		}
	}
	return false
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
