package check_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/finding"
)

// What a call says that failed on the way to AWS, or about who calls, is put into
// words; any other error is what it says itself.
func TestReach(t *testing.T) {
	answer := func(code, text string) error {
		return fmt.Errorf("calling: %w", &smithy.GenericAPIError{Code: code, Message: text})
	}
	for _, c := range []struct {
		err  error
		code string
	}{
		{answer("ExpiredTokenException", "The security token included in the request is expired"), "credentials-expired"},
		{fmt.Errorf("get identity: %w", errors.New("failed to refresh cached credentials, the SSO session has expired or is invalid")), "credentials-expired"},
		{answer("InvalidClientTokenId", "The security token included in the request is invalid"), "credentials-refused"},
		{answer("SignatureDoesNotMatch", "The request signature we calculated does not match"), "credentials-refused"},
		{errors.New("get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found"), "credentials-missing"},
		{answer("UnauthorizedOperation", "You are not authorized to perform this operation."), "permission-missing"},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "endpoint-unreachable"},
		{fmt.Errorf("sending: %w", io.ErrUnexpectedEOF), "endpoint-unreachable"},
		{answer("ResourceNotFoundException", "No cluster found for name: x."), ""},
		{errors.New("no instance type fits the selector"), ""},
		{context.Canceled, ""},
	} {
		err := check.Reach(c.err)
		fs, found := finding.Of(err)
		switch {
		case c.code == "" && (found || !errors.Is(err, c.err)):
			t.Errorf("%v became %v", c.err, err)
		case c.code != "" && (!found || fs[0].Code != c.code || fs[0].Remedy == "" || !errors.Is(err, c.err)):
			t.Errorf("%v: %v, expected %s", c.err, err, c.code)
		}
	}
}
