package wire

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	jsonProtocol = "AwsJson1_1Protocol"
	ec2Protocol  = "AwsEc2QueryProtocol"
)

// restXML are the signing names of the services that speak XML over REST (the models'
// restXml trait): a request of them does not tell otherwise.
var restXML = []string{"s3", "s3-outposts", "s3express", "s3-object-lambda", "route53", "cloudfront"}

// Refuse answers a request that reaches no service, in its client's own protocol. The
// code is the older, XML services' name; clients of JSON services know it with
// "Exception" behind, or by another name.
func Refuse(w http.ResponseWriter, r *http.Request, err *Error) {
	service, kind := CallerOf(r).Service, r.Header.Get("Content-Type")
	json := *err
	switch err.Code {
	case "SignatureDoesNotMatch":
		json.Code = "InvalidSignatureException"
	case "InvalidAction":
		json.Code = "UnknownOperationException"
	default:
		json.Code += "Exception"
	}
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		cborRefusal(&json).write(w)
	case r.Header.Get("X-Amz-Target") != "" || strings.HasPrefix(kind, "application/x-amz-json"):
		p := refusal(jsonProtocol, &json)
		if strings.HasPrefix(kind, "application/x-amz-json-1.0") {
			p.header.Set("Content-Type", "application/x-amz-json-1.0")
		}
		p.write(w)
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded") || r.URL.Query().Has("Action"):
		protocol := "AwsQueryProtocol"
		if service == "ec2" {
			protocol = ec2Protocol
		}
		refusal(protocol, err).write(w)
	case slices.Contains(restXML, service):
		xmlRefusal(service, err).write(w)
	default:
		refusal("AwsRestJsonProtocol", &json).write(w)
	}
}

// noRequest is the identifier of a request that no service has counted.
const noRequest = "00000000-0000-4000-8000-000000000000"

func refusal(protocol string, err *Error) *reply {
	s := &Service{model: &model{Protocol: protocol}}
	return s.encode("", nil, err, noRequest)
}

// xmlRefusal is an error over REST in XML, which S3 does not wrap and the others do.
func xmlRefusal(service string, err *Error) *reply {
	body := fmt.Sprintf("<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId></Error>", err.Code, xmlText(err.Message), noRequest)
	if !strings.HasPrefix(service, "s3") {
		body = fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
			err.Code, xmlText(err.Message), noRequest)
	}
	return &reply{err.Status, http.Header{"Content-Type": {"application/xml"}, "X-Amzn-Requestid": {noRequest}},
		[]byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + body)}
}

// cborRefusal is an error in Smithy's RPC v2: a map of its type and its message.
func cborRefusal(err *Error) *reply {
	body := []byte{0xa2}
	for _, s := range []string{"__type", err.Code, "message", err.Message} {
		n := len(s)
		body = append(append(body, 0x79, byte(n>>8), byte(n)), s...) // text with two bytes of length
	}
	return &reply{err.Status, http.Header{"Content-Type": {"application/cbor"}, "Smithy-Protocol": {"rpc-v2-cbor"}, "X-Amzn-Requestid": {noRequest}}, body}
}

// MaxBody is the most that a request may say, in bytes: more than any operation here
// takes (a template is 51,200, user data 16 KiB).
const MaxBody = 1 << 20

func tooLarge() *Error {
	return Errorf("RequestEntityTooLarge", "The request body is larger than %d bytes", MaxBody).With(http.StatusRequestEntityTooLarge)
}
