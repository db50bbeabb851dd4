// Package check holds what can be known to go wrong before a change: one check, one
// file. Each says what it found, why that stops the launch, and what to do. Checks only
// read: none changes the file, the observation or the account. What the file alone can
// tell is found by internal/config.
package check

import (
	"context"
	"errors"
	"fmt"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/pace"
)

// failed is a finding about the account or the way to it.
func failed(code, what, remedy string, cause error) finding.Finding {
	return finding.Finding{Code: code, Severity: finding.Error, What: what, Remedy: remedy, Cause: cause}
}

// Identity explains why AWS does not know the caller.
func Identity(err error) error {
	switch v := pace.Classify(err); {
	case errors.Is(err, context.Canceled):
		return err
	case pace.Expired(err):
		return finding.Findings{failed("credentials-expired", "the AWS credentials have expired",
			"sign in again (aws sso login, or new session credentials) and repeat", err)}
	case pace.Nobody(err):
		return finding.Findings{failed("credentials-missing", v.Reason,
			"sign in (aws sso login, aws configure), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", err)}
	case v.Class == pace.Blocked:
		return finding.Findings{failed("credentials-refused", "AWS does not accept the credentials: "+firstLine(awsc.Message(err)),
			"check AWS_PROFILE, AWS_ACCESS_KEY_ID or the profile's settings", err)}
	case v.Unreachable || v.Class == pace.Retry && awsc.Code(err) == "":
		return finding.Findings{failed("endpoint-unreachable", "AWS cannot be reached: "+network(err),
			"check the network, proxies, and AWS_ENDPOINT_URL if it is set", err)}
	}
	return err
}

// Reach explains a call that failed on the way to AWS; other errors pass.
func Reach(err error) error {
	if fs, ok := finding.Of(err); ok {
		return fs
	}
	if awsc.Denied(err) {
		return finding.Findings{failed("permission-missing", firstLine(awsc.Message(err)), "let the caller do this, and repeat", err)}
	}
	return Identity(err)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// network finds the innermost cause of a failed request.
func network(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return fmt.Sprint(err)
		}
		err = next
	}
}
