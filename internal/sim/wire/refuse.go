package wire

import (
	"net/http"
	"strings"
)

// protocolOf guesses the protocol of a request that reaches no service, so that its
// client can read the refusal.
func protocolOf(r *http.Request) string {
	kind := r.Header.Get("Content-Type")
	switch {
	case r.Header.Get("X-Amz-Target") != "" || strings.HasPrefix(kind, "application/x-amz-json"):
		return jsonProtocol
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded") || r.URL.Query().Has("Action"):
		return "AwsQueryProtocol"
	}
	return "AwsRestJsonProtocol"
}

const jsonProtocol = "AwsJson1_1Protocol"

// Refuse answers a request that reaches no service, in its client's own protocol. The
// code is the older, XML services' name; clients of JSON services know it with
// "Exception" behind, or by another name.
func Refuse(w http.ResponseWriter, r *http.Request, err *Error) {
	p := protocolOf(r)
	if strings.HasSuffix(p, "QueryProtocol") {
		refusal(p, err).write(w)
		return
	}
	json := *err
	switch err.Code {
	case "SignatureDoesNotMatch":
		json.Code = "InvalidSignatureException"
	case "InvalidAction":
		json.Code = "UnknownOperationException"
	default:
		json.Code += "Exception"
	}
	refusal(p, &json).write(w)
}

func refusal(protocol string, err *Error) *reply {
	s := &Service{model: &model{Protocol: protocol}}
	return s.encode("", nil, err, "00000000-0000-4000-8000-000000000000")
}

// MaxBody is the most that a request may say, in bytes: more than any operation here
// takes (a template is 51,200, user data 16 KiB).
const MaxBody = 1 << 20

func tooLarge() *Error {
	return Errorf("RequestEntityTooLarge", "The request body is larger than %d bytes", MaxBody).With(http.StatusRequestEntityTooLarge)
}
