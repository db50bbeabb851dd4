package cfn_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

// A creation that is asked for twice is one; a token of another request is refused. An update
// that is asked for twice is judged as any.
func TestATokenIsOneRequests(t *testing.T) {
	s := region(t)
	code := func(err error) string {
		var api smithy.APIError
		if errors.As(err, &api) {
			return api.ErrorCode()
		}
		return ""
	}
	expect := func(what, want string, err error) {
		t.Helper()
		if got := code(err); got != want || want == "" && err != nil {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	create := func(token, body string) error {
		_, err := s.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("s"), TemplateBody: &body, ClientRequestToken: &token})
		return err
	}
	expect("made", "", create("one", network))
	expect("made again", "", create("one", network))
	expect("made otherwise", "TokenAlreadyExistsException", create("one", network+"\n"))
	expect("made by another", "AlreadyExistsException", create("two", network))
	s.Sim.World.Advance(time.Hour)
	wide := strings.ReplaceAll(network, "/VPC'", "/another'")
	update := func(token, body string) error {
		_, err := s.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: &body, ClientRequestToken: &token})
		return err
	}
	expect("changed", "", update("up", wide))
	expect("changed again, under way", "ValidationError", update("up", wide))
	expect("changed otherwise", "TokenAlreadyExistsException", update("up", network))
	s.Sim.World.Advance(time.Hour)
	expect("changed again, when it is over", "ValidationError", update("up", wide))
	if st := s.describe("s"); st.StackStatus != types.StackStatusUpdateComplete {
		t.Errorf("%s", st.StackStatus)
	}
}
