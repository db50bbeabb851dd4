package pace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func api(code, message string) error {
	return fmt.Errorf("calling: %w", &smithy.GenericAPIError{Code: code, Message: message})
}

func answeredWith(status int, err error) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}}}, Err: err}
}

func sent(err error) error {
	return &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: "https://eks", Err: err}}
}

func eviction() error {
	e := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 10)
	e.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: policyv1.DisruptionBudgetCause}}
	return e
}

// What each error means is decided in one place; AWS's texts are from facts/eks.md §4.
func TestClassify(t *testing.T) {
	maps := schema.GroupResource{Resource: "configmaps"}
	for _, c := range []struct {
		err  error
		want Class
	}{
		{api("ThrottlingException", "Rate exceeded"), Throttled},
		{api("Throttling", "Rate exceeded"), Throttled},
		{api("TooManyRequestsException", ""), Throttled},
		{answeredWith(429, api("SomethingNew", "")), Throttled},
		{answeredWith(500, api("ServerException", "")), Retry},
		{answeredWith(502, errors.New("bad gateway")), Retry},
		{answeredWith(503, api("ServiceUnavailableException", "")), Retry},
		{answeredWith(504, errors.New("gateway timeout")), Retry},
		{answeredWith(500, api("InsufficientInstanceCapacity", "")), Terminal},
		{api("ResourceInUseException", "Cannot LoggingUpdate because cluster c currently has update 1 in progress"), Wait},
		{api("ResourceInUseException", "Addon already exists."), Already},
		{api("InvalidRequestException", "Cluster 'c' is not in ACTIVE status"), Wait},
		{api("ValidationError", "No updates are to be performed."), Already},
		{api("InvalidParameterException", "Role with arn: r, could not be assumed because it does not exist or the trusted entity is not correct"), Retry},
		{api("InvalidParameterException", "The specified principalArn is invalid: invalid principal."), Retry},
		{api("InvalidParameterException", "Subnets specified must be in at least two different AZs"), Terminal},
		{answeredWith(403, api("ExpiredTokenException", "The security token included in the request is expired")), Blocked},
		{answeredWith(403, api("ExpiredToken", "")), Blocked},
		{fmt.Errorf("get identity: get credentials: %w", errors.New("failed to refresh cached credentials, the SSO session has expired")), Blocked},
		{answeredWith(403, api("AccessDeniedException", "not authorized")), Terminal},

		{sent(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), Retry},
		{sent(&net.DNSError{Err: "no such host", Name: "x"}), Retry},
		{sent(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), Retry},
		{sent(io.EOF), Retry},
		{sent(errors.New("net/http: TLS handshake timeout")), Retry},
		{answeredWith(200, &smithy.DeserializationError{Err: io.ErrUnexpectedEOF}), Retry},
		{answeredWith(200, &smithy.DeserializationError{Err: errors.New("invalid character '<'")}), Retry},
		{&smithy.CanceledError{Err: context.DeadlineExceeded}, Retry},
		{&smithy.CanceledError{Err: context.Canceled}, Terminal},

		{apierrors.NewServiceUnavailable("starting"), Retry},
		{apierrors.NewInternalError(errors.New("etcd")), Retry},
		{apierrors.NewTimeoutError("slow", 1), Retry},
		{apierrors.NewTooManyRequestsError("slowly"), Throttled},
		{fmt.Errorf("writing aws-auth: %w", apierrors.NewConflict(maps, "aws-auth", errors.New("modified"))), Retry},
		{apierrors.NewAlreadyExists(maps, "aws-auth"), Already},
		{apierrors.NewNotFound(maps, "aws-auth"), Terminal},
		{apierrors.NewForbidden(maps, "aws-auth", errors.New("no")), Terminal},
		{apierrors.NewUnauthorized("who"), Retry},
		{eviction(), Wait},

		{&Error{Class: Wait, Reason: "not yet"}, Wait},
		{fmt.Errorf("a step: %w", Fail("the role %s is gone", "r")), Terminal},
		{errors.New("something else"), Terminal},
	} {
		if got := Classify(c.err).Class; got != c.want {
			t.Errorf("%v: %v, expected %v", c.err, got, c.want)
		}
	}
}

func TestARetryAfterIsHeard(t *testing.T) {
	e := answeredWith(503, api("Unavailable", "")).(*smithyhttp.ResponseError)
	e.Response.Header.Set("Retry-After", "7")
	if v := Classify(e); v.After != 7*time.Second {
		t.Errorf("AWS: %s", v.After)
	}
	if v := Classify(eviction()); v.After != 10*time.Second {
		t.Errorf("Kubernetes: %s", v.After)
	}
}

// Whoever adds a row says where its text comes from, and no row hides another.
func TestRowsHaveASource(t *testing.T) {
	for _, r := range rows {
		if r.source == "" || len(r.codes) == 0 && r.text == "" {
			t.Errorf("%+v", r)
		}
		code := "X"
		if len(r.codes) > 0 {
			code = r.codes[0]
		}
		if got := Classify(api(code, "so "+r.text+" so")); got.Class != r.class || got.Reason != r.reason {
			t.Errorf("%+v is taken for %+v", r, got)
		}
	}
}
