package pace

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Service is an SDK service's name as its budget is named: "Auto Scaling" is
// autoscaling.
func Service(id string) string { return strings.ToLower(strings.ReplaceAll(id, " ", "")) }

// reading are the prefixes of operations that change nothing.
var reading = []string{"Describe", "List", "Get", "Head", "Lookup", "Simulate", "Validate", "BatchGet", "Estimate", "Decode"}

// reads tells whether an operation changes nothing.
func reads(operation string) bool {
	for _, p := range reading {
		if strings.HasPrefix(operation, p) {
			return true
		}
	}
	return false
}

// SDK paces the calls of an AWS client. It is the outermost middleware: each try is
// the whole call, signed anew.
func (p *Pacer) SDK(s *middleware.Stack) error {
	pacing := middleware.InitializeMiddlewareFunc(
		"SlipwayPace",
		func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (out middleware.InitializeOutput, md middleware.Metadata, err error) {
			service, op := Service(middleware.GetServiceID(ctx)), middleware.GetOperationName(ctx)
			err = p.do(ctx, call{service, service + ":" + op, reads(op), in.Parameters}, func(ctx context.Context) (e error) {
				out, md, e = next.HandleInitialize(ctx, in)
				answered(ctx, out.Result)
				return e
			})
			return out, md, err
		},
	)
	if err := s.Initialize.Add(pacing, middleware.Before); err != nil {
		return err
	}
	return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("SlipwayForeign", foreign), middleware.After)
}

// foreign finds answers that are not AWS's: a proxy's page with status 200, or
// nothing. The XML decoders take both for an empty result.
func foreign(
	ctx context.Context,
	in middleware.DeserializeInput,
	next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleDeserialize(ctx, in)
	r, ok := out.RawResponse.(*smithyhttp.Response)
	if ok {
		request(ctx, r.Header, "X-Amzn-Requestid", "X-Amz-Request-Id")
	}
	if err != nil || !ok || r.StatusCode >= 300 {
		return out, md, err
	}
	kind := r.Header.Get("Content-Type")
	if html(r.Header) || r.ContentLength == 0 && !strings.Contains(kind, "amz-json") {
		io.Copy(io.Discard, r.Body) //nolint:errcheck // only to use the connection again
		return out, md, notTheirs(r.Header)
	}
	return out, md, nil
}

func html(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), "text/html") }

func notTheirs(h http.Header) error {
	what := "empty"
	if html(h) {
		what = "a web page, as a proxy or a sign-in portal gives"
	}
	return &Error{Class: Retry, Reason: "the answer is " + what}
}
