package aws

import (
	"fmt"
	"testing"

	"github.com/aws/smithy-go"
)

func api(code, message string) error {
	return fmt.Errorf("calling: %w", &smithy.GenericAPIError{Code: code, Message: message})
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
