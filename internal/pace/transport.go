package pace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Kubernetes paces the requests to one cluster's API server. It asks again itself
// what may be asked again, so client-go never does: its own retries would sleep
// within a turn (one eviction answered 429 became 11 requests and 10 seconds).
func (p *Pacer) Kubernetes(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (out *http.Response, err error) {
		c := call{
			bucket: "kubernetes/" + r.URL.Host,
			name:   r.Method + " " + r.URL.Path,
			reads:  r.Method == http.MethodGet || r.Method == http.MethodHead || asksOnly(r),
		}
		if streams(r) {
			return next.RoundTrip(r)
		}
		body, err := payload(r)
		if err != nil {
			return nil, err
		}
		c.input = said(body)
		err = p.do(r.Context(), c, func(ctx context.Context) (e error) {
			out, e = whole(next, r, body, ctx)
			if out != nil {
				request(ctx, out.Header, "Audit-Id")
			}
			return e
		})
		var a *answer
		if errors.As(err, &a) {
			return out, nil // client-go makes its own error of it
		}
		if err != nil {
			return nil, unaskable(err)
		}
		return out, nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// streams tells whether a request's answer has no end of its own.
func streams(r *http.Request) bool {
	q := r.URL.Query()
	return q.Get("watch") != "" || q.Get("follow") != "" || r.Header.Get("Upgrade") != ""
}

// asksOnly tells whether a POST asks something and makes nothing.
func asksOnly(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/apis/authorization.k8s.io/") || r.URL.Query().Get("dryRun") != ""
}

func payload(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer r.Body.Close()
	return io.ReadAll(r.Body)
}

// said is what a request asks for, as a Witness is told: JSON as it is, and of anything
// else that it is none.
func said(body []byte) any {
	switch {
	case len(body) == 0:
		return nil
	case json.Valid(body):
		return json.RawMessage(body)
	}
	return fmt.Sprintf("%d bytes that are no JSON", len(body))
}

// answer is an answer that may be asked for again, or that slows everybody down.
type answer struct{ Verdict }

func (a *answer) Error() string { return a.Reason }

// whole makes a request and reads its answer to the end, so that one that is cut
// counts as none.
func whole(next http.RoundTripper, r *http.Request, body []byte, ctx context.Context) (*http.Response, error) {
	r = r.Clone(ctx)
	if body != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	out, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	out.Body = io.NopCloser(bytes.NewReader(b))
	wait := retryAfter(out.Header)
	out.Header.Del("Retry-After")
	budget := out.StatusCode == http.StatusTooManyRequests && strings.HasSuffix(r.URL.Path, "/eviction")
	switch {
	case budget: // not the server: a disruption budget, which the caller waits for
	case out.StatusCode == http.StatusTooManyRequests:
		return out, &answer{Verdict{Class: Throttled, Reason: "the API server throttles", After: wait}}
	case out.StatusCode >= 500:
		return out, &answer{Verdict{Class: Retry, Reason: "the API server stumbled", After: wait}}
	case out.StatusCode >= 300:
		return out, &answer{Verdict{Class: Terminal}}
	case html(out.Header) || len(b) == 0:
		return nil, notTheirs(out.Header)
	case strings.HasPrefix(out.Header.Get("Content-Type"), "application/json") && !json.Valid(b):
		return nil, &Error{Class: Retry, Reason: "the answer is cut short"}
	}
	return out, nil
}

// unaskable words an error so that client-go does not ask again by itself: it knows
// lost connections by their types and texts.
func unaskable(err error) error {
	if utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) || utilnet.IsHTTP2ConnectionLost(err) {
		return &Error{Class: Retry, Reason: "the connection to the API server broke off"}
	}
	return err
}
