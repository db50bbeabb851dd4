package aws

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/slipway-eks/slipway/internal/engine"
)

func api(code, message string) error {
	return fmt.Errorf("calling: %w", &smithy.GenericAPIError{Code: code, Message: message})
}

func answered(status int, err error) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}
}

// What each error means is decided in one place; the texts are AWS's (facts/eks.md §4).
func TestPolicy(t *testing.T) {
	for _, c := range []struct {
		err  error
		want engine.Policy
	}{
		{api("ThrottlingException", "Rate exceeded"), engine.Throttled},
		{api("Throttling", "Rate exceeded"), engine.Throttled},
		{api("TooManyRequestsException", ""), engine.Throttled},
		{answered(500, api("ServerException", "")), engine.Retry},
		{answered(500, api("InsufficientInstanceCapacity", "")), engine.Fail},
		{api("ResourceInUseException", "Cannot LoggingUpdate because cluster c currently has update 1 in progress"), engine.Retry},
		{api("ResourceInUseException", "Addon already exists."), engine.Fail},
		{api("InvalidRequestException", "Cluster 'c' is not in ACTIVE status"), engine.Retry},
		{api("InvalidParameterException", "Role with arn: r, could not be assumed because it does not exist or the trusted entity is not correct"), engine.Retry},
		{api("InvalidParameterException", "The specified principalArn is invalid: invalid principal."), engine.Retry},
		{api("InvalidParameterException", "Subnets specified must be in at least two different AZs"), engine.Fail},
		{&net.OpError{Op: "dial", Err: errors.New("connection refused")}, engine.Retry},
		{errors.New("something else"), engine.Fail},
	} {
		if got := Policy(c.err); got != c.want {
			t.Errorf("%v: %v, expected %v", c.err, got, c.want)
		}
	}
}

func TestNotFound(t *testing.T) {
	for _, err := range []error{api("ResourceNotFoundException", ""), api("InvalidSubnetID.NotFound", ""), api("NoSuchEntity", ""), api("ValidationError", "Stack with id s does not exist")} {
		if !NotFound(err) {
			t.Errorf("%v is not taken for a missing resource", err)
		}
	}
	if NotFound(api("ValidationError", "No updates are to be performed.")) || NotFound(nil) {
		t.Error("not every validation error is a missing stack")
	}
}

func TestPrincipal(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:sts::111122223333:assumed-role/Admin/me":                             "arn:aws:iam::111122223333:role/Admin",
		"arn:aws-cn:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123/someone": "arn:aws-cn:iam::111122223333:role/AWSReservedSSO_Admin_0123",
		"arn:aws:iam::111122223333:user/me":                                           "arn:aws:iam::111122223333:user/me",
	} {
		if got := Principal(arn); got != want {
			t.Errorf("%s: %s", arn, got)
		}
	}
}
