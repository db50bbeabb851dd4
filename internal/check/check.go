// Package check holds what can be known to go wrong before a change: each check
// says what it found, why that stops the launch, and what to do. It only reads.
package check

import (
	"context"
	"errors"
	"fmt"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
)

// Failure is one check that found something.
type Failure struct {
	Code   string `json:"code"`
	What   string `json:"what"`
	Remedy string `json:"remedy"`
	Cause  error  `json:"-"`
	// Input: the config file is at fault (exit code 4), not the account.
	Input bool `json:"input,omitempty"`
}

func (f Failure) Error() string {
	if f.Remedy == "" {
		return f.What
	}
	return f.What + " — " + f.Remedy
}

// Failures is everything that preflight found.
type Failures []Failure

func (f Failures) Error() string {
	var s []string
	for _, x := range f {
		s = append(s, x.Code+": "+x.Error())
	}
	return strings.Join(s, "\n")
}

// Input tells whether the config file alone is at fault.
func (f Failures) Input() bool {
	for _, x := range f {
		if !x.Input {
			return false
		}
	}
	return len(f) > 0
}

// Identity explains why AWS does not know the caller.
func Identity(err error) error {
	code, msg := awsc.Code(err), awsc.Message(err)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case strings.Contains(code, "Expired") || strings.Contains(msg, "expired"):
		return Failures{{Code: "credentials-expired", What: "the AWS credentials have expired", Remedy: "sign in again (aws sso login, or new session credentials) and repeat", Cause: err}}
	case awsc.Credentials(err):
		return Failures{{Code: "credentials-refused", What: "AWS does not accept the credentials: " + firstLine(msg), Remedy: "check AWS_PROFILE, AWS_ACCESS_KEY_ID or the profile's settings", Cause: err}}
	case code == "":
		return Failures{{Code: "endpoint-unreachable", What: "AWS cannot be reached: " + network(err), Remedy: "check the network, proxies, and AWS_ENDPOINT_URL if it is set", Cause: err}}
	}
	return err
}

// Reach explains a call that failed on the way to AWS; other errors pass.
func Reach(_ *awsc.Clients, err error) error {
	var ps config.Problems
	if errors.As(err, &ps) {
		return ps
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if awsc.Denied(err) {
		return Failures{{Code: "permission-missing", What: firstLine(awsc.Message(err)), Remedy: "let the caller do this, and repeat", Cause: err}}
	}
	if awsc.Credentials(err) || awsc.Code(err) == "" {
		return Identity(err)
	}
	return err
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
